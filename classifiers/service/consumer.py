"""The consumer of the topic `messages`: every message gets a verdict on the topic `verdicts`.

Offsets are committed after the verdicts are confirmed, so what is in hand when this process ends is read again. A
record that cannot be read goes to the dead letters. A bus or a store that is away is never a message's fault: the
consumer waits, goes back to what is committed, and tries again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Protocol

from classifiers.pipeline.entity_resolution import Whose, settled
from classifiers.pipeline.job import Job, direction_of
from classifiers.service.events import ReaderEvents
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
BATCH = 16  # messages that a child reads together: from 8 to 16 the whole gain is there
_BYTES = 8 << 20  # content that a child gets at once, unless one message alone has more
_WAIT = 0.25
_PAUSE = 2.0
_LONG = 1 << 20  # bytes from which a digest is computed beside the event loop


class Contents(Protocol):
    """The store, as far as the classifiers know it: `gateway.ports.messages.OutboxStore` is one."""

    async def outgoing(self, message_id: str) -> OutgoingMessage | None:
        """One message with its context; None when it or its content is gone. Raises StoreDown."""

    async def media(self, message_id: str) -> Sequence[MediaFile]:
        """The pictures and files of a text, with their contents. Raises StoreDown."""


class Readers(Protocol):
    """What reads the messages: `classifiers.service.pool.ClassifierPool` is one."""

    workers: int

    async def classify(self, batch: Sequence[Job]) -> list[Verdict]:
        """One verdict for each job, in order."""


class Beat(Protocol):
    """The alarm clock of whoever runs the consumer: `gateway.stages.wakeup.Wakeup` is one."""

    stopped: bool

    async def rest(self, seconds: float) -> object:
        """Until stopped, at most so many seconds."""


class Unreadable(Exception):
    """A record that is no message; `word` says why and holds nothing of it."""

    def __init__(self, word: str) -> None:
        super().__init__(word)
        self.word = word


@dataclass(slots=True)
class _Load:
    """What one child gets at once, and the records that turned out to be unreadable on the way."""

    records: list[Record] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)
    known: list[tuple[str, ...]] = field(default_factory=list)  # words of `failed` that the way in said already
    dead: list[tuple[Record, str]] = field(default_factory=list)

    @property
    def full(self) -> bool:
        return len(self.jobs) >= BATCH or sum(job.size for job in self.jobs) >= _BYTES


class Consumer:
    """One member of the group `classifiers`."""

    def __init__(
        self, bus: Bus, contents: Contents, readers: Readers, event_log: ReaderEvents, whose: Whose | None = None
    ) -> None:
        self._bus, self._contents, self._readers, self._event_log = bus, contents, readers, event_log
        self._whose = whose

    async def run(self, beat: Beat) -> None:
        """Classify until the beat stops; the batch in hand is finished and committed."""
        async with self._bus.subscribe(TOPIC, GROUP) as subscription:
            while not beat.stopped:
                try:
                    await self._batch(subscription)
                except (BusDown, StoreDown) as lost:
                    if isinstance(lost, StoreDown):
                        self._event_log.store_lost("classification")
                    await beat.rest(_PAUSE)
                    with suppress(BusDown):  # not connected: what was not committed comes again by itself
                        await subscription.rewind()

    async def _batch(self, subscription: Subscription) -> None:
        records = await subscription.batch(BATCH * self._readers.workers, _WAIT)
        if not records:
            lag = await subscription.lag()
            # with records before it and none in hand it has not progressed: it is joining, or it is stuck
            (self._event_log.lagging if lag else self._event_log.progressed)(TOPIC, GROUP, lag)
            return
        shares = [self._share(share) for share in _dealt(records, self._readers.workers)]
        for ended in await asyncio.gather(*shares, return_exceptions=True):
            if ended is not None:
                raise ended
        await subscription.commit()
        self._event_log.progressed(TOPIC, GROUP, await subscription.lag())

    async def _share(self, records: Sequence[Record]) -> None:
        """The part of a batch that one child reads; each load's verdicts go out before the next load is read."""
        async for load in self._loads(records):
            began = time.monotonic()
            read = await self._readers.classify(load.jobs)
            verdicts = [
                settled(_with(verdict, known), job.pairs, self._whose)
                for verdict, known, job in zip(read, load.known, load.jobs, strict=True)
            ]
            await self._answer(load, verdicts)
            spent = time.monotonic() - began
            for verdict in verdicts:
                self._event_log.classified(verdict.id, verdict.took_ms / 1000 or spent, verdict.failed)
            for record, word in load.dead:
                self._event_log.dead_letter(TOPIC, record.partition, record.offset, word)

    async def _loads(self, records: Sequence[Record]) -> AsyncIterator[_Load]:
        load = _Load()
        for record in records:
            try:
                job, known = await self._job(record)
                load.jobs.append(job)
                load.known.append(known)
                load.records.append(record)
            except Unreadable as unreadable:
                load.dead.append((record, unreadable.word))
            if load.full:
                yield load
                load = _Load()
        if load.jobs or load.dead:
            yield load

    async def _answer(self, load: _Load, verdicts: Sequence[Verdict]) -> None:
        """Publish the verdicts and the dead letters. Raises BusDown unless every one is confirmed."""
        answers = [
            Record("verdicts", record.key, encode_verdict(verdict))
            for record, verdict in zip(load.records, verdicts, strict=True)
        ]
        letters = [
            Record("dead-letters", record.key, record.value, (*record.headers, *dead_letter_headers(record, word)))
            for record, word in load.dead
        ]
        if not all(await self._bus.publish([*answers, *letters])):
            raise BusDown("some verdicts were not confirmed")

    async def _job(self, record: Record) -> tuple[Job, tuple[str, ...]]:
        """What a record asks for, and what the way in knows to be lacking.

        Raises Unreadable, and StoreDown where its content has to come from the store.
        """
        headers = dict(record.headers)
        if HEADER not in headers:
            raise Unreadable("header")
        try:
            message = decode_message(record.value, headers[HEADER])
        except WireError as error:
            raise Unreadable(error.word) from None
        except Exception:  # noqa: BLE001 - the consumer's edge: one record must not stop it for ever
            self._event_log.failed("classification")
            raise Unreadable("error") from None
        content, context, pairs = message.content, message.context, message.relation.pairs
        if message.truncated:
            stored = await self._contents.outgoing(message.id)
            if stored is None:
                raise Unreadable("content_gone")
            content, context, pairs = stored.message.content, stored.context, stored.message.relation.pairs
        digest = sha256_of(content) if len(content) < _LONG else await asyncio.to_thread(sha256_of, content)
        if digest != message.sha256:
            raise Unreadable("sha256")
        media, known = await self._media(message)
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
        return job, (*message.failed, *known)

    async def _media(self, message: PublishedMessage) -> tuple[tuple[MediaFile, ...], tuple[str, ...]]:
        """The pictures and files of a text, as they were when it was published; words for what is not so any more."""
        if not message.media:
            return (), ()
        stored = {each.number: each for each in await self._contents.media(message.id)}
        whole = all(each.failed or _is(each, stored.get(each.number)) for each in message.media)
        there = tuple(stored[each.number] for each in message.media if _is(each, stored.get(each.number)))
        return there, () if whole else (UNREADABLE,)


def _is(told: MediaFile, stored: MediaFile | None) -> bool:
    return not told.failed and stored is not None and sha256_of(stored.content) == told.sha256


def _with(verdict: Verdict, known: tuple[str, ...]) -> Verdict:
    """The verdict with words that were known before the content was read."""
    return replace(verdict, failed=tuple(dict.fromkeys((*verdict.failed, *known)))) if known else verdict


def _dealt(records: Sequence[Record], hands: int) -> Iterator[Sequence[Record]]:
    """Records in as many shares as there are hands, none empty, nearly equal."""
    size = -(-len(records) // hands)
    for start in range(0, len(records), size):
        yield records[start : start + size]
