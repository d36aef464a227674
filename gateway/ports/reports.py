"""The store that reports read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Protocol

from gateway.core.review.report import HeldCopy


class ReportStore(Protocol):
    """What reports count."""

    async def holdings(self, since: float, before: float, limit: int) -> Sequence[HeldCopy]:
        """What the policy held of the messages received between two times, the newest first."""

    async def volume(self, since: float, before: float) -> Counter[tuple[str, str]]:
        """Copies of the messages received between two times, by channel and action."""
