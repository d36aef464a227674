"""The lanes that read messages completely: one for messages of staff, one for messages that students may have written.

Each has its own consumer group and its own workers, so no student's message waits for one of staff.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from classifiers.pipeline.entity_resolution import NameDirectory, resolve_people
from classifiers.pipeline.job import Job, job_to_look_at
from classifiers.service.events import ClassifierEvents
from classifiers.service.records import AnsweredRecords, JobReader, UnreadableRecord, is_by_staff, is_by_student
from gateway.core.messages.verdict import Verdict
from gateway.core.serialization.wire import dead_letter_headers, encode_verdict
from gateway.ports.bus import Bus, BusDown, Record

GROUP, STUDENT_GROUP = "classifiers", "classifiers-students"
BATCH = 16  # messages that a worker reads together: larger batches are not faster
_MAX_BATCH_BYTES = 8 << 20  # content of a batch, unless a single message has more
_ROUNDS = 2  # rounds in hand while all workers are busy: one is confirmed and committed while the next is classified
_MAX_ROUNDS = 64  # while a worker is free, because a slow message occupies another one
_NOT_READ = frozenset({"error", "timeout", "crashed"})
"""Words of a verdict on a message that was not read to its end."""


class BatchClassifier(Protocol):
    """Classifies batches: `classifiers.service.pool.ClassifierPool` is one."""

    workers: int

    @property
    def free(self) -> int:
        """Workers that have nothing to do."""

    async def classify(self, batch: Sequence[Job]) -> list[Verdict]:
        """One verdict per job, in order."""


@dataclass(slots=True)
class _Batch:
    """The jobs of one batch, and the records that could not be decoded on the way."""

    records: list[Record] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)
    known_failures: list[tuple[str, ...]] = field(default_factory=list)  # words of `failed` from the relay
    dead: list[tuple[Record, str]] = field(default_factory=list)

    @property
    def full(self) -> bool:
        return len(self.jobs) >= BATCH or sum(job.size for job in self.jobs) >= _MAX_BATCH_BYTES


class ReadingLane:
    """Publishes a verdict on every message that it takes. A record that cannot be decoded goes to the dead letters.

    Its records never linger. `takes` chooses them. `looks`: classifies messages by a quick look; their calls for help
    count where the reading failed. `answered`: where the records with verdicts are noted.
    """

    def __init__(
        self, bus: Bus, jobs: JobReader, pool: BatchClassifier, event_log: ClassifierEvents,
        directory: NameDirectory | None = None, *, group: str, takes: Callable[[Record], bool],
        looks: BatchClassifier | None = None, answered: AnsweredRecords | None = None,
    ) -> None:  # fmt: skip
        self.group, self.records, self.linger = group, BATCH * pool.workers, 0.0
        self._bus, self._jobs, self._pool = bus, jobs, pool
        self._event_log, self._directory = event_log, directory
        self._takes, self._looks = takes, looks
        self._answered = AnsweredRecords() if answered is None else answered

    def takes(self, record: Record) -> bool:
        """See classifiers.service.consumer.Lane."""
        return self._takes(record)

    def has_room(self, rounds: int) -> bool:
        """See classifiers.service.consumer.Lane."""
        return rounds < _ROUNDS or (self._pool.free > 0 and rounds < _MAX_ROUNDS)

    async def work(self, records: Sequence[Record]) -> None:
        """See classifiers.service.consumer.Lane."""
        shares = [self._classify_share(share) for share in _split_evenly(records, self._pool.workers)]
        for error in await asyncio.gather(*shares, return_exceptions=True):
            if error is not None:
                raise error

    async def _classify_share(self, records: Sequence[Record]) -> None:
        """Classify the share of one worker. The verdicts of a batch are published before the next batch is read."""
        async for batch in self._batches(records):
            started = time.monotonic()
            classified = await self._with_looks(batch.jobs, await self._pool.classify(batch.jobs))
            verdicts = [
                resolve_people(_with_failures(verdict, known_failures), job.pairs, self._directory)
                for verdict, known_failures, job in zip(classified, batch.known_failures, batch.jobs, strict=True)
            ]
            await self._publish(batch, verdicts)
            for record in batch.records:
                self._answered.add(record)
            spent = time.monotonic() - started
            for verdict in verdicts:
                self._event_log.classified(verdict.id, verdict.took_ms / 1000 or spent, verdict.failed)
            for record, reason in batch.dead:
                self._event_log.dead_letter(record.topic, record.partition, record.offset, reason)

    async def _with_looks(self, jobs: Sequence[Job], verdicts: Sequence[Verdict]) -> list[Verdict]:
        """The verdicts, with the calls for help that a quick look finds in messages that were not read."""
        looks, found = self._looks, list(verdicts)
        if looks is None:
            return found
        for at, (job, verdict) in enumerate(zip(jobs, verdicts, strict=True)):
            if not _NOT_READ.isdisjoint(verdict.failed):
                (look,) = await looks.classify([job_to_look_at(job)])
                if look.help > verdict.help:
                    found[at] = replace(verdict, help=look.help, findings=(*verdict.findings, *look.findings))
        return found

    async def _batches(self, records: Sequence[Record]) -> AsyncIterator[_Batch]:
        batch = _Batch()
        for record in records:
            try:
                job, known_failures = await self._jobs.job_of(record)
                batch.jobs.append(job)
                batch.known_failures.append(known_failures)
                batch.records.append(record)
            except UnreadableRecord as unreadable:
                batch.dead.append((record, unreadable.reason))
            if batch.full:
                yield batch
                batch = _Batch()
        if batch.jobs or batch.dead:
            yield batch

    async def _publish(self, batch: _Batch, verdicts: Sequence[Verdict]) -> None:
        """Publish the verdicts and the dead letters. Raises BusDown unless all are confirmed."""
        answers = [
            Record("verdicts", record.key, encode_verdict(verdict))
            for record, verdict in zip(batch.records, verdicts, strict=True)
        ]
        dead_letters = [
            Record("dead-letters", record.key, record.value, (*record.headers, *dead_letter_headers(record, reason)))
            for record, reason in batch.dead
        ]
        if not all(await self._bus.publish([*answers, *dead_letters])):
            raise BusDown("some verdicts were not confirmed")


def staff_lane(
    bus: Bus, jobs: JobReader, pool: BatchClassifier, event_log: ClassifierEvents,
    directory: NameDirectory | None = None,
) -> ReadingLane:  # fmt: skip
    """The lane of messages that no student can have written."""
    return ReadingLane(bus, jobs, pool, event_log, directory, group=GROUP, takes=is_by_staff)


def student_lane(
    bus: Bus, jobs: JobReader, pool: BatchClassifier, event_log: ClassifierEvents,
    directory: NameDirectory | None = None, *, looks: BatchClassifier, answered: AnsweredRecords | None = None,
) -> ReadingLane:  # fmt: skip
    """The lane of messages that a student may have written."""
    return ReadingLane(
        bus, jobs, pool, event_log, directory,
        group=STUDENT_GROUP, takes=is_by_student, looks=looks, answered=answered,
    )  # fmt: skip


def _with_failures(verdict: Verdict, known_failures: tuple[str, ...]) -> Verdict:
    """The verdict with failures that were known before the content was read."""
    return (
        replace(verdict, failed=tuple(dict.fromkeys((*verdict.failed, *known_failures)))) if known_failures else verdict
    )


def _split_evenly(records: Sequence[Record], shares: int) -> Iterator[Sequence[Record]]:
    """Split records into nearly equal shares, none of them empty."""
    size = -(-len(records) // shares)
    for start in range(0, len(records), size):
        yield records[start : start + size]
