"""One member of a consumer group on Kafka. It gets a new consumer whenever the link is opened again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener
from aiokafka.errors import CommitFailedError, IllegalStateError
from aiokafka.structs import ConsumerRecord, TopicPartition

from gateway.bus.kafka_link import LOST, REQUEST, BrokerLink, KafkaLink
from gateway.bus.topics import next_offsets
from gateway.ports.bus import BusDown, Record

_STALLED = 30.0  # seconds without a record, although there are some, after which the consumer is replaced
_METADATA_MAX_AGE = 10_000  # milliseconds until a recreated topic, or one with more partitions, is noticed
_ENOUGH = 1 << 20  # bytes that are fetched at once by a member whose records may linger
_LEAVE_TIMEOUT = 3.0  # seconds to tell the group that a member leaves


class _GroupMember(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka is untyped
    """One consumer, its partitions and offsets, for the lifetime of one link.

    `assigned` is None until the consumer has joined. `handed` are the offsets to commit for records handed out,
    `committed` the offsets known to be committed.
    """

    def __init__(self, consumer: AIOKafkaConsumer, link: BrokerLink) -> None:
        self.consumer = consumer
        self.link: BrokerLink | None = link
        self.assigned: set[TopicPartition] | None = None
        self.handed: dict[TopicPartition, int] = {}
        self.committed: dict[TopicPartition, int] = {}
        self.last = time.monotonic()  # when it last got a record, or partitions

    def on_partitions_revoked(self, revoked: Sequence[TopicPartition]) -> None:
        """A rebalance begins: records handed out can no longer be committed."""
        self.assigned, self.handed, self.committed = None, {}, {}

    def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        """A rebalance ended."""
        self.assigned, self.committed, self.last = set(assigned), {}, time.monotonic()


class KafkaSubscription:
    """One member of a group on one topic of a KafkaBus."""

    def __init__(self, link: KafkaLink, topic: str, group: str, linger: float = 0.0) -> None:
        self._link = link
        self._topic = topic
        self._fetching = {} if not linger else {"fetch_min_bytes": _ENOUGH, "fetch_max_wait_ms": int(linger * 1000)}
        self._name = link.layout.name(topic)
        self._group = link.layout.group(group)
        self._member: _GroupMember | None = None

    async def batch(self, limit: int, wait: float) -> Sequence[Record]:
        """See gateway.ports.bus.Subscription."""
        end = time.monotonic() + wait
        member = await self._join(wait)
        left = max(end - time.monotonic(), 0.001)
        try:
            # aiokafka ignores its own time-out while the group rebalances
            async with asyncio.timeout(left + 0.1):
                taken = await member.consumer.getmany(timeout_ms=int(left * 1000), max_records=limit)
        except TimeoutError:
            taken = {}
        except LOST as error:
            raise self._lost("batch", error) from None
        records = [self._record(record) for fetched in taken.values() for record in fetched]
        member.handed |= {partition: fetched[-1].offset + 1 for partition, fetched in taken.items()}
        if records:
            member.last = time.monotonic()
        elif time.monotonic() - member.last > _STALLED:
            member.last = time.monotonic()
            if await self._broker_lag(member):  # records remain and none comes: it is stuck
                await self.leave()
        return records

    def _record(self, fetched: ConsumerRecord) -> Record:
        key, value = fetched.key or b"", fetched.value or b""
        return Record(self._topic, key, value, tuple(fetched.headers), fetched.partition, fetched.offset)

    async def commit(self, records: Sequence[Record] | None = None) -> None:
        """See gateway.ports.bus.Subscription. Raises BusDown."""
        member = self._present("commit")
        offsets = dict(member.handed)
        if records is not None:
            done = next_offsets(records)
            offsets = {tp: min(done[tp.partition], end) for tp, end in offsets.items() if tp.partition in done}
        if not offsets:
            return
        try:
            async with asyncio.timeout(REQUEST):
                await member.consumer.commit(offsets)
        except (CommitFailedError, IllegalStateError):
            member.handed = {}  # a rebalance: the new owner starts at the last commit
            return
        except LOST as error:
            raise self._lost("commit", error) from None
        member.committed |= offsets
        member.handed = {tp: offset for tp, offset in member.handed.items() if offsets.get(tp) != offset}

    async def rewind(self) -> None:
        """See gateway.ports.bus.Subscription. Raises BusDown; uncommitted records come again then, too."""
        member = self._member
        if member is None or member.link is not self._link.broker:
            return  # the next consumer starts at the last commit
        member.handed = {}
        try:
            async with asyncio.timeout(REQUEST):
                for partition in member.assigned or ():
                    committed = await member.consumer.committed(partition)
                    if committed is None:
                        await member.consumer.seek_to_beginning(partition)
                    else:
                        member.consumer.seek(partition, committed)
        except IllegalStateError:
            return  # a rebalance: newly assigned partitions start at the last commit
        except LOST as error:
            await self.leave()  # the position is unknown, so the next call creates a new consumer
            raise self._lost("rewind", error) from None

    async def lag(self) -> int:
        """See gateway.ports.bus.Subscription. Counts all partitions until it has joined. Raises BusDown.

        The ends of partitions come with every fetch. A question of our own would wait behind the fetch's long poll.
        """
        member = self._present("lag")
        if member.assigned is not None and member.assigned <= member.committed.keys():
            try:
                ends = {partition: member.consumer.highwater(partition) for partition in member.assigned}
            except (AssertionError, IllegalStateError):
                ends = {}  # a rebalance has just begun
            known = {partition: end for partition, end in ends.items() if end is not None}
            uncommitted = any(end and not member.committed[partition] for partition, end in known.items())
            if len(known) == len(member.assigned) and not uncommitted:  # else retention may have moved the start
                return sum(max(0, end - member.committed[partition]) for partition, end in known.items())
        return await self._broker_lag(member)

    async def _broker_lag(self, member: _GroupMember) -> int:
        """The lag by the broker's own figures. Raises BusDown."""
        try:
            async with asyncio.timeout(REQUEST):
                return await self._ask_lag(member)
        except LOST as error:
            raise self._lost("lag", error) from None

    async def _ask_lag(self, member: _GroupMember) -> int:
        if member.assigned is None:  # count all partitions, so that a group that cannot join does not look idle
            numbers = member.consumer.partitions_for_topic(self._name) or ()
            partitions = {TopicPartition(self._name, number) for number in numbers}
        else:
            partitions = set(member.assigned)
        if not partitions:
            return 0
        committed = member.committed  # a rebalance during an await replaces the attribute
        for partition in partitions - set(committed):
            committed[partition] = await member.consumer.committed(partition) or 0
        ends = await member.consumer.end_offsets(partitions)
        uncommitted = [partition for partition in partitions if not committed[partition]]
        starts = await member.consumer.beginning_offsets(uncommitted) if uncommitted else {}
        return sum(
            max(0, ends[partition] - max(committed[partition], starts.get(partition, 0))) for partition in partitions
        )

    async def leave(self) -> None:
        """Leave the group."""
        member, self._member = self._member, None
        if member is not None:
            # the group must know before another member joins, or that one waits for this one to time out
            await asyncio.wait([self._link.in_background(_stop(member.consumer))], timeout=_LEAVE_TIMEOUT)

    async def _join(self, wait: float) -> _GroupMember:
        """The member on the open link, created if there is none. It joins its group in the background."""
        broker = await self._link.wait(wait)
        if self._member is not None and self._member.link is not broker:
            await self.leave()
        if self._member is None:
            consumer = AIOKafkaConsumer(
                **self._link.arguments,
                group_id=self._group,
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                heartbeat_interval_ms=1000,  # a member learns of a rebalance by its heartbeat
                metadata_max_age_ms=_METADATA_MAX_AGE,
                **self._fetching,
            )
            try:
                async with asyncio.timeout(REQUEST):
                    await consumer.start()
            except BaseException as error:
                self._link.in_background(_stop(consumer))
                if isinstance(error, LOST):
                    raise self._lost("join", error) from None
                raise
            self._member = _GroupMember(consumer, broker)
            consumer.subscribe([self._name], listener=self._member)
        return self._member

    def _present(self, during: str) -> _GroupMember:
        member = self._member
        if member is None or member.link is not self._link.broker:
            raise BusDown(f"{during}: the link was lost")
        return member

    def _lost(self, during: str, error: BaseException) -> BusDown:
        self._link.check()
        if self._member is not None and not isinstance(error, TimeoutError):
            self._member.link = None  # aiokafka does not recover from these errors
        return BusDown(f"{during}: {type(error).__name__}")


async def _stop(consumer: AIOKafkaConsumer) -> None:
    """Stop a consumer, also one whose coordinator has failed: `stop` raises that failure before it has closed all."""
    try:
        await consumer.stop()
    except LOST:
        if consumer._fetcher is not None:
            await consumer._fetcher.close()
        await consumer._client.close()
