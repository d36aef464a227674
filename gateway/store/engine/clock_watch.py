"""Watches the store's clock by the monotonic clock of this machine, and notices when it jumps."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

JUMP = 2.0
"""Seconds by which a clock jumps at least. Clocks that are slewed never differ by so much between two looks."""

LEASE_SLACK = 2.0
"""Seconds by which a lease of a living holder is longer than a whole lease at most."""


class ClockWatch:
    """What is known of the store's clock in this process. Thread-safe."""

    def __init__(self, ticks: Callable[[], float] = time.monotonic) -> None:
        self.ticks = ticks
        self._lock = threading.Lock()
        self._offset: float | None = None  # of the store's clock from the monotonic one
        self._highest = -math.inf  # offset since the store has allowed for all jumps
        self._since = self._noted_at = ticks()
        self._jumped = 0.0
        self._jumps, self._allowed_for = 1, 0  # the start counts: what happened before it is unknown

    def note(self, now: float, before: float) -> None:
        """Note a time of the store that was read after the monotonic time `before`."""
        with self._lock:
            after = self.ticks()
            low, high = now - after, now - before  # the answer may have taken a while
            known = self._offset
            self._noted_at = after
            self._offset = low if known is None else min(max(known, low), high)
            self._highest = max(self._highest, self._offset)
            if known is not None and not low - JUMP <= known <= high + JUMP:
                self._since = after
                self._jumped += self._offset - known
                self._jumps += 1

    def known_time(self, within: float) -> float | None:
        """The store's time, counted from the last time that was noted. None if that is longer ago than `within`."""
        with self._lock:
            now = self.ticks()
            return None if self._offset is None or now - self._noted_at > within else now + self._offset

    def steady_for(self) -> float:
        """Seconds for which the clock has run without a jump. Counted from the start of the process at most."""
        with self._lock:
            return self.ticks() - self._since

    @property
    def jumps(self) -> int:
        """How often the clock has jumped. The start of the process counts as one."""
        with self._lock:
            return self._jumps

    @property
    def excess(self) -> float:
        """The seconds by which the clock was ahead for a while, since the store has allowed for all jumps."""
        with self._lock:
            return 0.0 if self._offset is None else self._highest - self._offset

    def allow_for(self, jumps: int) -> None:
        """Note that the store has allowed for this many jumps."""
        with self._lock:
            self._allowed_for = max(self._allowed_for, jumps)
            if self._allowed_for >= self._jumps and self._offset is not None:
                self._highest = self._offset

    @property
    def settled(self) -> bool:
        """Whether the store has allowed for every jump."""
        with self._lock:
            return self._allowed_for >= self._jumps

    def take_jump(self) -> float:
        """The seconds by which the clock has jumped since the last call."""
        with self._lock:
            jumped, self._jumped = self._jumped, 0.0
            return jumped
