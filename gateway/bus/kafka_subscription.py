"""One member of a consumer group on Kafka, made anew with every life of the link."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener
from aiokafka.errors import CommitFailedError, IllegalStateError
from aiokafka.structs import TopicPartition

from gateway.bus.kafka_link import LOST, REQUEST, Broker, Link
from gateway.ports import BusDown, Record

_STALLED = 30.0  # seconds without a record, while there are some, after which the consumer is made anew
_LEAVE = 3.0  # seconds for telling the group that a member leaves


class KafkaSubscription(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka is untyped
    """One member of a group on one topic of a KafkaBus."""

    def __init__(self, link: Link, topic: str, group: str) -> None:
        self._link = link
        self._topic = topic
        self._name = link.layout.name(topic)
        self._group = link.layout.group(group)
        self._consumer: AIOKafkaConsumer | None = None
        self._life: Broker | None = None
        self._assigned: set[TopicPartition] | None = None
        self._handed: dict[TopicPartition, int] = {}
        self._committed: dict[TopicPartition, int] = {}
        self._last = time.monotonic()

    async def batch(self, limit: int, wait: float) -> Sequence[Record]:
        """Up to `limit` next records, waiting at most `wait` seconds for the first. Raises BusDown."""
        end = time.monotonic() + wait
        try:
            consumer = await self._member(wait)
            left = max(end - time.monotonic(), 0.001)
            # a rebalance has aiokafka wait for as long as it takes
            async with asyncio.timeout(left + 0.1):
                taken = await consumer.getmany(timeout_ms=int(left * 1000), max_records=limit)
        except TimeoutError:
            taken = {}
        except LOST as error:
            raise self._lost("batch", error) from None
        records = []
        for partition, each in taken.items():
            self._handed[partition] = each[-1].offset + 1
            records += [
                Record(
                    self._topic, one.key or b"", one.value or b"", tuple(one.headers), one.partition, one.offset
                )
                for one in each
            ]  # fmt: skip
        if records:
            self._last = time.monotonic()
        elif time.monotonic() - self._last > _STALLED:
            await self._look_for_a_stall()
        return records

    async def commit(self) -> None:
        """Commit every record handed out since the last rebalance. Raises BusDown."""
        if self._consumer is None or self._life is not self._link.broker:
            raise BusDown("commit: the link was lost since these records were handed out")
        offsets = dict(self._handed)
        if not offsets:
            return
        try:
            async with asyncio.timeout(REQUEST):
                await self._consumer.commit(offsets)
        except (CommitFailedError, IllegalStateError):
            # a rebalance: the new owner goes on from what was committed before
            self._handed = {}
            return
        except LOST as error:
            raise self._lost("commit", error) from None
        self._committed |= offsets
        self._handed = {tp: offset for tp, offset in self._handed.items() if offsets.get(tp) != offset}

    async def rewind(self) -> None:
        """Go back to what is committed. Raises BusDown; then too, what was not committed comes again."""
        self._handed = {}
        if self._consumer is None or self._life is not self._link.broker:
            return  # the next consumer begins at what is committed
        try:
            async with asyncio.timeout(REQUEST):
                for partition in self._assigned or ():
                    committed = await self._consumer.committed(partition)
                    if committed is None:
                        await self._consumer.seek_to_beginning(partition)
                    else:
                        self._consumer.seek(partition, committed)
        except IllegalStateError:
            return  # a rebalance: what is assigned anew begins at what is committed
        except LOST as error:
            self._life = None  # not known how far it came: the next call makes a new consumer
            raise self._lost("rewind", error) from None

    async def lag(self) -> int:
        """Records of its partitions that the group has yet to commit; of all until it has joined. Raises BusDown."""
        if self._consumer is None or self._life is not self._link.broker:
            raise BusDown("lag: no link")
        try:
            async with asyncio.timeout(REQUEST):
                return await self._lag(self._consumer)
        except LOST as error:
            raise self._lost("lag", error) from None

    async def _lag(self, consumer: AIOKafkaConsumer) -> int:
        if self._assigned is None:  # not yet a member: what it waits for counts, lest a stuck group look idle
            asked = {TopicPartition(self._name, number) for number in consumer.partitions_for_topic(self._name) or ()}
        else:
            asked = set(self._assigned)
        if not asked:
            return 0
        committed = self._committed  # a rebalance meanwhile puts another one in its place
        for partition in asked - set(committed):
            committed[partition] = await consumer.committed(partition) or 0
        ends = await consumer.end_offsets(asked)
        unread = [partition for partition in asked if not committed[partition]]
        starts = await consumer.beginning_offsets(unread) if unread else {}
        return sum(max(0, ends[each] - max(committed[each], starts.get(each, 0))) for each in asked)

    async def leave(self) -> None:
        """Be a member no longer."""
        consumer, self._consumer, self._life = self._consumer, None, None
        self._assigned, self._handed, self._committed = None, {}, {}
        if consumer is not None:
            # the group must hear of it before somebody else joins, or that one waits for this one to time out
            await asyncio.wait([self._link.in_background(consumer.stop())], timeout=_LEAVE)

    async def _member(self, wait: float) -> AIOKafkaConsumer:
        """The consumer of this life of the link, made where there is none; it joins its group in the background."""
        broker = await self._link.wait(wait)
        if self._consumer is None or self._life is not broker:
            await self.leave()
            consumer = AIOKafkaConsumer(
                **self._link.arguments,
                group_id=self._group,
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                heartbeat_interval_ms=1000,  # a rebalance is heard of with a heartbeat
            )
            try:
                async with asyncio.timeout(REQUEST):
                    await consumer.start()
            except BaseException as error:
                self._link.in_background(consumer.stop())
                if isinstance(error, LOST):
                    raise self._lost("join", error) from None
                raise
            consumer.subscribe([self._name], listener=self)
            self._consumer, self._life, self._last = consumer, broker, time.monotonic()
        return self._consumer

    def _lost(self, during: str, error: BaseException) -> BusDown:
        self._link.look()
        if not isinstance(error, TimeoutError):
            self._life = None  # aiokafka does not recover from what it raises here
        return BusDown(f"{during}: {type(error).__name__}")

    async def _look_for_a_stall(self) -> None:
        """Make the consumer anew where records wait and none comes: aiokafka gives no other sign of being stuck."""
        self._last = time.monotonic()
        if await self.lag():
            self._life = None

    def on_partitions_revoked(self, revoked: Sequence[TopicPartition]) -> None:
        """A rebalance begins: what was handed out is no longer ours to commit."""
        self._assigned, self._handed, self._committed = None, {}, {}

    def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        """A rebalance ended."""
        self._assigned, self._committed = set(assigned), {}
        self._last = time.monotonic()
