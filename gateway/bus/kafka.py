"""The stream on Apache Kafka, over aiokafka."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from types import TracebackType

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import (
    GroupLoadInProgressError,
    KafkaError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
    RecordTooLargeError,
)
from aiokafka.structs import RecordMetadata, TopicPartition

from gateway.bus.access import Access
from gateway.bus.kafka_link import LOST, REASONS, REQUEST, Broker, KafkaLink
from gateway.bus.kafka_subscription import KafkaSubscription
from gateway.bus.kafka_topics import Layout
from gateway.bus.topics import DEAD_LETTERS, parse_place, place_of, standing_of, topic_named
from gateway.core.serialization.wire import LETTER_HEADERS
from gateway.observability.events import EventLog
from gateway.ports.bus import BusDown, Record, RecordPosition

_PATIENCE = 5.0  # seconds for records to be confirmed, and a second more for every _SLOWEST bytes of them
_SLOWEST = 2 << 20
_RETRY = 0.1
_TOO_LARGE = (MessageSizeTooLargeError, RecordListTooLargeError, RecordTooLargeError)


class KafkaBus:
    """A Bus on the brokers at `bootstrap`; topics and groups have `prefix` and a dot before their names.

    The topics that carry content keep it `retain_seconds`. A record may have `max_record` bytes with its key and
    headers, and a dead letter the bit more that it says; one of a longer record is cut to that. With `user` and
    `password`: SASL over TLS; `tls_ca` are the certificates to trust. Entering it connects in the background and never
    waits; raises Fault where `tls_ca` cannot be read.
    """

    def __init__(
        self, bootstrap: str, *, prefix: str, retain_seconds: float, max_record: int = 1 << 20,
        tls_ca: str = "", user: str = "", password: str = "", event_log: EventLog,
    ) -> None:  # fmt: skip
        self._bootstrap = bootstrap
        self._arguments = Access(bootstrap, tls_ca, user, password).arguments()
        self._layout = Layout(prefix, retain_seconds, max_record)
        self._event_log = event_log
        self._link = KafkaLink(self._arguments, self._layout, event_log)
        REASONS.listen()

    async def __aenter__(self) -> KafkaBus:
        await self._link.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._link.close()

    def connected(self) -> bool:
        """Whether the broker answered last time."""
        return self._link.broker is not None

    async def publish(self, records: Sequence[Record]) -> Sequence[str | None]:
        """Write records; for each its place, None where it was not confirmed, BusDown when none was.

        Takes at most some five seconds longer than the records need on a slow line, and no time while the broker is
        known to be away. A record over `max_record` is never confirmed.
        """
        for record in records:
            topic_named(record.topic)
        if not records:
            return []
        broker = await self._link.wait()
        patience = _PATIENCE + sum(len(record.value) for record in records) / _SLOWEST
        sent: list[asyncio.Future[RecordMetadata]] = []
        trouble = ""
        try:
            async with asyncio.timeout(patience):
                for record in records:
                    sent.append(await self._send(broker, record))
                await asyncio.wait(sent)
        except LOST as lost:
            trouble = type(lost).__name__
        except asyncio.CancelledError:
            for future in sent:  # nobody will ask how they ended
                future.cancel()
            raise
        places: list[str | None] = []
        for record, future in zip(records, sent, strict=False):  # fewer were sent than given where time ran out
            error = _failure(future)
            if error is None:
                places.append(_place(broker, future.result()))
                continue
            places.append(None)
            if isinstance(error, _TOO_LARGE):
                self._event_log.record_refused(record.topic, type(error).__name__)
            else:
                trouble = trouble or type(error).__name__
        places += [None] * (len(records) - len(places))
        if trouble:
            self._link.doubt(broker, f"publish: {trouble}")
        if not any(places):
            raise BusDown("no record was confirmed")
        return places

    async def _send(self, broker: Broker, record: Record) -> asyncio.Future[RecordMetadata]:
        """The future of the record's confirmation; one that has failed where the record is too large to be sent.

        The broker must not be the one to refuse it: that ends the sequence of an idempotent producer.
        """
        limit = self._layout.limit(topic_named(record.topic))
        if _size(record) > limit and record.topic == DEAD_LETTERS:
            record = _cut(record)
        if _size(record) > limit:
            refused: asyncio.Future[RecordMetadata] = asyncio.get_running_loop().create_future()
            refused.set_exception(MessageSizeTooLargeError())
            return refused
        sent: asyncio.Future[RecordMetadata] = await broker.producer.send(
            self._layout.name(record.topic), record.value, record.key, headers=list(record.headers)
        )
        return sent

    @asynccontextmanager
    async def subscribe(self, topic: str, group: str) -> AsyncIterator[KafkaSubscription]:
        """Join a group on a topic, as soon as there is a broker; leaving gives what was not committed to the others."""
        topic_named(topic)
        member = KafkaSubscription(self._link, topic, group)
        try:
            yield member
        finally:
            await member.leave()

    async def standing(self, topic: str, group: str, places: Sequence[str]) -> Sequence[RecordPosition]:
        """Where each place stands for a group. Raises BusDown."""
        topic_named(topic)
        if not places:
            return []
        broker = await self._link.wait()
        try:
            async with asyncio.timeout(REQUEST):
                while True:
                    try:
                        return await self._standing(broker, self._layout.name(topic), self._layout.group(group), places)
                    except KafkaError as error:
                        if not error.retriable:
                            raise
                    await asyncio.sleep(_RETRY)  # a broker that has just started knows no coordinator for a moment
        except LOST as error:
            self._link.look()
            raise BusDown(f"standing: {type(error).__name__}") from None

    async def _standing(
        self, broker: Broker, topic: str, group: str, places: Sequence[str]
    ) -> Sequence[RecordPosition]:
        (described,) = await broker.admin.describe_topics([topic])
        known = {partition["partition"] for partition in described["partitions"]}
        read = [parse_place(place) for place in places]
        where = [
            (TopicPartition(topic, each[1]), each[2])
            if each is not None and each[0] == broker.cluster and each[1] in known
            else None
            for each in read
        ]
        asked = sorted({each[0] for each in where if each is not None})
        if not asked:
            return [RecordPosition.GONE] * len(where)
        committed = await broker.admin.list_consumer_group_offsets(group, partitions=asked)
        start, end = await broker.reader.beginning_offsets(asked), await broker.reader.end_offsets(asked)
        if missing := set(asked) - set(committed):
            raise GroupLoadInProgressError(f"{len(missing)} partitions")
        standings = {
            (tp, offset): standing_of(offset, committed=committed[tp].offset, start=start[tp], end=end[tp])
            for tp, offset in filter(None, where)
        }
        return [standings[each] if each is not None else RecordPosition.GONE for each in where]

    async def inspect(self) -> list[str]:
        """What is wrong with the brokers and our topics, a line each: no answer, or content kept for too long.

        Needs no link of its own and makes no topic.
        """
        async with AsyncExitStack() as stack:
            try:
                async with asyncio.timeout(2 * REQUEST):
                    admin = AIOKafkaAdminClient(**self._arguments, request_timeout_ms=int(REQUEST * 1000))
                    stack.push_async_callback(admin.close)
                    await admin.start()
                    return await self._layout.problems(admin)
            except LOST as error:
                return [
                    f"bus.url: no Kafka broker answers at {self._bootstrap} ({REASONS.of(error)}); "
                    "start it, or name the right host and port (with TLS and SASL: bus.tls_ca, user, password_file)"
                ]


def _size(record: Record) -> int:
    """Bytes that a record takes in a batch of its own, and a few more."""
    return 192 + len(record.key) + len(record.value) + sum(32 + len(name) + len(of) for name, of in record.headers)


def _cut(letter: Record) -> Record:
    """A dead letter that no topic takes as it was: where the record is, what is wrong with it, and its size."""
    told = tuple(each for each in letter.headers[-len(LETTER_HEADERS) :] if each[0] in LETTER_HEADERS)
    return Record(letter.topic, b"", b"", (*told, ("bytes", str(len(letter.value)).encode())))


def _failure(future: asyncio.Future[RecordMetadata]) -> BaseException | None:
    """Why a record is not confirmed; None where it is. One that nobody waits for any more is given up."""
    if not future.done():
        future.cancel()
        return TimeoutError()
    if future.cancelled():
        return TimeoutError()
    return future.exception()


def _place(broker: Broker, written: RecordMetadata) -> str | None:
    """The place of a confirmed record; None where the broker had it already and no longer knows its offset."""
    return place_of(broker.cluster, written.partition, written.offset) if written.offset >= 0 else None
