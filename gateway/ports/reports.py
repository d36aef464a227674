"""What reports read from the store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Protocol

from gateway.core.review.report import Holding


class ReportStore(Protocol):
    """What reports and the page of the policy read."""

    async def holdings(self, since: float, before: float, limit: int) -> Sequence[Holding]:
        """What the policy held of what came in a time, the newest first."""

    async def volume(self, since: float, before: float) -> Counter[tuple[str, str]]:
        """How many copies came in a time, by channel and action."""

    async def policy_versions(self) -> Sequence[tuple[str, str, str, float, float]]:
        """Policies that are or were in force: hash, file, the district's text, since and until when; newest first."""
