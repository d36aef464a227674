"""Consumes the topic `messages` and publishes a verdict on every message to the topic `verdicts`.

Offsets are committed after the verdicts are confirmed, so unfinished messages are read again after a restart. A record
that cannot be decoded goes to the dead letters. If the bus or the store is unavailable, the consumer waits, rewinds to
the last commit and tries again.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Protocol

from classifiers.pipeline.entity_resolution import NameDirectory, resolve_people
from classifiers.pipeline.job import Job, direction_of
from classifiers.service.events import ClassifierEvents
from gateway.core.messages.media import UNREADABLE, MediaFile
from gateway.core.messages.message import OutgoingMessage, sha256_of
from gateway.core.messages.verdict import Verdict
from gateway.core.serialization.wire import (
    HEADER,
    PublishedMessage,
    WireError,
    dead_letter_headers,
    decode_message,
    encode_verdict,
)
from gateway.ports.bus import Bus, BusDown, Record, Subscription
from gateway.ports.messages import StoreDown

TOPIC, GROUP = "messages", "classifiers"
BATCH = 16  # messages that a worker reads together: larger batches are not faster
_MAX_BATCH_BYTES = 8 << 20  # content of a batch, unless a single message has more
_WAIT_SECONDS = 0.25
_ROUNDS = 2  # batches in hand at once: one is confirmed and committed while the next is classified
_RETRY_SECONDS = 2.0
_HASH_IN_THREAD_FROM = 1 << 20  # content from this size on is hashed outside the event loop


class MessageContents(Protocol):
    """The store, as far as the classifiers use it: `gateway.ports.messages.OutboxStore` is one."""

    async def outgoing(self, message_id: str) -> OutgoingMessage | None:
        """One message with its context; None if it or its content is gone. Raises StoreDown."""


class MediaContents(Protocol):
    """Media of text messages: `gateway.ports.channels.MediaStore` is one."""

    async def files_of(self, message_id: str) -> Sequence[MediaFile]:
        """The media of a message with their contents. Raises StoreDown."""


class BatchClassifier(Protocol):
    """Classifies batches: `classifiers.service.pool.ClassifierPool` is one."""

    workers: int

    async def classify(self, batch: Sequence[Job]) -> list[Verdict]:
        """One verdict per job, in order."""


class StopSignal(Protocol):
    """Tells the consumer when to stop: `gateway.stages.wakeup.Wakeup` is one."""

    stopped: bool

    async def rest(self, seconds: float) -> object:
        """Wait until stopped, at most this many seconds."""


class UnreadableRecord(Exception):
    """A record that cannot be decoded. `reason` says why, without content."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


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


class Consumer:
    """One member of the consumer group `classifiers`."""

    def __init__(
        self,
        bus: Bus,
        contents: MessageContents,
        media: MediaContents,
        pool: BatchClassifier,
        event_log: ClassifierEvents,
        directory: NameDirectory | None = None,
    ) -> None:
        self._bus, self._contents, self._media_store = bus, contents, media
        self._pool, self._event_log, self._directory = pool, event_log, directory

    async def run(self, stop_signal: StopSignal) -> None:
        """Classify until stopped. What is in hand is finished and committed.

        The next records are fetched and classified while the verdicts of the last are confirmed and committed.
        """
        async with self._bus.subscribe(TOPIC, GROUP) as subscription:
            rounds: deque[asyncio.Task[None]] = deque()
            while rounds or not stop_signal.stopped:
                try:
                    await self._next_round(subscription, rounds, fetch=not stop_signal.stopped)
                except (BusDown, StoreDown) as lost:
                    await _cancel(rounds)
                    if isinstance(lost, StoreDown):
                        self._event_log.store_lost("classification")
                    await stop_signal.rest(_RETRY_SECONDS)
                    with suppress(BusDown):  # not connected: uncommitted records are delivered again anyway
                        await subscription.rewind()
                except BaseException:
                    await _cancel(rounds)
                    raise

    async def _next_round(self, subscription: Subscription, rounds: deque[asyncio.Task[None]], *, fetch: bool) -> None:
        """Begin a round with the next records, and wait for the oldest where no other may begin before it ends."""
        records = await subscription.batch(BATCH * self._pool.workers, 0 if rounds else _WAIT_SECONDS) if fetch else ()
        if records:
            before = rounds[-1] if rounds else None
            rounds.append(asyncio.create_task(self._round(subscription, records, before)))
        elif fetch and not rounds:
            lag = await subscription.lag()
            # unread records but none delivered: the consumer is joining its group, or it is stuck
            (self._event_log.lagging if lag else self._event_log.progressed)(TOPIC, GROUP, lag)
        if rounds and (not records or len(rounds) >= _ROUNDS):
            await asyncio.shield(rounds[0])
            rounds.popleft()

    async def _round(
        self, subscription: Subscription, records: Sequence[Record], before: asyncio.Task[None] | None
    ) -> None:
        """Classify records, publish their verdicts, and commit them behind those of the round before."""
        shares = [self._classify_share(share) for share in _split_evenly(records, self._pool.workers)]
        for error in await asyncio.gather(*shares, return_exceptions=True):
            if error is not None:
                raise error
        if before is not None:
            await asyncio.shield(before)
        await subscription.commit(records)
        self._event_log.progressed(TOPIC, GROUP, await subscription.lag())

    async def _classify_share(self, records: Sequence[Record]) -> None:
        """Classify the share of one worker. The verdicts of a batch are published before the next batch is read."""
        async for batch in self._batches(records):
            started = time.monotonic()
            classified = await self._pool.classify(batch.jobs)
            verdicts = [
                resolve_people(_with_failures(verdict, known_failures), job.pairs, self._directory)
                for verdict, known_failures, job in zip(classified, batch.known_failures, batch.jobs, strict=True)
            ]
            await self._publish(batch, verdicts)
            spent = time.monotonic() - started
            for verdict in verdicts:
                self._event_log.classified(verdict.id, verdict.took_ms / 1000 or spent, verdict.failed)
            for record, reason in batch.dead:
                self._event_log.dead_letter(TOPIC, record.partition, record.offset, reason)

    async def _batches(self, records: Sequence[Record]) -> AsyncIterator[_Batch]:
        batch = _Batch()
        for record in records:
            try:
                job, known_failures = await self._job(record)
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

    async def _job(self, record: Record) -> tuple[Job, tuple[str, ...]]:
        """The job of a record, and the failures that the relay has noted.

        Raises UnreadableRecord, or StoreDown if the content has to come from the store.
        """
        headers = dict(record.headers)
        if HEADER not in headers:
            raise UnreadableRecord("header")
        try:
            message = decode_message(record.value, headers[HEADER])
        except WireError as error:
            raise UnreadableRecord(error.word) from None
        except Exception:  # noqa: BLE001 - the consumer's edge: one record must not stop it
            self._event_log.unexpected_failure("classification")
            raise UnreadableRecord("error") from None
        content, context, pairs = message.content, message.context, message.relation.pairs
        if message.truncated:
            stored = await self._contents.outgoing(message.id)
            if stored is None:
                raise UnreadableRecord("content_gone")
            content, context, pairs = stored.message.content, stored.context, stored.message.relation.pairs
        digest = (
            sha256_of(content) if len(content) < _HASH_IN_THREAD_FROM else await asyncio.to_thread(sha256_of, content)
        )
        if digest != message.sha256:
            raise UnreadableRecord("sha256")
        media, known_failures = await self._media(message)
        job = Job(
            id=message.id,
            sha256=message.sha256,
            channel=message.channel,
            direction=direction_of(pairs),
            content=content,
            sender=message.sender,
            context=context,
            at=message.received_at,
            pairs=pairs,
            media=media,
        )
        return job, (*message.failed, *known_failures)

    async def _media(self, message: PublishedMessage) -> tuple[tuple[MediaFile, ...], tuple[str, ...]]:
        """The media of a text message as they were when it was published, and words for what has changed."""
        if not message.media:
            return (), ()
        stored = {file.number: file for file in await self._media_store.files_of(message.id)}
        all_available = all(file.failed or _is_same_file(file, stored.get(file.number)) for file in message.media)
        available = tuple(stored[file.number] for file in message.media if _is_same_file(file, stored.get(file.number)))
        return available, () if all_available else (UNREADABLE,)


async def _cancel(rounds: deque[asyncio.Task[None]]) -> None:
    """End the rounds in hand. Their records are not committed, so they come again."""
    for task in rounds:
        task.cancel()
    await asyncio.gather(*rounds, return_exceptions=True)
    rounds.clear()


def _is_same_file(published: MediaFile, stored: MediaFile | None) -> bool:
    return not published.failed and stored is not None and sha256_of(stored.content) == published.sha256


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
