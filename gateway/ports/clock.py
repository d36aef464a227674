"""The store's clock."""

from __future__ import annotations

from typing import Protocol


class StoreClock(Protocol):
    """The time that every process of one store shares."""

    async def now(self) -> float:
        """Seconds since 1970. Raises StoreDown if the clock is the database's and cannot be read."""
