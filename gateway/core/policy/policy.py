"""The policy: which clause leads to which action, from which score, in which direction. Parsed from a policy file.

`gateway.core.policy.decide` applies it. The shipped file is gateway/policies/401_13r2.toml.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from gateway.core.contact.calendar import NightHours
from gateway.core.contact.limits import ContactRules
from gateway.core.messages.parties import Direction
from gateway.core.messages.verdict import DISPUTED, FAILURES, PICTURED, Verdict
from gateway.core.policy.clauses import BUILT_IN, clause_order, is_clause_id
from gateway.core.policy.contact_rules import read_contact_rules
from gateway.core.policy.decision import Action
from gateway.core.policy.district_words import DistrictWord, read_words
from gateway.core.policy.legitimate_interest import Relationship
from gateway.core.policy.review_rules import (
    DEFAULT_CLAUSE_RULES,
    DEFAULT_RULES,
    ClauseReviewRules,
    GeneralReviewRules,
    read_clause_rules,
    read_review,
)
from gateway.core.policy.thresholds import ThresholdOverride, read_overrides, read_thresholds
from gateway.core.policy.thresholds import Thresholds as Thresholds
from gateway.core.policy.toml_table import PolicyError as PolicyError
from gateway.core.policy.toml_table import TomlTable
from gateway.core.tools.domains import as_domain, with_parents
from gateway.core.tools.register import EMPTY_REGISTER, INVITATION, Tool, ToolRegister, is_ordinary

T = TypeVar("T")
_ACTIONS = (Action.RELEASE, Action.FLAG, Action.HOLD)  # an alert is for help only
_FLAGGED_FAILURES = (PICTURED, DISPUTED)
"""Words that policies written before version 0.2 lack. They flag."""


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause. `due`: seconds until a message held for it is due. `review_rules`: how it is reviewed.

    `outside`: the action on a message of a pair that uses a personal account, whatever its text says.
    `authorised`: the relationships that allow a recipient to have information about a person.
    """

    id: str
    title: str
    text: str
    due: float
    thresholds: Mapping[Direction, Thresholds]
    outside: Mapping[Direction, Action] = field(default_factory=dict)
    review_rules: ClauseReviewRules = DEFAULT_CLAUSE_RULES
    authorised: frozenset[Relationship] = frozenset()


@dataclass(frozen=True, slots=True)
class Policy:
    """A whole policy. Every decision names the `hash` of the policy file.

    `help_alert`: the score from which a student's message is a help alert. `distress_flag`: the score of distress from
    which it is flagged, None for never.
    `quoted_weight`: the factor for scores of findings that are only quoted.
    `transition`: the score from which a phrase that brings a conversation back to the school account counts.
    `failed`: the action for each word of FAILURES. `due`: seconds until a message held for another reason than a clause
    is due.
    `contact_rules`: the limits of contact over time and of rates; `contact` and `rate` are their actions.
    `social_networks`: domains whose notifications name a person.
    `tools`: those of the policy file. `register`: the tools in force. `ordinary_sites`: domains that are no tools.
    `own_child_exempt`: clauses that do not apply between a staff member and their own child.
    `own_child_cues`: clauses that apply between them only when one of these cues was found.
    `overrides`: other thresholds for some buildings and channels; the last that is for a message wins.
    `spanish`: title and text by clause, "help" and "policy", for the public page.
    `district_words`: the district's own words, for the classifiers.
    """

    title: str
    reference: str
    hash: str
    clauses: Mapping[str, Clause]
    help_title: str
    help_text: str
    help_alert: float
    quoted_weight: float
    transition: float
    due: float
    no_verdict: Mapping[Direction, Action]
    failed: Mapping[str, Mapping[Direction, Action]]
    contact_rules: ContactRules
    contact: Mapping[Direction, Action]
    rate: Mapping[Direction, Action]
    own_child_exempt: frozenset[str]
    own_child_cues: Mapping[str, frozenset[str]]
    social_networks: frozenset[str] = frozenset()
    tools: tuple[Tool, ...] = ()
    register: ToolRegister = EMPTY_REGISTER
    ordinary_sites: frozenset[str] = frozenset()
    review: GeneralReviewRules = DEFAULT_RULES
    distress_flag: float | None = None
    help_no_hold: float | None = None
    distress_no_hold: float | None = None
    overrides: tuple[ThresholdOverride, ...] = ()
    spanish: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    district_words: tuple[DistrictWord, ...] = ()

    @property
    def night(self) -> NightHours:
        """The hours that count as night."""
        return self.contact_rules.night

    def may_be_in_need(self, verdict: Verdict) -> bool:
        """Whether a student's message may come from danger or distress: it is delivered whatever else it says."""
        return any(
            threshold is not None and score is not None and score >= threshold
            for score, threshold in ((verdict.help, self.help_no_hold), (verdict.distress, self.distress_no_hold))
        )

    def review_rules(self, clause: str) -> ClauseReviewRules:
        """The review rules of a clause; the defaults for one that the policy does not have."""
        known = self.clauses.get(clause)
        return known.review_rules if known else DEFAULT_CLAUSE_RULES

    def words(self, name: str, language: str) -> tuple[str, str]:
        """Title and text of a clause, "help" or "policy": in Spanish ("es") where there is some, else in English."""
        if language == "es" and name in self.spanish:
            return self.spanish[name]
        if name in self.clauses:
            return self.clauses[name].title, self.clauses[name].text
        return (self.help_title, self.help_text) if name == "help" else (self.title, "")

    def thresholds(self, clause: Clause, direction: Direction, overrides: Sequence[int]) -> Thresholds:
        """The thresholds of a clause where some overrides are for the message: the first that has any wins."""
        for number in overrides:
            if (found := self.overrides[number].thresholds.get((clause.id, direction))) is not None:
                return found
        return clause.thresholds[direction]

    def is_social_network(self, domain: str) -> bool:
        """Whether a domain, or one above it, is on the list of social networks."""
        return any(parent in self.social_networks for parent in with_parents(domain))

    def allows_tool(self, cue: str) -> bool:
        """Whether the cue of a finding stands for a registered tool or an ordinary site."""
        if self.register.of_cue(cue) is not None:
            return True
        return not cue.startswith(INVITATION) and is_ordinary(cue, self.ordinary_sites)


def parse(document: Mapping[str, object], *, no_verdict: Mapping[Direction, Action], source_hash: str) -> Policy:
    """The policy of a parsed policy file. Raises PolicyError.

    `no_verdict` are the configured actions without a verdict; the word no_verdict in the file stands for them.
    """
    top = TomlTable(document)
    help_table, contact, rate, night = top.table("help"), top.table("contact"), top.table("rate"), top.table("night")
    distress = top.table("distress") if top.has("distress") else None
    clauses = _clauses(top.table("clauses"))
    tools = tuple(_tool(table) for table in top.tables("tools"))
    policy = Policy(
        title=top.text("title"),
        reference=top.text("reference"),
        hash=source_hash,
        due=top.duration("due"),
        quoted_weight=top.share("quoted_weight"),
        own_child_exempt=_clause_ids(top, "own_child_exempt", clauses),
        own_child_cues=_own_child_cues(top.table("own_child_cues", "a table, which may be empty"), clauses),
        help_title=help_table.text("title"),
        help_text=help_table.text("text"),
        help_alert=help_table.share("alert"),
        clauses=clauses,
        no_verdict=dict(no_verdict),
        failed=_failed(top.table("failed"), no_verdict),
        contact_rules=read_contact_rules(top, contact, rate, night),
        transition=contact.share("transition"),
        contact=_by_direction(contact.table("action", _BOTH), _action),
        rate=_by_direction(rate.table("action", _BOTH), _action),
        social_networks=frozenset(_domains(top, "social_networks")),
        tools=tools,
        register=ToolRegister.of(tools),
        ordinary_sites=frozenset(_domains(top, "ordinary_sites")) if top.has("ordinary_sites") else frozenset(),
        review=read_review(top),
        help_no_hold=_score(help_table, "no_hold"),
        distress_flag=_score(distress, "flag"),
        distress_no_hold=_score(distress, "no_hold"),
        overrides=read_overrides(top, clauses),
        spanish=_spanish(top, clauses),
        district_words=read_words(top.tables("words"), clauses),
    )
    for table in filter(None, (help_table, distress, contact, rate, night, top)):
        table.done()
    return policy


def _spanish(top: TomlTable, clauses: Mapping[str, Clause]) -> dict[str, tuple[str, str]]:
    """Titles and texts in Spanish, of as many clauses as there are."""
    if not top.has("spanish"):
        return {}
    table, found = top.table("spanish"), {}
    for name in table.names():
        if name == "title":
            found["policy"] = table.text(name), ""
            continue
        if name not in clauses and name != "help":
            raise table.error(name, f"is not a clause; the clauses are {', '.join(clauses)}, and help")
        inner = table.table(name, 'a table such as { title = "...", text = "..." }')
        found[name] = inner.text("title"), inner.text("text")
        inner.done()
    return found


def _score(table: TomlTable | None, name: str) -> float | None:
    """A score that a table may lack, or that the file lacks with the whole table: then it is never reached."""
    return table.share(name) if table is not None and table.has(name) else None


_BOTH = " and ".join(Direction)


def _by_direction(table: TomlTable, read: Callable[[TomlTable, str], T]) -> dict[Direction, T]:
    """One value per direction. Both are required, so that none is forgotten."""
    values = {direction: read(table, direction) for direction in Direction}
    table.done()
    return values


def _action(table: TomlTable, name: str) -> Action:
    return Action(table.word(name, _ACTIONS))


def _clause_ids(table: TomlTable, name: str, clauses: Mapping[str, Clause]) -> frozenset[str]:
    ids = table.texts(name)
    for id_ in ids:
        if id_ not in clauses:
            raise table.error(name, f"has the unknown clause {id_!r}; the clauses are {', '.join(clauses)}")
    return frozenset(ids)


def _own_child_cues(table: TomlTable, clauses: Mapping[str, Clause]) -> dict[str, frozenset[str]]:
    for name in table.names():
        if name not in clauses:
            raise table.error(name, f"is not a clause; the clauses are {', '.join(clauses)}")
    return {name: frozenset(table.texts(name)) for name in table.names()}


def _clauses(table: TomlTable) -> dict[str, Clause]:
    """The clauses in order: those that code knows, which are required, and the district's own."""
    own = set(table.names()) - set(BUILT_IN)
    for name in own:
        if not is_clause_id(name):
            raise table.error(name, "is not a clause id; write a number, perhaps with a letter, such as 10 or 7f")
    ids = sorted((*BUILT_IN, *own), key=clause_order)
    return {id_: _clause(table.table(id_, "the table of this clause"), id_) for id_ in ids}


def _clause(table: TomlTable, id_: str) -> Clause:
    clause = Clause(
        id_,
        table.text("title"),
        table.text("text"),
        table.duration("due"),
        {name: read_thresholds(table.table(name, "a table such as { flag = 0.3, hold = 0.5 }")) for name in Direction},
        _by_direction(table.table("outside"), _action) if table.has("outside") else {},
        read_clause_rules(table, id_),
        frozenset(map(Relationship, table.words("authorised", tuple(Relationship)))),
    )
    table.done()
    return clause


def _failed(table: TomlTable, no_verdict: Mapping[Direction, Action]) -> dict[str, dict[Direction, Action]]:
    for name in table.names():
        if name not in FAILURES:
            raise table.error(name, f"is not a word of a verdict; the words are {', '.join(FAILURES)}")
    return {
        name: dict.fromkeys(Direction, Action.FLAG)
        if name in _FLAGGED_FAILURES and not table.has(name)
        else _failure(table.table(name, _BOTH), no_verdict)
        for name in FAILURES
    }


def _failure(table: TomlTable, no_verdict: Mapping[Direction, Action]) -> dict[Direction, Action]:
    words = _by_direction(table, lambda inner, name: inner.word(name, (*_ACTIONS, "no_verdict")))
    return {
        direction: no_verdict[direction] if word == "no_verdict" else Action(word) for direction, word in words.items()
    }


def _domains(table: TomlTable, name: str) -> tuple[str, ...]:
    domains = tuple(domain.lower() for domain in table.texts(name))
    for domain in domains:
        if "." not in domain.strip(".") or "/" in domain or "@" in domain:
            raise table.error(name, f"has {domain!r}, which is not a domain; write it like example.com")
    return domains


def _tool(table: TomlTable) -> Tool:
    written = table.text("domain")
    if (domain := as_domain(written)) is None or "/" in written:
        raise table.error("domain", f"is {written.lower()!r}, which is not a domain; write it like example.com")
    tool = Tool(
        domain, table.text("name"), table.text("owner"), table.text("building"), table.text("administrator_access")
    )
    table.done()
    return tool
