"""The beat of a stage: it looks again when woken, when stopped, or after a while."""

from __future__ import annotations

import asyncio


class Wakeup:
    """One stage's alarm clock. `wake` is cheap and may be called for every message."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self._others: list[Wakeup] = []
        self.stopped = False

    def also(self, other: Wakeup) -> None:
        """From now on, whatever wakes this wakes the other too."""
        self._others.append(other)

    def wake(self) -> None:
        """There is something to do."""
        self._event.set()
        for other in self._others:
            other.wake()

    def stop(self) -> None:
        """Finish what is in hand and end."""
        self.stopped = True
        self._event.set()

    async def rest(self, seconds: float) -> bool:
        """Until woken or stopped, at most so many seconds; a wake before the rest ends it at once. Whether woken."""
        try:
            async with asyncio.timeout(seconds):
                await self._event.wait()
        except TimeoutError:
            pass
        woken = self._event.is_set()
        if not self.stopped:
            self._event.clear()
        return woken
