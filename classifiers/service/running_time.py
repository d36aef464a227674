"""A time limit that counts only while this process runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

_SLICES = 10


@asynccontextmanager
async def running_time_limit(seconds: float) -> AsyncIterator[None]:
    """Raise TimeoutError in the block after `seconds`, as `asyncio.timeout` does, but not because of a standstill.

    A process that was stopped, or whose machine was, finds its timers due when it goes on, although what it waits for
    had no time either, or has answered already. So the limit is counted in slices, and a standstill is one of them.
    """
    loop, limit = asyncio.get_running_loop(), asyncio.timeout(None)
    timer: asyncio.TimerHandle

    def count(left: int) -> None:
        nonlocal timer
        if left:
            timer = loop.call_later(seconds / _SLICES, count, left - 1)
        else:
            limit.reschedule(loop.time())

    async with limit:
        count(_SLICES)
        try:
            yield
        finally:
            timer.cancel()
