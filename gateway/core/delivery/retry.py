"""The retry schedule of delivery."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

_JITTER = 0.2  # each wait varies by up to this share, so that a recovering next hop is not overloaded
_MOST_DOUBLINGS = 40


@dataclass(frozen=True, slots=True)
class RetrySchedule:
    """When delivery is tried again, in seconds. Waits double from `first` to `longest`.

    `lifetime`: how long it is tried, counted from acceptance or release. `warn`: when the sender is told of the delay.
    """

    first: float = 60.0
    longest: float = 3600.0
    lifetime: float = 5 * 86400.0  # RFC 5321 section 4.5.4.1
    warn: float = 4 * 3600.0

    def without_end(self) -> RetrySchedule:
        """The same waits, for a recipient whose age is not known: its clock was just set."""
        return replace(self, lifetime=math.inf, warn=math.inf)

    def next_attempt(
        self, attempts: int, queued_at: float, now: float, entropy: float, *, warned: bool = True
    ) -> float | None:
        """The time of the next attempt after `attempts` attempts; None once the delivery lifetime is over.

        `attempts` includes the one that just ended. `entropy` is a random number from 0 to 1. The last attempt is made
        when the lifetime ends. Unless the sender was `warned`, there is one when that is due.
        """
        end = queued_at + self.lifetime
        if now >= end:
            return None
        wait = min(self.first * 2.0 ** min(max(attempts, 1) - 1, _MOST_DOUBLINGS), self.longest)
        at = min(now + wait * (1 + _JITTER * (2 * entropy - 1)), end)
        warn_at = queued_at + self.warn
        return min(at, warn_at) if now < warn_at and not warned else at
