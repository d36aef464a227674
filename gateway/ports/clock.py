"""TODO."""

from __future__ import annotations

from typing import Protocol


class StoreClock(Protocol):
    """The store's clock: every process of one store sees the same time."""

    async def now(self) -> float:
        """The store's clock."""
