"""Stores for retention and for trying out a policy on past traffic."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from gateway.core.policy.decision import PendingMessage


class RetentionStore(Protocol):
    """Content and rows that expire."""

    async def expire(self, delivered: float, decided: float, limit: int) -> int:
        """Delete at most `limit` contents older than the periods (seconds). Returns how many.

        Content expires when every recipient is in a final state, no case or legal hold names the message, and the
        longest of its periods has passed. Messages that were flagged, alerted or ever held have the period `decided`.
        """


class HistoryStore(Protocol):
    """Past traffic as it was decided."""

    async def past_messages(self, since: float, after_id: str, limit: int) -> Sequence[PendingMessage]:
        """Messages in scope accepted at or after a time, in order. Among those of that time, ids above `after_id`."""
