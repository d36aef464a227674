"""What a consumer works with, in forms that tests control: a store, a pool, a bus, a wakeup."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from classifiers.pipeline.job import Job
from gateway.bus.local import LocalBus
from gateway.core.messages.media import MediaFile
from gateway.core.messages.message import OutgoingMessage
from gateway.core.messages.verdict import Verdict
from gateway.ports.bus import BusDown, Record
from gateway.ports.messages import StoreDown
from gateway.stages.wakeup import Wakeup


class Store:
    """Stored messages. `down` counts the calls that still fail."""

    def __init__(self, *stored: OutgoingMessage, down: int = 0) -> None:
        self.stored, self.down = {each.message.id: each for each in stored}, down
        self.files: dict[str, Sequence[MediaFile]] = {}

    async def outgoing(self, message_id: str) -> OutgoingMessage | None:
        if self.down:
            self.down -= 1
            raise StoreDown("away")
        return self.stored.get(message_id)

    async def files_of(self, message_id: str) -> Sequence[MediaFile]:
        return self.files.get(message_id, ())


class ScriptedPool:
    """A pool that records its batches and answers at once, or when `gate` opens."""

    def __init__(self, workers: int = 1) -> None:
        self.workers = workers
        self.batches: list[list[Job]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.free = 0

    async def classify(self, batch: Sequence[Job]) -> list[Verdict]:
        self.batches.append(list(batch))
        await self.gate.wait()
        return [Verdict(job.id, job.sha256, "scripted", took_ms=2.0) for job in batch]

    @property
    def jobs(self) -> list[Job]:
        return [job for batch in self.batches for job in batch]


class UnreliableBus:
    """A local bus that does not confirm the first publications of verdicts."""

    def __init__(self, bus: LocalBus, *, failures: int, silent: bool) -> None:
        self._bus, self._failures, self._silent = bus, failures, silent
        self.subscribe, self.positions, self.connected = bus.subscribe, bus.positions, bus.connected

    async def publish(self, records: Sequence[Record]) -> Sequence[str | None]:
        if self._failures:
            self._failures -= 1
            if not self._silent:
                raise BusDown("away")
            return [*await self._bus.publish(records[:-1]), None]
        return await self._bus.publish(records)


class QuickWakeup(Wakeup):
    """A wakeup that waits only briefly."""

    async def rest(self, seconds: float) -> None:
        await super().rest(min(seconds, 0.01))
