"""Grants: a director lets an auditor read one message, one case, or everything, with a reason and an end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

HOUR, DAY = 3600.0, 86400.0
GRANT_DURATIONS: Mapping[str, float] = {"1h": HOUR, "8h": 8 * HOUR, "1d": DAY, "7d": 7 * DAY, "30d": 30 * DAY}
"""The possible durations of a grant, in seconds."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What an account may read until when. `subject`: the id of a message, the name of a case, "" for everything."""

    user: str
    subject: str
    by: str
    reason: str
    at: float
    until: float
    ended_at: float | None = None
    ended_by: str = ""
    id: int = 0

    def is_active(self, now: float) -> bool:
        """Whether it has neither ended nor expired."""
        return self.ended_at is None and now < self.until
