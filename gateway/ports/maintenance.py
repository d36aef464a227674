"""Retention: content and rows whose time is over."""

from __future__ import annotations

from typing import Protocol

from gateway.core.messages.message import EarlierMessage as EarlierMessage
from gateway.core.messages.message import OutgoingMessage as OutgoingMessage


class RetentionStore(Protocol):
    """Content and rows that have had their time."""

    async def expire(self, delivered: float, decided: float, limit: int) -> int:
        """Let go of at most `limit` contents older than the periods allow (seconds); how many went.

        Content goes only when every recipient is in a final state, no case or legal hold names it, and the longest of
        its periods has passed: what was flagged, alerted or ever held falls under `decided`.
        """
