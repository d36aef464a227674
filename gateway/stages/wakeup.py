"""The wakeup of a stage: it works again when woken or stopped, or after some time."""

from __future__ import annotations

import asyncio


class Wakeup:
    """Wakes one stage. `wake` is cheap and may be called for every message."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self._others: list[Wakeup] = []
        self.stopped = False

    def wake_too(self, other: Wakeup) -> None:
        """Wake another stage whenever this one is woken."""
        self._others.append(other)

    def wake(self) -> None:
        """Say that there is work."""
        self._event.set()
        for other in self._others:
            other.wake()

    def stop(self) -> None:
        """Tell the stage to finish its current work and end."""
        self.stopped = True
        self._event.set()

    async def rest(self, seconds: float) -> bool:
        """Wait until woken or stopped, at most `seconds`. A wake before the call ends it at once. True if woken."""
        try:
            async with asyncio.timeout(seconds):
                await self._event.wait()
        except TimeoutError:
            pass
        woken = self._event.is_set()
        if not self.stopped:
            self._event.clear()
        return woken
