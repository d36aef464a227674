"""Server-sent events, and how many streams one account may keep open.

A stream over the limit is refused; no open stream is closed for it. A browser reconnects as soon as its stream ends, so
two pages over the limit would close each other's streams forever. After a refusal the browser retries with growing
delays and succeeds once another page is closed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from gateway.console.web.errors import Problem

MAX_STREAMS = 16
"""Streams of one account: a browser opens at most six to one host, and people have a few browsers."""
_RETRY_SECONDS = "60"


class StreamLimiter:
    """Counts the open streams of each account in this process."""

    def __init__(self) -> None:
        self._open: Counter[str] = Counter()

    def open(self, name: str) -> Callable[[], None]:
        """Count one more stream of an account. Returns what to call when it ends. Raises a Problem at the limit."""
        if self._open[name] >= MAX_STREAMS:
            raise Problem(
                429,
                f"You have the queue open {MAX_STREAMS} times: close some of these pages. Until then this page does "
                "not update by itself; reload it to see what is new.",
                headers={"Retry-After": _RETRY_SECONDS},
            )
        self._open[name] += 1

        def close() -> None:
            self._open[name] -= 1
            if self._open[name] <= 0:
                del self._open[name]

        return close


class EventStream(StreamingResponse):
    """Server-sent events. `closed` is called once when the stream ends, even if the client left before the start."""

    def __init__(self, events: AsyncIterator[str], closed: Callable[[], None]) -> None:
        super().__init__(events, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})
        self._closed = closed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the events."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._closed()
