"""The lane of first looks: finds calls for help in messages of students that have no verdict soon.

A scan for words that plain calls for help have comes first: its worker looks at messages with such words at once, ahead
of all others that wait for a look. Short messages and long ones have workers of their own. A look is cheap and bounded,
so it is far ahead of the readings. What it finds is published as a first look: the policy may alert by it and does
nothing else with it, and the verdict of the reading follows.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from classifiers.pipeline.job import Job, job_to_look_at
from classifiers.service.reading import BatchClassifier
from classifiers.service.records import AnsweredRecords, JobReader, UnreadableRecord, is_by_student
from gateway.core.messages.verdict import Verdict
from gateway.core.serialization.wire import encode_verdict
from gateway.ports.bus import Bus, BusDown, Record
from gateway.ports.messages import StoreDown

GROUP = "classifiers-first-look"
MIN_SCORE = 0.5
"""The help score from which a first look is published. The policy has its own threshold."""
PATIENCE = 1.0
"""Seconds in which a message usually has its verdict, so that no look is needed."""
LINGER = 0.25
"""Seconds of these in which records are gathered: waking for each record costs more than looking at it."""
_RECORDS, _BATCH, _ROUNDS = 64, 8, 128
_BATCH_BYTES = 128 << 10
"""Bytes of content in a batch, unless a single message has more: what is found is published batch by batch."""
_SHORT = 16 << 10
"""Bytes of a short message. A plain call for help is short, and waits for no long message."""


class UnansweredMessages(Protocol):
    """The store, as far as first looks use it: `gateway.ports.messages.OutboxStore` is one."""

    async def unanswered(self, ids: Collection[str]) -> Collection[str]:
        """Those of some messages that have no verdict. Raises StoreDown."""


@dataclass(frozen=True, slots=True)
class LookWorkers:
    """The worker that scans messages, and the one that looks at those without words that calls for help have."""

    scans: BatchClassifier
    looks: BatchClassifier


class FirstLookLane:
    """Looks at messages of students that have no verdict after `patience` seconds.

    Those in which the scan finds no words of calls for help wait twice as long while readings go on. `answered`: the
    records that this process has answered, which saves asking the store.
    """

    group, records, linger = GROUP, _RECORDS, LINGER

    def __init__(
        self, bus: Bus, jobs: JobReader, store: UnansweredMessages, *, short: LookWorkers, long: LookWorkers,
        answered: AnsweredRecords, patience: float = PATIENCE,
    ) -> None:  # fmt: skip
        self._bus, self._jobs, self._store = bus, jobs, store
        self._short, self._long = short, long
        self._answered, self._patience = answered, patience

    def takes(self, record: Record) -> bool:
        """See classifiers.service.consumer.Lane."""
        return is_by_student(record)

    def has_room(self, rounds: int) -> bool:
        """See classifiers.service.consumer.Lane."""
        return rounds < _ROUNDS

    async def work(self, records: Sequence[Record]) -> None:
        """See classifiers.service.consumer.Lane."""
        await asyncio.sleep(self._patience * (1 - LINGER / PATIENCE))
        unanswered = await self._unanswered(records)
        short = [record for record in unanswered if 0 < len(record.value) <= _SHORT]
        long = [record for record in unanswered if record not in short]
        await asyncio.gather(self._look_at(short, self._short), self._look_at(long, self._long))

    async def _look_at(self, records: Sequence[Record], workers: LookWorkers) -> None:
        """Scan messages, and look at those that the scan did not choose."""
        left = await self._look(records, workers.scans)
        if left and self._answered.is_growing():
            await asyncio.sleep(self._patience)  # a queue that is only long: a look at all of it would make it longer
            left = await self._unanswered(left)
        await self._look(left, workers.looks)

    async def _unanswered(self, records: Sequence[Record]) -> list[Record]:
        """The records of messages without a verdict. If the store is unavailable, all of them."""
        by_id: dict[str, Record] = {}
        records = [record for record in records if record not in self._answered]
        if not records:
            return []
        for record in records:
            try:
                by_id[self._jobs.message_of(record).id] = record
            except UnreadableRecord:
                continue  # the lane that reads it reports it
        try:
            ids = await self._store.unanswered(by_id.keys())
        except StoreDown:
            return list(by_id.values())
        return [record for id_, record in by_id.items() if id_ in ids]

    async def _look(self, records: Sequence[Record], looks: BatchClassifier) -> list[Record]:
        """Look at messages and publish what is found. Returns those that were not looked at."""
        left = []
        async for batch in self._batches(records):
            verdicts = await looks.classify([job for _, job in batch])
            left += [record for (record, _), verdict in zip(batch, verdicts, strict=True) if not verdict.first_look]
            await self._publish([record.key for record, _ in batch], verdicts)
        return left

    async def _batches(self, records: Sequence[Record]) -> AsyncIterator[list[tuple[Record, Job]]]:
        """The messages in order, a few at a time. Those whose record cannot be decoded are left out."""
        batch: list[tuple[Record, Job]] = []
        for record in records:
            try:
                job = job_to_look_at((await self._jobs.job_of(record))[0])
            except UnreadableRecord:
                continue
            if len(batch) == _BATCH or sum(other.size for _, other in batch) + job.size > _BATCH_BYTES:
                if batch:
                    yield batch
                batch = []
            batch.append((record, job))
        if batch:
            yield batch

    async def _publish(self, keys: Sequence[bytes], verdicts: Sequence[Verdict]) -> None:
        """Publish what may be a call for help. Raises BusDown unless all of it is confirmed."""
        found = [
            Record("verdicts", key, encode_verdict(verdict))
            for key, verdict in zip(keys, verdicts, strict=True)
            if is_suspected(verdict)
        ]
        if found and not all(await self._bus.publish(found)):
            raise BusDown("some first looks were not confirmed")


def is_suspected(look: Verdict) -> bool:
    """Whether a look found what may be a call for help. A look that failed has found nothing."""
    return look.first_look and look.help >= MIN_SCORE
