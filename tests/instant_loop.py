"""An event loop whose clock is moved on instead of waited for, so that a minute of pauses takes no time."""

from __future__ import annotations

import asyncio
import selectors

START = 1000.0
"""What its clock shows at first."""


class InstantLoop(asyncio.SelectorEventLoop):
    """Moves its clock to the next timer whenever nothing else is to be done. Not for threads or sockets."""

    def __init__(self) -> None:
        self.now = START
        super().__init__(_InstantSelector(self))

    def time(self) -> float:
        return self.now


class _InstantSelector(selectors.SelectSelector):
    def __init__(self, loop: InstantLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        assert timeout is not None, "nothing would ever happen"
        self._loop.now += max(timeout, 0.0)
        return super().select(0)
