"""Lookups."""

from __future__ import annotations

from dataclasses import replace

from gateway.core.channels.capabilities import MAIL
from gateway.core.messages.delivery import Deferred, State
from gateway.core.messages.parties import Pair, Relation
from gateway.core.messages.work import WorkItem, WorkStage
from gateway.core.policy.decision import Action, Decision, PendingMessage, StateChange, Transition
from gateway.core.review.views import OVERDUE_AFTER, Backlog, HeldMessage
from gateway.ports.store import Store
from tests.contracts.messages import (
    NOON,
    STUDENTS,
    TO_STAFF,
    TO_STUDENT,
    Clock,
    all_sent,
    becomes,
    contact,
    decision,
    mail,
    ours,
    text,
    verdict_on,
)


async def test_held_messages_are_listed_by_due_time(store: Store) -> None:
    late, soon, never = mail(NOON), mail(NOON + 1, others=["bob@one.example"]), mail(NOON + 2)
    for message, due_in in ((late, 7200.0), (soon, 3600.0), (never, None)):
        await store.intake.accept(message)
        says = decision(Action.HOLD, "7a", "6", due_in=due_in)
        await store.dispositions.apply([(message.id, becomes(State.HELD, says))])
    await store.intake.accept(mail(NOON + 3))
    held = await store.lookups.held()
    assert [held_message.id for held_message in held] == [soon.id, late.id, never.id]
    assert held[0] == HeldMessage(
        id=soon.id,
        channel=MAIL,
        direction=TO_STUDENT,
        sender="ann@district.example",
        recipients=("s1@students.example",),
        received_at=NOON + 1,
        due_at=NOON + 3600,
        clauses=("7a", "6"),
        reasons=(),
        subject="Plan",
        relation=soon.relation,
        excerpt="Tomorrow at ten.",
        others=("bob@one.example",),
    )


async def test_held_message_is_listed_once(store: Store) -> None:
    """All recipients together, the strictest decision first, the earliest due time."""
    message = mail(others=["s2@students.example"])
    pairs = (*message.relation.pairs, Pair("s2@students.example", "T1", "S2", TO_STAFF))
    message = replace(message, relation=Relation(pairs))
    await store.intake.accept(message)

    def rule(pending: PendingMessage) -> Transition:
        first = Decision(Action.FLAG, TO_STUDENT, "p", ("6",), ("language",), 60.0)
        second = Decision(Action.HOLD, TO_STAFF, "p", ("7a", "6"), ("no_verdict",), 30.0)
        return Transition(
            (
                StateChange("s1@students.example", State.HELD, first, "policy"),
                StateChange("s2@students.example", State.HELD, second, "policy"),
            )
        )

    await store.dispositions.apply([(message.id, rule)])
    (held,) = await store.lookups.held()
    assert (held.direction, held.clauses, held.reasons) == (TO_STAFF, ("7a", "6"), ("no_verdict", "language"))
    assert (held.recipients, held.due_at) == (("s1@students.example", "s2@students.example"), NOON + 30)


async def test_message_is_found_by_id_message_id_and_address(store: Store, clock: Clock) -> None:
    """By id, by Message-ID, or by an address in any letter case; the newest first."""
    first = mail(NOON, others=["Bob@One.example"])
    second = replace(mail(NOON + 1, sender="bob@one.example"), message_id=first.message_id)
    for message in (first, second, mail(NOON + 2, sender="x@y.example", student="S7")):
        await store.intake.accept(message)
    assert [trace.id for trace in await store.lookups.trace(id=first.id)] == [first.id]
    assert [trace.id for trace in await store.lookups.trace(message_id=first.message_id)] == [second.id, first.id]
    assert [trace.id for trace in await store.lookups.trace(address="BOB@one.EXAMPLE")] == [second.id, first.id]
    assert (
        list(await store.lookups.trace(id="nothing"))
        == list(await store.lookups.trace(address="o"))
        == list(await store.lookups.trace())
        == []
    )
    (trace,) = await store.lookups.trace(id=first.id)
    assert (trace.message_id, trace.direction, trace.action, trace.clauses) == (first.message_id, TO_STUDENT, "", ())
    assert [(recipient.address, recipient.state, recipient.at) for recipient in trace.recipients] == [
        ("s1@students.example", State.RECEIVED, NOON),
        ("Bob@One.example", State.QUEUED, NOON),
    ]


async def test_own_message_has_no_direction(store: Store) -> None:
    message = ours()
    await store.intake.accept(message)
    (trace,) = await store.lookups.trace(id=message.id)
    assert (trace.direction, trace.sender) == ("out_of_scope", "")


async def test_detail_has_content_and_verdict(store: Store) -> None:
    message = mail()
    await store.intake.accept(message)
    verdict = verdict_on(message)
    (before,) = [await store.lookups.detail(message.id)]
    assert before is not None
    assert (before.content, before.verdict, before.policy) == (message.content, None, "")
    rule = becomes(State.HELD, decision(Action.HOLD, "7a"))
    await store.dispositions.apply([(message.id, lambda seen: replace(rule(seen), verdict=verdict))])
    explained = await store.lookups.detail(message.id)
    assert explained is not None
    assert (explained.verdict, explained.policy, explained.channel) == (verdict, "policy-hash", MAIL)
    assert explained.trace == (await store.lookups.trace(id=message.id))[0]
    assert await store.lookups.detail("nothing") is None


async def test_backlog_counts_what_waits(store: Store, clock: Clock) -> None:
    assert await store.lookups.backlog() == Backlog()
    first, second, third = mail(NOON - 100), mail(NOON - 50), text(NOON)
    for message in (first, second, third):
        await store.intake.accept(message, contact(message))
    await store.dispositions.apply([(message.id, becomes(State.HELD)) for message in (first, second)])
    clock.now += 10
    assert await store.lookups.backlog() == Backlog(
        held=2, oldest_held=110.0, deferred=0, unpublished=3, unanswered=1, unlinked_for=10.0
    )
    await store.dispositions.apply([(first.id, becomes(State.QUEUED))])
    (claim,) = await store.delivery_queue.claim(STUDENTS, 10, 60)
    await store.delivery_queue.record_outcomes(claim, {"s1@students.example": (Deferred("450"), clock.now + 60)}, ())
    await store.audit.link(100)
    assert await store.lookups.backlog() == Backlog(
        held=1, oldest_held=60.0, deferred=1, unpublished=3, unanswered=1, unlinked_for=0.0
    )
    clock.now += 60
    (claim,) = await store.delivery_queue.claim(STUDENTS, 10, 60)
    await store.delivery_queue.record_outcomes(claim, all_sent(claim), ())
    assert (await store.lookups.backlog()).deferred == 0


async def test_lookups_change_nothing(store: Store) -> None:
    message = mail()
    await store.intake.accept(message)
    await store.lookups.held()
    await store.lookups.detail(message.id)
    await store.lookups.trace(id=message.id)
    assert await store.audit.rows(0, 10) == []
    assert await store.audit.link(10) == 0


async def test_reviewed_ids_come_in_pages(store: Store) -> None:
    """Messages that only the policy decided, or that wait, are not reviewed."""
    messages = [mail(NOON + at) for at in range(4)]
    for message in messages:
        await store.intake.accept(message)
        await store.dispositions.apply([(message.id, becomes(State.HELD, decision(Action.HOLD, "7a")))])
    for message, state in zip(messages[1:3], (State.QUEUED, State.REJECTED), strict=True):
        await store.dispositions.apply([(message.id, becomes(state, decision(Action.HOLD, "7a"), by="ann"))])
    expected = sorted(message.id for message in messages[1:3])
    assert list(await store.lookups.reviewed_ids("", 10)) == expected
    assert list(await store.lookups.reviewed_ids("", 1)) == expected[:1]
    assert list(await store.lookups.reviewed_ids(expected[0], 10)) == expected[1:]


async def test_classified_ids_come_in_pages(store: Store) -> None:
    messages = [mail(NOON + at) for at in range(3)]
    for message in messages:
        await store.intake.accept(message)
    for message in messages[:2]:
        rule = becomes(State.QUEUED, decision(Action.RELEASE), verdict=verdict_on(message))
        await store.dispositions.apply([(message.id, rule)])
    expected = sorted(message.id for message in messages[:2])
    assert list(await store.lookups.classified_ids("", 10)) == expected
    assert list(await store.lookups.classified_ids(expected[0], 10)) == expected[1:]


LATEST = (NOON + 1000, "")


async def test_traces_continue_from_a_position(store: Store) -> None:
    """By Message-ID and by address, beyond one answer."""
    messages = [replace(mail(NOON + number // 3), message_id="<one@district.example>") for number in range(205)]
    for message in messages:
        await store.intake.accept(message)
    ids = [
        message.id for message in sorted(messages, key=lambda message: (message.received_at, message.id), reverse=True)
    ]
    for by in ({"message_id": "<one@district.example>"}, {"address": "S1@students.example"}):
        found, place = [], (float("inf"), "")
        while rows := await store.lookups.trace_further(place, **by):
            found += [row.id for row in rows]
            place = (rows[-1].received_at, rows[-1].id)
        assert found == ids
    assert list(await store.lookups.trace_further(LATEST)) == []


async def test_overdue_is_what_no_process_delivers(store: Store, clock: Clock) -> None:
    """Not what is claimed, deferred, held or stuck, and not a text whose turn has not come."""
    messages = [mail(NOON + at) for at in range(5)]
    texts = [text(NOON), text(NOON + 1)]
    for message in (*messages, *texts):
        await store.intake.accept(message)
    for message in (*messages[:4], *texts):
        await store.dispositions.apply([(message.id, becomes(State.QUEUED, decision()))])
    assert (await store.lookups.backlog()).overdue == 0
    clock.now += OVERDUE_AFTER + 5
    (backlog,) = [await store.lookups.backlog()]
    assert (backlog.overdue, backlog.oldest_overdue) == (5, OVERDUE_AFTER + 5), "four mails, and the first text"
    claims = await store.delivery_queue.claim(STUDENTS, 3, 3600)
    assert (await store.lookups.backlog()).overdue == 2
    address = claims[0].recipients[0].recipient.address
    await store.delivery_queue.record_outcomes(claims[0], {address: (Deferred("451 later"), clock.now + 600)}, ())
    item = WorkItem(WorkStage.DELIVERY, f"{claims[1].message.id}/0", claims[1].message.id, claims[1].token)
    assert await store.work_failures.record([item], "KeyError", 1) == [True]
    clock.now += 500
    assert (await store.lookups.backlog()).overdue == 2
