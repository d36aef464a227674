"""What only the in-process bus has: limits on its memory, and records that end with the process."""

from __future__ import annotations

import pytest

from gateway.bus.local import LocalBus
from gateway.ports.bus import BusDown, Record, RecordPosition
from tests.contracts.records import nothing_more, numbered, taken, values


def large(count: int, size: int = 1000, topic: str = "messages") -> list[Record]:
    """Records of some size with one key."""
    return [Record(topic, b"k", bytes(size)) for _ in range(count)]


async def test_full_topic_waits_for_its_readers() -> None:
    bus = LocalBus(max_bytes=14_500, keep_bytes=0)  # a record of 1,000 bytes counts 1,401
    async with bus.subscribe("messages", "readers") as member:
        places = await bus.publish(large(12))
        assert [place is not None for place in places] == [True] * 10 + [False] * 2
        with pytest.raises(BusDown, match="full"):
            await bus.publish(large(1))
        assert all(await bus.publish(large(1, topic="verdicts"))), "one topic does not fill another"
        await taken(member, 4)
        assert [place is not None for place in await bus.publish(large(6))] == [True] * 4 + [False] * 2
        await taken(member, 10)
        await nothing_more(member)


async def test_topic_waits_for_its_first_group() -> None:
    bus = LocalBus(max_bytes=14_500, keep_bytes=0)
    assert len([place for place in await bus.publish(large(12)) if place]) == 10
    async with bus.subscribe("messages", "readers") as member:
        await taken(member, 10)


async def test_record_larger_than_the_limit_passes() -> None:
    bus = LocalBus(max_bytes=1000, keep_bytes=0)
    async with bus.subscribe("messages", "readers") as member:
        for _ in range(3):
            assert all(await bus.publish(large(1, size=50_000)))
            await taken(member, 1)


async def test_topic_without_readers_keeps_few_records() -> None:
    bus = LocalBus(max_bytes=100_000, keep_bytes=14_500)
    places = await bus.publish(large(50, topic="decisions"))
    assert all(places)
    standings = await bus.positions("decisions", "readers", [place for place in places if place])
    assert standings == [RecordPosition.GONE] * 40 + [RecordPosition.AHEAD] * 10
    async with bus.subscribe("decisions", "readers") as member:
        assert len(await taken(member, 10)) == 10
        await nothing_more(member)


async def test_the_slowest_group_keeps_its_records() -> None:
    bus = LocalBus(keep_bytes=0)
    async with bus.subscribe("messages", "fast") as fast, bus.subscribe("messages", "slow") as slow:
        await bus.publish(numbered(50))
        await taken(fast, 50)
        await bus.publish(numbered(50, first=50))
        await taken(fast, 50)
        assert sorted(values(await taken(slow, 100))) == list(range(100))


async def test_committed_records_expire() -> None:
    now = 0.0
    bus = LocalBus(retain_seconds=60, clock=lambda: now)
    async with bus.subscribe("messages", "readers") as member:
        await bus.publish(numbered(5, keys=1))
        await taken(member, 5)
        now = 61.0
        await bus.publish(numbered(1, keys=1, first=5))
        async with bus.subscribe("messages", "later") as later:
            assert values(await taken(later, 1)) == [5]
        now = 200.0
        await bus.publish(numbered(1, keys=1, first=6))
        assert values(await taken(member, 2)) == [5, 6], "what is not committed has no end"


async def test_places_of_an_earlier_process_are_gone() -> None:
    places = [place for place in await LocalBus().publish(numbered(3)) if place]
    bus = LocalBus()
    await bus.publish(numbered(3))
    assert await bus.positions("messages", "readers", places) == [RecordPosition.GONE] * 3


async def test_inspect_finds_nothing() -> None:
    async with LocalBus() as bus:
        assert await bus.inspect() == []
        assert bus.connected()
