"""A gateway in one process whose ports and transports can be made to fail at any await, found by wrapping them.

A poison fails every call of one method that concerns one message, whatever the call is. A slip fails the n-th call of
all, once, before or after the call was made.
"""

from __future__ import annotations

import asyncio
import dataclasses
import inspect
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from prometheus_client import CollectorRegistry

from gateway import policies
from gateway.bus.local import LocalBus
from gateway.core.messages.delivery import Claim, NextHop, Outcome, Sent
from gateway.core.messages.media import MediaResult
from gateway.core.messages.message import Message
from gateway.core.messages.parties import Direction
from gateway.core.messages.verdict import Verdict
from gateway.core.policy.decision import Action
from gateway.core.serialization.wire import HEADER, decode_message, encode_verdict
from gateway.observability.events import EventLog
from gateway.ports.bus import Record
from gateway.ports.store import Store
from gateway.stages.delivery import Delivery
from gateway.stages.disposition import Disposition, unchanging
from gateway.stages.guard import supervised
from gateway.stages.media_fetching import fetch_media
from gateway.stages.notification import NoticeConfig, Notification
from gateway.stages.publication import Publication
from gateway.stages.wakeup import Wakeup
from gateway.stages.work import WorkEngine
from tests.console.district import roster
from tests.contracts.messages import Clock

MAIL_HOP = NextHop("mail", "mail", frozenset(), default=True)
TEXT_HOP = NextHop("sms", "texts", frozenset(), default=True)
CONFIG = NoticeConfig("c@district.example", ("safety@district.example",), "https://c.example", "g.example", "R", "UTC")
POLICY = policies.read(None, {Direction.STAFF_TO_STUDENT: Action.HOLD, Direction.STUDENT_TO_STAFF: Action.FLAG})

Point = tuple[str, str]
"""A port and one of its methods."""


class Unforeseen(Exception):
    """What nobody expects."""


class Injector:
    """Wraps ports. Records which methods are called for which message, and fails where it is told to."""

    def __init__(self) -> None:
        self.poisons: dict[Point, str] = {}
        self.slip_at = -1
        self.slip_after = False
        self.slipped: Point | None = None
        self.calls = 0
        self.points: dict[Point, set[str]] = {}
        self.known: set[str] = set()
        self._rows: dict[str, str] = {}

    def wrap(self, name: str, port: Any) -> Any:
        """A port whose coroutine methods pass through here."""
        return _Wrapped(self, name, port)

    def concerns(self, values: object) -> set[str]:
        """The known messages that some arguments concern."""
        found = set(_texts(values))
        ids = {self._rows.get(text, text) for text in found}
        return {id_ for id_ in self.known if any(id_ in text for text in ids | found)}

    async def call(self, point: Point, work: Callable[..., Any], given: tuple[Any, ...], more: dict[str, Any]) -> Any:
        """Make a call, or fail."""
        here, self.calls = self.calls, self.calls + 1
        concerned = self.concerns((given, more))
        self.points.setdefault(point, set()).update(concerned)
        if self.poisons.get(point) in concerned or (here == self.slip_at and not self.slip_after):
            raise Unforeseen
        answer = await work(*given, **more)
        if point == ("followups", "claim_due"):
            self._rows |= {followup.id: followup.message for followup in answer}
        if here == self.slip_at:
            self.slipped = point
            raise Unforeseen
        return answer


class _Wrapped:
    def __init__(self, injector: Injector, name: str, port: Any) -> None:
        self._injector, self._name, self._port = injector, name, port

    def __getattr__(self, method: str) -> Any:
        work = getattr(self._port, method)
        if method == "subscribe":
            return self._subscribe
        if not inspect.iscoroutinefunction(work):
            return work
        return lambda *given, **more: self._injector.call((self._name, method), work, given, more)

    @asynccontextmanager
    async def _subscribe(self, *given: Any) -> AsyncIterator[Any]:
        async with self._port.subscribe(*given) as subscription:
            yield self._injector.wrap("subscription", subscription)


def _texts(value: object) -> Sequence[str]:
    """All texts in a value, however deep."""
    match value:
        case str():
            return [value]
        case bytes():
            return [value.decode("latin-1")]
        case Mapping():
            return [text for pair in value.items() for item in pair for text in _texts(item)]
        case Collection():
            return [text for item in value for text in _texts(item)]
    if dataclasses.is_dataclass(value):
        return [text for field in dataclasses.fields(value) for text in _texts(getattr(value, field.name))]
    return []


class RecordingTransport:
    """Takes every message and counts the copies of each recipient."""

    def __init__(self) -> None:
        self.copies: Counter[tuple[str, str]] = Counter()

    async def deliver(self, hop: NextHop, claim: Claim, holds_claim: Any) -> Mapping[str, Outcome]:
        """See gateway.ports.channels.Transport."""
        if not await holds_claim():
            return {}
        self.copies.update((claim.message.id, claimed.recipient.address) for claimed in claim.recipients)
        return {claimed.recipient.address: Sent("250 2.0.0 Ok") for claimed in claim.recipients}


class PictureFetcher:
    """Fetches the same picture from everywhere."""

    async def fetch(self, url: str) -> MediaResult:
        """See gateway.ports.channels.MediaFetcher."""
        return MediaResult("image/png", b"\x89PNG")


class PoisonedGateway:
    """All stages on one store, with a classifier that releases mail and hears calls for help from students."""

    def __init__(self, store: Store, clock: Clock, injector: Injector, stuck_after: int) -> None:
        self.store, self.clock, self.injector = store, clock, injector
        self.registry, self.transport, self.bus = CollectorRegistry(), RecordingTransport(), LocalBus()
        self.stuck_after = stuck_after
        self._wakeups: list[Wakeup] = []

    async def __aenter__(self) -> PoisonedGateway:
        wrap, store = self.injector.wrap, self.store
        event_log = EventLog(self.registry)
        failures = wrap("work_failures", store.work_failures)
        engine = WorkEngine(failures, event_log, stuck_after=self.stuck_after)
        outbox, clock, bus = wrap("outbox", store.outbox), wrap("clock", store.clock), wrap("bus", self.bus)
        queue, transport = wrap("delivery_queue", store.delivery_queue), wrap("transport", self.transport)
        self.disposition = Disposition(
            wrap("dispositions", store.dispositions), outbox, clock, failures, engine, policy=unchanging(POLICY),
            shadow=False, verdict_timeout=1000.0,
        )  # fmt: skip
        stages: dict[str, Callable[[Wakeup], Any]] = {
            "publication": Publication(outbox, bus, engine, max_inline=1 << 16).run,
            "disposition": lambda wakeup: self.disposition.consume(bus, wakeup),
            "failed_decisions": self.disposition.retry_failed,
            "delivery": Delivery(MAIL_HOP, transport, queue, clock, engine, concurrency=8).run,
            "text_delivery": Delivery(TEXT_HOP, transport, queue, clock, engine, concurrency=8).run,
            "notification": Notification(
                wrap("followups", store.followups), outbox, wrap("lookups", store.lookups), clock, bus, engine, CONFIG,
                roster(),
            ).run,
            "media": lambda wakeup: fetch_media(
                wrap("media", store.media), wrap("fetcher", PictureFetcher()), engine, wakeup, ready=lambda: None
            ),
        }  # fmt: skip
        self._tasks = [asyncio.create_task(self._classify())]
        for name, stage in stages.items():
            wakeup = Wakeup()
            self._wakeups.append(wakeup)
            self._tasks.append(asyncio.create_task(supervised(name, partial(stage, wakeup), event_log, wakeup)))
        return self

    async def __aexit__(self, *_: object) -> None:
        for wakeup in self._wakeups:
            wakeup.stop()
        self._tasks[0].cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def accept(self, *messages: Message) -> None:
        """Accept messages."""
        for message in messages:
            self.injector.known.add(message.id)
            await self.store.intake.accept(message)
        self.wake()

    def wake(self) -> None:
        """Wake every stage."""
        for wakeup in self._wakeups:
            wakeup.wake()

    async def until(self, reached: Callable[[], Any], *, seconds: float = 30.0) -> None:
        """Wait until something holds. Meanwhile the store's clock moves on: in small steps, then past the leases."""
        moved, loop = 0.0, asyncio.get_running_loop()
        ends = loop.time() + seconds
        while not await reached():
            assert loop.time() < ends, f"the gateway did not get there: {await self.summary()}"
            step, pause = (0.25, 0.02) if moved < 8.0 else (5.0, 0.1)
            self.clock.now, moved = self.clock.now + step, moved + step
            self.wake()
            await asyncio.sleep(pause)

    async def states(self, message: Message) -> set[str]:
        """The states of the recipients of a message."""
        return {str(state) for state in (await self.store.intake.states(message.id)).values()}

    async def stuck(self) -> set[str]:
        """The ids of the stuck rows, as the command lists them."""
        return {row.id for _, row in await self.store.queue.stuck_rows(("", ""), 1000)}

    async def summary(self) -> str:
        """What waits, for the message of a failed test."""
        rows = [row for _, row in await self.store.queue.stuck_rows(("", ""), 1000)]
        rows += await self.store.queue.rows("", 1000)
        states = {id_[-4:]: dict(await self.store.intake.states(id_)) for id_ in self.injector.known}
        listed = [f"{row.stage} {row.id[-4:]} {row.state} {row.last_error}" for row in rows]
        return "; ".join(
            [*listed, f"slipped: {self.injector.slipped}", f"{states}", f"follow-ups: {await self.due_followups()}"]
        )

    async def due_followups(self) -> int:
        """How many follow-ups wait, stuck ones included."""
        return await self.store.followups._readers.read(_count_followups)  # type: ignore[attr-defined]

    async def _classify(self) -> None:
        async with self.bus.subscribe("messages", "classifiers") as subscription:
            while True:
                for record in await subscription.batch(10, 0.02):
                    message = decode_message(record.value, dict(record.headers)[HEADER])
                    helps = message.direction is Direction.STUDENT_TO_STAFF
                    verdict = Verdict(message.id, message.sha256, "toy", "en", help=0.99 if helps else 0.0)
                    await self.bus.publish([Record("verdicts", record.key, encode_verdict(verdict))])
                await subscription.commit()


def _count_followups(db: Any) -> int:
    from sqlalchemy import func, select

    from gateway.store.engine.dialects import Statement
    from gateway.store.schema.messages import followups

    return int(db.rows(Statement(lambda sql: select(func.count()).select_from(followups)))[0][0])
