"""Rulings: what one decision changes about a message, by its verdict, for want of one, or by a person.

Each is a pure function of the message as it stands, so a record or a click that comes twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from gateway.core.messages.delivery import State
from gateway.core.messages.followup import Followup, FollowupKind
from gateway.core.messages.message import Channel
from gateway.core.messages.parties import Direction, Pair
from gateway.core.messages.verdict import Verdict
from gateway.core.policy.decide import decide
from gateway.core.policy.decision import (
    Action,
    AuditEntry,
    Decision,
    PendingMessage,
    RecipientStatus,
    StateChange,
    Transition,
)
from gateway.core.policy.legitimate_interest import Relationships, nobody_known
from gateway.core.policy.policy import Policy
from gateway.core.serialization.wire import DecisionRecord, decision_body, first_conversation, rfc3339

POLICY = "policy"
"""Who decided, where no person did."""
LATE, SHADOW = "late", "shadow"
"""Reasons of a hold that held nothing: it came after the delivery, or the policy only looks on."""


@dataclass(frozen=True, slots=True)
class _Said:
    """What the policy says of one recipient, with the word for a hold that comes to nothing."""

    change: StateChange
    decision: Decision
    aside: str = ""


def by_verdict(
    pending: PendingMessage, verdict: Verdict, policy: Policy, now: float, shadow: bool = False,
    standings: Relationships = nobody_known,
) -> Transition:  # fmt: skip
    """Decide every recipient that waits, and say of the others what came too late; the verdict is always recorded.

    A recipient that only waits for a person because there was no verdict is decided as if on time. What a person
    decided stands; a call for help is alerted all the same, and is one from then on.
    """
    if pending.verdict is not None:
        return Transition()
    said: list[_Said] = []
    helped: list[str] = []
    for each in pending.recipients:
        if not each.pairs:
            continue
        decision = decide(each.pairs, verdict, pending.contact, policy, standings)
        if decision.action is Action.ALERT:
            helped.append(each.address)
            if each.decided_by not in ("", POLICY):
                said.append(_Said(StateChange(each.address, None, decision, each.decided_by), decision))
        if each.decided_by in ("", POLICY):
            said.append(_said(each, decision, shadow))
    followups: list[Followup] = []
    if helped:
        followups.append(_followup(FollowupKind.HELP_ALERT, pending, now, helped))
    if late := [each for each in said if each.aside == LATE]:
        clauses = _clauses(each.decision for each in late)
        told = _followup(FollowupKind.LATE, pending, now, [each.change.recipient for each in late], clauses)
        titles = [policy.clauses[clause].title for clause in clauses]
        followups.append(Followup(told.kind, told.message, {**told.body, "titles": titles}))
    return _ruling(pending, said, now, followups, verdict)


def without_verdict(pending: PendingMessage, policy: Policy, now: float, shadow: bool = False) -> Transition:
    """Decide every recipient that still waits for a verdict, for want of one."""
    if pending.verdict is not None:
        return Transition()
    said = [
        _said(each, decide(each.pairs, None, pending.contact, policy), shadow)
        for each in pending.recipients
        if each.pairs and each.state is State.RECEIVED
    ]
    return _ruling(pending, said, now, [], None)


def _said(waiting: RecipientStatus, decision: Decision, shadow: bool) -> _Said:
    holds = decision.action is Action.HOLD
    state: State | None = None
    if waiting.state in (State.RECEIVED, State.HELD):
        state = State.HELD if holds and not shadow else State.QUEUED
    aside = ""
    if holds and shadow:
        aside = SHADOW
    elif holds and waiting.state in (State.QUEUED, State.SENT):
        aside = LATE
    return _Said(StateChange(waiting.address, state, decision, POLICY), decision, aside)


def _ruling(
    pending: PendingMessage, said: Sequence[_Said], now: float, more: Sequence[Followup], verdict: Verdict | None
) -> Transition:
    """One record and one entry of the audit log for each action, apart from those of holds that held nothing."""
    followups, acts = [], []
    for action, aside in dict.fromkeys((each.decision.action, each.aside) for each in said):
        alike = [each for each in said if (each.decision.action, each.aside) == (action, aside)]
        words = dict.fromkeys([word for each in alike for word in each.decision.reasons] + [aside] * bool(aside))
        decided = DecisionRecord(
            pending.id,
            now,
            action,
            POLICY,
            _clauses(each.decision for each in alike),
            tuple(each.change.recipient for each in alike),
            alike[0].decision.policy,
            ", ".join(words),
            _conversation(pending),
        )
        followups.append(Followup(FollowupKind.DECISION, pending.id, decision_body(decided)))
        acts.append(_act("decided", decided))
    changes = tuple(each.change for each in said)
    return Transition(changes, (*more, *followups), tuple(acts), verdict)


def _conversation(pending: PendingMessage) -> str:
    pairs = [pair for each in pending.recipients for pair in each.pairs]
    return first_conversation(pairs) if pairs else ""


def _clauses(decisions: Iterable[Decision]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(clause for decision in decisions for clause in decision.clauses))


def _act(act: str, decided: DecisionRecord) -> AuditEntry:
    body = decision_body(decided)
    told = ("action", "clauses", "recipients", "policy", "reason")
    return AuditEntry(decided.at, decided.by, act, decided.id, {name: body[name] for name in body if name in told})


def _followup(
    kind: FollowupKind, pending: PendingMessage, now: float, recipients: Sequence[str], clauses: Sequence[str] = ()
) -> Followup:
    return Followup(
        kind,
        pending.id,
        {
            "id": pending.id,
            "channel": pending.channel,
            "received_at": rfc3339(pending.received_at),
            "at": rfc3339(now),
            "recipients": list(recipients),
            "clauses": list(clauses),
        },
    )


# --- by a person ---------------------------------------------------------------------------------------------------

May = Callable[[RecipientStatus], bool]


def release(pending: PendingMessage, by: str, reason: str, now: float, may: May | None = None) -> Transition:
    """Deliver what is held. A ruling without changes: nothing was held that this person may decide."""
    return _by_person(pending, by, reason, now, may, "release", State.QUEUED)


def reject(
    pending: PendingMessage, by: str, reason: str, now: float, may: May | None = None, words: str = ""
) -> Transition:
    """Deliver nothing of what is held, and tell the sender; bounces and other mail from nobody are not answered.

    `words`: what the sender is told instead of the usual words.
    """
    return _by_person(pending, by, reason, now, may, "reject", State.REJECTED, words)


def discard(pending: PendingMessage, by: str, reason: str, now: float, may: May | None = None) -> Transition:
    """Deliver nothing of what is held, and tell nobody."""
    return _by_person(pending, by, reason, now, may, "discard", State.DISCARDED)


def hold_longer(
    pending: PendingMessage, by: str, reason: str, now: float, may: May | None, seconds: float
) -> Transition:
    """Keep what is held, with a new due time so many seconds from now."""
    held = [each for each in pending.recipients if each.state is State.HELD and (may is None or may(each))]
    changes = tuple(
        StateChange(each.address, State.HELD, replace(each.decision, due_in=seconds), POLICY)
        for each in held
        if each.decision is not None
    )
    if not changes:
        return Transition()
    due = min((each.due_at for each in held if each.due_at is not None), default=None)
    detail = {
        "until": rfc3339(now + seconds), "was_due": None if due is None else rfc3339(due), "reason": reason,
        "recipients": [each.recipient for each in changes],
    }  # fmt: skip
    return Transition(changes, (), (AuditEntry(now, by, "held longer", pending.id, detail),))


_ACTS = {"release": "released", "reject": "rejected", "discard": "discarded"}


def _writer(pair: Pair) -> str:
    """The sourcedId of whoever of a pair wrote."""
    return pair.staff if pair.direction is Direction.STAFF_TO_STUDENT else pair.student


def _by_person(
    pending: PendingMessage, by: str, reason: str, now: float, may: May | None, deed: str, state: State, words: str = ""
) -> Transition:
    """The policy's decision stays recorded beside who decided: it says why the message was held."""
    held = [each for each in pending.recipients if each.state is State.HELD and (may is None or may(each))]
    if not held:
        return Transition()
    decisions = [each.decision for each in held if each.decision is not None]
    addresses = tuple(each.address for each in held)
    decided = DecisionRecord(
        pending.id, now, deed, by, _clauses(decisions), addresses, decisions[0].policy if decisions else "", reason,
        _conversation(pending),
    )  # fmt: skip
    followups = [Followup(FollowupKind.DECISION, pending.id, decision_body(decided))]
    if state is State.REJECTED and pending.sender:  # of a text: the application's status callback, if it asked for one
        told = _followup(FollowupKind.REJECTION, pending, now, addresses, decided.clauses)
        more = {"words": words} if words else {}
        followups.append(Followup(told.kind, told.message, {**told.body, "to": pending.sender, **more}))
        if pending.channel is Channel.SMS:
            people = list(dict.fromkeys(_writer(pair) for each in held for pair in each.pairs))
            followups.append(
                Followup(FollowupKind.REJECTED_TEXT, told.message, {**told.body, "people": people, **more})
            )
    changes = tuple(StateChange(address, state, None, by) for address in addresses)
    return Transition(changes, tuple(followups), (_act(_ACTS[deed], decided),))
