"""The store of help alerts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from gateway.core.policy.decision import AuditEntry
from gateway.core.review.views import ListedMessage


class HelpAlertStore(Protocol):
    """Help alerts: who acknowledged them, which kinds of help they ask for, and whether they were right."""

    async def mark(self) -> object:
        """A value that changes whenever an alert comes, is acknowledged or given back."""

    async def waiting(self, limit: int) -> Sequence[ListedMessage]:
        """Alerts that nobody has acknowledged, of any age, the oldest first."""

    async def acknowledge(self, message_id: str, name: str, entry: AuditEntry) -> str | None:
        """Record who acknowledged an alert. Returns None, or the name of whoever did so before."""

    async def give_back(self, message_id: str, name: str | None, entry: AuditEntry) -> bool:
        """Undo an acknowledgment. Returns False if it was not by `name` (None: by anybody)."""

    async def acknowledged_by(self, message_id: str) -> tuple[str, float] | None:
        """Who acknowledged an alert, and when; None for nobody."""

    async def kinds_of(self, ids: Collection[str]) -> Mapping[str, Sequence[str]]:
        """The kinds of help that messages ask for, the most certain first, by message id."""

    async def backlog(self) -> tuple[int, float]:
        """How many alerts nobody has acknowledged, and for how many seconds the oldest has waited."""

    async def save_judgment(self, message_id: str, right: bool, entry: AuditEntry) -> None:
        """Record whether an alert was right. The last judgment counts."""

    async def judgments(self, after: str, limit: int) -> Sequence[tuple[str, bool]]:
        """Judged messages with an id above `after`, in order of their ids, and whether the alert was right."""
