"""The console's lists."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from gateway.core.channels.capabilities import SMS
from gateway.core.messages.delivery import State
from gateway.core.messages.message import Message
from gateway.core.messages.parties import Relation
from gateway.core.policy.decision import Action
from gateway.core.review.views import ListedMessage
from gateway.ports.store import Store
from tests.contracts.messages import (
    NOON,
    Clock,
    becomes,
    decision,
    mail,
    ours,
    text,
)

HELD_FOR_A_MINUTE = becomes(State.HELD, decision(Action.HOLD, "7a", due_in=60.0))


async def held(store: Store) -> str:
    message = mail()
    await store.intake.accept(message)
    await store.dispositions.apply([(message.id, HELD_FOR_A_MINUTE)])
    return message.id


async def test_decisions_of_people_are_listed(store: Store, clock: Clock) -> None:
    first, second, third = [await held(store) for _ in range(3)]
    clock.now += 1
    await store.dispositions.apply([(first, becomes(State.QUEUED, by="ann"))])
    clock.now += 1
    await store.dispositions.apply([(second, becomes(State.REJECTED, by="bea"))])
    found = await store.lists.decided(NOON, (NOON + 60, ""), 10)
    assert [item.trace.id for item in found] == [second, first]
    assert [listed.trace.id for listed in await store.lists.decided(NOON + 1.5, (NOON + 60, ""), 10)] == [second]
    assert third in [held_message.id for held_message in await store.lookups.held()]


async def test_messages_sent_by_addresses_are_listed(store: Store) -> None:
    """By any address, in any letter case, the newest first."""
    first, second = mail(NOON), mail(NOON + 2)
    for item in (first, text(NOON + 1), second, ours("ann@district.example", NOON + 3)):
        await store.intake.accept(item)
    found = await store.lists.sent_by(["Ann@District.example", "", "nobody@district.example"])
    assert [item.id for item in found] == [second.id, first.id]
    assert [listed.channel for listed in await store.lists.sent_by(["+15550300"])] == [SMS]
    assert await store.lists.sent_by([""]) == []


HELD = becomes(State.HELD, decision(Action.HOLD, "7a", due_in=3600.0))
FLAGGED = becomes(State.QUEUED, decision(Action.FLAG, "4"))
LATEST = (NOON + 1000, "")


def three() -> Message:
    """Mail to three students."""
    more = [f"s{number}@students.example" for number in (2, 3)]
    message = mail(others=more)
    pairs = (replace(message.relation.pairs[0], recipient=item, student=item) for item in more)
    return replace(message, relation=Relation((*message.relation.pairs, *pairs)))


async def decided(store: Store) -> str:
    message = three()
    await store.intake.accept(message)
    await store.dispositions.apply([(message.id, HELD)])
    await store.dispositions.apply([(message.id, becomes(State.REJECTED, by="ann"))])
    return message.id


async def flagged(store: Store) -> str:
    message = three()
    await store.intake.accept(message)
    await store.dispositions.apply([(message.id, FLAGGED)])
    return message.id


async def walk(
    page: Callable[[tuple[float, str]], Awaitable[Sequence[ListedMessage]]], between: Callable[[], Awaitable[object]]
) -> list[str]:
    """Every message of a list, page by page."""
    found, place = [], LATEST
    while rows := await page(place):
        found += [row.trace.id for row in rows]
        place = (rows[-1].listed_at, rows[-1].trace.id)
        await between()
    return found


async def test_decisions_of_people_come_in_pages(store: Store, clock: Clock) -> None:
    """Also with equal times and several recipients; decisions made meanwhile do not move the pages."""
    ids = [await decided(store) for _ in range(3)]
    clock.now += 1
    newer = [await decided(store) for _ in range(2)]

    async def more() -> None:
        clock.now += 1
        await decided(store)

    found = await walk(lambda place: store.lists.decided(NOON - 1, place, 2), more)
    assert found == [*sorted(newer, reverse=True), *sorted(ids, reverse=True)]


async def test_flagged_messages_come_in_pages(store: Store, clock: Clock) -> None:
    ids = [await flagged(store) for _ in range(3)]
    clock.now += 1
    newer = [await flagged(store) for _ in range(2)]

    async def more() -> None:
        clock.now += 1
        await flagged(store)

    found = await walk(lambda place: store.lists.delivered("flag", NOON - 1, place, 2), more)
    assert found == [*sorted(newer, reverse=True), *sorted(ids, reverse=True)]


async def test_message_is_listed_at_its_last_decision(store: Store, clock: Clock) -> None:
    """It is listed once, although its recipients were decided at different times."""
    first, second = await decided(store), three()
    await store.intake.accept(second)
    await store.dispositions.apply([(second.id, HELD)])
    addresses = [recipient.address for recipient in second.envelope.recipients]
    for address in addresses:
        clock.now += 1
        await store.dispositions.apply([(second.id, becomes(State.REJECTED, by="ann", only=[address]))])
    found = await store.lists.decided(NOON - 1, LATEST, 9)
    assert [(item.trace.id, item.decided_at) for item in found] == [(second.id, NOON + 3), (first, NOON)]
    assert [listed.trace.id for listed in await store.lists.decided(NOON - 1, (NOON + 1.5, ""), 9)] == [first]


async def test_every_change_of_the_queue_is_recorded(store: Store) -> None:
    first = await store.lists.queue_mark()
    message = mail()
    await store.intake.accept(message)
    assert await store.lists.queue_mark() == first
    await store.dispositions.apply([(message.id, becomes(State.HELD, decision(Action.HOLD, "7a")))])
    second = await store.lists.queue_mark()
    assert second != first
    await store.dispositions.apply([(message.id, becomes(State.QUEUED, by="ann"))])
    assert await store.lists.queue_mark() not in (first, second)
