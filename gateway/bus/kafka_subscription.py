"""One member of a consumer group on Kafka, made anew with every life of the link."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener
from aiokafka.errors import CommitFailedError, IllegalStateError
from aiokafka.structs import ConsumerRecord, TopicPartition

from gateway.bus.kafka_link import LOST, REQUEST, Broker, KafkaLink
from gateway.ports.bus import BusDown, Record

_STALLED = 30.0  # seconds without a record, while there are some, after which the consumer is made anew
_TOPIC_SEEN_ANEW = 10_000  # milliseconds until a topic that was made anew, or has more partitions, is noticed
_LEAVE = 3.0  # seconds for telling the group that a member leaves


class _Membership(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka is untyped
    """One consumer and what it has been given; it dies with its life of the link.

    `assigned` is None until it has joined, `handed` the offsets to commit for what was handed out, `committed` what
    is known to be committed.
    """

    def __init__(self, consumer: AIOKafkaConsumer, life: Broker) -> None:
        self.consumer = consumer
        self.life: Broker | None = life
        self.assigned: set[TopicPartition] | None = None
        self.handed: dict[TopicPartition, int] = {}
        self.committed: dict[TopicPartition, int] = {}
        self.last = time.monotonic()  # when it was last given a record, or partitions

    def on_partitions_revoked(self, revoked: Sequence[TopicPartition]) -> None:
        """A rebalance begins: what was handed out is no longer ours to commit."""
        self.assigned, self.handed, self.committed = None, {}, {}

    def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        """A rebalance ended."""
        self.assigned, self.committed, self.last = set(assigned), {}, time.monotonic()


class KafkaSubscription:
    """One member of a group on one topic of a KafkaBus."""

    def __init__(self, link: KafkaLink, topic: str, group: str) -> None:
        self._link = link
        self._topic = topic
        self._name = link.layout.name(topic)
        self._group = link.layout.group(group)
        self._member: _Membership | None = None

    async def batch(self, limit: int, wait: float) -> Sequence[Record]:
        """Up to `limit` next records, waiting at most `wait` seconds for the first. Raises BusDown."""
        end = time.monotonic() + wait
        member = await self._joined(wait)
        left = max(end - time.monotonic(), 0.001)
        try:
            # while the group rebalances aiokafka waits for as long as that takes
            async with asyncio.timeout(left + 0.1):
                taken = await member.consumer.getmany(timeout_ms=int(left * 1000), max_records=limit)
        except TimeoutError:
            taken = {}
        except LOST as error:
            raise self._lost("batch", error) from None
        records = [self._record(one) for each in taken.values() for one in each]
        member.handed |= {partition: each[-1].offset + 1 for partition, each in taken.items()}
        if records:
            member.last = time.monotonic()
        elif time.monotonic() - member.last > _STALLED:
            member.last = time.monotonic()
            if await self.lag():  # records wait and none comes: aiokafka gives no other sign of being stuck
                await self.leave()
        return records

    def _record(self, one: ConsumerRecord) -> Record:
        key, value = one.key or b"", one.value or b""
        return Record(self._topic, key, value, tuple(one.headers), one.partition, one.offset)

    async def commit(self) -> None:
        """Commit every record handed out since the last rebalance. Raises BusDown."""
        member = self._present("commit")
        offsets = dict(member.handed)
        if not offsets:
            return
        try:
            async with asyncio.timeout(REQUEST):
                await member.consumer.commit(offsets)
        except (CommitFailedError, IllegalStateError):
            member.handed = {}  # a rebalance: the new owner goes on from what was committed before
            return
        except LOST as error:
            raise self._lost("commit", error) from None
        member.committed |= offsets
        member.handed = {tp: offset for tp, offset in member.handed.items() if offsets.get(tp) != offset}

    async def rewind(self) -> None:
        """Go back to what is committed. Raises BusDown; then too, what was not committed comes again."""
        member = self._member
        if member is None or member.life is not self._link.broker:
            return  # the next consumer begins at what is committed
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
            return  # a rebalance: what is assigned anew begins at what is committed
        except LOST as error:
            await self.leave()  # not known how far it came, so the next call makes a new consumer
            raise self._lost("rewind", error) from None

    async def lag(self) -> int:
        """Records of its partitions that the group has yet to commit; of all until it has joined. Raises BusDown."""
        member = self._present("lag")
        try:
            async with asyncio.timeout(REQUEST):
                return await self._lag(member)
        except LOST as error:
            raise self._lost("lag", error) from None

    async def _lag(self, member: _Membership) -> int:
        if member.assigned is None:  # what it waits for counts, lest a group that is stuck look idle
            numbers = member.consumer.partitions_for_topic(self._name) or ()
            asked = {TopicPartition(self._name, number) for number in numbers}
        else:
            asked = set(member.assigned)
        if not asked:
            return 0
        committed = member.committed  # a rebalance meanwhile puts another one in its place
        for partition in asked - set(committed):
            committed[partition] = await member.consumer.committed(partition) or 0
        ends = await member.consumer.end_offsets(asked)
        unread = [partition for partition in asked if not committed[partition]]
        starts = await member.consumer.beginning_offsets(unread) if unread else {}
        return sum(max(0, ends[each] - max(committed[each], starts.get(each, 0))) for each in asked)

    async def leave(self) -> None:
        """Be a member no longer."""
        member, self._member = self._member, None
        if member is not None:
            # the group must hear of it before somebody else joins, or that one waits for this one to time out
            await asyncio.wait([self._link.in_background(_dismiss(member.consumer))], timeout=_LEAVE)

    async def _joined(self, wait: float) -> _Membership:
        """The member of this life of the link, made where there is none; it joins its group in the background."""
        broker = await self._link.wait(wait)
        if self._member is not None and self._member.life is not broker:
            await self.leave()
        if self._member is None:
            consumer = AIOKafkaConsumer(
                **self._link.arguments,
                group_id=self._group,
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                heartbeat_interval_ms=1000,  # a rebalance is heard of with a heartbeat
                metadata_max_age_ms=_TOPIC_SEEN_ANEW,
            )
            try:
                async with asyncio.timeout(REQUEST):
                    await consumer.start()
            except BaseException as error:
                self._link.in_background(_dismiss(consumer))
                if isinstance(error, LOST):
                    raise self._lost("join", error) from None
                raise
            self._member = _Membership(consumer, broker)
            consumer.subscribe([self._name], listener=self._member)
        return self._member

    def _present(self, during: str) -> _Membership:
        member = self._member
        if member is None or member.life is not self._link.broker:
            raise BusDown(f"{during}: the link was lost")
        return member

    def _lost(self, during: str, error: BaseException) -> BusDown:
        self._link.look()
        if self._member is not None and not isinstance(error, TimeoutError):
            self._member.life = None  # aiokafka does not recover from what it raises here
        return BusDown(f"{during}: {type(error).__name__}")


async def _dismiss(consumer: AIOKafkaConsumer) -> None:
    """Stop a consumer, also one whose coordination has failed: `stop` raises that failure before it has closed all."""
    try:
        await consumer.stop()
    except LOST:
        if consumer._fetcher is not None:
            await consumer._fetcher.close()
        await consumer._client.close()
