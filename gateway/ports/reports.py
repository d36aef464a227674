"""What reports read from the store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Protocol

from gateway.core.review.report import HeldCopy


class ReportStore(Protocol):
    """What reports count."""

    async def holdings(self, since: float, before: float, limit: int) -> Sequence[HeldCopy]:
        """What the policy held of what came in a time, the newest first."""

    async def volume(self, since: float, before: float) -> Counter[tuple[str, str]]:
        """How many copies came in a time, by channel and action."""
