"""What a process depends on: whether store and bus answer, and whether the store's clock runs evenly."""

from __future__ import annotations

import math
import time
from collections.abc import Awaitable, Callable

from gateway.observability.events import EventLog
from gateway.ports.clock import WatchedClock
from gateway.ports.messages import StoreDown
from gateway.stages.wakeup import Wakeup


async def watch_outages(
    store_answers: Callable[[], Awaitable[bool]], bus_answers: Callable[[], bool], event_log: EventLog,
    wakeup: Wakeup, *, every: float = 1.0,
) -> None:  # fmt: skip
    """Report whether store and bus answer, until `wakeup` is stopped."""
    while not wakeup.stopped:
        event_log.store_checked(await store_answers())
        event_log.bus_checked(bus_answers())
        await wakeup.rest(every)


async def watch_clock(
    clock: WatchedClock, event_log: EventLog, wakeup: Wakeup, *, lease: float, every: float = 1.0,
    mark_every: float = 10.0, ticks: Callable[[], float] = time.monotonic,
) -> None:  # fmt: skip
    """Report jumps of the store's clock. See that a clock that was set makes nothing wait, and ends no lifetime.

    One lease after a jump, and after the start, claims are released whose lease ends too far in the future.
    """
    marked, to_release = -math.inf, True
    while not wakeup.stopped:
        try:
            await clock.now()
            if jumped := clock.take_jump():
                event_log.clock_jumped(jumped)
                to_release = True
            if jumped or not clock.settled() or ticks() - marked >= mark_every:
                back = await clock.mark()
                marked = ticks()
                if back and not jumped:  # since an earlier run
                    event_log.clock_jumped(-back)
            if to_release and clock.steady_for() >= lease:
                await clock.release_claims(lease)
                to_release = False
        except StoreDown:
            event_log.store_lost("clock")
        await wakeup.rest(every)
