"""The policy: which clause leads to which action, from which score, in which direction. Read from a policy file.

What is done with it is in `gateway.core.policy.decide`; the shipped file is gateway/policies/401_13r2.toml.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from gateway.core.messages.parties import Direction
from gateway.core.messages.verdict import CLAUSES, FAILURES
from gateway.core.policy.contact import ContactLimits, NightHours
from gateway.core.policy.decision import Action
from gateway.core.policy.legitimate_interest import Relationship
from gateway.core.policy.review_rules import PLAIN, USUAL, Review, ReviewRules, read_handling, read_review
from gateway.core.policy.toml_table import PolicyError as PolicyError
from gateway.core.policy.toml_table import TomlTable

T = TypeVar("T")
_DELIVERING = (Action.RELEASE, Action.FLAG, Action.HOLD)  # an alert is for help alone


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From which score (0..1) a finding is flagged, held, or held because its cue says that it evades; None: never."""

    flag: float | None = None
    hold: float | None = None
    hold_evasive: float | None = None


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause in our own words. `due`: seconds after which a message held for it is due; `handling`: what then.

    `outside`: the action on a message of a pair that goes through a personal account, whatever its text says.
    `authorised`: a finding about a person does not count for a recipient behind whom everybody stands so to them.
    """

    id: str
    title: str
    text: str
    due: float
    thresholds: Mapping[Direction, Thresholds]
    outside: Mapping[Direction, Action] = field(default_factory=dict)
    handling: ReviewRules = PLAIN
    authorised: frozenset[Relationship] = frozenset()


@dataclass(frozen=True, slots=True)
class Tool:
    """A registered classroom tool (clauses 2 and 3); it counts as registered for its domain and all below it."""

    domain: str
    name: str
    owner: str
    building: str
    administrator_access: str


@dataclass(frozen=True, slots=True)
class Policy:
    """A whole policy; `hash` names the file it was read from in every decision.

    `help_alert` is the score from which a student's message is a call for help. A finding that is only quoted counts
    `quoted_weight` times its score; a phrase that brings a conversation back to the school account counts from the
    score `transition`. `failed` has an action for every word of FAILURES, `due` is that of messages held for one.
    `social_networks` are the domains whose notifications name a person; `own_child_exempt` the clauses that do not
    apply between a staff member and their own child, `own_child_cues` the clauses that do only where one of these cues
    was found.
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
    limits: ContactLimits
    contact: Mapping[Direction, Action]
    rate: Mapping[Direction, Action]
    night: NightHours
    own_child_exempt: frozenset[str]
    own_child_cues: Mapping[str, frozenset[str]]
    social_networks: frozenset[str] = frozenset()
    tools: tuple[Tool, ...] = ()
    review: Review = USUAL

    def handling(self, clause: str) -> ReviewRules:
        """How messages held for a clause are handled."""
        known = self.clauses.get(clause)
        return known.handling if known else PLAIN

    def is_social_network(self, domain: str) -> bool:
        """Whether a domain, or one above it, is on the list of social networks."""
        return any(each in self.social_networks for each in _upwards(domain))

    def tool(self, domain: str) -> Tool | None:
        """The registered tool that a domain belongs to."""
        above = set(_upwards(domain))
        return next((tool for tool in self.tools if tool.domain in above), None)


def _upwards(domain: str) -> list[str]:
    labels = domain.lower().strip(". ").split(".")
    return [".".join(labels[start:]) for start in range(len(labels) - 1)]


def parse(document: Mapping[str, object], *, no_verdict: Mapping[Direction, Action], source_hash: str) -> Policy:
    """The policy of a parsed policy file. Raises PolicyError, which names the key and how to mend it.

    `no_verdict` are the configured actions for want of a verdict, which the word no_verdict in the file stands for.
    """
    top = TomlTable(document)
    helping, contact, rate, night = top.table("help"), top.table("contact"), top.table("rate"), top.table("night")
    policy = Policy(
        title=top.text("title"),
        reference=top.text("reference"),
        hash=source_hash,
        due=top.duration("due"),
        quoted_weight=top.share("quoted_weight"),
        own_child_exempt=_clause_ids(top, "own_child_exempt"),
        own_child_cues=_own_child_cues(top.table("own_child_cues", "a table, empty if need be")),
        help_title=helping.text("title"),
        help_text=helping.text("text"),
        help_alert=helping.share("alert"),
        clauses=_clauses(top.table("clauses")),
        no_verdict=dict(no_verdict),
        failed=_failed(top.table("failed"), no_verdict),
        limits=_limits(contact, rate),
        transition=contact.share("transition"),
        contact=_directions(contact.table("action", _BOTH), _action),
        rate=_directions(rate.table("action", _BOTH), _action),
        night=NightHours(night.clock("from"), night.clock("to")),
        social_networks=frozenset(_domains(top, "social_networks")),
        tools=tuple(_tool(each) for each in top.tables("tools")),
        review=read_review(top),
    )
    for table in (helping, contact, rate, night, top):
        table.done()
    return policy


_BOTH = " and ".join(Direction)


def _directions(table: TomlTable, read: Callable[[TomlTable, str], T]) -> dict[Direction, T]:
    """One value for each direction; both must be there, so that none is forgotten."""
    found = {direction: read(table, direction) for direction in Direction}
    table.done()
    return found


def _action(table: TomlTable, name: str) -> Action:
    return Action(table.word(name, _DELIVERING))


def _clause_ids(table: TomlTable, name: str) -> frozenset[str]:
    ids = table.texts(name)
    for each in ids:
        if each not in CLAUSES:
            raise table.fault(name, f"has the unknown clause {each!r}; the clauses are {', '.join(CLAUSES)}")
    return frozenset(ids)


def _own_child_cues(table: TomlTable) -> dict[str, frozenset[str]]:
    for name in table.names():
        if name not in CLAUSES:
            raise table.fault(name, f"is no clause; the clauses are {', '.join(CLAUSES)}")
    return {name: frozenset(table.texts(name)) for name in table.names()}


def _clauses(table: TomlTable) -> dict[str, Clause]:
    for name in table.names():
        if name not in CLAUSES:
            raise table.fault(name, f"is no clause; the clauses are {', '.join(CLAUSES)}")
    return {name: _clause(table.table(name, "the table of this clause"), name) for name in CLAUSES}


def _clause(table: TomlTable, name: str) -> Clause:
    clause = Clause(
        name,
        table.text("title"),
        table.text("text"),
        table.duration("due"),
        {each: _thresholds(table.table(each, "a table such as { flag = 0.3, hold = 0.5 }")) for each in Direction},
        _directions(table.table("outside"), _action) if table.has("outside") else {},
        read_handling(table),
        _standings(table),
    )
    table.done()
    return clause


def _standings(table: TomlTable) -> frozenset[Relationship]:
    words = table.texts("authorised") if table.has("authorised") else ()
    for each in words:
        if each not in list(Relationship):
            raise table.fault("authorised", f"has {each!r}; it lists some of {', '.join(Relationship)}")
    return frozenset(Relationship(each) for each in words)


def _thresholds(table: TomlTable) -> Thresholds:
    found = {name: table.share(name) for name in ("flag", "hold", "hold_evasive") if table.has(name)}
    table.done()
    for name in ("hold", "hold_evasive"):
        if found.get(name, 1.0) < found.get("flag", 0.0):
            raise table.fault(name, "must not lie below flag, or nothing would ever be flagged")
    return Thresholds(**found)


def _failed(table: TomlTable, no_verdict: Mapping[Direction, Action]) -> dict[str, dict[Direction, Action]]:
    for name in table.names():
        if name not in FAILURES:
            raise table.fault(name, f"is no word of a verdict; the words are {', '.join(FAILURES)}")
    return {name: _failure(table.table(name, _BOTH), no_verdict) for name in FAILURES}


def _failure(table: TomlTable, no_verdict: Mapping[Direction, Action]) -> dict[Direction, Action]:
    words = _directions(table, lambda inner, name: inner.word(name, (*_DELIVERING, "no_verdict")))
    return {each: no_verdict[each] if word == "no_verdict" else Action(word) for each, word in words.items()}


def _limits(contact: TomlTable, rate: TomlTable) -> ContactLimits:
    return ContactLimits(
        day=_optional(contact, "day", contact.count),
        week=_optional(contact, "week", contact.count),
        night_week=_optional(contact, "night_week", contact.count),
        outside_week=_optional(contact, "outside_week", contact.count),
        night_share=_optional(contact, "night_share", contact.share),
        alone_share=_optional(contact, "alone_share", contact.share),
        shares_from=_optional(contact, "shares_from", contact.count) or 1,
        students_hour=_optional(rate, "students_hour", rate.count),
    )


def _optional(table: TomlTable, name: str, read: Callable[[str], T]) -> T | None:
    return read(name) if table.has(name) else None


def _domains(table: TomlTable, name: str) -> tuple[str, ...]:
    domains = tuple(each.lower() for each in table.texts(name))
    for each in domains:
        if "." not in each.strip(".") or "/" in each or "@" in each:
            raise table.fault(name, f"has {each!r}, which is no domain; write it like example.com")
    return domains


def _tool(table: TomlTable) -> Tool:
    domain = table.text("domain").lower()
    if "." not in domain.strip(".") or "/" in domain:
        raise table.fault("domain", f"is {domain!r}, which is no domain; write it like example.com")
    names = ("name", "owner", "building", "administrator_access")
    tool = Tool(domain, *[table.text(name) for name in names])
    table.done()
    return tool
