"""Transitions: what a verdict, a missing verdict or a reviewer's decision changes about a message.

Each is a pure function of the current message, so a record or a click that arrives twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo

from gateway.core.channels.registry import capabilities_of
from gateway.core.contact.school_time import school_due
from gateway.core.messages.delivery import State
from gateway.core.messages.followup import Followup, FollowupKind
from gateway.core.messages.parties import Direction, Pair
from gateway.core.messages.verdict import Verdict
from gateway.core.policy.decide import decide, unregistered_tools
from gateway.core.policy.decision import (
    Action,
    AuditEntry,
    Decision,
    PendingMessage,
    RecipientStatus,
    StateChange,
    Transition,
)
from gateway.core.policy.legitimate_interest import Relationships, no_relationships
from gateway.core.policy.policy import Policy
from gateway.core.policy.review_work import find_work
from gateway.core.policy.thresholds import BuildingsOf, Place, no_buildings
from gateway.core.policy.urgency import DISTRESS, SCHOOL_DAY, Attention, AttentionKind, Severity
from gateway.core.policy.work_kinds import WorkKind
from gateway.core.serialization.wire import DecisionRecord, decision_body, first_conversation, rfc3339

POLICY = "policy"
"""Who decided, when it was not a person."""
LATE, SHADOW = "late", "shadow"
"""Reasons of a hold without effect: it came after delivery, or the policy is in shadow mode."""


@dataclass(frozen=True, slots=True)
class _PolicyDecision:
    """The policy's decision about one recipient. `no_effect`: LATE or SHADOW for a hold without effect."""

    change: StateChange
    decision: Decision
    no_effect: str = ""


def by_verdict(
    pending: PendingMessage, verdict: Verdict, policy: Policy, now: float, shadow: bool = False,
    relationships: Relationships = no_relationships, zone: tzinfo | None = None, sampling_key: bytes = b"",
    buildings: BuildingsOf = no_buildings,
) -> Transition:  # fmt: skip
    """Decide every waiting recipient, and report for the others what came too late. The verdict is always recorded.

    A recipient that is held only because there was no verdict is decided as if the verdict were on time. A reviewer's
    decision stands; a help alert is sent all the same, and the message counts as one from then on. An alert by a first
    look stands, and is not sent again. Due times count school time in a `zone`; without one, every hour. The
    `sampling_key` chooses clean messages that people look at. `buildings` tells which overrides are for the message.
    """
    if pending.verdict is not None:
        return Transition()
    if verdict.first_look:
        return _by_first_look(pending, verdict, policy, now)
    decided: list[_PolicyDecision] = []
    helped: list[str] = []
    place = Place(pending.channel, buildings)
    for recipient in pending.recipients:
        if not recipient.pairs or _is_alerted(recipient):
            continue
        decision = decide(recipient.pairs, verdict, pending.contact, policy, relationships, place)
        decision = _in_school_time(decision, policy, now, zone)
        by_policy = recipient.decided_by in ("", POLICY)
        if decision.action is Action.ALERT or decision.help:
            helped.append(recipient.address)
            if decision.action is Action.ALERT and not by_policy:
                change = StateChange(recipient.address, None, decision, recipient.decided_by)
                decided.append(_PolicyDecision(change, decision))
        if by_policy:
            decided.append(_apply(recipient, decision, shadow))
    followups: list[Followup] = []
    if helped:
        followups.append(_followup(FollowupKind.HELP_ALERT, pending, now, helped))
    if late := [item for item in decided if item.no_effect == LATE]:
        clauses = _clauses(item.decision for item in late)
        followup = _followup(FollowupKind.LATE, pending, now, [item.change.recipient for item in late], clauses)
        titles = [policy.clauses[clause].title for clause in clauses]
        followups.append(replace(followup, body={**followup.body, "titles": titles}))
    transition = _policy_transition(pending, decided, now, followups, verdict)
    transition = _with_attention(transition, pending, decided, policy, now, zone)
    transition = _with_work(transition, pending, decided, policy, now, zone, sampling_key)
    tools = unregistered_tools(verdict, policy)
    return replace(transition, tools=tools) if tools else transition


def _by_first_look(pending: PendingMessage, look: Verdict, policy: Policy, now: float) -> Transition:
    """Alert where a first look finds a call for help; change nothing else. No verdict is recorded: it is still to come.

    Where a student is only claimed to be the sender, nothing is sent before the verdict.
    """
    decided = []
    for recipient in pending.recipients:
        if not recipient.pairs or _is_alerted(recipient):
            continue
        decision = decide(recipient.pairs, look, pending.contact, policy)
        if decision.action is Action.ALERT and _is_by_student(recipient):
            if recipient.decided_by in ("", POLICY):
                decided.append(_apply(recipient, decision, shadow=False))
            else:
                change = StateChange(recipient.address, None, decision, recipient.decided_by)
                decided.append(_PolicyDecision(change, decision))
    if not decided:
        return Transition()
    alert = _followup(FollowupKind.HELP_ALERT, pending, now, [item.change.recipient for item in decided])
    return _policy_transition(pending, decided, now, [alert], None)


def _is_alerted(recipient: RecipientStatus) -> bool:
    return recipient.decision is not None and recipient.decision.action is Action.ALERT


def _is_by_student(recipient: RecipientStatus) -> bool:
    return any(pair.direction is Direction.STUDENT_TO_STAFF and not pair.claimed for pair in recipient.pairs)


def without_verdict(
    pending: PendingMessage, policy: Policy, now: float, shadow: bool = False, zone: tzinfo | None = None
) -> Transition:  # fmt: skip
    """Decide every recipient that still waits for a verdict, without one."""
    if pending.verdict is not None:
        return Transition()
    decided = [
        _apply(
            recipient,
            _in_school_time(decide(recipient.pairs, None, pending.contact, policy), policy, now, zone),
            shadow,
        )
        for recipient in pending.recipients
        if recipient.pairs and recipient.state is State.RECEIVED
    ]
    transition = _policy_transition(pending, decided, now, [], None)
    return _with_work(transition, pending, decided, policy, now, zone)


def _in_school_time(decision: Decision, policy: Policy, now: float, zone: tzinfo | None) -> Decision:
    """A decision with its due time counted in school time. What is urgent is due at any hour."""
    if zone is None or decision.due_in is None or decision.urgent or not policy.review.school_time:
        return decision
    due = school_due(now, decision.due_in, policy.contact_rules.calendar, zone)
    return replace(decision, due_in=max(due - now, 0.0))


def _with_attention(
    transition: Transition, pending: PendingMessage, decided: Sequence[_PolicyDecision], policy: Policy, now: float,
    zone: tzinfo | None,
) -> Transition:  # fmt: skip
    """The transition with what asks for attention: an urgent message, with its notice, or one of distress.

    In shadow mode nothing is held, and nobody is told.
    """
    found = []
    urgent = [item.decision for item in decided if item.decision.urgent and item.no_effect != SHADOW]
    if urgent:
        severity = min((Severity(decision.urgent) for decision in urgent), key=tuple(Severity).index)
        threat = any(decision.threat for decision in urgent)
        clauses = _clauses(urgent)
        found.append(Attention(AttentionKind.URGENT, clauses, severity, threat))
        notice = urgent_notice(pending.id, pending.received_at, now, found[0], policy)
        transition = replace(transition, followups=(*transition.followups, notice))
    if any(item.decision.action is Action.FLAG and DISTRESS in item.decision.reasons for item in decided):
        calendar = policy.contact_rules.calendar
        due = now + SCHOOL_DAY if zone is None else school_due(now, SCHOOL_DAY, calendar, zone)
        found.append(Attention(AttentionKind.DISTRESS, due_at=due))
    return replace(transition, attention=tuple(found)) if found else transition


def _with_work(
    transition: Transition, pending: PendingMessage, decided: Sequence[_PolicyDecision], policy: Policy, now: float,
    zone: tzinfo | None, sampling_key: bytes = b"",
) -> Transition:  # fmt: skip
    """The transition with what people should look at, and without what a missing verdict made them look at."""
    complete = len(decided) == sum(bool(recipient.pairs) for recipient in pending.recipients)
    work = find_work(
        pending.id, [item.decision for item in decided],
        [item.decision for item in decided if item.no_effect == SHADOW],
        classified=complete and transition.verdict is not None, policy=policy, now=now, zone=zone,
        sampling_key=sampling_key,
    )  # fmt: skip
    earlier = {recipient.decision.action for recipient in pending.recipients if recipient.decision is not None}
    kinds = {Action.FLAG: WorkKind.FLAG, Action.HOLD: WorkKind.SHADOW}
    opened = {item.kind for item in work}
    ended = tuple(kind for action, kind in kinds.items() if action in earlier and kind not in opened)
    return replace(transition, work=work, ended=ended) if work or ended else transition


def urgent_notice(
    id_: str, received_at: float, now: float, attention: Attention, policy: Policy, level: int = 0,
    to: Sequence[str] = (),
) -> Followup:  # fmt: skip
    """The notice of an urgent message: to the people of a `level`, from 1 on repeated to more of them.

    It names no person. Without `to`, the addresses are found when it is carried out.
    """
    titles = [policy.clauses[id_].title for id_ in attention.clauses if id_ in policy.clauses]
    body: dict[str, object] = {
        "received_at": rfc3339(received_at), "at": rfc3339(now), "clauses": list(attention.clauses), "titles": titles,
        "severity": attention.severity, "threat": attention.threat, "level": level,
    }  # fmt: skip
    return Followup(FollowupKind.URGENT, id_, {**body, "to": list(to)} if to else body)


def _apply(recipient: RecipientStatus, decision: Decision, shadow: bool) -> _PolicyDecision:
    holds = decision.action is Action.HOLD
    state: State | None = None
    if recipient.state in (State.RECEIVED, State.HELD):
        state = State.HELD if holds and not shadow else State.QUEUED
    no_effect = ""
    if holds and shadow:
        no_effect = SHADOW
    elif holds and recipient.state in (State.QUEUED, State.SENT):
        no_effect = LATE
    return _PolicyDecision(StateChange(recipient.address, state, decision, POLICY), decision, no_effect)


def _policy_transition(
    pending: PendingMessage,
    decided: Sequence[_PolicyDecision],
    now: float,
    first: Sequence[Followup],
    verdict: Verdict | None,
) -> Transition:
    """One decision record and one audit entry per action; holds without effect are apart from the others."""
    followups, entries = [], []
    for action, no_effect in dict.fromkeys((item.decision.action, item.no_effect) for item in decided):
        same = [item for item in decided if (item.decision.action, item.no_effect) == (action, no_effect)]
        reasons = dict.fromkeys(
            [word for item in same for word in item.decision.reasons] + [no_effect] * bool(no_effect)
        )
        record = DecisionRecord(
            pending.id,
            now,
            action,
            POLICY,
            _clauses(item.decision for item in same),
            tuple(item.change.recipient for item in same),
            same[0].decision.policy,
            ", ".join(reasons),
            _conversation(pending),
        )
        followups.append(Followup(FollowupKind.DECISION, pending.id, decision_body(record)))
        entries.append(_audit_entry("decided", record))
    changes = tuple(item.change for item in decided)
    return Transition(changes, (*first, *followups), tuple(entries), verdict)


def _conversation(pending: PendingMessage) -> str:
    pairs = [pair for recipient in pending.recipients for pair in recipient.pairs]
    return first_conversation(pairs) if pairs else ""


def _clauses(decisions: Iterable[Decision]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(clause for decision in decisions for clause in decision.clauses))


def _audit_entry(act: str, record: DecisionRecord) -> AuditEntry:
    body = decision_body(record)
    names = ("action", "clauses", "recipients", "policy", "reason")
    return AuditEntry(record.at, record.by, act, record.id, {name: body[name] for name in body if name in names})


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


# --- by a reviewer -------------------------------------------------------------------------------------------------

RecipientFilter = Callable[[RecipientStatus], bool]
"""Whether the reviewer may decide about a recipient."""


def release(
    pending: PendingMessage, by: str, reason: str, now: float, allowed: RecipientFilter | None = None
) -> Transition:  # fmt: skip
    """Deliver the held recipients. Without changes: nothing is held that this reviewer may decide about."""
    return _by_reviewer(pending, by, reason, now, allowed, "release", State.QUEUED)


def reject(
    pending: PendingMessage,
    by: str,
    reason: str,
    now: float,
    allowed: RecipientFilter | None = None,
    words: str = "",
) -> Transition:
    """Do not deliver the held recipients, and notify the sender, except the null sender.

    `words`: the text for the sender instead of the default.
    """
    return _by_reviewer(pending, by, reason, now, allowed, "reject", State.REJECTED, words)


def discard(
    pending: PendingMessage, by: str, reason: str, now: float, allowed: RecipientFilter | None = None
) -> Transition:  # fmt: skip
    """Do not deliver the held recipients, and notify nobody."""
    return _by_reviewer(pending, by, reason, now, allowed, "discard", State.DISCARDED)


def hold_longer(
    pending: PendingMessage, by: str, reason: str, now: float, allowed: RecipientFilter | None, seconds: float
) -> Transition:
    """Keep the held recipients, with a new due time `seconds` from now."""
    held = _held(pending, allowed)
    changes = tuple(
        StateChange(recipient.address, State.HELD, replace(recipient.decision, due_in=seconds), POLICY)
        for recipient in held
        if recipient.decision is not None
    )
    if not changes:
        return Transition()
    due = min((recipient.due_at for recipient in held if recipient.due_at is not None), default=None)
    detail = {
        "until": rfc3339(now + seconds), "was_due": None if due is None else rfc3339(due), "reason": reason,
        "recipients": [change.recipient for change in changes],
    }  # fmt: skip
    return Transition(changes, (), (AuditEntry(now, by, "held longer", pending.id, detail),))


_ACTS = {"release": "released", "reject": "rejected", "discard": "discarded"}


def _held(pending: PendingMessage, allowed: RecipientFilter | None) -> list[RecipientStatus]:
    return [
        recipient
        for recipient in pending.recipients
        if recipient.state is State.HELD and (allowed is None or allowed(recipient))
    ]


def _writer(pair: Pair) -> str:
    """The sourcedId of the sender of a pair."""
    return pair.staff if pair.direction is Direction.STAFF_TO_STUDENT else pair.student


def _by_reviewer(
    pending: PendingMessage,
    by: str,
    reason: str,
    now: float,
    allowed: RecipientFilter | None,
    action: str,
    state: State,
    words: str = "",
) -> Transition:
    """Decide about the held recipients. The policy's decision stays recorded: it says why the message was held."""
    held = _held(pending, allowed)
    if not held:
        return Transition()
    decisions = [recipient.decision for recipient in held if recipient.decision is not None]
    addresses = tuple(recipient.address for recipient in held)
    record = DecisionRecord(
        pending.id, now, action, by, _clauses(decisions), addresses, decisions[0].policy if decisions else "", reason,
        _conversation(pending),
    )  # fmt: skip
    followups = [Followup(FollowupKind.DECISION, pending.id, decision_body(record))]
    if state is State.REJECTED and pending.sender:  # for a text: the status callback of the application, if it set one
        rejection = _followup(FollowupKind.REJECTION, pending, now, addresses, record.clauses)
        more: dict[str, object] = {"words": words} if words else {}
        if all(pair.direction is Direction.STAFF_TO_STUDENT for recipient in held for pair in recipient.pairs):
            more["by_staff"] = True
        followups.append(replace(rejection, body={**rejection.body, "to": pending.sender, **more}))
        if capabilities_of(pending.channel).mails_rejections:
            people = list(dict.fromkeys(_writer(pair) for recipient in held for pair in recipient.pairs))
            body = {**rejection.body, "people": people, **more}
            followups.append(replace(rejection, kind=FollowupKind.REJECTED_TEXT, body=body))
    changes = tuple(StateChange(address, state, None, by) for address in addresses)
    entry = _audit_entry(_ACTS[action], record)
    if words and state is State.REJECTED:  # the sender reads them again on the page of their own messages
        entry = replace(entry, detail={**entry.detail, "words": words})
    return Transition(changes, tuple(followups), (entry,))
