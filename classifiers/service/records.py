"""From a record of the topic `messages` to the job of a worker, and the direction of a record."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Sequence
from typing import Protocol

from classifiers.pipeline.job import Job, direction_of
from classifiers.service.events import ClassifierEvents
from gateway.core.messages.media import UNREADABLE, MediaFile
from gateway.core.messages.message import OutgoingMessage, sha256_of
from gateway.core.messages.parties import Direction
from gateway.core.serialization.wire import HEADER, PublishedMessage, WireError, decode_message
from gateway.ports.bus import Record

_MOMENTS = 0.5  # seconds between two batches of readings, as a rule much less
_HASH_IN_THREAD_FROM = 1 << 20  # content from this size on is hashed outside the event loop
_BY_STUDENT = f'"{Direction.STUDENT_TO_STAFF}"'.encode()


class MessageContents(Protocol):
    """The store, as far as the classifiers use it: `gateway.ports.messages.OutboxStore` is one."""

    async def outgoing(self, message_id: str) -> OutgoingMessage | None:
        """One message with its context; None if it or its content is gone. Raises StoreDown."""


class MediaContents(Protocol):
    """Media of text messages: `gateway.ports.channels.MediaStore` is one."""

    async def files_of(self, message_id: str) -> Sequence[MediaFile]:
        """The media of a message with their contents. Raises StoreDown."""


class UnreadableRecord(Exception):
    """A record that cannot be decoded. `reason` says why, without content."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def is_by_student(record: Record) -> bool:
    """Whether a student may have written the message of a record, by its envelope alone.

    The direction is an unescaped word of the envelope. The same word elsewhere in it only gives a message of staff a
    place among those of students.
    """
    return any(_BY_STUDENT in value for name, value in record.headers if name == HEADER)


def is_by_staff(record: Record) -> bool:
    """Whether no student can have written the message of a record. A record without an envelope counts too."""
    return not is_by_student(record)


class AnsweredRecords:
    """The records that this process has published a verdict on lately."""

    def __init__(self, limit: int = 4096) -> None:
        self._limit = limit
        self._places: dict[tuple[int, int], None] = {}
        self._added_at = -math.inf

    def __contains__(self, record: Record) -> bool:
        return (record.partition, record.offset) in self._places

    def add(self, record: Record) -> None:
        """Remember a record; forget the oldest beyond the limit."""
        self._places[record.partition, record.offset] = None
        self._added_at = time.monotonic()
        if len(self._places) > self._limit:
            del self._places[next(iter(self._places))]

    def is_growing(self) -> bool:
        """Whether a verdict was published within the last moments: the readings go on."""
        return time.monotonic() - self._added_at < _MOMENTS


class JobReader:
    """Makes jobs of records. What a record does not contain comes from the store."""

    def __init__(self, contents: MessageContents, media: MediaContents, event_log: ClassifierEvents) -> None:
        self._contents, self._media_store, self._event_log = contents, media, event_log

    def message_of(self, record: Record) -> PublishedMessage:
        """The message of a record. Raises UnreadableRecord."""
        headers = dict(record.headers)
        if HEADER not in headers:
            raise UnreadableRecord("header")
        try:
            return decode_message(record.value, headers[HEADER])
        except WireError as error:
            raise UnreadableRecord(error.word) from None
        except Exception:  # noqa: BLE001 - the consumer's edge: one record must not stop it
            self._event_log.unexpected_failure("classification")
            raise UnreadableRecord("error") from None

    async def job_of(self, record: Record) -> tuple[Job, tuple[str, ...]]:
        """The job of a record, and the failures that the relay has noted.

        Raises UnreadableRecord, or StoreDown if the content has to come from the store.
        """
        message = self.message_of(record)
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


def _is_same_file(published: MediaFile, stored: MediaFile | None) -> bool:
    return not published.failed and stored is not None and sha256_of(stored.content) == published.sha256
