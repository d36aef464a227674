"""The store publishes what it accepted, in order, until the bus confirms; and knows what nobody answered."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from gateway.core.messages.delivery import State
from gateway.core.messages.message import EarlierMessage
from gateway.core.messages.parties import Pair, Relation
from gateway.ports.messages import UnclassifiedMessage
from gateway.ports.store import Store
from gateway.stages.wakeup import Wakeup
from gateway.store import open_store
from gateway.store.engine.connections import WriteRefused
from gateway.store.engine.dialects import PUBLICATIONS, Database
from gateway.store.engine.group_commit import Write
from tests.contracts.messages import NOON, TO_STAFF, TO_STUDENT, Clock, becomes, contact, mail, ours, verdict_on


async def test_messages_are_published_in_the_order_of_acceptance(store: Store) -> None:
    """By when they were received, whatever their ids and whoever committed first."""
    messages = [replace(mail(NOON + at), id=f"{9 - at}") for at in range(6)]
    await asyncio.gather(*(store.intake.accept(each) for each in reversed(messages)))
    assert [each.message for each in await store.outbox.claim_unpublished(4, 60)] == messages[:4]
    assert [each.message for each in await store.outbox.claim_unpublished(4, 60)] == messages[4:]
    assert list(await store.outbox.claim_unpublished(4, 60)) == []


async def test_what_was_not_confirmed_comes_again_after_the_lease(store: Store, clock: Clock) -> None:
    lost, confirmed = mail(), mail()
    await store.intake.accept(lost)
    await store.intake.accept(confirmed)
    assert len(await store.outbox.claim_unpublished(10, 60)) == 2
    await store.outbox.mark_published({confirmed.id: "messages-3-77"})
    clock.now += 59.9
    assert list(await store.outbox.claim_unpublished(10, 60)) == []
    clock.now += 0.2
    assert [each.message.id for each in await store.outbox.claim_unpublished(10, 60)] == [lost.id]
    assert (await store.lookups.backlog()).unpublished == 1


async def test_a_message_can_be_published_again(store: Store) -> None:
    """It then says where it was before."""
    message = mail()
    await store.intake.accept(message)
    await store.outbox.claim_unpublished(1, 60)
    await store.outbox.mark_published({message.id: "messages-3-77"})
    assert list(await store.outbox.claim_unpublished(1, 60)) == []
    await store.outbox.publish_again([message.id, "nothing"])
    (outgoing,) = await store.outbox.claim_unpublished(1, 60)
    assert (outgoing.message, outgoing.place) == (message, "messages-3-77")


async def test_a_message_of_ours_is_not_published(store: Store) -> None:
    await store.intake.accept(ours())
    assert list(await store.outbox.claim_unpublished(10, 60)) == []
    assert list(await store.outbox.awaiting_verdict(NOON + 100, 10)) == []


async def test_the_context_is_what_the_conversation_said_last(store: Store) -> None:
    """Three earlier messages at most, the oldest first, of either direction and of no other conversation."""
    said = [mail(NOON + at, excerpt=f"number {at}", direction=TO_STAFF if at % 2 else TO_STUDENT) for at in range(5)]
    other = mail(NOON + 4.5, student="S2", excerpt="elsewhere")
    for each in (*said, other):
        await store.intake.accept(each, contact(each))
    by_id = {each.message.id: each.context for each in await store.outbox.claim_unpublished(10, 60)}
    assert by_id[said[4].id] == tuple(
        EarlierMessage(each.id, "ann@district.example", each.received_at, each.excerpt) for each in said[1:4]
    )
    assert [each.text for each in by_id[said[1].id]] == ["number 0"]
    assert by_id[said[0].id] == by_id[other.id] == ()


async def test_the_context_spans_all_conversations_of_a_message(store: Store) -> None:
    first, second = mail(NOON, student="S1", excerpt="one"), mail(NOON + 1, student="S2", excerpt="two")
    both = mail(NOON + 2)
    address = both.envelope.recipients[0].address
    both = replace(both, relation=Relation(tuple(Pair(address, "T1", each, TO_STUDENT) for each in ("S1", "S2"))))
    for each in (first, second, both):
        await store.intake.accept(each, contact(each))
    outgoing = await store.outbox.outgoing(both.id)
    assert outgoing is not None
    assert [each.text for each in outgoing.context] == ["one", "two"]


async def test_unanswered_are_those_without_a_verdict(store: Store, clock: Clock) -> None:
    """The oldest first, and only where a recipient still waits for it."""
    messages = [mail(NOON + at) for at in range(6)]
    for each in messages:
        clock.now = each.received_at
        await store.intake.accept(each)
    await store.outbox.claim_unpublished(1, 60)
    await store.outbox.mark_published({messages[0].id: "messages-0-1"})
    await store.dispositions.apply([(messages[1].id, becomes(State.QUEUED))])
    await store.dispositions.apply([(messages[2].id, becomes(State.HELD))])

    def noted(pending):  # a verdict that decides nothing yet
        return replace(becomes(State.HELD)(pending), changes=(), verdict=verdict_on(messages[3]))

    await store.dispositions.apply([(messages[3].id, noted)])
    assert list(await store.outbox.awaiting_verdict(NOON + 100, 10)) == [
        UnclassifiedMessage(messages[0].id, NOON, "messages-0-1"),
        UnclassifiedMessage(messages[4].id, NOON + 4, None),
        UnclassifiedMessage(messages[5].id, NOON + 5, None),
    ]
    assert [each.id for each in await store.outbox.awaiting_verdict(NOON + 5, 10)] == [messages[0].id, messages[4].id]
    assert [each.id for each in await store.outbox.awaiting_verdict(NOON + 100, 1)] == [messages[0].id]
    assert (await store.lookups.backlog()).unanswered == 3


async def test_unread_are_all_without_a_verdict_whatever_became_of_them(store: Store) -> None:
    """Delivered in shadow mode, held for want of a verdict: both are to be read still; what has a verdict is not."""
    waiting, shadow, given_up, read, old = (mail(NOON + at) for at in (1, 2, 3, 4, -100))
    for each in (waiting, given_up, read, old):
        await store.intake.accept(each)
    await store.intake.accept(shadow, due=[each.address for each in shadow.envelope.recipients])
    await store.outbox.mark_published({shadow.id: "messages-0-1"})
    await store.dispositions.apply([(given_up.id, becomes(State.HELD))])

    def judged(pending):
        return replace(becomes(State.QUEUED)(pending), verdict=verdict_on(read))

    await store.dispositions.apply([(read.id, judged)])
    assert list(await store.outbox.unclassified(NOON, NOON + 100, 10)) == [
        UnclassifiedMessage(waiting.id, NOON + 1, None),
        UnclassifiedMessage(shadow.id, NOON + 2, "messages-0-1"),
        UnclassifiedMessage(given_up.id, NOON + 3, None),
    ]
    assert [each.id for each in await store.outbox.unclassified(NOON, NOON + 3, 1)] == [waiting.id]


async def test_the_patience_for_a_verdict_is_counted_by_one_clock(store: Store, clock: Clock) -> None:
    """The store's own: a relay whose clock is behind or ahead makes no message wait shorter or longer."""
    messages = [mail(NOON + skew) for skew in (-3600, 0, 3600)]
    for each in messages:
        await store.intake.accept(each)
    assert list(await store.outbox.awaiting_verdict(NOON, 10)) == []
    found = await store.outbox.awaiting_verdict(NOON + 0.1, 10)
    assert [each.id for each in found] == [each.id for each in messages]
    clock.now += 60
    late = mail(NOON - 7200)
    await store.intake.accept(late)
    assert late.id not in {each.id for each in await store.outbox.awaiting_verdict(clock.now, 10)}


async def test_contents_are_taken_by_bytes_and_large_ones_stay(store: Store, store_url: str, clock: Clock) -> None:
    """A message more than there is room for goes along, so that none waits for ever."""
    sizes = (400, 400, 3000, 400, 400)
    messages = [mail(NOON + at, content=b"x" * size) for at, size in enumerate(sizes)]
    for each in messages:
        await store.intake.accept(each)
    async with open_store(store_url, clock=clock) as beside:  # one that has nothing of it in memory
        first = await beside.outbox.claim_unpublished(10, 60, inline=1000, room=900)
        assert [each.message.id for each in first] == [each.id for each in messages[:4]]
        assert [(len(each.message.content), each.left) for each in first] == [
            (400, False), (400, False), (0, True), (400, False)
        ]  # fmt: skip
        assert first[2].message.sha256 == messages[2].sha256
        (last,) = await beside.outbox.claim_unpublished(10, 60, inline=1000, room=900)
        assert last.message == messages[4]
    stored = await store.outbox.outgoing(messages[2].id)
    assert stored is not None
    assert (stored.message, stored.left) == (messages[2], False)


async def test_what_is_accepted_is_claimed_with_it(store: Store) -> None:
    """One transaction makes it durable and claims it for whoever waits here."""
    wakeup, counted = Wakeup(), Counted(store)
    assert list(await store.outbox.claim_unpublished(10, 60, wakeup)) == []  # at first it is looked
    waiting = asyncio.create_task(store.outbox.claim_unpublished(10, 60, wakeup))
    await asyncio.sleep(0)
    earlier, message = mail(NOON - 1, excerpt="before"), mail()
    counted.begin()
    await asyncio.gather(*(store.intake.accept(each, contact(each)) for each in (earlier, message)))
    found = await waiting
    assert [each.message for each in found] == [earlier, message]
    assert [each.text for each in found[1].context] == ["before"]
    assert counted.transactions == 1


async def test_nothing_is_missed_between_two_claims(store: Store) -> None:
    """What came while nobody waited is found at once, and a wake tells of other processes."""
    wakeup = Wakeup()
    await store.outbox.claim_unpublished(10, 60, wakeup)
    message = mail()
    await store.intake.accept(message)
    assert [each.message.id for each in await store.outbox.claim_unpublished(10, 60, wakeup)] == [message.id]
    wakeup.stop()
    await store.intake.accept(mail())
    assert list(await store.outbox.claim_unpublished(10, 60, wakeup)) == []  # who stops takes nothing more


async def test_a_claim_that_fails_harms_nobody_it_rides_with(store: Store) -> None:
    """The transaction is made again without it."""
    wakeup = Wakeup()

    def fails(db: Database, items: Sequence[None]) -> list[None]:
        raise WriteRefused("it cannot be")

    write = Write(fails, rank=9)
    with pytest.raises(WriteRefused):
        await store.intake._writer.claim_with(write, None, "test", PUBLICATIONS, wakeup, 60)  # at first it looks, alone
    waiting = asyncio.create_task(store.intake._writer.claim_with(write, None, "test", PUBLICATIONS, wakeup, 60))
    await asyncio.sleep(0)
    message = mail()
    await store.intake.accept(message)
    assert await store.intake.states(message.id) == {"s1@students.example": State.RECEIVED}
    with pytest.raises(WriteRefused):  # it was woken to look by itself
        await waiting


async def test_what_has_time_goes_along_or_by_itself(store: Store) -> None:
    counted = Counted(store)
    messages = [mail(), mail()]
    await store.intake.accept(messages[0])
    await store.outbox.claim_unpublished(10, 60)
    counted.begin()
    await asyncio.gather(store.outbox.mark_published({messages[0].id: "messages-3-77"}), store.intake.accept(messages[1]))
    assert counted.transactions == 1
    await store.outbox.mark_published({messages[1].id: "messages-3-78"})
    assert counted.transactions == 2
    assert (await store.lookups.backlog()).unpublished == 0


class Counted:
    """How many transactions a store makes from now on."""

    def __init__(self, store: Store) -> None:
        self.transactions = 0
        connections = store.intake._writer._connections
        self._transaction = connections.transaction
        connections.transaction = self._one  # type: ignore[method-assign]

    def begin(self) -> None:
        self.transactions = 0

    def _one(self, work):  # type: ignore[no-untyped-def]
        self.transactions += 1
        return self._transaction(work)
