"""The beat of a stage: it looks again when woken, when stopped, or after a while."""

from __future__ import annotations

import asyncio


class Beat:
    """One stage's alarm clock. `wake` is cheap and may be called for every message."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self.stopped = False

    def wake(self) -> None:
        """There is something to do."""
        self._event.set()

    def stop(self) -> None:
        """Finish what is in hand and end."""
        self.stopped = True
        self._event.set()

    async def rest(self, seconds: float) -> None:
        """Until woken or stopped, at most so many seconds; a wake before the rest ends it at once."""
        try:
            async with asyncio.timeout(seconds):
                await self._event.wait()
        except TimeoutError:
            pass
        if not self.stopped:
            self._event.clear()
