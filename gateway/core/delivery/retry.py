"""The retry schedule of delivery."""

from __future__ import annotations

_WAITS = (60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0)  # the last one is repeated
_JITTER = 0.2  # each wait varies by up to this share, so that a recovering next hop is not overloaded


def next_attempt(attempts: int, queued_at: float, now: float, entropy: float, lifetime: float) -> float | None:
    """The time of the next attempt after `attempts` attempts; None once the delivery lifetime is over.

    `attempts` includes the one that just ended. `entropy` is a random number from 0 to 1, `lifetime` in seconds from
    `queued_at`. The last attempt is made when the lifetime ends.
    """
    end = queued_at + lifetime
    if now >= end:
        return None
    wait = _WAITS[min(max(attempts, 1), len(_WAITS)) - 1]
    return min(now + wait * (1 + _JITTER * (2 * entropy - 1)), end)
