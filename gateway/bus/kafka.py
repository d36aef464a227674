"""The bus on Apache Kafka, with aiokafka."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
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

from gateway.bus.broker_access import BrokerAccess
from gateway.bus.kafka_link import LOST, REASONS, REQUEST, BrokerLink, KafkaLink
from gateway.bus.kafka_subscription import KafkaSubscription
from gateway.bus.kafka_topics import TopicLayout
from gateway.bus.topics import DEAD_LETTERS, find_topic, parse_place, place_of, position_of
from gateway.core.serialization.wire import LETTER_HEADERS
from gateway.observability.events import EventLog
from gateway.ports.bus import REFUSED, BusDown, Record, RecordPosition

_CONFIRM_TIMEOUT = 5.0  # seconds for records to be confirmed, plus one second for every _SLOWEST_RATE bytes
_SLOWEST_RATE = 2 << 20
_RETRY_PAUSE = 0.1
_NO_TIMESTAMP = -1
"""A broker refuses records from a clock that is an hour ahead, and deletes early what comes from one that is behind."""
_TOO_LARGE = (MessageSizeTooLargeError, RecordListTooLargeError, RecordTooLargeError)


class KafkaBus:
    """A Bus on the brokers at `bootstrap`. Names of topics and groups start with `prefix` and a dot.

    Topics with content keep it for `retain_seconds`. A record may have `max_record` bytes with its key and headers; a
    dead letter may have a little more, and a longer one is cut. With `user` and `password`: SASL over TLS. `tls_ca` is
    the file of certificates to trust. Entering connects in the background and never waits. Raises Fault if `tls_ca`
    cannot be read.
    """

    def __init__(
        self, bootstrap: str, *, prefix: str, retain_seconds: float, max_record: int = 1 << 20,
        tls_ca: str = "", user: str = "", password: str = "", event_log: EventLog,
    ) -> None:  # fmt: skip
        self._bootstrap = bootstrap
        self._arguments = BrokerAccess(bootstrap, tls_ca, user, password).arguments()
        self._layout = TopicLayout(prefix, retain_seconds, max_record)
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
        """See gateway.ports.bus.Bus."""
        return self._link.broker is not None

    async def publish(self, records: Sequence[Record]) -> Sequence[str | None]:
        """See gateway.ports.bus.Bus.

        Takes at most about five seconds longer than the records need on a slow line, and no time while the broker is
        known to be down. A record over `max_record` is refused.
        """
        for record in records:
            find_topic(record.topic)
        if not records:
            return []
        broker = await self._link.wait()
        timeout = _CONFIRM_TIMEOUT + sum(len(record.value) for record in records) / _SLOWEST_RATE
        sent: list[asyncio.Future[RecordMetadata]] = []
        failure = ""
        try:
            async with asyncio.timeout(timeout):
                for record in records:
                    sent.append(await self._send(broker, record))
                await asyncio.wait(sent)
        except LOST as lost:
            failure = type(lost).__name__
        except asyncio.CancelledError:
            for future in sent:  # nobody will await them
                future.cancel()
            raise
        places: list[str | None] = []
        for record, future in zip(records, sent, strict=False):  # after a time-out fewer were sent than given
            error = _failure(future)
            if error is None:
                places.append(_place(broker, future.result()))
                continue
            if isinstance(error, _TOO_LARGE):
                places.append(REFUSED)
                self._event_log.record_refused(record.topic, type(error).__name__)
            else:
                places.append(None)
                failure = failure or type(error).__name__
        places += [None] * (len(records) - len(places))
        if failure:
            self._link.drop(broker, f"publish: {failure}")
        if not any(places) and REFUSED not in places:
            raise BusDown("no record was confirmed")
        return places

    async def _send(self, broker: BrokerLink, record: Record) -> asyncio.Future[RecordMetadata]:
        """The future of the record's confirmation. It has already failed if the record is too large.

        A too large record must not reach the broker: its refusal ends the sequence of an idempotent producer.
        """
        limit = self._layout.limit(find_topic(record.topic))
        if _size(record) > limit and record.topic == DEAD_LETTERS:
            record = _cut_dead_letter(record)
        if _size(record) > limit:
            refused: asyncio.Future[RecordMetadata] = asyncio.get_running_loop().create_future()
            refused.set_exception(MessageSizeTooLargeError())
            return refused
        sent: asyncio.Future[RecordMetadata] = await broker.producer.send(
            self._layout.name(record.topic), record.value, record.key, timestamp_ms=_NO_TIMESTAMP,
            headers=list(record.headers),
        )  # fmt: skip
        return sent

    @asynccontextmanager
    async def subscribe(
        self, topic: str, group: str, *, linger: float = 0.0
    ) -> AsyncIterator[KafkaSubscription]:  # fmt: skip
        """See gateway.ports.bus.Bus. Joins once there is a broker. Leaving gives uncommitted records to others."""
        find_topic(topic)
        member = KafkaSubscription(self._link, topic, group, linger)
        try:
            yield member
        finally:
            await member.leave()

    async def positions(self, topic: str, group: str, places: Sequence[str]) -> Sequence[RecordPosition]:
        """See gateway.ports.bus.Bus."""
        find_topic(topic)
        if not places:
            return []
        broker = await self._link.wait()
        try:
            async with asyncio.timeout(REQUEST):
                while True:
                    try:
                        return await self._positions(
                            broker, self._layout.name(topic), self._layout.group(group), places
                        )
                    except KafkaError as error:
                        if not error.retriable:
                            raise
                    await asyncio.sleep(_RETRY_PAUSE)  # a broker that has just started has no coordinator at first
        except LOST as error:
            self._link.check()
            raise BusDown(f"positions: {type(error).__name__}") from None

    async def _positions(
        self, broker: BrokerLink, topic: str, group: str, places: Sequence[str]
    ) -> Sequence[RecordPosition]:
        (described,) = await broker.admin.describe_topics([topic])
        known = {partition["partition"] for partition in described["partitions"]}
        located = [_locate(place, broker.cluster, topic, known) for place in places]
        partitions = sorted({location[0] for location in located if location is not None})
        if not partitions:
            return [RecordPosition.GONE] * len(located)
        committed = await broker.admin.list_consumer_group_offsets(group, partitions=partitions)
        start, end = await broker.reader.beginning_offsets(partitions), await broker.reader.end_offsets(partitions)
        if missing := set(partitions) - set(committed):
            raise GroupLoadInProgressError(f"{len(missing)} partitions")
        positions = {
            (tp, offset): position_of(offset, committed=committed[tp].offset, start=start[tp], end=end[tp])
            for tp, offset in filter(None, located)
        }
        return [positions[location] if location is not None else RecordPosition.GONE for location in located]

    async def inspect(self) -> list[str]:
        """What is wrong with the brokers and our topics, one line each. Needs no open link and creates no topic."""
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
    """Bytes of a record in a batch of its own, slightly overestimated."""
    return 192 + len(record.key) + len(record.value) + sum(32 + len(name) + len(of) for name, of in record.headers)


def _locate(place: str, cluster: str, topic: str, known: Collection[int]) -> tuple[TopicPartition, int] | None:
    """Partition and offset of a place, None if it is not one of this cluster."""
    match parse_place(place):
        case (epoch, partition, offset) if epoch == cluster and partition in known:
            return TopicPartition(topic, partition), offset
        case _:
            return None


def _cut_dead_letter(letter: Record) -> Record:
    """A dead letter that is too large, reduced to where the record is, what is wrong with it, and its size."""
    headers = tuple(header for header in letter.headers[-len(LETTER_HEADERS) :] if header[0] in LETTER_HEADERS)
    return Record(letter.topic, b"", b"", (*headers, ("bytes", str(len(letter.value)).encode())))


def _failure(future: asyncio.Future[RecordMetadata]) -> BaseException | None:
    """Why a record is not confirmed, None if it is. A pending one is canceled."""
    if not future.done():
        future.cancel()
        return TimeoutError()
    if future.cancelled():
        return TimeoutError()
    return future.exception()


def _place(broker: BrokerLink, written: RecordMetadata) -> str | None:
    """The place of a confirmed record, None if the broker had it already and no longer knows its offset."""
    return place_of(broker.cluster, written.partition, written.offset) if written.offset >= 0 else None
