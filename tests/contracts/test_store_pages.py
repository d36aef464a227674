"""Lists that are read a page at a time: each message once, whatever comes in the meantime."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from gateway.core.messages.delivery import State
from gateway.core.messages.message import Message
from gateway.core.messages.parties import Relation
from gateway.core.policy.decision import Action, AuditEntry
from gateway.core.review.views import ListedMessage
from gateway.ports.store import Store
from tests.contracts.messages import NOON, Clock, becomes, decision, mail

HELD = becomes(State.HELD, decision(Action.HOLD, "7a", due_in=3600.0))
FLAGGED = becomes(State.QUEUED, decision(Action.FLAG, "4"))
LATEST = (NOON + 1000, "")


def three() -> Message:
    """A mail to three students."""
    more = [f"s{number}@students.example" for number in (2, 3)]
    message = mail(others=more)
    pairs = (replace(message.relation.pairs[0], recipient=each, student=each) for each in more)
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
    """Every message of a list, a page at a time."""
    found, place = [], LATEST
    while rows := await page(place):
        found += [each.trace.id for each in rows]
        place = (rows[-1].listed_at, rows[-1].trace.id)
        await between()
    return found


async def test_decisions_of_people_come_in_pages(store: Store, clock: Clock) -> None:
    """Of one moment too, and with several recipients; what is decided in the meantime moves nothing."""
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


async def test_a_message_is_listed_where_people_decided_on_it_last(store: Store, clock: Clock) -> None:
    """Once, though its recipients were decided at different times."""
    first, second = await decided(store), three()
    await store.intake.accept(second)
    await store.dispositions.apply([(second.id, HELD)])
    addresses = [each.address for each in second.envelope.recipients]
    for address in addresses:
        clock.now += 1
        await store.dispositions.apply([(second.id, becomes(State.REJECTED, by="ann", only=[address]))])
    found = await store.lists.decided(NOON - 1, LATEST, 9)
    assert [(each.trace.id, each.decided_at) for each in found] == [(second.id, NOON + 3), (first, NOON)]
    assert [each.trace.id for each in await store.lists.decided(NOON - 1, (NOON + 1.5, ""), 9)] == [first]


async def test_traces_go_on_behind_a_place(store: Store) -> None:
    """By a Message-ID and by an address, past what one answer holds."""
    messages = [replace(mail(NOON + number // 3), message_id="<one@district.example>") for number in range(205)]
    for each in messages:
        await store.intake.accept(each)
    ids = [each.id for each in sorted(messages, key=lambda each: (each.received_at, each.id), reverse=True)]
    for by in ({"message_id": "<one@district.example>"}, {"address": "S1@students.example"}):
        found, place = [], (float("inf"), "")
        while rows := await store.lookups.trace_further(place, **by):
            found += [each.id for each in rows]
            place = (rows[-1].received_at, rows[-1].id)
        assert found == ids
    assert list(await store.lookups.trace_further(LATEST)) == []


async def test_a_history_goes_on_behind_a_place(store: Store) -> None:
    """Linked or not, views too, and nothing of another message."""
    acts = [AuditEntry(NOON, "ann", what, "m1") for what in ("decided", "viewed", "viewed", "released")]
    await store.audit.record([*acts[:2], AuditEntry(NOON, "ann", "viewed", "m2")])
    await store.audit.link(100)
    await store.audit.record(acts[2:])
    found, place = [], 0
    while rows := await store.audit_trail.history("m1", place, 2):
        found += [act.act for _, act in rows]
        place = rows[-1][0]
    assert found == [each.act for each in acts]
