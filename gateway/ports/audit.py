"""The audit log of the store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from gateway.core.audit.chain import ChainedEntry, ChainHead
from gateway.core.messages.message import EarlierMessage as EarlierMessage
from gateway.core.messages.message import OutgoingMessage as OutgoingMessage
from gateway.core.policy.decision import AuditEntry


class AuditStore(Protocol):
    """The audit log: entries are written without a link and linked in batches."""

    async def record(self, acts: Sequence[AuditEntry]) -> None:
        """Write acts that belong to no other transaction (views, logins, changes of policy and directory)."""

    async def link(self, limit: int) -> int:
        """Number and link committed rows, in one process at a time; how many were linked."""

    async def rows(self, after: int, limit: int) -> Sequence[ChainedEntry]:
        """Linked rows in order, behind the row with the number `after` (0: from the first)."""

    async def head(self) -> ChainHead | None:
        """The last row that was linked, as the chainer left it; None before the first."""


class AuditTrailStore(Protocol):
    """The audit entries of a subject."""

    async def of_subjects(self, subjects: Sequence[str]) -> tuple[Sequence[ChainedEntry], Sequence[AuditEntry]]:
        """What the audit log says of subjects, the oldest first: linked rows, and those not linked yet."""

    async def entries_about(self, subject: str, limit: int) -> Sequence[AuditEntry]:
        """What the audit log says of one subject, the newest first, linked or not."""

    async def changes_about(self, subject: str, limit: int) -> Sequence[AuditEntry]:
        """The same without views of content: however often something is read, what was done stays in sight."""

    async def views_about(self, subject: str, limit: int) -> Sequence[AuditEntry]:
        """The views of content alone."""

    async def history(self, subject: str, after: int, limit: int) -> Sequence[tuple[int, AuditEntry]]:
        """The same from its beginning, views too, behind a place: each with its own place, a number that only grows."""

    async def newest(self, before: int, limit: int) -> Sequence[ChainedEntry]:
        """Linked rows of the audit log with a number below `before`, the newest first."""
