"""The bus inside one process: Kafka's terms (topic, key, partition, group, commit) over lists in memory.

It lasts as long as the process. The store is the truth, so its records are published again after a restart. Its places
carry an epoch, and a place from an earlier process is GONE.
"""

from __future__ import annotations

import asyncio
import secrets
import time
import zlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from types import TracebackType

from gateway.bus.topics import TOPICS, Topic, find_topic, next_offsets, parse_place, place_of, position_of
from gateway.ports.bus import BusDown, Record, RecordPosition

_OVERHEAD = 400  # bytes that a record takes in memory besides its contents


class LocalBus:
    """A Bus whose broker is this process.

    Uncommitted records are limited to `max_bytes` per topic: above it `publish` leaves records unconfirmed, so that a
    publisher waits. Of the records that every group has committed, the newest `keep_bytes` per topic are kept for
    later groups, but none longer than `retain_seconds`. `clock` returns seconds.
    """

    def __init__(
        self,
        *,
        retain_seconds: float = 24 * 3600,
        max_bytes: int = 256 << 20,
        keep_bytes: int = 16 << 20,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._epoch = secrets.token_hex(8)
        self._logs = {name: _LocalTopic(topic, retain_seconds, max_bytes, keep_bytes) for name, topic in TOPICS.items()}
        self._clock = clock

    async def __aenter__(self) -> LocalBus:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    async def publish(self, records: Sequence[Record]) -> Sequence[str | None]:
        """See gateway.ports.bus.Bus. A full topic confirms no record."""
        for record in records:
            find_topic(record.topic)
        now = self._clock()
        places: list[str | None] = []
        for record in records:
            written = self._logs[record.topic].append(record, now)
            places.append(place_of(self._epoch, written.partition, written.offset) if written else None)
        await asyncio.sleep(0)  # let the readers run, even if the caller only publishes
        if places and not any(places):
            raise BusDown("the local bus is full: its readers are behind")
        return places

    @asynccontextmanager
    async def subscribe(
        self, topic: str, group: str, *, linger: float = 0.0
    ) -> AsyncIterator[LocalSubscription]:  # fmt: skip
        """See gateway.ports.bus.Bus. Leaving gives uncommitted records to the other members."""
        find_topic(topic)
        member = LocalSubscription(self._logs[topic], group, self._clock, linger)
        member.join()
        try:
            yield member
        finally:
            member.leave()

    async def positions(self, topic: str, group: str, places: Sequence[str]) -> Sequence[RecordPosition]:
        """See gateway.ports.bus.Bus."""
        find_topic(topic)
        return [self._position(self._logs[topic], group, place) for place in places]

    def _position(self, log: _LocalTopic, group: str, place: str) -> RecordPosition:
        match parse_place(place):
            case (self._epoch, partition, offset) if partition < len(log.partitions):
                kept = log.partitions[partition]
                known = log.groups.get(group)
                committed = known.committed[partition] if known else 0
                return position_of(offset, committed=committed, start=kept.start, end=kept.end)
            case _:
                return RecordPosition.GONE

    def connected(self) -> bool:
        """Always: the broker is this process."""
        return True

    async def inspect(self) -> list[str]:
        """The problems for `chaperone check`: none, because nothing can be misconfigured."""
        return []


@dataclass(slots=True)
class _LocalPartition:
    """One append-only log. `start` is the offset of the first record that is kept."""

    start: int = 0
    kept: list[tuple[float, Record]] = field(default_factory=list)

    @property
    def end(self) -> int:
        return self.start + len(self.kept)


@dataclass(slots=True)
class _LocalGroup:
    """A consumer group: committed offsets by partition, and members in order of joining."""

    committed: list[int]
    members: list[LocalSubscription] = field(default_factory=list)


class _LocalTopic:
    """One topic: its partitions, the groups that read it, and the limit on its memory."""

    def __init__(self, topic: Topic, retain_seconds: float, max_bytes: int, keep_bytes: int) -> None:
        self.partitions = [_LocalPartition() for _ in range(topic.partitions)]
        self.groups: dict[str, _LocalGroup] = {}
        self._read = topic.read
        self._retain_seconds = retain_seconds
        self._max_bytes = max_bytes
        self._keep_bytes = keep_bytes
        self._bytes = 0

    def append(self, record: Record, now: float) -> Record | None:
        """The record as written, None if the topic is full."""
        size = _size(record)
        self.trim(now, room_for=size)
        if self._bytes and self._bytes + size > self._max_bytes:
            return None
        number = zlib.crc32(record.key) % len(self.partitions)
        partition = self.partitions[number]
        written = replace(record, partition=number, offset=partition.end)
        partition.kept.append((now, written))
        self._bytes += size
        for group in self.groups.values():
            for member in group.members:
                member.wake(number)
        return written

    def trim(self, now: float, room_for: int = 0) -> None:
        """Drop records that every group has committed, while they are too old or too many."""
        for number, partition in enumerate(self.partitions):
            if not (partition.kept and self._may_drop(partition.kept[0][0], now, room_for)):
                continue  # almost always
            needed = self._first_needed(number, partition)
            count = 0
            for at, record in partition.kept:
                if partition.start + count >= needed or not self._may_drop(at, now, room_for):
                    break
                self._bytes -= _size(record)
                count += 1
            if count:
                del partition.kept[:count]
                partition.start += count

    def _may_drop(self, at: float, now: float, room_for: int) -> bool:
        """Whether a record of a time is too old, or there are too many."""
        return now - at > self._retain_seconds or self._bytes + room_for > self._keep_bytes

    def _first_needed(self, number: int, partition: _LocalPartition) -> int:
        """The first offset of a partition that a group still needs."""
        if self.groups:
            return min(group.committed[number] for group in self.groups.values())
        return partition.start if self._read else partition.end

    def group(self, name: str) -> _LocalGroup:
        """The group of that name. A new one begins at the earliest record."""
        if name not in self.groups:
            self.groups[name] = _LocalGroup([partition.start for partition in self.partitions])
        return self.groups[name]

    def rebalance(self, group: _LocalGroup) -> None:
        """Assign the partitions again. Every member continues from the last commit."""
        for place, member in enumerate(group.members):
            member.assign(range(place, len(self.partitions), len(group.members)))


class LocalSubscription:
    """One member of a group on one topic of a LocalBus."""

    def __init__(self, log: _LocalTopic, group: str, clock: Callable[[], float], linger: float = 0.0) -> None:
        self._log = log
        self._linger = linger
        self._group = log.group(group)
        self._clock = clock
        self._positions: dict[int, int] = {}
        self._handed: dict[int, int] = {}
        self._next = 0
        self._news = asyncio.Event()

    def join(self) -> None:
        """Become a member."""
        self._group.members.append(self)
        self._log.rebalance(self._group)

    def leave(self) -> None:
        """Stop being a member. Uncommitted records come again to the others."""
        self._group.members.remove(self)
        self._positions, self._handed = {}, {}
        self._log.rebalance(self._group)

    def assign(self, partitions: Sequence[int]) -> None:
        """Read these partitions from the last commit. Called at every rebalance."""
        self._positions = {number: self._group.committed[number] for number in partitions}
        self._handed = {}
        self._news.set()

    def wake(self, partition: int) -> None:
        """Note a new record."""
        if partition in self._positions:
            self._news.set()

    async def batch(self, limit: int, wait: float) -> Sequence[Record]:
        """See gateway.ports.bus.Subscription."""
        await asyncio.sleep(0)  # let other tasks run, even if there are always records
        records = self._take(limit)
        if not records and wait > 0:
            try:
                async with asyncio.timeout(wait):
                    while not records:
                        self._news.clear()
                        await self._news.wait()
                        if self._linger:
                            await asyncio.sleep(self._linger)
                        records = self._take(limit)
            except TimeoutError:
                return self._take(limit)
        return records

    def _take(self, limit: int) -> list[Record]:
        """The next records, starting each time with another partition, so that a busy one does not starve others."""
        numbers = sorted(self._positions)
        records: list[Record] = []
        for turn in range(len(numbers)):
            number = numbers[(self._next + turn) % len(numbers)]
            partition = self._log.partitions[number]
            first = self._positions[number] - partition.start
            taken = [record for _, record in partition.kept[first : first + limit - len(records)]]
            if taken:
                records += taken
                self._positions[number] = self._handed[number] = taken[-1].offset + 1
            if len(records) >= limit:
                break
        self._next += 1
        return records

    async def commit(self, records: Sequence[Record] | None = None) -> None:
        """See gateway.ports.bus.Subscription."""
        done = dict(self._handed) if records is None else next_offsets(records)
        for number, offset in done.items():
            if number in self._handed:
                self._group.committed[number] = max(min(offset, self._handed[number]), self._group.committed[number])
                if offset >= self._handed[number]:
                    del self._handed[number]
        self._log.trim(self._clock())

    async def rewind(self) -> None:
        """See gateway.ports.bus.Subscription."""
        self.assign(sorted(self._positions))

    async def lag(self) -> int:
        """See gateway.ports.bus.Subscription."""
        return sum(self._log.partitions[number].end - self._group.committed[number] for number in self._positions)


def _size(record: Record) -> int:
    """Bytes that a record takes in memory."""
    headers = sum(len(name) + len(value) for name, value in record.headers)
    return _OVERHEAD + len(record.key) + len(record.value) + headers
