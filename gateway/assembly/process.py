"""What the roles of one process share during assembly, and how their stages run and end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from functools import partial

from gateway.assembly.reload import Reloads
from gateway.core.delivery.retry import RetrySchedule
from gateway.core.fault import Fault
from gateway.core.messages.delivery import NextHop
from gateway.core.policy.policy import Policy
from gateway.observability.events import EventLog
from gateway.observability.http import HealthCheck
from gateway.ports.bus import Bus
from gateway.ports.channels import Transport
from gateway.ports.messages import StoreDown
from gateway.ports.store import Store
from gateway.settings.model import Settings
from gateway.stages.delivery import Delivery
from gateway.stages.guard import Stage, supervised
from gateway.stages.wakeup import Wakeup
from gateway.stages.work import WorkEngine
from gateway.transports.smtp.pool import SmtpPool

_CONCURRENCY = 20  # messages in delivery to one next hop at once
_STORE_PAUSE = 1.0
_DRAIN = 25.0
_MIN_DRAIN = 0.05  # share of the drain that each stage gets even if others have used up the time


@dataclass(slots=True)
class Running:
    """A running gateway: the parts that callers use."""

    store: Store
    policy: Policy
    reloads: Reloads | None = None
    fault: Fault | None = None  # why the process ends by itself: a store that turned out to be unusable


@dataclass(slots=True)
class Process:
    """What the roles of one process share during assembly.

    `stack` closes every part in reverse order of opening. `publisher`, `delivery` and `followups` wake those stages.
    `ready` are the checks of the readiness endpoint. `drain`: seconds that all stages together may take to finish
    their current work, so that the process ends before a service manager kills it.
    """

    settings: Settings
    event_log: EventLog
    stopped: asyncio.Event
    stack: AsyncExitStack
    policy: Policy
    store: Store
    bus: Bus
    running: Running
    publisher: Wakeup = field(default_factory=Wakeup)
    delivery: Wakeup = field(default_factory=Wakeup)
    followups: Wakeup = field(default_factory=Wakeup)
    reloads: Reloads = field(init=False)
    adopted_policy: str = ""  # the district's own text of the policy
    pool: SmtpPool | None = None
    receivers: int = 1  # processes that share the connections to the next hops: see smtp.workers
    ready: dict[str, HealthCheck] = field(default_factory=dict)
    drain: float = _DRAIN
    ends_at: float | None = None

    def __post_init__(self) -> None:
        self.reloads = Reloads(self.settings, self.event_log)

    @property
    def engine(self) -> WorkEngine:
        """What runs work items."""
        return WorkEngine(self.store.work_failures, self.event_log, stuck_after=self.settings.queue.stuck_after)

    def end(self) -> None:
        """Note that the process is ending. Called before any part is closed."""
        self.ends_at = asyncio.get_running_loop().time() + self.drain

    async def work(self, wakeup: Wakeup, **stages: Stage) -> None:
        """Run stages, by name, until the process ends. Then let them finish their current work, for a bounded time.

        A stage that fails runs again: no stage ends the process.
        """
        tasks = [
            asyncio.create_task(supervised(name, stage, self.event_log, wakeup), name=name)
            for name, stage in stages.items()
        ]

        async def drain() -> None:
            wakeup.stop()
            _, late = await asyncio.wait(tasks, timeout=self._left())
            for task in late:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        self.stack.push_async_callback(drain)

    async def when_store_answers(self, name: str, act: Callable[[], Awaitable[None]]) -> None:
        """Do something that needs the store: now, or in the background as soon as the store answers."""
        wakeup = Wakeup()

        async def repeat() -> None:
            while not wakeup.stopped:
                await wakeup.rest(_STORE_PAUSE)
                with suppress(StoreDown):
                    await act()
                    return

        try:
            await act()
        except StoreDown:
            self.event_log.store_lost(name)
            await self.work(wakeup, **{name: repeat})

    async def deliver(
        self, hop: NextHop, transport: Transport, reachable: Callable[[], bool] = lambda: True, *,
        returns: Callable[[], int] = lambda: 0, concurrency: int = _CONCURRENCY, schedule: RetrySchedule | None = None,
    ) -> Callable[[], None]:  # fmt: skip
        """Run deliveries to one next hop until the process ends. While `reachable` is false none is attempted.

        `returns`: how often it came back after an outage.

        Returns what ends them earlier: what is being delivered is finished, and nothing more is claimed.
        """
        wakeup = Wakeup()
        self.delivery.wake_too(wakeup)
        delivery = Delivery(
            hop,
            transport,
            self.store.delivery_queue,
            self.store.clock,
            self.engine,
            concurrency=concurrency,
            reachable=reachable,
            returns=returns,
            schedule=schedule,
        )
        await self.work(wakeup, delivery=partial(delivery.run, wakeup))
        return wakeup.stop

    def _left(self) -> float:
        if self.ends_at is None:
            return self.drain
        return max(self.ends_at - asyncio.get_running_loop().time(), self.drain * _MIN_DRAIN)
