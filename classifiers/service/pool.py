"""A pool of worker processes that parse and classify content.

The consuming process never parses. If a worker ends or takes too long, the messages of its batch are tried one by one.
A message that ends two workers by itself gets the verdict `crashed`; one that takes too long by itself gets `timeout`
at once. Workers are forked again as they end; no message is blamed if that fails.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from types import TracebackType

from classifiers.pipeline.entity_resolution import unpack_names
from classifiers.pipeline.job import Job, pack_jobs
from classifiers.service import framing as framing
from classifiers.service.events import ClassifierEvents
from classifiers.service.running_time import running_time_limit
from classifiers.service.template import ForkedWorker, WorkerTemplate
from classifiers.service.worker import LOOK, READ, SCAN
from gateway.core.messages.verdict import Verdict
from gateway.core.policy.district_words import DistrictWord, pack_words
from gateway.core.serialization.wire import WireError, decode_verdict

_MAX_FAILURES = 2
WordsInForce = Callable[[], Sequence[DistrictWord]]
"""Returns the district's own words of the policy in force."""


def no_words() -> Sequence[DistrictWord]:
    """No words."""
    return ()


class _WorkerFailed(Exception):
    """A worker ended, or was ended, while it classified. `reason` is the word for the verdict."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class ClassifierPool:
    """`workers` workers of one template, for one lane of messages.

    `batch_seconds` is the time limit of a batch, `message_seconds` that of a single message. `kind`: what the workers
    do, `worker.READ`, `READ_FIRST`, `LOOK` or `SCAN`; the last two are limited in processor time. `words`: the
    district's own words, asked for with every batch.
    """

    def __init__(
        self, template: WorkerTemplate, workers: int, *, event_log: ClassifierEvents, kind: bytes = READ,
        batch_seconds: float = 15.0, message_seconds: float = 10.0, words: WordsInForce = no_words,
    ) -> None:  # fmt: skip
        self.workers = workers
        self._template, self._kind, self._words = template, kind, words
        self._event_log = event_log
        self._batch_seconds, self._message_seconds = batch_seconds, message_seconds
        self._free_slots: asyncio.Queue[_WorkerSlot] = asyncio.Queue()
        self._slots: list[_WorkerSlot] = []

    @property
    def version(self) -> str:
        """The version of the model."""
        return self._template.version

    @property
    def free(self) -> int:
        """Workers that have nothing to do."""
        return self._free_slots.qsize()

    async def __aenter__(self) -> ClassifierPool:
        self._slots = [_WorkerSlot(self._template, self._kind, self._words) for _ in range(self.workers)]
        for slot in self._slots:
            self._free_slots.put_nowait(slot)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.gather(*(slot.end() for slot in self._slots))

    async def classify(self, batch: Sequence[Job]) -> list[Verdict]:
        """One verdict per job, in order. Waits for a free worker. Never raises for a message."""
        if not batch:
            return []
        async with self._free_slot() as slot:
            if len(batch) > 1:
                try:
                    return await slot.ask(batch, self._batch_seconds)
                except _WorkerFailed as failure:
                    self._event_log.worker_died(failure.reason)
            return [await self._classify_alone(slot, job) for job in batch]

    async def _classify_alone(self, slot: _WorkerSlot, job: Job) -> Verdict:
        """The verdict on one message. A second failure is final; a time-out is final at once."""
        failures = 0
        while True:
            try:
                (verdict,) = await slot.ask([job], self._message_seconds)
            except _WorkerFailed as failure:
                self._event_log.worker_died(failure.reason)
                failures += 1
                if failures == _MAX_FAILURES or failure.reason == "timeout":  # a slow message will be slow again
                    return Verdict(job.id, job.sha256, self.version, language="und", failed=(failure.reason,))
            else:
                return verdict

    @asynccontextmanager
    async def _free_slot(self) -> AsyncIterator[_WorkerSlot]:
        slot = await self._free_slots.get()
        try:
            yield slot
        finally:
            self._free_slots.put_nowait(slot)


class _WorkerSlot:
    """The slot of one worker. A new worker is forked when the old one has ended."""

    def __init__(self, template: WorkerTemplate, kind: bytes, words: WordsInForce) -> None:
        self._template, self._kind, self._words = template, kind, words
        self._worker: ForkedWorker | None = None

    async def ask(self, jobs: Sequence[Job], seconds: float) -> list[Verdict]:
        """The verdicts of the worker. Raises _WorkerFailed if there are none; the worker has then ended."""
        worker = await self._running_worker()
        is_answered = False
        try:
            clock = worker.processor_seconds if self._kind in (LOOK, SCAN) else None
            async with running_time_limit(seconds, clock):
                is_retiring, names, *verdicts = await _exchange(worker, [pack_words(self._words()), *pack_jobs(jobs)])
            answer = unpack_names([decode_verdict(encoded) for encoded in verdicts], names)
            if [(verdict.id, verdict.sha256) for verdict in answer] != [(job.id, job.sha256) for job in jobs]:
                raise _WorkerFailed("crashed")
            is_answered = True
        except TimeoutError:
            raise _WorkerFailed("timeout") from None
        except (OSError, asyncio.IncompleteReadError, framing.FrameError, WireError, ValueError, LookupError):
            raise _WorkerFailed("crashed") from None
        finally:
            if not is_answered:  # also when canceled: a late answer must not be taken for the next one
                await self.end()
        if is_retiring:
            await self.end()
        return answer

    async def end(self) -> None:
        """End the worker, if there is one."""
        worker, self._worker = self._worker, None
        if worker is not None:
            await self._template.end(worker)

    async def _running_worker(self) -> ForkedWorker:
        if self._worker is not None and self._worker.has_ended():
            await self.end()
        if self._worker is None:
            self._worker = await self._template.fork(self._kind)
        return self._worker


async def _exchange(worker: ForkedWorker, blobs: Sequence[bytes]) -> list[bytes]:
    worker.writer.write(framing.frame_header(blobs))
    for blob in blobs:
        worker.writer.write(blob)
        await worker.writer.drain()
    answer = await framing.read_frame_async(worker.reader)
    if len(answer) < 2:
        raise framing.FrameError("cut short")
    return answer
