"""Decisions."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace

import pytest

from gateway.core.channels.capabilities import MAIL
from gateway.core.messages.delivery import State
from gateway.core.messages.message import Envelope
from gateway.core.messages.parties import Pair, Relation
from gateway.core.policy.decision import Action, PendingMessage, StateChange, Transition
from gateway.ports.store import Store
from gateway.store import open_store
from tests.contracts.messages import (
    NOON,
    STUDENTS,
    TO_STUDENT,
    Clock,
    becomes,
    contact,
    decision,
    mail,
    verdict_on,
)

DAY = 86400.0


async def test_rule_sees_the_stored_message(store: Store) -> None:
    message = mail(others=["bob@elsewhere.example"])
    await store.intake.accept(message, contact(message))
    seen: list[PendingMessage] = []

    def look(pending: PendingMessage) -> Transition:
        seen.append(pending)
        return Transition()

    (settled,) = await store.dispositions.apply([(message.id, look)])
    assert settled is not None
    assert settled.pending == seen[0]
    pending = seen[0]
    assert (pending.id, pending.channel, pending.sender) == (message.id, MAIL, "ann@district.example")
    assert (pending.sha256, pending.received_at, pending.verdict) == (message.sha256, NOON, None)
    assert [(recipient.address, recipient.state, recipient.pairs) for recipient in pending.recipients] == [
        ("s1@students.example", State.RECEIVED, message.relation.pairs),
        ("bob@elsewhere.example", State.QUEUED, ()),
    ]


async def test_next_rule_sees_the_earlier_decision(store: Store, clock: Clock) -> None:
    message = mail()
    await store.intake.accept(message)
    verdict, says = verdict_on(message), decision(Action.HOLD, "7a", "6", due_in=3600.0)
    await store.dispositions.apply(
        [(message.id, lambda seen: replace(becomes(State.HELD, says)(seen), verdict=verdict))]
    )
    clock.now += 5
    (settled,) = await store.dispositions.apply([(message.id, lambda seen: Transition())])
    assert settled is not None
    (waiting,) = settled.pending.recipients
    assert settled.pending.verdict == verdict
    assert (waiting.state, waiting.decision, waiting.decided_by, waiting.decided_at) == (
        State.HELD, says, "policy", NOON,
    )  # fmt: skip
    (held,) = await store.lookups.held()
    assert held.due_at == NOON + 3600.0


async def test_unknown_message_gives_none(store: Store) -> None:
    message = mail()
    await store.intake.accept(message)
    settled = await store.dispositions.apply([("nothing", becomes(State.HELD)), (message.id, becomes(State.HELD))])
    assert settled[0] is None
    assert settled[1] is not None
    assert await store.intake.states("nothing") == {}
    assert await store.intake.states(message.id) == {"s1@students.example": State.HELD}
    assert len(await store.followups.claim_due(10, 60)) == 1


async def test_queued_recipient_is_due_now(store: Store, clock: Clock) -> None:
    message = mail()
    await store.intake.accept(message)
    await store.dispositions.apply([(message.id, becomes(State.HELD))])
    clock.now += 3 * DAY
    assert await store.delivery_queue.claim(STUDENTS, 10, 60) == ()
    await store.dispositions.apply([(message.id, becomes(State.QUEUED, by="kim"))])
    (claim,) = await store.delivery_queue.claim(STUDENTS, 10, 60)
    assert claim.recipients[0].queued_at == NOON + 3 * DAY


async def test_some_recipients_can_be_decided(store: Store) -> None:
    message = mail(others=["s2@students.example"])
    pairs = (*message.relation.pairs, Pair("s2@students.example", "T1", "S2", TO_STUDENT))
    message = replace(message, relation=Relation(pairs))
    await store.intake.accept(message)
    await store.dispositions.apply([(message.id, becomes(State.HELD, only=["s2@students.example"]))])
    assert await store.intake.states(message.id) == {
        "s1@students.example": State.RECEIVED,
        "s2@students.example": State.HELD,
    }


@pytest.mark.parametrize("state", [State.QUEUED, State.REJECTED, State.DISCARDED])
async def test_final_decision_is_never_changed(store: Store, state: State) -> None:
    """Also if a rule asks for it: the change is left out."""
    message = mail()
    await store.intake.accept(message)
    await store.dispositions.apply([(message.id, becomes(state))])

    def stubborn(pending: PendingMessage) -> Transition:
        return Transition(
            tuple(StateChange(recipient.address, State.HELD, None, "x") for recipient in pending.recipients)
        )

    (settled,) = await store.dispositions.apply([(message.id, stubborn)])
    assert settled is not None
    assert settled.transition.changes == ()
    assert await store.intake.states(message.id) == {"s1@students.example": state}


async def test_decision_can_be_recorded_without_a_state_change(store: Store) -> None:
    """As with a late verdict on a delivered message."""
    message = mail()
    await store.intake.accept(message)
    await store.dispositions.apply([(message.id, becomes(State.QUEUED, decision(Action.RELEASE)))])
    late = decision(Action.HOLD, "7a")
    await store.dispositions.apply(
        [(message.id, lambda seen: Transition((StateChange("s1@students.example", None, late, "policy"),)))]
    )
    (trace,) = await store.lookups.trace(id=message.id)
    assert (trace.recipients[0].state, trace.action, trace.clauses) == (State.QUEUED, "hold", ("7a",))


async def test_repeated_address_is_decided_once(store: Store) -> None:
    message = mail()
    twice = Envelope("ann@district.example", (*message.envelope.recipients, *message.envelope.recipients))
    message = replace(message, envelope=twice)
    await store.intake.accept(message)
    await store.dispositions.apply([(message.id, becomes(State.QUEUED))])
    (claim,) = await store.delivery_queue.claim(STUDENTS, 10, 60)
    assert len(claim.recipients) == 2


async def test_concurrent_releases_have_one_winner(store: Store, store_url: str, clock: Clock) -> None:
    """Eight people in two processes release and reject one message: one audit entry, one follow-up, one delivery."""
    message = mail()
    await store.intake.accept(message)
    await store.dispositions.apply([(message.id, becomes(State.HELD))])
    await store.followups.complete([followup.id for followup in await store.followups.claim_due(10, 60)])
    async with open_store(store_url, clock=clock) as beside:
        rules = [becomes([State.QUEUED, State.REJECTED][at % 2], by=f"person {at}") for at in range(8)]
        settled = await asyncio.gather(
            *([store, beside][at // 4].dispositions.apply([(message.id, rule)]) for at, rule in enumerate(rules))
        )
    won = [applied for (applied,) in settled if applied is not None and applied.transition.changes]
    assert len(won) == 1
    assert [followup.body["by"] for followup in await store.followups.claim_due(10, 60)] == [
        won[0].transition.changes[0].by
    ]
    assert (await store.intake.states(message.id))["s1@students.example"] is won[0].transition.changes[0].state


async def test_rules_on_one_message_in_one_call_see_each_other(store: Store) -> None:
    message = mail()
    await store.intake.accept(message)
    settled = await store.dispositions.apply(
        [(message.id, becomes(State.HELD)), (message.id, becomes(State.QUEUED, by="kim"))]
    )
    assert [applied is not None and applied.pending.recipients[0].state for applied in settled] == [
        State.RECEIVED,
        State.HELD,
    ]
    assert await store.intake.states(message.id) == {"s1@students.example": State.QUEUED}


async def test_two_processes_decide_the_same_messages_without_deadlock(
    store: Store, store_url: str, clock: Clock
) -> None:
    messages = [mail(NOON + at) for at in range(60)]
    await asyncio.gather(*(store.intake.accept(message) for message in messages))
    async with open_store(store_url, clock=clock) as beside:
        settled = await asyncio.gather(
            store.dispositions.apply([(message.id, becomes(State.QUEUED, by="a")) for message in messages]),
            beside.dispositions.apply([(message.id, becomes(State.QUEUED, by="b")) for message in reversed(messages)]),
        )
    won = Counter(item.pending.id for both in settled for item in both if item and item.transition.changes)
    assert won == Counter(message.id for message in messages)


async def test_failing_rule_fails_alone(store: Store) -> None:
    """The other rules of its transaction are applied without it."""
    bad, *good = (mail(NOON + at) for at in range(4))
    for message in (bad, *good):
        await store.intake.accept(message)

    def broken(pending: PendingMessage) -> Transition:
        raise ZeroDivisionError

    answers = await asyncio.gather(
        store.dispositions.apply([(bad.id, broken)]),
        *(store.dispositions.apply([(message.id, becomes(State.HELD))]) for message in good),
        return_exceptions=True,
    )
    assert isinstance(answers[0], ZeroDivisionError)
    assert await store.intake.states(bad.id) == {"s1@students.example": State.RECEIVED}
    for message in good:
        assert await store.intake.states(message.id) == {"s1@students.example": State.HELD}
    assert len(await store.followups.claim_due(10, 60)) == 3  # once for each, although they were tried twice


HELD = becomes(State.HELD, decision(Action.HOLD, "7a", due_in=60.0))


async def test_late_help_alert_leaves_who_decided(store: Store, clock: Clock) -> None:
    """The verdict comes after a person rejected it: it becomes an alert, and the person's decision stays."""
    message = mail()
    await store.intake.accept(message)
    await store.dispositions.apply([(message.id, HELD)])
    clock.now += 60
    await store.dispositions.apply([(message.id, becomes(State.REJECTED, by="ann"))])
    decided_at = clock.now
    clock.now += 60

    def late(pending: PendingMessage) -> Transition:
        changes = tuple(
            StateChange(recipient.address, None, decision(Action.ALERT), "ann") for recipient in pending.recipients
        )
        return Transition(changes)

    await store.dispositions.apply([(message.id, late)])
    (call,) = await store.help_alerts.waiting(10)
    assert {(recipient.state, recipient.decided_by) for recipient in call.trace.recipients} == {(State.REJECTED, "ann")}
    assert call.trace.action == "alert"
    assert [listed.trace.id for listed in await store.lists.decided(decided_at - 1, (decided_at + 1, ""), 9)] == [
        message.id
    ]
