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
    loop = asyncio.get_running_loop()
    left = _SLICES
    async with asyncio.timeout(None) as limit:

        def count() -> None:
            nonlocal left, timer
            left -= 1
            if left:
                timer = loop.call_later(seconds / _SLICES, count)
            else:
                limit.reschedule(loop.time())

        timer = loop.call_later(seconds / _SLICES, count)
        try:
            yield
        finally:
            timer.cancel()
