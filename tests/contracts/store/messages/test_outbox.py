"""The outbox."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from gateway.core.messages.delivery import State
from gateway.core.messages.message import EarlierMessage
from gateway.core.messages.parties import Pair, Relation
from gateway.ports.messages import UnclassifiedMessage
from gateway.ports.store import Store
from gateway.stages.wakeup import Wakeup
from gateway.store import open_store
from tests.contracts.messages import NOON, TO_STAFF, TO_STUDENT, Clock, becomes, contact, mail, ours, verdict_on


async def test_messages_are_published_in_the_order_of_acceptance(store: Store) -> None:
    """By time of receipt, not by id or commit."""
    messages = [replace(mail(NOON + at), id=f"{9 - at}") for at in range(6)]
    await asyncio.gather(*(store.intake.accept(message) for message in reversed(messages)))
    assert [outgoing.message for outgoing in await store.outbox.claim_unpublished(4, 60)] == messages[:4]
    assert [outgoing.message for outgoing in await store.outbox.claim_unpublished(4, 60)] == messages[4:]
    assert list(await store.outbox.claim_unpublished(4, 60)) == []


async def test_unconfirmed_message_is_claimed_again_after_the_lease(store: Store, clock: Clock) -> None:
    lost, confirmed = mail(), mail()
    await store.intake.accept(lost)
    await store.intake.accept(confirmed)
    assert len(await store.outbox.claim_unpublished(10, 60)) == 2
    await store.outbox.mark_published({confirmed.id: "messages-3-77"})
    clock.now += 59.9
    assert list(await store.outbox.claim_unpublished(10, 60)) == []
    clock.now += 0.2
    assert [outgoing.message.id for outgoing in await store.outbox.claim_unpublished(10, 60)] == [lost.id]
    assert (await store.lookups.backlog()).unpublished == 1


async def test_message_can_be_published_again(store: Store) -> None:
    """It has its earlier place then."""
    message = mail()
    await store.intake.accept(message)
    await store.outbox.claim_unpublished(1, 60)
    await store.outbox.mark_published({message.id: "messages-3-77"})
    assert list(await store.outbox.claim_unpublished(1, 60)) == []
    await store.outbox.publish_again([message.id, "nothing"])
    (outgoing,) = await store.outbox.claim_unpublished(1, 60)
    assert (outgoing.message, outgoing.place) == (message, "messages-3-77")


async def test_own_message_is_not_published(store: Store) -> None:
    await store.intake.accept(ours())
    assert list(await store.outbox.claim_unpublished(10, 60)) == []
    assert list(await store.outbox.awaiting_verdict(NOON + 100, 10)) == []


async def test_context_is_the_last_messages_of_the_conversation(store: Store) -> None:
    """At most three earlier messages, the oldest first, in either direction, of its conversations only."""
    said = [mail(NOON + at, excerpt=f"number {at}", direction=TO_STAFF if at % 2 else TO_STUDENT) for at in range(5)]
    other = mail(NOON + 4.5, student="S2", excerpt="elsewhere")
    for message in (*said, other):
        await store.intake.accept(message, contact(message))
    by_id = {outgoing.message.id: outgoing.context for outgoing in await store.outbox.claim_unpublished(10, 60)}
    assert by_id[said[4].id] == tuple(
        EarlierMessage(message.id, "ann@district.example", message.received_at, message.excerpt)
        for message in said[1:4]
    )
    assert [message.text for message in by_id[said[1].id]] == ["number 0"]
    assert by_id[said[0].id] == by_id[other.id] == ()


async def test_context_spans_all_conversations_of_a_message(store: Store) -> None:
    first, second = mail(NOON, student="S1", excerpt="one"), mail(NOON + 1, student="S2", excerpt="two")
    both = mail(NOON + 2)
    address = both.envelope.recipients[0].address
    both = replace(both, relation=Relation(tuple(Pair(address, "T1", item, TO_STUDENT) for item in ("S1", "S2"))))
    for message in (first, second, both):
        await store.intake.accept(message, contact(message))
    outgoing = await store.outbox.outgoing(both.id)
    assert outgoing is not None
    assert [earlier.text for earlier in outgoing.context] == ["one", "two"]


async def test_messages_awaiting_a_verdict_are_listed(store: Store, clock: Clock) -> None:
    """The oldest first, and only if a recipient still waits for the verdict."""
    messages = [mail(NOON + at) for at in range(6)]
    for message in messages:
        clock.now = message.received_at
        await store.intake.accept(message)
    await store.outbox.claim_unpublished(1, 60)
    await store.outbox.mark_published({messages[0].id: "messages-0-1"})
    await store.dispositions.apply([(messages[1].id, becomes(State.QUEUED))])
    await store.dispositions.apply([(messages[2].id, becomes(State.HELD))])

    def noted(pending):  # a verdict without a decision
        return replace(becomes(State.HELD)(pending), changes=(), verdict=verdict_on(messages[3]))

    await store.dispositions.apply([(messages[3].id, noted)])
    assert list(await store.outbox.awaiting_verdict(NOON + 100, 10)) == [
        UnclassifiedMessage(messages[0].id, NOON, "messages-0-1"),
        UnclassifiedMessage(messages[4].id, NOON + 4, None),
        UnclassifiedMessage(messages[5].id, NOON + 5, None),
    ]
    assert [message.id for message in await store.outbox.awaiting_verdict(NOON + 5, 10)] == [
        messages[0].id,
        messages[4].id,
    ]
    assert [message.id for message in await store.outbox.awaiting_verdict(NOON + 100, 1)] == [messages[0].id]
    assert (await store.lookups.backlog()).unanswered == 3
    ids = {message.id for message in messages} | {"unknown"}
    assert set(await store.outbox.unanswered(ids)) == {message.id for message in messages if message != messages[3]}
    assert set(await store.outbox.unanswered([])) == set()


async def test_unclassified_messages_are_listed_in_any_state(store: Store) -> None:
    """Delivered in shadow mode or held without a verdict: both are listed. Classified messages are not."""
    waiting, shadow, given_up, read, old = (mail(NOON + at) for at in (1, 2, 3, 4, -100))
    for message in (waiting, given_up, read, old):
        await store.intake.accept(message)
    await store.intake.accept(shadow, due=[recipient.address for recipient in shadow.envelope.recipients])
    await store.outbox.mark_published({shadow.id: "messages-0-1"})
    await store.dispositions.apply([(given_up.id, becomes(State.HELD))])

    def judged(pending):
        return replace(becomes(State.QUEUED)(pending), verdict=verdict_on(read))

    await store.dispositions.apply([(read.id, judged)])
    assert list(await store.outbox.unclassified(NOON + 100, 0.0, 10)) == [
        UnclassifiedMessage(old.id, NOON - 100, None),
        UnclassifiedMessage(waiting.id, NOON + 1, None),
        UnclassifiedMessage(shadow.id, NOON + 2, "messages-0-1"),
        UnclassifiedMessage(given_up.id, NOON + 3, None),
    ]
    assert [message.id for message in await store.outbox.unclassified(NOON + 3, 2.0, 10)] == [old.id, waiting.id]
    assert [message.id for message in await store.outbox.unclassified(NOON + 3, 0.0, 1)] == [old.id]
    ahead = await store.outbox.unclassified(NOON + 2, 1.0, 10)
    assert [message.id for message in ahead] == [old.id, waiting.id, given_up.id], "a clock is ahead"


async def test_waiting_for_a_verdict_is_measured_by_the_store_clock(store: Store, clock: Clock) -> None:
    """The clock of a relay does not matter."""
    messages = [mail(NOON + skew) for skew in (-3600, 0, 3600)]
    for message in messages:
        await store.intake.accept(message)
    assert list(await store.outbox.awaiting_verdict(NOON, 10)) == []
    found = await store.outbox.awaiting_verdict(NOON + 0.1, 10)
    assert [item.id for item in found] == [message.id for message in messages]
    clock.now += 60
    late = mail(NOON - 7200)
    await store.intake.accept(late)
    assert late.id not in {message.id for message in await store.outbox.awaiting_verdict(clock.now, 10)}


async def test_claims_are_limited_in_bytes_and_large_contents_stay(store: Store, store_url: str, clock: Clock) -> None:
    """The message that exceeds the room is included, so that none waits forever."""
    sizes = (400, 400, 3000, 400, 400)
    messages = [mail(NOON + at, content=b"x" * size) for at, size in enumerate(sizes)]
    for message in messages:
        await store.intake.accept(message)
    async with open_store(store_url, clock=clock) as beside:  # nothing is in its cache
        first = await beside.outbox.claim_unpublished(10, 60, inline=1000, room=900)
        assert [outgoing.message.id for outgoing in first] == [message.id for message in messages[:4]]
        assert [(len(outgoing.message.content), outgoing.left) for outgoing in first] == [
            (400, False), (400, False), (0, True), (400, False)
        ]  # fmt: skip
        assert first[2].message.sha256 == messages[2].sha256
        (last,) = await beside.outbox.claim_unpublished(10, 60, inline=1000, room=900)
        assert last.message == messages[4]
    stored = await store.outbox.outgoing(messages[2].id)
    assert stored is not None
    assert (stored.message, stored.left) == (messages[2], False)


async def test_waiting_claim_joins_the_accepting_transaction(store: Store) -> None:
    """One transaction makes it durable and claims it for the waiting caller."""
    wakeup, counted = Wakeup(), Counted(store)
    assert list(await store.outbox.claim_unpublished(10, 60, wakeup)) == []  # the first claim runs on its own
    waiting = asyncio.create_task(store.outbox.claim_unpublished(10, 60, wakeup))
    await asyncio.sleep(0)
    earlier, message = mail(NOON - 1, excerpt="before"), mail()
    counted.begin()
    await asyncio.gather(*(store.intake.accept(other, contact(other)) for other in (earlier, message)))
    found = await waiting
    assert [item.message for item in found] == [earlier, message]
    assert [earlier.text for earlier in found[1].context] == ["before"]
    assert counted.transactions == 1


async def test_nothing_is_missed_between_two_claims(store: Store) -> None:
    """What came while no claim waited is found at once, and a wakeup makes it look for other processes."""
    wakeup = Wakeup()
    await store.outbox.claim_unpublished(10, 60, wakeup)
    message = mail()
    await store.intake.accept(message)
    assert [outgoing.message.id for outgoing in await store.outbox.claim_unpublished(10, 60, wakeup)] == [message.id]
    wakeup.stop()
    await store.intake.accept(mail())
    assert list(await store.outbox.claim_unpublished(10, 60, wakeup)) == []  # a stopped claim takes nothing


class Counted:
    """Counts the transactions of a store from now on."""

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
