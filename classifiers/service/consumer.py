"""Consumes the topic `messages` for one lane: a consumer group that takes some of its records and skips the others.

Offsets are committed after the work on the records is confirmed, so unfinished messages are read again after a restart.
If the bus or the store is unavailable, the consumer waits, rewinds to the last commit and tries again.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Protocol

from classifiers.service.events import ClassifierEvents
from gateway.ports.bus import Bus, BusDown, Record, Subscription
from gateway.ports.messages import StoreDown

TOPIC = "messages"
_WAIT_SECONDS = 0.25
_RETRY_SECONDS = 2.0
_POLL_SECONDS = 0.05
_COMMIT_SECONDS = 0.25
"""Between two commits, at most: one for each of many small rounds would cost more than the rounds themselves."""
_MAX_READ = 2048
"""Records that a round reads, at most, to find those of its lane."""


class Lane(Protocol):
    """What a consumer does.

    `group` is its consumer group; `records`: how many it takes for a round, at most; `linger`: for how many seconds a
    record may wait for others.
    """

    @property
    def group(self) -> str: ...
    @property
    def records(self) -> int: ...
    @property
    def linger(self) -> float: ...

    def has_room(self, rounds: int) -> bool:
        """Whether another round may begin while so many are in hand. Always true for none."""

    def takes(self, record: Record) -> bool:
        """Whether a record is for this lane."""

    async def work(self, records: Sequence[Record]) -> None:
        """Do everything for some records. Raises BusDown or StoreDown if it was not done."""


class StopSignal(Protocol):
    """Tells the consumer when to stop: `gateway.stages.wakeup.Wakeup` is one."""

    stopped: bool

    async def rest(self, seconds: float) -> object:
        """Wait until stopped, at most this many seconds."""


class Consumer:
    """One member of the consumer group of a lane."""

    def __init__(self, bus: Bus, lane: Lane, event_log: ClassifierEvents) -> None:
        self._bus, self._lane, self._event_log = bus, lane, event_log
        self._done: dict[int, Record] = {}  # the last record of each partition that is done and not committed
        self._committed_at = -math.inf

    async def run(self, stop_signal: StopSignal) -> None:
        """Work until stopped. What is in hand is finished and committed."""
        async with self._bus.subscribe(TOPIC, self._lane.group, linger=self._lane.linger) as subscription:
            self._event_log.consuming(self._lane.group)
            rounds: deque[asyncio.Task[None]] = deque()
            while rounds or not stop_signal.stopped:
                try:
                    await self._next_round(subscription, rounds, fetch=not stop_signal.stopped)
                except (BusDown, StoreDown) as lost:
                    await _cancel(rounds)
                    self._done.clear()
                    if isinstance(lost, StoreDown):
                        self._event_log.store_lost("classification")
                    await stop_signal.rest(_RETRY_SECONDS)
                    with suppress(BusDown):  # not connected: uncommitted records are delivered again anyway
                        await subscription.rewind()
                except BaseException:
                    await _cancel(rounds)
                    raise
            with suppress(BusDown):  # then they are read again
                await self._commit(subscription)

    async def _next_round(self, subscription: Subscription, rounds: deque[asyncio.Task[None]], *, fetch: bool) -> None:
        """End the rounds that are done, and begin one with the next records where the lane has room for it."""
        while rounds and not (fetch and self._lane.has_room(len(rounds))):
            if (await asyncio.wait({rounds[0]}, timeout=_POLL_SECONDS))[0]:
                break
        while rounds and rounds[0].done():
            await rounds.popleft()
        if time.monotonic() - self._committed_at >= _COMMIT_SECONDS:
            await self._commit(subscription)
        if not fetch or not self._lane.has_room(len(rounds)):
            return
        taken, read = await self._fetch(subscription)
        if read and not (taken or rounds):
            self._note_done(read)
        elif read:
            before = rounds[-1] if rounds else None
            rounds.append(asyncio.create_task(self._round(taken, read, before)))
        elif not rounds:
            await self._commit(subscription)
            lag = await subscription.lag()
            # unread records but none delivered: the consumer is joining its group, or it is stuck
            (self._event_log.lagging if lag else self._event_log.progressed)(TOPIC, self._lane.group, lag)

    async def _fetch(self, subscription: Subscription) -> tuple[list[Record], list[Record]]:
        """The next records of the lane, and all that were read for them; those without their contents."""
        taken: list[Record] = []
        read: list[Record] = []
        while len(taken) < self._lane.records and len(read) < _MAX_READ:
            wait = 0 if read else _WAIT_SECONDS
            records = await subscription.batch(self._lane.records - len(taken), wait)
            own = [record for record in records if self._lane.takes(record)]
            taken += own
            read += [replace(record, value=b"", headers=()) for record in records]
            if not records or len(own) == len(records):
                break
        return taken, read

    async def _round(self, taken: Sequence[Record], read: Sequence[Record], before: asyncio.Task[None] | None) -> None:
        """Work on records. What was read may be committed once the round before is done too."""
        if taken:
            await self._lane.work(taken)
        if before is not None:
            await asyncio.shield(before)
        self._note_done(read)

    def _note_done(self, read: Sequence[Record]) -> None:
        self._done.update((record.partition, record) for record in read)

    async def _commit(self, subscription: Subscription) -> None:
        """Commit what is done. Raises BusDown."""
        if not self._done:
            return
        records, self._done = tuple(self._done.values()), {}
        self._committed_at = time.monotonic()
        await subscription.commit(records)
        self._event_log.progressed(TOPIC, self._lane.group, await subscription.lag())


async def _cancel(rounds: deque[asyncio.Task[None]]) -> None:
    """End the rounds in hand. Their records are not committed, so they come again."""
    for task in rounds:
        task.cancel()
    await asyncio.gather(*rounds, return_exceptions=True)
    rounds.clear()
