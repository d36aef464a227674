"""The decision on one recipient: evidence against policy, the strictest reading of every pair behind it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gateway.core.messages.conversation import conversation
from gateway.core.messages.parties import Direction, Pair
from gateway.core.messages.verdict import Finding, Verdict
from gateway.core.policy.contact import Counters, over_limits
from gateway.core.policy.decision import STRICTNESS, Action, Decision
from gateway.core.policy.legitimate_interest import Relationships, authorized, nobody_known
from gateway.core.policy.policy import Clause, Policy, Thresholds

NO_VERDICT = "no_verdict"
"""The reason of a decision that was made for want of a verdict."""
EVASION, TRANSITION = "evasion", "transition"
"""Cues that policy knows: the text hides or evades; the text brings the conversation back to the school account."""


@dataclass(frozen=True, slots=True)
class _Cause:
    """One thing that speaks for an action: a clause with its score, or a reason."""

    action: Action
    direction: Direction
    score: float = 0.0
    clause: str = ""
    reason: str = ""


def decide(
    pairs: Sequence[Pair], verdict: Verdict | None, contact: Mapping[str, Counters], policy: Policy,
    standings: Relationships = nobody_known,
) -> Decision:  # fmt: skip
    """What the policy says of one recipient; `pairs` are those behind it, at least one.

    The strictest action over all members and directions applies. A call for help in a student's message wins over
    everything. `verdict` None: decided for want of one. `contact` has the counters by conversation; `standings` the
    directory's answers on who may have what is told of whom.
    """
    if verdict is not None and verdict.help >= policy.help_alert:
        for pair in pairs:
            if pair.direction is Direction.STUDENT_TO_STAFF:
                return Decision(Action.ALERT, pair.direction, policy.hash)
    causes = [*_of_text(pairs, verdict, policy, standings), *_of_contact(pairs, verdict, contact, policy)]
    action = max((cause.action for cause in causes), key=STRICTNESS.index, default=Action.RELEASE)
    deciding = sorted((cause for cause in causes if cause.action is action), key=lambda cause: -cause.score)
    found = deciding if action is not Action.RELEASE else []
    clauses = tuple(dict.fromkeys(cause.clause for cause in found if cause.clause))
    reasons = tuple(dict.fromkeys(cause.reason for cause in deciding if cause.reason))
    due_in = None
    if action is Action.HOLD:
        dues = [policy.clauses[clause].due for clause in clauses] + [policy.due] * bool(reasons)
        due_in = min(dues)
    direction = deciding[0].direction if deciding else pairs[0].direction
    return Decision(action, direction, policy.hash, clauses, reasons, due_in)


def _of_text(
    pairs: Sequence[Pair], verdict: Verdict | None, policy: Policy, standings: Relationships
) -> Iterator[_Cause]:
    """What the content speaks for: the same for every pair of one direction that is, or is not, one's own child."""
    theirs: dict[tuple[str, str], bool] = {}
    for direction, own_child in dict.fromkeys((pair.direction, pair.own_child) for pair in pairs):
        if verdict is None:
            yield _Cause(policy.no_verdict[direction], direction, reason=NO_VERDICT)
            continue
        for word in verdict.failed:
            actions = policy.failed.get(word, policy.no_verdict)  # a word that is new to us is no better than none
            yield _Cause(actions[direction], direction, reason=word)
        exempt = policy.own_child_exempt if own_child else frozenset()
        for finding in verdict.findings:
            clause = policy.clauses.get(finding.clause)
            if clause is None or clause.id in exempt or _excused(finding, policy):
                continue
            if own_child and _is_ordinary_in_a_family(finding, policy):
                continue
            if _may_be_told(finding, clause, pairs, standings, theirs):
                continue
            score = finding.score * (policy.quoted_weight if finding.quoted else 1.0)
            action = _action(clause.thresholds[direction], score, _has_cue(finding, EVASION))
            if action is not Action.RELEASE:
                yield _Cause(action, direction, score, clause.id)


def _action(thresholds: Thresholds, score: float, evasive: bool) -> Action:
    if _reaches(score, thresholds.hold) or (evasive and _reaches(score, thresholds.hold_evasive)):
        return Action.HOLD
    return Action.FLAG if _reaches(score, thresholds.flag) else Action.RELEASE


def _reaches(score: float, threshold: float | None) -> bool:
    return threshold is not None and score >= threshold


def _excused(finding: Finding, policy: Policy) -> bool:
    """A link to a registered tool is as it should be, and so is a phrase that ends a contact outside well."""
    if finding.clause == "2":
        return bool(finding.cue) and policy.tool(finding.cue) is not None
    return _brings_back(finding)


def _is_ordinary_in_a_family(finding: Finding, policy: Policy) -> bool:
    telling = policy.own_child_cues.get(finding.clause)
    return telling is not None and not any(_has_cue(finding, cue) for cue in telling)


def _may_be_told(
    finding: Finding,
    clause: Clause,
    pairs: Sequence[Pair],
    standings: Relationships,
    known: dict[tuple[str, str], bool],
) -> bool:
    """Whether it is about somebody of whom everybody behind the recipient may know such things; asked once each."""
    if not finding.about or not clause.authorised:
        return False
    asked = clause.id, finding.about
    if asked not in known:
        known[asked] = authorized(pairs, finding.about, clause.authorised, standings)
    return known[asked]


def _brings_back(finding: Finding) -> bool:
    return finding.clause == "5" and _has_cue(finding, TRANSITION)


def _has_cue(finding: Finding, cue: str) -> bool:
    return finding.cue == cue or finding.cue.startswith(f"{cue}:")


def _of_contact(
    pairs: Sequence[Pair], verdict: Verdict | None, contact: Mapping[str, Counters], policy: Policy
) -> Iterator[_Cause]:
    """What the accounts used and the counters of each conversation speak for."""
    ends_well = verdict is not None and any(
        finding.clause == "5"
        and _has_cue(finding, TRANSITION)
        and not finding.quoted
        and finding.score >= policy.transition
        for finding in verdict.findings
    )
    outside = [(clause.id, clause.outside) for clause in policy.clauses.values() if clause.outside]
    for pair in pairs:
        exempt = policy.own_child_exempt if pair.own_child else frozenset()
        if pair.outside and not ends_well:
            for clause, actions in outside:
                if clause not in exempt:
                    yield _Cause(actions[pair.direction], pair.direction, clause=clause)
        for limit in over_limits(contact.get(conversation(pair.staff, pair.student), Counters()), policy.limits):
            clause, actions = ("9", policy.rate) if limit == "students_hour" else ("5", policy.contact)
            if clause not in exempt and not (clause == "5" and ends_well):
                yield _Cause(actions[pair.direction], pair.direction, clause=clause)
