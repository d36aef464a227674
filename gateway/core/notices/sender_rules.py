"""What the author of a message hears: that it waits and that it is released, or, once, a question about its purpose.

Only staff are told, at their district address, and never of a finding of which nobody is to be warned.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from gateway.core.channels.registry import capabilities_of
from gateway.core.messages.conversation import conversation_id
from gateway.core.messages.delivery import State
from gateway.core.messages.followup import Followup, FollowupKind
from gateway.core.messages.parties import Direction, Pair
from gateway.core.messages.verdict import Verdict
from gateway.core.policy.clauses import PURPOSE
from gateway.core.policy.decision import Action, AuditEntry, PendingMessage, StateChange, Transition
from gateway.core.policy.policy import Policy
from gateway.core.policy.review_rules import NEVER_TOLD
from gateway.core.policy.transitions import POLICY
from gateway.core.serialization.wire import DecisionRecord, decision_body, first_conversation, rfc3339

NUDGE = "nudge"
"""The reason of a decision that returns a message to its author with a question."""
NUDGE_SECONDS = 86400.0
"""Seconds in which an author is not asked again about messages to the same student."""


def with_sender_notices(
    transition: Transition, pending: PendingMessage, policy: Policy, now: float,
    nudged: Collection[str] | None = None, *, shadow: bool = False,
) -> Transition:  # fmt: skip
    """A transition of the policy with what its author hears.

    `nudged`: the conversations in which an author was asked lately; None where nobody is asked.
    """
    if shadow or not transition.changes:
        return transition
    transition = with_release_notice(transition, pending, now)
    if nudged is not None and _is_nudge(transition, pending, policy, nudged):
        return _nudge(transition, pending, now)
    people = _people_to_tell(transition, pending, policy)
    if not people:
        return transition
    notice = _notice(FollowupKind.WAITING, pending, now, people)
    return replace(transition, followups=(*transition.followups, notice))


def with_release_notice(transition: Transition, pending: PendingMessage, now: float) -> Transition:
    """A transition with a notice that held copies are released, for staff who were told that they wait."""
    before = {recipient.address: recipient for recipient in pending.recipients}
    released = [
        before[change.recipient]
        for change in transition.changes
        if change.state is State.QUEUED and before[change.recipient].state is State.HELD
    ]
    told = [
        recipient
        for recipient in released
        if _is_by_staff(recipient.pairs)
        and recipient.decision is not None
        and NEVER_TOLD.isdisjoint(recipient.decision.clauses)
    ]
    if not told:
        return transition
    people = list(dict.fromkeys(pair.staff for recipient in told for pair in recipient.pairs))
    notice = _notice(FollowupKind.RELEASED, pending, now, people)
    addresses = [recipient.address for recipient in told]  # an undo deletes the notice by them; its text has none
    return replace(transition, if_told=(replace(notice, body={**notice.body, "recipients": addresses}),))


def _notice(kind: FollowupKind, pending: PendingMessage, now: float, people: Sequence[str]) -> Followup:
    body: dict[str, object] = {
        "received_at": rfc3339(pending.received_at), "at": rfc3339(now), "people": list(people),
        "channel": pending.channel,
    }  # fmt: skip
    return Followup(kind, pending.id, body)


def _is_by_staff(pairs: Sequence[Pair]) -> bool:
    """Whether a verified staff member wrote to students: a claimed sender hears nothing."""
    return bool(pairs) and all(
        pair.direction is Direction.STAFF_TO_STUDENT and not pair.claimed for pair in pairs
    )  # fmt: skip


def _people_to_tell(transition: Transition, pending: PendingMessage, policy: Policy) -> list[str]:
    """The sourcedIds of the staff who are told that their message waits."""
    verdict = transition.verdict
    if transition.attention or (verdict is not None and _has_never_told(verdict, policy)):
        return []
    before = {recipient.address: recipient for recipient in pending.recipients}
    people: dict[str, None] = {}
    for change in transition.changes:
        recipient, decision = before[change.recipient], change.decision
        if change.state is not State.HELD or recipient.state is not State.RECEIVED or decision is None:
            continue
        told = [policy.review_rules(clause).waiting_notice for clause in decision.clauses]
        told += [policy.review.waiting_notice] * bool(decision.reasons)
        if decision.urgent or decision.threat or not told or not all(told) or not _is_by_staff(recipient.pairs):
            return []
        people.update(dict.fromkeys(pair.staff for pair in recipient.pairs))
    return list(people)


def _has_never_told(verdict: Verdict, policy: Policy) -> bool:
    """Whether a finding of which nobody is warned is at least flagged, even if another clause leads."""
    return any(
        finding.clause in NEVER_TOLD and finding.score >= _lowest(policy, finding.clause)
        for finding in verdict.findings
    )


def _lowest(policy: Policy, clause: str) -> float:
    """The lowest score from which a clause does anything to a message of staff."""
    known = policy.clauses.get(clause)
    if known is None:
        return 0.0
    thresholds = known.thresholds[Direction.STAFF_TO_STUDENT]
    scores = [score for score in (thresholds.flag, thresholds.hold, thresholds.hold_evasive) if score is not None]
    return min(scores, default=2.0)


def _is_nudge(transition: Transition, pending: PendingMessage, policy: Policy, nudged: Collection[str]) -> bool:
    """Whether nothing but the purpose of a staff member's mail is in doubt, and no copy has gone out."""
    verdict = transition.verdict
    if not policy.review.nudge or verdict is None or not pending.sender or transition.attention:
        return False
    if not capabilities_of(pending.channel).has_header_section or _has_never_told(verdict, policy):
        return False
    decisions = [change.decision for change in transition.changes]
    flagged = [decision for decision in decisions if decision is not None and decision.action is Action.FLAG]
    return (
        len(transition.changes) == len(pending.recipients)
        and all(recipient.state is State.RECEIVED and _is_by_staff(recipient.pairs) for recipient in pending.recipients)
        and not any(pair.outside or pair.own_child for recipient in pending.recipients for pair in recipient.pairs)
        and all(decision is not None and decision.action in (Action.RELEASE, Action.FLAG) for decision in decisions)
        and bool(flagged)
        and all(decision.clauses == (PURPOSE,) and not decision.reasons for decision in flagged)
        and not any(conversation in nudged for conversation in _conversations(pending))
    )


def _conversations(pending: PendingMessage) -> list[str]:
    pairs = [pair for recipient in pending.recipients for pair in recipient.pairs]
    return list(dict.fromkeys(conversation_id(pair.staff, pair.student) for pair in pairs))


def _nudge(transition: Transition, pending: PendingMessage, now: float) -> Transition:
    """The message is returned instead: every copy is rejected by the policy, and its author is asked."""
    addresses = tuple(recipient.address for recipient in pending.recipients)
    pairs = [pair for recipient in pending.recipients for pair in recipient.pairs]
    decided = [(change.recipient, change.decision) for change in transition.changes if change.decision is not None]
    changes = [
        StateChange(address, State.REJECTED, replace(decision, reasons=(NUDGE,)), POLICY)
        for address, decision in decided
    ]
    record = DecisionRecord(
        pending.id, now, "reject", POLICY, (PURPOSE,), addresses, decided[0][1].policy, NUDGE,
        first_conversation(pairs),
    )  # fmt: skip
    body = decision_body(record)
    detail = {name: body[name] for name in ("action", "clauses", "recipients", "policy", "reason")}
    return Transition(
        tuple(changes),
        (
            Followup(FollowupKind.DECISION, pending.id, body),
            _notice(FollowupKind.NUDGE, pending, now, list(dict.fromkeys(pair.staff for pair in pairs))),
        ),
        (AuditEntry(now, POLICY, "decided", pending.id, detail),),
        transition.verdict,
        nudged=tuple(_conversations(pending)),
    )
