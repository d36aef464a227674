"""Limits how fast one client may send requests, with a token bucket for each client."""

from __future__ import annotations

import time
from collections.abc import Callable

BURST, STEADY = 600.0, 60.0
"""Requests that one client may send at once, and per second after that."""
_MAX_CLIENTS = 10_000  # above this, clients with full buckets are forgotten


class RateLimiter:
    """Buckets by client address. Everything else in a request can be forged."""

    def __init__(
        self, burst: float = BURST, steady: float = STEADY, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._burst, self._steady, self._clock = burst, steady, clock
        self._buckets: dict[str, tuple[float, float]] = {}

    def wait(self, client: str) -> float:
        """Take one request from a client's bucket. Returns the seconds to wait if it is empty, else 0."""
        now = self._clock()
        left, at = self._buckets.get(client, (self._burst, now))
        left = min(self._burst, left + (now - at) * self._steady)
        if left < 1:
            self._buckets[client] = (left, now)
            return (1 - left) / self._steady
        self._buckets[client] = (left - 1, now)
        if len(self._buckets) > _MAX_CLIENTS:
            self._forget_idle(now)
        return 0.0

    def _forget_idle(self, now: float) -> None:
        full = [
            client for client, (left, at) in self._buckets.items() if left + (now - at) * self._steady >= self._burst
        ]
        for client in full or list(self._buckets)[: _MAX_CLIENTS // 2]:
            del self._buckets[client]
