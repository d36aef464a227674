"""The decision about one recipient: a verdict applied to a policy, the strictest result of all pairs behind it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gateway.core.contact.findings import (
    STUDENTS_LIMIT,
    contact_findings,
    has_moved_in_vain,
    is_emergency_exchange,
    is_open_invitation,
    rate_findings,
)
from gateway.core.contact.history import MOVES, PairHistory
from gateway.core.messages.conversation import conversation_id
from gateway.core.messages.parties import Direction, Pair, is_outsider
from gateway.core.messages.verdict import Finding, Verdict
from gateway.core.policy.account_notes import account_notes
from gateway.core.policy.clauses import (
    ACCOUNTS,
    CONFIDENTIAL,
    ILLEGAL,
    INTERFERENCE,
    OUTSIDE_CONTACT,
    PURPOSE,
    TOOLS,
)
from gateway.core.policy.decision import STRICTNESS, Action, ContactNote, Decision
from gateway.core.policy.legitimate_interest import Relationships, authorized, no_relationships
from gateway.core.policy.policy import Clause, Policy, Thresholds
from gateway.core.policy.thresholds import NOWHERE, Place, fitting
from gateway.core.policy.urgency import DISTRESS, THREAT_CUES, has_cue, severity_of
from gateway.core.tools.register import used_tool

NO_VERDICT = "no_verdict"
"""The reason of a decision without a verdict."""
EVASION_CUE, TRANSITION_CUE = "evasion", "transition"
"""Cues that policy uses: the text hides or evades; the text brings the conversation back to the school account."""
_THREAT_CUES = ("threat", "direct_threat", "weapon", "disruption")
_DUTIES_OF_STAFF = (TOOLS, PURPOSE)
"""Clauses that bind staff only: an outsider who writes to students has no educational purpose, and needs none."""
_NO_HISTORY = PairHistory()


@dataclass(frozen=True, slots=True)
class _Candidate:
    """An action that one clause, with its score, or one reason leads to."""

    action: Action
    direction: Direction
    score: float = 0.0
    clause: str = ""
    reason: str = ""
    cue: str = ""


def decide(
    pairs: Sequence[Pair], verdict: Verdict | None, contact: Mapping[str, PairHistory], policy: Policy,
    relationships: Relationships = no_relationships, place: Place = NOWHERE,
) -> Decision:  # fmt: skip
    """Decide about one recipient. `pairs` are those behind it, at least one.

    The strictest action over all members and directions applies, but a help alert in a student's message wins over
    everything, except over a hold where the student is only claimed to be the sender.

    `verdict` is None when no verdict arrived. `contact` has the history by conversation; `relationships`
    tells who may have information about a person. `place` tells which overrides are for the message.
    """
    calls = [pair for pair in pairs if pair.direction is Direction.STUDENT_TO_STAFF]
    if verdict is None or verdict.help < policy.help_alert:
        calls = []
    counted = [*_contact_notes(pairs, verdict, contact, policy)]
    notes = tuple(dict.fromkeys((*account_notes(pairs), *(note for note, _, _ in counted))))
    if any(not pair.claimed for pair in calls):
        return Decision(Action.ALERT, Direction.STUDENT_TO_STAFF, policy.hash, notes=notes)
    candidates = [
        *_from_text(pairs, verdict, policy, relationships, place),
        *_from_accounts(pairs, verdict, contact, policy),
    ]
    over = [
        _Candidate(action, direction, clause=note.clause)
        for note, action, direction in counted
        if note.flags and action is not Action.RELEASE
    ]
    candidates += over
    action = max((candidate.action for candidate in candidates), key=STRICTNESS.index, default=Action.RELEASE)
    if calls and action is not Action.HOLD:
        return Decision(Action.ALERT, Direction.STUDENT_TO_STAFF, policy.hash, notes=notes)
    deciding = [candidate for candidate in candidates if candidate.action is action]
    deciding.sort(key=lambda candidate: -candidate.score)
    with_clauses = deciding if action is not Action.RELEASE else []
    leading = tuple(dict.fromkeys(candidate.clause for candidate in with_clauses if candidate.clause))
    reasons = tuple(dict.fromkeys(candidate.reason for candidate in deciding if candidate.reason))
    due_in = None
    if action is Action.HOLD:
        due_in = min([policy.clauses[clause].due for clause in leading] + [policy.due] * bool(reasons))
    direction = deciding[0].direction if deciding else pairs[0].direction
    clauses = tuple(dict.fromkeys((*leading, *(candidate.clause for candidate in over))))
    urgent, threat = _urgency(action, deciding, candidates, policy)
    return Decision(action, direction, policy.hash, clauses, reasons, due_in, bool(calls), notes, urgent, threat)


def _urgency(
    action: Action, deciding: Sequence[_Candidate], candidates: Sequence[_Candidate], policy: Policy
) -> tuple[str, bool]:
    """The severity where people are told at once, "" where they are not; and whether the message threatens.

    A hold is urgent by the rule of a clause that led to it, or by a threat. What is delivered is urgent only where a
    student threatens somebody in a message to staff.
    """
    cues = [candidate.cue for candidate in candidates if candidate.cue]
    threat = has_cue(cues, THREAT_CUES)
    if action is Action.HOLD:
        clauses = [candidate.clause for candidate in deciding if candidate.clause]
        urgent = bool(clauses) and (threat or any(policy.review_rules(id_).urgency.is_now(cues) for id_ in clauses))
    else:
        urgent = action is Action.FLAG and any(
            candidate.direction is Direction.STUDENT_TO_STAFF and has_cue([candidate.cue], THREAT_CUES)
            for candidate in candidates
        )
    return (severity_of(cues, deciding[0].score) if urgent else ""), threat


def _from_text(
    pairs: Sequence[Pair], verdict: Verdict | None, policy: Policy, relationships: Relationships, place: Place
) -> Iterator[_Candidate]:
    """Actions for the content: the same for all pairs of one direction that are, or are not, of one's own child.

    A message of a student who may be in danger or distress is not held for what else it says, unless the student is
    only claimed to be the sender. Pairs of buildings with thresholds of their own are decided by these. To a guardian
    only facts about somebody's child count (clause 8), and what was not read is delivered and flagged.
    """
    known: dict[tuple[str, str], bool] = {}
    kinds = dict.fromkeys(
        (
            pair.direction, pair.own_child, pair.guardian, pair.claimed, is_outsider(pair.staff),
            fitting(policy.overrides, pair, place),
        )
        for pair in pairs
    )  # fmt: skip
    for direction, own_child, guardian, claimed, outsider, overrides in kinds:
        if verdict is None:
            action = policy.no_verdict[direction]
            yield _Candidate(_at_most_flag(action) if guardian else action, direction, reason=NO_VERDICT)
            continue
        for word in verdict.failed:
            actions = policy.failed.get(word, policy.no_verdict)  # an unknown word counts as no verdict
            action = _at_most_flag(actions[direction]) if guardian else actions[direction]
            yield _Candidate(action, direction, reason=word)
        if (
            direction is Direction.STUDENT_TO_STAFF
            and verdict.distress is not None
            and _reaches(verdict.distress, policy.distress_flag)
        ):
            yield _Candidate(Action.FLAG, direction, reason=DISTRESS)
        exempt = policy.own_child_exempt if own_child else frozenset()
        for finding in verdict.findings:
            clause = policy.clauses.get(finding.clause)
            if clause is None or clause.id in exempt or _is_harmless(finding, policy):
                continue
            if guardian and not (clause.id == CONFIDENTIAL and finding.about):
                continue
            if outsider and clause.id in _DUTIES_OF_STAFF:
                continue
            if own_child and _is_ordinary_in_a_family(finding, policy):
                continue
            if _is_authorized(finding, clause, pairs, relationships, known):
                continue
            score = finding.score * (policy.quoted_weight if finding.quoted else 1.0)
            action = _action(policy.thresholds(clause, direction, overrides), score, _has_cue(finding, EVASION_CUE))
            if direction is Direction.STUDENT_TO_STAFF and not claimed and policy.may_be_in_need(verdict):
                action = _at_most_flag(action)
            if action is Action.FLAG and clause.id == ACCOUNTS and _brings_back(verdict, policy):
                continue
            if action is not Action.RELEASE:
                yield _Candidate(action, direction, score, clause.id, cue=finding.cue)


def _at_most_flag(action: Action) -> Action:
    return Action.FLAG if action is Action.HOLD else action


def _brings_back(verdict: Verdict, policy: Policy) -> bool:
    """Whether a text brings the exchange back to the school account: naming the personal one is part of that."""
    return any(
        _is_transition(finding) and not finding.quoted and finding.score >= policy.transition
        for finding in verdict.findings
    )


def _action(thresholds: Thresholds, score: float, evasive: bool) -> Action:
    if _reaches(score, thresholds.hold) or (evasive and _reaches(score, thresholds.hold_evasive)):
        return Action.HOLD
    return Action.FLAG if _reaches(score, thresholds.flag) else Action.RELEASE


def _reaches(score: float, threshold: float | None) -> bool:
    return threshold is not None and score >= threshold


def _is_harmless(finding: Finding, policy: Policy) -> bool:
    """Whether it shows a registered tool or an ordinary site, or is a phrase that ends outside contact."""
    if finding.clause == TOOLS:
        return bool(finding.cue) and policy.allows_tool(finding.cue)
    return _is_transition(finding)


def unregistered_tools(verdict: Verdict, policy: Policy) -> tuple[str, ...]:
    """The tools that a message shows and that are not registered: domains, or slugs of names."""
    cues = [finding.cue for finding in verdict.findings if finding.clause == TOOLS and not finding.quoted]
    used = [used_tool(cue) for cue in cues if cue and not policy.allows_tool(cue)]
    return tuple(dict.fromkeys(filter(None, used)))


def _is_ordinary_in_a_family(finding: Finding, policy: Policy) -> bool:
    cues = policy.own_child_cues.get(finding.clause)
    return cues is not None and not any(_has_cue(finding, cue) for cue in cues)


def _is_authorized(
    finding: Finding,
    clause: Clause,
    pairs: Sequence[Pair],
    relationships: Relationships,
    known: dict[tuple[str, str], bool],
) -> bool:
    """Whether everybody behind the recipient may have information about the person of a finding. Cached in `known`."""
    if not clause.authorised or not finding.about:
        return False
    key = clause.id, finding.about
    if key not in known:
        known[key] = authorized(pairs, finding.about, clause.authorised, relationships)
    return known[key]


def _is_transition(finding: Finding) -> bool:
    return finding.clause == OUTSIDE_CONTACT and _has_cue(finding, TRANSITION_CUE)


def _has_cue(finding: Finding, cue: str) -> bool:
    return finding.cue == cue or finding.cue.startswith(f"{cue}:")


def _from_accounts(
    pairs: Sequence[Pair], verdict: Verdict | None, contact: Mapping[str, PairHistory], policy: Policy
) -> Iterator[_Candidate]:
    """Actions for personal accounts, unless the message ends such contact or belongs to an emergency."""
    outside = [(clause.id, clause.outside) for clause in policy.clauses.values() if clause.outside]
    for pair in pairs:
        if not pair.outside:
            continue
        exempt = policy.own_child_exempt if pair.own_child else frozenset()
        history = _history(pair, contact)
        if _ends_contact(verdict, history, policy) or is_open_invitation(history):
            continue
        if not pair.claimed and is_emergency_exchange(history, policy.contact_rules.limits):
            continue
        for clause, actions in outside:
            if clause not in exempt:
                yield _Candidate(actions[pair.direction], pair.direction, clause=clause)


def _contact_notes(
    pairs: Sequence[Pair], verdict: Verdict | None, contact: Mapping[str, PairHistory], policy: Policy
) -> Iterator[tuple[ContactNote, Action, Direction]]:
    """What the counters of each pair and of the sender say, with the action that it leads to if it flags."""
    rules = policy.contact_rules
    purpose = max(verdict.purpose, key=verdict.purpose.__getitem__, default="") if verdict is not None else ""
    told: set[str] = set()
    for pair in pairs:
        if pair.guardian:
            continue
        conversation = conversation_id(pair.staff, pair.student)
        history = _history(pair, contact)
        exempt = policy.own_child_exempt if pair.own_child else frozenset()
        if OUTSIDE_CONTACT not in exempt and history.rows:
            ends = _ends_contact(verdict, history, policy) or is_open_invitation(history)
            for finding in contact_findings(history, rules, purpose):
                note = ContactNote(
                    OUTSIDE_CONTACT, finding.limit, finding.text, conversation, finding.flags and not ends
                )
                yield note, policy.contact[pair.direction], pair.direction
        for finding in rate_findings(history, rules, _is_hoax(verdict, pair.direction, policy)):
            if finding.text not in told:  # about the sender: the same for every pair
                told.add(finding.text)
                clause = ACCOUNTS if finding.limit == STUDENTS_LIMIT else INTERFERENCE
                note = ContactNote(clause, finding.limit, finding.text, conversation, finding.flags)
                yield note, policy.rate[pair.direction], pair.direction


def _history(pair: Pair, contact: Mapping[str, PairHistory]) -> PairHistory:
    return contact.get(conversation_id(pair.staff, pair.student), _NO_HISTORY)


def _ends_contact(verdict: Verdict | None, history: PairHistory, policy: Policy) -> bool:
    """Whether a message brings the exchange back to the school account, and earlier ones have not done so in vain."""
    ends = bool(history.rows and history.rows[-1].marks & MOVES) or (
        verdict is not None and _brings_back(verdict, policy)
    )
    return ends and not has_moved_in_vain(history, policy.contact_rules.limits)


def _is_hoax(verdict: Verdict | None, direction: Direction, policy: Policy) -> bool:
    """Whether the text has a threat or a hoax that would at least be flagged."""
    return verdict is not None and any(
        finding.clause in (ILLEGAL, INTERFERENCE)
        and any(_has_cue(finding, cue) for cue in _THREAT_CUES)
        and not finding.quoted
        and (clause := policy.clauses.get(finding.clause)) is not None
        and _reaches(finding.score, clause.thresholds[direction].flag)
        for finding in verdict.findings
    )
