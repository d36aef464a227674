"""How fast one client may ask: a bucket for each, filled steadily, so that no one keeps the others waiting."""

from __future__ import annotations

import time
from collections.abc import Callable

BURST, STEADY = 600.0, 60.0
"""Requests that one client may send at once, and each second from then on."""
_MOST = 10_000  # clients that are remembered; then those whose buckets are full are forgotten


class RateLimiter:
    """Buckets by client, which is an address: whatever else a request says of itself can be made up anew each time."""

    def __init__(
        self, burst: float = BURST, steady: float = STEADY, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._burst, self._steady, self._clock = burst, steady, clock
        self._left: dict[str, tuple[float, float]] = {}

    def wait(self, client: str) -> float:
        """Take one request out of a client's bucket; the seconds to wait where it is empty, else 0."""
        now = self._clock()
        left, at = self._left.get(client, (self._burst, now))
        left = min(self._burst, left + (now - at) * self._steady)
        if left < 1:
            self._left[client] = (left, now)
            return (1 - left) / self._steady
        self._left[client] = (left - 1, now)
        if len(self._left) > _MOST:
            self._forget(now)
        return 0.0

    def _forget(self, now: float) -> None:
        full = [each for each, (left, at) in self._left.items() if left + (now - at) * self._steady >= self._burst]
        for each in full or list(self._left)[: _MOST // 2]:
            del self._left[each]
