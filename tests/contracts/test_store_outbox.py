"""The store publishes what it accepted, in order, until the bus confirms; and knows what nobody answered."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from gateway.core.delivery import State
from gateway.core.message import Said
from gateway.core.parties import Pair, Relation
from gateway.ports import Unanswered
from gateway.store import SqlStore
from tests.contracts.messages import NOON, TO_STAFF, TO_STUDENT, Clock, becomes, contact, mail, ours, verdict_on


async def test_messages_are_published_in_the_order_of_acceptance(store: SqlStore) -> None:
    """By when they were received, whatever their ids and whoever committed first."""
    messages = [replace(mail(NOON + at), id=f"{9 - at}") for at in range(6)]
    await asyncio.gather(*(store.accept(each) for each in reversed(messages)))
    assert [each.message for each in await store.unpublished(4, 60)] == messages[:4]
    assert [each.message for each in await store.unpublished(4, 60)] == messages[4:]
    assert list(await store.unpublished(4, 60)) == []


async def test_what_was_not_confirmed_comes_again_after_the_lease(store: SqlStore, clock: Clock) -> None:
    lost, confirmed = mail(), mail()
    await store.accept(lost)
    await store.accept(confirmed)
    assert len(await store.unpublished(10, 60)) == 2
    await store.published({confirmed.id: "messages-3-77"})
    clock.now += 59.9
    assert list(await store.unpublished(10, 60)) == []
    clock.now += 0.2
    assert [each.message.id for each in await store.unpublished(10, 60)] == [lost.id]
    assert (await store.backlog()).unpublished == 1


async def test_a_message_can_be_published_again(store: SqlStore) -> None:
    """It then says where it was before."""
    message = mail()
    await store.accept(message)
    await store.unpublished(1, 60)
    await store.published({message.id: "messages-3-77"})
    assert list(await store.unpublished(1, 60)) == []
    await store.publish_again([message.id, "nothing"])
    (outgoing,) = await store.unpublished(1, 60)
    assert (outgoing.message, outgoing.place) == (message, "messages-3-77")


async def test_a_message_of_ours_is_not_published(store: SqlStore) -> None:
    await store.accept(ours())
    assert list(await store.unpublished(10, 60)) == []
    assert list(await store.unanswered(NOON + 100, 10)) == []


async def test_the_context_is_what_the_conversation_said_last(store: SqlStore) -> None:
    """Three earlier messages at most, the oldest first, of either direction and of no other conversation."""
    said = [mail(NOON + at, excerpt=f"number {at}", direction=TO_STAFF if at % 2 else TO_STUDENT) for at in range(5)]
    other = mail(NOON + 4.5, student="S2", excerpt="elsewhere")
    for each in (*said, other):
        await store.accept(each, contact(each))
    by_id = {each.message.id: each.context for each in await store.unpublished(10, 60)}
    assert by_id[said[4].id] == tuple(
        Said(each.id, "ann@district.example", each.received_at, each.excerpt) for each in said[1:4]
    )
    assert [each.text for each in by_id[said[1].id]] == ["number 0"]
    assert by_id[said[0].id] == by_id[other.id] == ()


async def test_the_context_spans_all_conversations_of_a_message(store: SqlStore) -> None:
    first, second = mail(NOON, student="S1", excerpt="one"), mail(NOON + 1, student="S2", excerpt="two")
    both = mail(NOON + 2)
    address = both.envelope.recipients[0].address
    both = replace(both, relation=Relation(tuple(Pair(address, "T1", each, TO_STUDENT) for each in ("S1", "S2"))))
    for each in (first, second, both):
        await store.accept(each, contact(each))
    outgoing = await store.outgoing(both.id)
    assert outgoing is not None
    assert [each.text for each in outgoing.context] == ["one", "two"]


async def test_unanswered_are_those_without_a_verdict(store: SqlStore) -> None:
    """The oldest first, and only where a recipient still waits for it."""
    messages = [mail(NOON + at) for at in range(6)]
    for each in messages:
        await store.accept(each)
    await store.unpublished(1, 60)
    await store.published({messages[0].id: "messages-0-1"})
    await store.settle([(messages[1].id, becomes(State.QUEUED))])
    await store.settle([(messages[2].id, becomes(State.HELD))])

    def noted(pending):  # a verdict that decides nothing yet
        return replace(becomes(State.HELD)(pending), changes=(), verdict=verdict_on(messages[3]))

    await store.settle([(messages[3].id, noted)])
    assert list(await store.unanswered(NOON + 100, 10)) == [
        Unanswered(messages[0].id, NOON, "messages-0-1"),
        Unanswered(messages[4].id, NOON + 4, None),
        Unanswered(messages[5].id, NOON + 5, None),
    ]
    assert [each.id for each in await store.unanswered(NOON + 5, 10)] == [messages[0].id, messages[4].id]
    assert [each.id for each in await store.unanswered(NOON + 100, 1)] == [messages[0].id]
    assert (await store.backlog()).unanswered == 3


async def test_unread_are_all_without_a_verdict_whatever_became_of_them(store: SqlStore) -> None:
    """Delivered in shadow mode, held for want of a verdict: both are to be read still; what has a verdict is not."""
    waiting, shadow, given_up, read, old = (mail(NOON + at) for at in (1, 2, 3, 4, -100))
    for each in (waiting, given_up, read, old):
        await store.accept(each)
    await store.accept(shadow, due=[each.address for each in shadow.envelope.recipients])
    await store.published({shadow.id: "messages-0-1"})
    await store.settle([(given_up.id, becomes(State.HELD))])

    def judged(pending):
        return replace(becomes(State.QUEUED)(pending), verdict=verdict_on(read))

    await store.settle([(read.id, judged)])
    assert list(await store.unread(NOON, NOON + 100, 10)) == [
        Unanswered(waiting.id, NOON + 1, None),
        Unanswered(shadow.id, NOON + 2, "messages-0-1"),
        Unanswered(given_up.id, NOON + 3, None),
    ]
    assert [each.id for each in await store.unread(NOON, NOON + 3, 1)] == [waiting.id]
