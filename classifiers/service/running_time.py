"""A time limit that counts only while this process runs, or only what another process computes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

_SLICES = 10
_MAX_WAITING = 10
"""How many times the limit of its processor time another process may take in all: it may wait for the processor."""


@asynccontextmanager
async def running_time_limit(
    seconds: float, processor_seconds: Callable[[], float] | None = None
) -> AsyncIterator[None]:
    """Raise TimeoutError in the block after `seconds`, as `asyncio.timeout` does, but not because of a standstill.

    With `processor_seconds`, a clock of the process that works, `seconds` of this clock are the limit, and ten times as
    many in all: on a busy machine, ending what is only waiting and beginning it anew would make it wait longer.

    A process that was stopped, or whose machine was, finds its timers due when it goes on, although what it waits for
    had no time either, or has answered already. So the limit is counted in slices, and a standstill is one of them.
    """
    loop, limit = asyncio.get_running_loop(), asyncio.timeout(None)
    timer: asyncio.TimerHandle
    began = 0.0 if processor_seconds is None else processor_seconds()

    def count(left: int) -> None:
        nonlocal timer
        if left and (processor_seconds is None or processor_seconds() - began < seconds):
            timer = loop.call_later(seconds / _SLICES, count, left - 1)
        else:
            limit.reschedule(loop.time())

    async with limit:
        count(_SLICES if processor_seconds is None else _SLICES * _MAX_WAITING)
        try:
            yield
        finally:
            timer.cancel()
