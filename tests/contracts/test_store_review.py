"""What people look up: held messages, where a message is, why it is there, and how much waits."""

from __future__ import annotations

from dataclasses import replace

from gateway.core.channels.capabilities import MAIL, SMS
from gateway.core.messages.delivery import Deferred, State
from gateway.core.messages.parties import Pair, Relation
from gateway.core.policy.decision import Action, Decision, PendingMessage, StateChange, Transition
from gateway.core.review.views import Backlog, HeldMessage
from gateway.ports.store import Store
from gateway.store import open_store
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


async def test_held_messages_are_listed_by_their_due_time(store: Store) -> None:
    late, soon, never = mail(NOON), mail(NOON + 1, others=["bob@one.example"]), mail(NOON + 2)
    for message, due_in in ((late, 7200.0), (soon, 3600.0), (never, None)):
        await store.intake.accept(message)
        says = decision(Action.HOLD, "7a", "6", due_in=due_in)
        await store.dispositions.apply([(message.id, becomes(State.HELD, says))])
    await store.intake.accept(mail(NOON + 3))
    held = await store.lookups.held()
    assert [each.id for each in held] == [soon.id, late.id, never.id]
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


async def test_what_somebody_sent_is_found_whatever_they_got(store: Store) -> None:
    """By every address of theirs, in any case, the newest first."""
    first, second = mail(NOON), mail(NOON + 2)
    for each in (first, text(NOON + 1), second, ours("ann@district.example", NOON + 3)):
        await store.intake.accept(each)
    found = await store.lists.sent_by(["Ann@District.example", "", "nobody@district.example"])
    assert [each.id for each in found] == [second.id, first.id]
    assert [each.channel for each in await store.lists.sent_by(["+15550300"])] == [SMS]
    assert await store.lists.sent_by([""]) == []


async def test_a_held_message_is_one_row(store: Store) -> None:
    """Its recipients together, the strictest reading first, the earliest due time."""
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


async def test_a_message_is_found_three_ways(store: Store, clock: Clock) -> None:
    """By id, by Message-ID, by the address of its sender or a recipient in any case; the newest first."""
    first = mail(NOON, others=["Bob@One.example"])
    second = replace(mail(NOON + 1, sender="bob@one.example"), message_id=first.message_id)
    for each in (first, second, mail(NOON + 2, sender="x@y.example", student="S7")):
        await store.intake.accept(each)
    assert [each.id for each in await store.lookups.trace(id=first.id)] == [first.id]
    assert [each.id for each in await store.lookups.trace(message_id=first.message_id)] == [second.id, first.id]
    assert [each.id for each in await store.lookups.trace(address="BOB@one.EXAMPLE")] == [second.id, first.id]
    assert (
        list(await store.lookups.trace(id="nothing")) == list(await store.lookups.trace(address="o")) == list(await store.lookups.trace()) == []
    )
    (trace,) = await store.lookups.trace(id=first.id)
    assert (trace.message_id, trace.direction, trace.action, trace.clauses) == (first.message_id, TO_STUDENT, "", ())
    assert [(each.address, each.state, each.at) for each in trace.recipients] == [
        ("s1@students.example", State.RECEIVED, NOON),
        ("Bob@One.example", State.QUEUED, NOON),
    ]


async def test_a_message_of_ours_has_no_direction(store: Store) -> None:
    message = ours()
    await store.intake.accept(message)
    (trace,) = await store.lookups.trace(id=message.id)
    assert (trace.direction, trace.sender) == ("out_of_scope", "")


async def test_the_beginnings_of_many_messages(store: Store) -> None:
    """Without their text, however many they are, and whatever is asked for beside."""
    long = mail(content=b"From: ann@district.example\r\nSubject: Plan\r\n\r\n" + b"Tomorrow at ten.\r\n" * 9000)
    others = [mail(NOON + at) for at in range(150)]
    for message in (long, *others):
        await store.intake.accept(message)
    verdict = verdict_on(long)
    await store.dispositions.apply([(long.id, becomes(State.HELD, decision(Action.HOLD, "7a"), verdict=verdict))])
    found = await store.headers.heads([long.id, "nothing", *(each.id for each in others)])
    assert found[long.id].verdict == verdict
    assert b"Subject: Plan" in found[long.id].head
    assert b"Tomorrow" not in found[long.id].head
    assert found.keys() == {long.id, *(each.id for each in others)}
    assert found[others[0].id].verdict is None


async def test_a_message_is_explained(store: Store) -> None:
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


async def test_what_waits_is_counted(store: Store, clock: Clock) -> None:
    assert await store.lookups.backlog() == Backlog()
    first, second, third = mail(NOON - 100), mail(NOON - 50), text(NOON)
    for each in (first, second, third):
        await store.intake.accept(each, contact(each))
    await store.dispositions.apply([(each.id, becomes(State.HELD)) for each in (first, second)])
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


async def test_looking_changes_nothing(store: Store) -> None:
    message = mail()
    await store.intake.accept(message)
    await store.lookups.held()
    await store.lookups.detail(message.id)
    await store.lookups.trace(id=message.id)
    assert await store.audit.rows(0, 10) == []
    assert await store.audit.link(10) == 0


async def test_the_clock_is_the_store_s(store: Store, store_url: str, clock: Clock) -> None:
    assert await store.clock.now() == NOON
    async with open_store(store_url) as real:
        first = await real.clock.now()
        assert first > 1.7e9
        assert await real.clock.now() >= first


async def test_what_people_decided_is_found_page_by_page(store: Store) -> None:
    """By the policy alone is not judged; neither is what only waits."""
    messages = [mail(NOON + at) for at in range(4)]
    for message in messages:
        await store.intake.accept(message)
        await store.dispositions.apply([(message.id, becomes(State.HELD, decision(Action.HOLD, "7a")))])
    for message, state in zip(messages[1:3], (State.QUEUED, State.REJECTED), strict=True):
        await store.dispositions.apply([(message.id, becomes(state, decision(Action.HOLD, "7a"), by="ann"))])
    expected = sorted(each.id for each in messages[1:3])
    assert list(await store.lookups.reviewed_ids("", 10)) == expected
    assert list(await store.lookups.reviewed_ids("", 1)) == expected[:1]
    assert list(await store.lookups.reviewed_ids(expected[0], 10)) == expected[1:]


async def test_what_has_a_verdict_is_found_page_by_page(store: Store) -> None:
    messages = [mail(NOON + at) for at in range(3)]
    for message in messages:
        await store.intake.accept(message)
    for message in messages[:2]:
        rule = becomes(State.QUEUED, decision(Action.RELEASE), verdict=verdict_on(message))
        await store.dispositions.apply([(message.id, rule)])
    expected = sorted(each.id for each in messages[:2])
    assert list(await store.lookups.classified_ids("", 10)) == expected
    assert list(await store.lookups.classified_ids(expected[0], 10)) == expected[1:]
