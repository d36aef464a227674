"""Calls for help in the store."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from gateway.core.policy.decision import AuditEntry
from gateway.core.review.views import (
    ListedMessage,
)


class HelpAlertStore(Protocol):
    """Help alerts: who acknowledged them, which kinds of help they ask for, and whether they were right."""

    async def mark(self) -> object:
        """Something that changes whenever a call for help comes, is taken up or given back."""

    async def waiting(self, limit: int) -> Sequence[ListedMessage]:
        """Calls for help that nobody has taken up, however old, the oldest first."""

    async def acknowledge(self, message_id: str, name: str, act: AuditEntry) -> str | None:
        """Note who took a call for help up; None when done, else who had before."""

    async def give_back(self, message_id: str, name: str | None, act: AuditEntry) -> bool:
        """Nobody has taken a call up any more; False where not `name` had (None: whoever had it)."""

    async def acknowledged_by(self, message_id: str) -> tuple[str, float] | None:
        """Who has taken a call up, and when; None for nobody."""

    async def kinds_of(self, ids: Collection[str]) -> Mapping[str, Sequence[str]]:
        """Of messages, by id, the kinds of help that their words ask for, the surest first."""

    async def save_judgment(self, message_id: str, right: bool, act: AuditEntry) -> None:
        """Keep what a person says of an alert; what was said last counts."""

    async def judgments(self, after: str, limit: int) -> Sequence[tuple[str, bool]]:
        """Messages of which that was said, in order of their ids behind `after`, and whether the alert was right."""
