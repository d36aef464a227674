"""Guards: an unforeseen failure of one work item delays that item only, and of one stage that stage only.

Failures of the store and the bus are not the item's fault: they pass through, and the stage waits for them.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from gateway.observability.events import EventLog
from gateway.ports.bus import BusDown
from gateway.ports.messages import StoreDown, ValuesRefused
from gateway.stages.wakeup import Wakeup

FIRST_DELAY, LONGEST_DELAY = 1.0, 60.0
"""Seconds until a failed stage runs again: doubled with each failure in a row."""
_HEALTHY_AFTER = 300.0

Stage = Callable[[], Coroutine[Any, Any, None]]
"""Runs until its wakeup is stopped. Each call starts anew."""


async def failure_of(work: Awaitable[object]) -> Exception | None:
    """Do some work. The unforeseen failure that ended it, if any. Raises StoreDown and BusDown.

    Values that the store refuses are a failure of the work, not of the store.
    """
    try:
        await work
    except ValuesRefused as error:
        return error
    except (StoreDown, BusDown):
        raise
    except Exception as error:  # noqa: BLE001 - the guard around one work item
        return error
    return None


async def guarded(stage: str, event_log: EventLog, work: Awaitable[object]) -> bool:
    """Do some work; whether it was done. An unforeseen failure is logged and counted. Raises StoreDown and BusDown."""
    error = await failure_of(work)
    if error is not None:
        event_log.work_failed(stage, error)
    return error is None


async def supervised(name: str, stage: Stage, event_log: EventLog, wakeup: Wakeup) -> None:
    """Run a stage until its wakeup is stopped. A stage that fails runs again, later after each failure in a row."""
    delay = FIRST_DELAY
    while True:
        started = time.monotonic()
        if await guarded(name, event_log, _without_outage(stage, name, event_log)) or wakeup.stopped:
            return
        if time.monotonic() - started > _HEALTHY_AFTER:
            delay = FIRST_DELAY
        await wakeup.rest(delay)
        delay = min(2 * delay, LONGEST_DELAY)


async def _without_outage(stage: Stage, name: str, event_log: EventLog) -> None:
    """A stage waits for the store and the bus itself; where it does not, that is a failure of the stage."""
    try:
        await stage()
    except (StoreDown, BusDown) as error:
        raise RuntimeError(f"{name}: {type(error).__name__}") from error
