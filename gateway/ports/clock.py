"""The store's clock."""

from __future__ import annotations

from typing import Protocol


class StoreClock(Protocol):
    """The time that every process of one store shares."""

    async def now(self) -> float:
        """Seconds since 1970. Raises StoreDown if the clock is the database's and cannot be read."""

    async def about_now(self) -> float:
        """The same, counted from a reading within the last second if there is one. Raises StoreDown."""


class WatchedClock(StoreClock, Protocol):
    """A clock that may jump, and of which this process notices when it does."""

    def steady_for(self) -> float:
        """Seconds without a jump by this process's monotonic clock, at most since the store was opened."""

    def take_jump(self) -> float:
        """The seconds by which the clock has jumped since the last call; 0.0 if it has not."""

    def settled(self) -> bool:
        """Whether `mark` has allowed for every jump that this process noticed, and for the time before its start.

        Until then, the age of a row tells nothing: no lifetime ends.
        """

    async def mark(self) -> float:
        """Note the time in the store. Returns the seconds by which it is behind the time noted before, 0.0 if ahead.

        If it is behind, every wait that was to end later is shortened by as much: attempts, publications, follow-ups,
        media. So a clock that was set back makes nothing wait longer than before, nor one that was ahead for a moment
        in which this process looked. If it is ahead by more than the time
        that passed while a process ran, the lifetimes of deliveries begin later by as much: neither a clock that was
        set forward nor an outage of the gateway ends them. Raises StoreDown.
        """

    async def release_claims(self, lease: float) -> int:
        """Make claimed recipients due now whose lease ends later than one of `lease` seconds would. Returns how many.

        Their holders are gone if the clock has been steady for a lease: a living holder renews its claim. Raises
        StoreDown.
        """
