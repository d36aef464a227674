"""The link to a Kafka cluster: made in the background, watched, dropped when in doubt and made again.

Nothing of it ever stops a gateway from starting. While there is no link, callers get BusDown at once; a link that a
caller doubts is dropped with its producer, because aiokafka's idempotent producer never gives a record up.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaConnectionError, KafkaError

from gateway.bus.kafka_topics import Layout
from gateway.bus.topics import TOPICS
from gateway.observability.events import EventLog
from gateway.ports.bus import BusDown

LOST = (KafkaError, OSError, TimeoutError)
"""What aiokafka raises when brokers do not answer."""

REQUEST = 5.0  # seconds that a small request may take
_CONNECT = 15.0  # seconds to make a whole link
_LOOK = 2.0  # seconds between two looks at a link that nobody doubts
_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 2.0
_LINGER = 3.0  # seconds that an orderly close may take
_BATCH = 1 << 20  # bytes of one batch of records to one partition
_BATCH_HEAD = 1024  # bytes of a batch beside its records, and more


@dataclass(frozen=True, eq=False, slots=True)
class Broker:
    """One life of the link; `cluster` is the cluster's id."""

    admin: AIOKafkaAdminClient
    producer: AIOKafkaProducer
    reader: AIOKafkaConsumer
    cluster: str


class Reasons(logging.Handler):
    """What aiokafka's own loggers say, kept instead of told: of the last error its type.

    aiokafka logs every attempt of every client, and only there why it failed; what it means for the gateway, the
    journal says once.
    """

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self._word = ""

    def listen(self) -> None:
        """Take aiokafka's loggers over, for this process."""
        library = logging.getLogger("aiokafka")
        library.propagate = False
        library.setLevel(logging.ERROR)
        library.handlers = [self]

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the type of the exception that a record tells of."""
        told = [each for each in record.args or () if isinstance(each, BaseException)]
        if told:
            self._word = type(told[-1]).__name__

    def of(self, error: BaseException) -> str:
        """A word for an error: where aiokafka says no more than that it could not connect, the reason it logged."""
        word, self._word = self._word, ""
        return word if word and isinstance(error, KafkaConnectionError) else type(error).__name__


REASONS = Reasons()


class KafkaLink:
    """`arguments` are those that every aiokafka client takes."""

    def __init__(self, arguments: dict[str, Any], layout: Layout, event_log: EventLog) -> None:
        self.arguments, self.layout = arguments, layout
        self._event_log = event_log
        self._broker: Broker | None = None
        self._changed = asyncio.Event()
        self._tried = asyncio.Event()
        self._doubt = ""
        self._look = asyncio.Event()
        self._told_lost = False
        self._stopped = False
        self._keeper: asyncio.Task[None] | None = None
        self._closing: set[asyncio.Task[None]] = set()

    @property
    def broker(self) -> Broker | None:
        """The link as it is now."""
        return self._broker

    async def wait(self, seconds: float = 0.0) -> Broker:
        """The broker, waiting at most so long for it; at the start, as long as a first attempt may take.

        Raises BusDown.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(REQUEST):
                await self._tried.wait()
        if self._broker is None and seconds > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    while self._broker is None:
                        self._changed.clear()
                        await self._changed.wait()
        if self._broker is None:
            raise BusDown("no Kafka broker answers")
        return self._broker

    def doubt(self, broker: Broker, during: str) -> None:
        """Drop this link: something did not come back that should have."""
        if broker is self._broker:
            self._doubt = during
            self._look.set()

    def look(self) -> None:
        """Look now whether the broker answers."""
        self._look.set()

    def in_background(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Let something be closed in its own time; the link's own close waits for it, within bounds."""
        task = asyncio.create_task(work)
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
        return task

    async def open(self) -> None:
        """Begin to keep the link; returns at once."""
        self._keeper = asyncio.create_task(self._keep())

    async def close(self) -> None:
        """Let go of the brokers."""
        self._stopped = True
        while self._keeper is not None and not self._keeper.done():
            self._keeper.cancel()  # aiokafka's close can swallow one
            await asyncio.wait([self._keeper], timeout=2 * _LINGER)
        if self._closing:
            await asyncio.wait(self._closing, timeout=_LINGER)
        for task in self._closing:
            task.cancel()

    async def _keep(self) -> None:
        pause = _FIRST_PAUSE
        while not self._stopped:
            async with AsyncExitStack() as stack:
                try:
                    async with asyncio.timeout(_CONNECT):
                        broker = await self._connect(stack)
                except LOST as error:
                    self._lost(f"connect: {REASONS.of(error)}")
                else:
                    pause = _FIRST_PAUSE
                    self._found(broker)
                    try:
                        during = await self._watch(broker)
                    finally:
                        self._broker = None
                    self._lost(during)
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def _connect(self, stack: AsyncExitStack) -> Broker:
        """Everything that one life of the link needs; `stack` closes what was opened, also after a failure."""
        small = {**self.arguments, "request_timeout_ms": int(REQUEST * 1000)}
        admin = AIOKafkaAdminClient(**small)
        stack.push_async_callback(admin.close)
        await admin.start()
        await self.layout.make_absent(admin)
        reader = AIOKafkaConsumer(**small)
        stack.push_async_callback(reader.stop)
        await reader.start()
        producer = AIOKafkaProducer(
            **self.arguments,
            enable_idempotence=True,
            acks="all",
            max_request_size=self.layout.longest,
            # the broker's bound is on a batch as on a record, and it refuses all that is in one
            max_batch_size=min(_BATCH, self.layout.max_record - _BATCH_HEAD),
            request_timeout_ms=15_000,
        )
        stack.push_async_callback(_abandon, producer)
        await producer.start()
        cluster = (await admin.describe_cluster()).get("cluster_id") or ""
        return Broker(admin, producer, reader, cluster)

    async def _watch(self, broker: Broker) -> str:
        """Return why the link is lost, when it is."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK):
                    await self._look.wait()
            self._look.clear()
            if self._doubt:
                return self._doubt
            try:
                async with asyncio.timeout(REQUEST):
                    await _look_at(broker.admin, [self.layout.name(topic) for topic in TOPICS])
            except LOST as error:
                return f"look: {type(error).__name__}"

    def _found(self, broker: Broker) -> None:
        self._broker, self._doubt = broker, ""
        self._tried.set()
        self._look.clear()
        self._changed.set()
        if self._told_lost:
            self._told_lost = False
            self._event_log.bus_found()

    def _lost(self, during: str) -> None:
        self._tried.set()
        if not self._told_lost:
            self._told_lost = True
            self._event_log.bus_lost(during)


async def _look_at(admin: AIOKafkaAdminClient, topics: list[str], tries: int = 3) -> None:
    """One small request; another broker may answer where the first one asked is gone. Raises what LOST names."""
    for left in reversed(range(tries)):
        try:
            await admin.describe_topics(topics)
        except LOST:
            if not left:
                raise
        else:
            return


async def _abandon(producer: AIOKafkaProducer) -> None:
    """Close a producer without waiting for records that the broker has not confirmed.

    `AIOKafkaProducer.stop` waits until they all are, for ever while the broker is away. Their callers have given
    them up, so the sender is ended first and what is left fails.
    """
    task: asyncio.Task[None] | None = producer._sender.sender_task
    if task is not None:
        for _ in range(2):  # the first cancel lets requests in flight end, the second one does not
            task.cancel()
            await asyncio.wait([task], timeout=_LINGER)
            if task.done():
                break
        producer._message_accumulator.fail_all(KafkaConnectionError("given up"))
    try:
        async with asyncio.timeout(_LINGER):
            await producer.stop()
    except TimeoutError:
        await producer.client.close()
