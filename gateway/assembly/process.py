"""The floor: what the roles of one process share while they are put together, and how their stages run and end."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

from gateway.core.policy.policy import Policy
from gateway.observability.events import EventLog
from gateway.observability.http import Check
from gateway.ports.bus import Bus
from gateway.settings.model import Settings
from gateway.stages.wakeup import Wakeup
from gateway.store import SqlStore

_DRAIN = 25.0
_LEAST = 0.05  # of the drain: what a stage gets for its last act where others have used up the time


@dataclass(slots=True)
class Running:
    """A serving gateway: its parts that others look at, and whether one of them failed."""

    store: SqlStore
    policy: Policy
    failed: bool = False


@dataclass(slots=True)
class Process:
    """What the roles of one process share while they are put together.

    `drain`: seconds from the beginning of the end in which the stages finish what is in hand, all of them together,
    so that the process ends before whoever stops it loses patience.
    """

    settings: Settings
    event_log: EventLog
    stopped: asyncio.Event
    up: AsyncExitStack
    policy: Policy
    store: SqlStore
    bus: Bus
    running: Running
    publisher: Wakeup = field(default_factory=Wakeup)
    delivery: Wakeup = field(default_factory=Wakeup)
    followups: Wakeup = field(default_factory=Wakeup)
    ready: dict[str, Check] = field(default_factory=dict)
    drain: float = _DRAIN
    ends_at: float | None = None

    def end(self) -> None:
        """The process ends: called before any part of it is closed."""
        self.ends_at = asyncio.get_running_loop().time() + self.drain

    async def work(self, wakeup: Wakeup, *stages: Coroutine[Any, Any, None]) -> None:
        """Run stages until the floor is left; then they finish what is in hand, for a bounded time."""
        tasks = [asyncio.create_task(stage, name=str(getattr(stage, "__qualname__", "stage"))) for stage in stages]
        for task in tasks:
            task.add_done_callback(self._ended)

        async def drain() -> None:
            wakeup.stop()
            _, late = await asyncio.wait(tasks, timeout=self._left())
            for task in late:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        self.up.push_async_callback(drain)

    def _left(self) -> float:
        if self.ends_at is None:
            return self.drain
        return max(self.ends_at - asyncio.get_running_loop().time(), self.drain * _LEAST)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """A stage that ends by an exception is a bug: say so, and stop the process in an orderly way."""
        if not task.cancelled() and (error := task.exception()) is not None:
            self.event_log.failed(task.get_name(), error)
            self.running.failed = True
            self.stopped.set()
