"""The store carries decisions out: each on its message as it stands, in one transaction, and the first one wins."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace

import pytest

from gateway.core.channels.capabilities import MAIL
from gateway.core.messages.conversation import conversation_id
from gateway.core.messages.delivery import State
from gateway.core.messages.message import Envelope
from gateway.core.messages.parties import Pair, Relation
from gateway.core.policy.contact import ContactCounters
from gateway.core.policy.decision import Action, PendingMessage, StateChange, Transition
from gateway.ports.store import Store
from gateway.store import open_store
from tests.contracts.messages import (
    NOON,
    STUDENTS,
    TO_STAFF,
    TO_STUDENT,
    Clock,
    becomes,
    contact,
    decision,
    mail,
    verdict_on,
)

DAY = 86400.0


async def test_a_rule_sees_its_message_as_it_stands(store: Store) -> None:
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
    assert [(each.address, each.state, each.pairs) for each in pending.recipients] == [
        ("s1@students.example", State.RECEIVED, message.relation.pairs),
        ("bob@elsewhere.example", State.QUEUED, ()),
    ]


async def test_what_was_decided_is_there_for_the_next_rule(store: Store, clock: Clock) -> None:
    message = mail()
    await store.intake.accept(message)
    verdict, says = verdict_on(message), decision(Action.HOLD, "7a", "6", due_in=3600.0)
    await store.dispositions.apply([(message.id, lambda seen: replace(becomes(State.HELD, says)(seen), verdict=verdict))])
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


async def test_an_unknown_message_is_none_and_harms_nobody(store: Store) -> None:
    message = mail()
    await store.intake.accept(message)
    settled = await store.dispositions.apply([("nothing", becomes(State.HELD)), (message.id, becomes(State.HELD))])
    assert settled[0] is None
    assert settled[1] is not None
    assert await store.intake.states("nothing") == {}
    assert await store.intake.states(message.id) == {"s1@students.example": State.HELD}
    assert len(await store.followups.claim_due(10, 60)) == 1


async def test_queued_is_due_now_and_begins_its_lifetime(store: Store, clock: Clock) -> None:
    message = mail()
    await store.intake.accept(message)
    await store.dispositions.apply([(message.id, becomes(State.HELD))])
    clock.now += 3 * DAY
    assert await store.delivery_queue.claim(STUDENTS, 10, 60) == ()
    await store.dispositions.apply([(message.id, becomes(State.QUEUED, by="kim"))])
    (claim,) = await store.delivery_queue.claim(STUDENTS, 10, 60)
    assert claim.recipients[0].queued_at == NOON + 3 * DAY


async def test_some_recipients_can_be_decided_alone(store: Store) -> None:
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
async def test_what_was_decided_for_good_is_never_changed(store: Store, state: State) -> None:
    """Even where a rule says so: its change is left out of what was carried out."""
    message = mail()
    await store.intake.accept(message)
    await store.dispositions.apply([(message.id, becomes(state))])

    def stubborn(pending: PendingMessage) -> Transition:
        return Transition(tuple(StateChange(each.address, State.HELD, None, "x") for each in pending.recipients))

    (settled,) = await store.dispositions.apply([(message.id, stubborn)])
    assert settled is not None
    assert settled.transition.changes == ()
    assert await store.intake.states(message.id) == {"s1@students.example": state}


async def test_a_decision_can_be_noted_without_a_change(store: Store) -> None:
    """As a late verdict's, on what is delivered already."""
    message = mail()
    await store.intake.accept(message)
    await store.dispositions.apply([(message.id, becomes(State.QUEUED, decision(Action.RELEASE)))])
    late = decision(Action.HOLD, "7a")
    await store.dispositions.apply(
        [(message.id, lambda seen: Transition((StateChange("s1@students.example", None, late, "policy"),)))]
    )
    (trace,) = await store.lookups.trace(id=message.id)
    assert (trace.recipients[0].state, trace.action, trace.clauses) == (State.QUEUED, "hold", ("7a",))


async def test_an_address_named_twice_is_decided_as_one(store: Store) -> None:
    message = mail()
    twice = Envelope("ann@district.example", (*message.envelope.recipients, *message.envelope.recipients))
    message = replace(message, envelope=twice)
    await store.intake.accept(message)
    await store.dispositions.apply([(message.id, becomes(State.QUEUED))])
    (claim,) = await store.delivery_queue.claim(STUDENTS, 10, 60)
    assert len(claim.recipients) == 2


async def test_releases_at_once_have_one_winner(store: Store, store_url: str, clock: Clock) -> None:
    """Eight people in two processes release and reject the same message: one act, one record, one delivery."""
    message = mail()
    await store.intake.accept(message)
    await store.dispositions.apply([(message.id, becomes(State.HELD))])
    await store.followups.complete([each.id for each in await store.followups.claim_due(10, 60)])
    async with open_store(store_url, clock=clock) as beside:
        rules = [becomes([State.QUEUED, State.REJECTED][at % 2], by=f"person {at}") for at in range(8)]
        settled = await asyncio.gather(
            *([store, beside][at // 4].dispositions.apply([(message.id, rule)]) for at, rule in enumerate(rules))
        )
    won = [each for (each,) in settled if each is not None and each.transition.changes]
    assert len(won) == 1
    assert [each.body["by"] for each in await store.followups.claim_due(10, 60)] == [won[0].transition.changes[0].by]
    assert (await store.intake.states(message.id))["s1@students.example"] is won[0].transition.changes[0].state


async def test_rules_on_one_message_in_one_call_see_one_another(store: Store) -> None:
    message = mail()
    await store.intake.accept(message)
    settled = await store.dispositions.apply([(message.id, becomes(State.HELD)), (message.id, becomes(State.QUEUED, by="kim"))])
    assert [each is not None and each.pending.recipients[0].state for each in settled] == [State.RECEIVED, State.HELD]
    assert await store.intake.states(message.id) == {"s1@students.example": State.QUEUED}


async def test_two_processes_settle_the_same_messages_without_a_deadlock(
    store: Store, store_url: str, clock: Clock
) -> None:
    messages = [mail(NOON + at) for at in range(60)]
    await asyncio.gather(*(store.intake.accept(each) for each in messages))
    async with open_store(store_url, clock=clock) as beside:
        settled = await asyncio.gather(
            store.dispositions.apply([(each.id, becomes(State.QUEUED, by="a")) for each in messages]),
            beside.dispositions.apply([(each.id, becomes(State.QUEUED, by="b")) for each in reversed(messages)]),
        )
    won = Counter(each.pending.id for both in settled for each in both if each and each.transition.changes)
    assert won == Counter(each.id for each in messages)


async def test_a_rule_that_fails_fails_alone(store: Store) -> None:
    """Its transaction held others, which are carried out without it."""
    bad, *good = (mail(NOON + at) for at in range(4))
    for each in (bad, *good):
        await store.intake.accept(each)

    def broken(pending: PendingMessage) -> Transition:
        raise ZeroDivisionError

    answers = await asyncio.gather(
        store.dispositions.apply([(bad.id, broken)]),
        *(store.dispositions.apply([(each.id, becomes(State.HELD))]) for each in good),
        return_exceptions=True,
    )
    assert isinstance(answers[0], ZeroDivisionError)
    assert await store.intake.states(bad.id) == {"s1@students.example": State.RECEIVED}
    for each in good:
        assert await store.intake.states(each.id) == {"s1@students.example": State.HELD}
    assert len(await store.followups.claim_due(10, 60)) == 3  # once each, although they were tried twice


async def test_contact_is_counted_up_to_the_message(store: Store) -> None:
    """A day, a week, nights, alone, personal accounts; that message included, later ones and other pairs not."""
    at = NOON - 8 * DAY
    rows = [
        (at, {}),
        (NOON - 6 * DAY, {"night": True}),
        (NOON - 2 * DAY, {"alone": False}),
        (NOON - 60, {"outside": True}),
    ]
    for each, flags in rows:
        message = mail(each)
        await store.intake.accept(message, contact(message, **flags))
    for each in (mail(NOON - 30, student="S2"), mail(NOON + 1)):
        await store.intake.accept(each, contact(each))
    message = mail(NOON)
    await store.intake.accept(message, contact(message))
    (settled,) = await store.dispositions.apply([(message.id, lambda seen: Transition())])
    assert settled is not None
    assert settled.pending.contact == {
        conversation_id("T1", "S1"): ContactCounters(
            day=2, week=4, night_week=1, alone_week=3, outside_week=1, sender_students_hour=2
        )
    }


async def test_students_are_counted_for_the_staff_member_who_writes(store: Store) -> None:
    """Within the hour, by any address of theirs; not those who wrote to them."""
    for student, at, direction in (
        ("S2", NOON - 3599, TO_STUDENT),
        ("S2", NOON - 3000, TO_STUDENT),
        ("S3", NOON - 3601, TO_STUDENT),
        ("S4", NOON - 5, TO_STAFF),
        ("S5", NOON - 5, TO_STUDENT),
    ):
        message = mail(at, student=student, direction=direction, sender=f"{at}@x.example")
        await store.intake.accept(message, contact(message))
    message, answer = mail(NOON), mail(NOON, direction=TO_STAFF)
    for each in (message, answer):
        await store.intake.accept(each, contact(each))
    settled = await store.dispositions.apply([(each.id, lambda seen: Transition()) for each in (message, answer)])
    counted = [each.pending.contact[conversation_id("T1", "S1")].sender_students_hour for each in settled if each]
    assert counted == [3, 0]
