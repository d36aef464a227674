"""Numbered records, and how to take them from a bus."""

from __future__ import annotations

import time
from collections.abc import Sequence

from gateway.ports.bus import Record, Subscription

WITHIN = 40.0  # seconds after which what should have happened has not


def numbered(count: int, *, keys: int = 7, topic: str = "messages", first: int = 0) -> list[Record]:
    """Records with values "0", "1", … dealt out over some keys."""
    return [Record(topic, b"key-%d" % (n % keys), b"%d" % n) for n in range(first, first + count)]


async def taken(member: Subscription, count: int, *, commit: bool = True) -> list[Record]:
    """The next `count` records of a member; fails when they do not come."""
    records: list[Record] = []
    end = time.monotonic() + WITHIN
    while len(records) < count:
        assert time.monotonic() < end, f"{len(records)} of {count} records came"
        batch: Sequence[Record] = await member.batch(min(16, count - len(records)), 0.2)
        records += batch
        if batch and commit:
            await member.commit()
    return records


async def nothing_more(member: Subscription) -> None:
    """Nothing is left for the members of this group."""
    assert await member.batch(10, 0.3) == []


def values(records: Sequence[Record]) -> list[int]:
    """The numbers of numbered records."""
    return [int(record.value) for record in records]
