"""The link to a Kafka cluster: opened in the background, watched, dropped after a failure and opened again.

A broker that is down never stops a gateway from starting. While there is no link, callers get BusDown at once. After a
failure the link is dropped with its producer, because aiokafka's idempotent producer never gives up a record.
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

from gateway.bus.kafka_topics import TopicLayout
from gateway.bus.topics import TOPICS
from gateway.observability.events import EventLog
from gateway.ports.bus import BusDown

LOST = (KafkaError, OSError, TimeoutError, RuntimeError)
"""What aiokafka raises when brokers do not answer. RuntimeError: uvloop, where aiokafka uses a closed connection."""

REQUEST = 5.0  # seconds that a small request may take
_CONNECT_TIMEOUT = 15.0  # seconds to open a whole link
_CHECK_EVERY = 2.0  # seconds between two checks of the link
_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 2.0
_CLOSE_TIMEOUT = 3.0  # seconds that an orderly close may take
_BATCH = 1 << 20  # bytes of one batch of records to one partition
_BATCH_HEAD = 1024  # bytes of a batch besides its records, overestimated


@dataclass(frozen=True, eq=False, slots=True)
class BrokerLink:
    """The clients of one open link. `cluster` is the cluster's id."""

    admin: AIOKafkaAdminClient
    producer: AIOKafkaProducer
    reader: AIOKafkaConsumer
    cluster: str


class LoggedReasons(logging.Handler):
    """Swallows the log of aiokafka and remembers the type of the last logged error.

    aiokafka logs every attempt of every client, and says why it failed only in its log. The gateway's event log reports
    a lost broker once.
    """

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self._name = ""

    def listen(self) -> None:
        """Take over aiokafka's loggers in this process."""
        library = logging.getLogger("aiokafka")
        library.propagate = False
        library.setLevel(logging.ERROR)
        library.handlers = [self]

    def emit(self, record: logging.LogRecord) -> None:
        """Remember the type of the exception in a log record."""
        errors = [argument for argument in record.args or () if isinstance(argument, BaseException)]
        if errors:
            self._name = type(errors[-1]).__name__

    def of(self, error: BaseException) -> str:
        """The name of an error. For a connection error without details, the name of the error that aiokafka logged."""
        name, self._name = self._name, ""
        return name if name and isinstance(error, KafkaConnectionError) else type(error).__name__


REASONS = LoggedReasons()


class KafkaLink:
    """Keeps a link open. `arguments` are those of every aiokafka client."""

    def __init__(self, arguments: dict[str, Any], layout: TopicLayout, event_log: EventLog) -> None:
        self.arguments, self.layout = arguments, layout
        self._event_log = event_log
        self._broker: BrokerLink | None = None
        self._changed = asyncio.Event()
        self._tried = asyncio.Event()
        self._failure = ""
        self._check_now = asyncio.Event()
        self._logged_lost = False
        self._stopped = False
        self._keeper: asyncio.Task[None] | None = None
        self._closing: set[asyncio.Task[None]] = set()

    @property
    def broker(self) -> BrokerLink | None:
        """The open link, None while there is none."""
        return self._broker

    async def wait(self, seconds: float = 0.0) -> BrokerLink:
        """The open link. Waits at most `seconds` for it, and for the end of the very first attempt. Raises BusDown."""
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

    def drop(self, broker: BrokerLink, failure: str) -> None:
        """Drop this link after a failure, if it is still the open one."""
        if broker is self._broker:
            self._failure = failure
            self._check_now.set()

    def check(self) -> None:
        """Check now whether the broker answers."""
        self._check_now.set()

    def in_background(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Close something in the background. `close` waits for it, for a bounded time."""
        task = asyncio.create_task(work)
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
        return task

    async def open(self) -> None:
        """Start to keep the link open. Returns at once."""
        self._keeper = asyncio.create_task(self._keep())

    async def close(self) -> None:
        """Close the link and everything that is closing in the background."""
        self._stopped = True
        while self._keeper is not None and not self._keeper.done():
            self._keeper.cancel()  # repeated: aiokafka's close can swallow a cancellation
            await asyncio.wait([self._keeper], timeout=2 * _CLOSE_TIMEOUT)
        if self._closing:
            await asyncio.wait(self._closing, timeout=_CLOSE_TIMEOUT)
        for task in self._closing:
            task.cancel()

    async def _keep(self) -> None:
        pause = _FIRST_PAUSE
        while not self._stopped:
            async with AsyncExitStack() as stack:
                try:
                    async with asyncio.timeout(_CONNECT_TIMEOUT):
                        broker = await self._connect(stack)
                except LOST as error:
                    self._lost(f"connect: {REASONS.of(error)}")
                else:
                    pause = _FIRST_PAUSE
                    self._found(broker)
                    try:
                        failure = await self._watch(broker)
                    finally:
                        self._broker = None
                    self._lost(failure)
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def _connect(self, stack: AsyncExitStack) -> BrokerLink:
        """Open all clients of a link. `stack` closes what was opened, also after a failure."""
        small = {**self.arguments, "request_timeout_ms": int(REQUEST * 1000)}
        admin = AIOKafkaAdminClient(**small)
        stack.push_async_callback(admin.close)
        await admin.start()
        await self.layout.create_missing(admin)
        reader = AIOKafkaConsumer(**small)
        stack.push_async_callback(reader.stop)
        await reader.start()
        producer = AIOKafkaProducer(
            **self.arguments,
            enable_idempotence=True,
            acks="all",
            max_request_size=self.layout.longest,
            # the broker applies its limit to whole batches, and refuses every record of a larger one
            max_batch_size=min(_BATCH, self.layout.max_record - _BATCH_HEAD),
            request_timeout_ms=15_000,
        )
        stack.push_async_callback(_abandon, producer)
        await producer.start()
        cluster = (await admin.describe_cluster()).get("cluster_id") or ""
        return BrokerLink(admin, producer, reader, cluster)

    async def _watch(self, broker: BrokerLink) -> str:
        """Check the link until it fails. Returns the failure."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_CHECK_EVERY):
                    await self._check_now.wait()
            self._check_now.clear()
            if self._failure:
                return self._failure
            try:
                async with asyncio.timeout(REQUEST):
                    await _probe(broker.admin, [self.layout.name(topic) for topic in TOPICS])
            except LOST as error:
                return f"check: {type(error).__name__}"

    def _found(self, broker: BrokerLink) -> None:
        self._broker, self._failure = broker, ""
        self._tried.set()
        self._check_now.clear()
        self._changed.set()
        if self._logged_lost:
            self._logged_lost = False
            self._event_log.bus_restored()

    def _lost(self, failure: str) -> None:
        self._tried.set()
        if not self._logged_lost:
            self._logged_lost = True
            self._event_log.bus_lost(failure)


async def _probe(admin: AIOKafkaAdminClient, topics: list[str], tries: int = 3) -> None:
    """One small request, repeated because another broker may answer if the first is down. Raises the errors of LOST."""
    for left in reversed(range(tries)):
        try:
            await admin.describe_topics(topics)
        except LOST:
            if not left:
                raise
        else:
            return


async def _abandon(producer: AIOKafkaProducer) -> None:
    """Close a producer without waiting for unconfirmed records.

    `AIOKafkaProducer.stop` waits for them, forever while the broker is down. Their callers have given up, so the sender
    task is ended first and the remaining records fail.
    """
    task: asyncio.Task[None] | None = producer._sender.sender_task
    if task is not None:
        for _ in range(2):  # the first cancel lets requests in flight finish, the second does not
            task.cancel()
            await asyncio.wait([task], timeout=_CLOSE_TIMEOUT)
            if task.done():
                break
        producer._message_accumulator.fail_all(KafkaConnectionError("given up"))
    try:
        async with asyncio.timeout(_CLOSE_TIMEOUT):
            await producer.stop()
    except TimeoutError:
        await producer.client.close()
