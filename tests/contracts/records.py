"""Numbered records, and taking them from a bus."""

from __future__ import annotations

import time
from collections.abc import Sequence

from gateway.ports.bus import Record, Subscription

WITHIN = 80.0  # seconds in which records must come


def numbered(count: int, *, keys: int = 7, topic: str = "messages", first: int = 0) -> list[Record]:
    """Records with the values "0", "1", …, spread over some keys."""
    return [Record(topic, b"key-%d" % (n % keys), b"%d" % n) for n in range(first, first + count)]


async def taken(member: Subscription, count: int, *, commit: bool = True) -> list[Record]:
    """The next `count` records of a member; fails if they do not come."""
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
    """Check that no record is left for the members of this group."""
    assert await member.batch(10, 0.3) == []


def values(records: Sequence[Record]) -> list[int]:
    """The numbers of numbered records."""
    return [int(record.value) for record in records]
