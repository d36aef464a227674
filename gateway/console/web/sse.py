"""Streams of events that browsers keep open: so many of an account, each counted until it has ended.

Who asks for one more is refused, and nobody's is ended for it: a browser whose stream ends asks for another one at
once, so that two pages too many would end each other's for ever. What is refused is asked for again ever more rarely,
and gets its turn when another page is closed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from gateway.console.web.errors import Problem

MOST_STREAMS = 16
"""Of one account: a browser opens six at most at one host, and somebody has a few browsers."""
_AGAIN = "60"


class Streams:
    """How many streams each account has open at this console."""

    def __init__(self) -> None:
        self._open: Counter[str] = Counter()

    def begin(self, name: str) -> Callable[[], None]:
        """Count one more of an account; what is to be called when it has ended. Raises a Problem."""
        if self._open[name] >= MOST_STREAMS:
            raise Problem(
                429,
                f"You have the queue open {MOST_STREAMS} times already: close some of these pages. Until then this one "
                "does not follow by itself; load it again to see what is new.",
                headers={"Retry-After": _AGAIN},
            )
        self._open[name] += 1

        def end() -> None:
            self._open[name] -= 1
            if self._open[name] <= 0:
                del self._open[name]

        return end


class EventStream(StreamingResponse):
    """Server-sent events; `ended` is called once, however they end, also where nobody was there to hear the first."""

    def __init__(self, events: AsyncIterator[str], ended: Callable[[], None]) -> None:
        super().__init__(events, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})
        self._ended = ended

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._ended()
