"""Retention: content and rows whose time is over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from gateway.core.messages.message import EarlierMessage as EarlierMessage
from gateway.core.messages.message import OutgoingMessage as OutgoingMessage
from gateway.core.policy.decision import PendingMessage


class RetentionStore(Protocol):
    """Content and rows that expire."""

    async def expire(self, delivered: float, decided: float, limit: int) -> int:
        """Let go of at most `limit` contents older than the periods allow (seconds); how many went.

        Content goes only when every recipient is in a final state, no case or legal hold names it, and the longest of
        its periods has passed: what was flagged, alerted or ever held falls under `decided`.
        """


class HistoryStore(Protocol):
    """Past traffic, for trying out a changed policy."""

    async def past_messages(self, since: float, behind: str, limit: int) -> Sequence[PendingMessage]:
        """Messages in scope accepted at or after a time, in order; behind the id `behind` among those of that time."""
