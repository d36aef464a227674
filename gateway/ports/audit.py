"""The audit log: written with each change, linked to a hash chain in batches, and read by subject."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from gateway.core.audit.chain import ChainedEntry, ChainHead
from gateway.core.policy.decision import AuditEntry


class AuditStore(Protocol):
    """The audit log and its hash chain."""

    async def record(self, entries: Sequence[AuditEntry]) -> None:
        """Write entries that belong to no other transaction (views, sign-ins, changes of policy and directory)."""

    async def link(self, limit: int) -> int:
        """Number and link committed entries. One process does this at a time. Returns how many were linked."""

    async def rows(self, after: int, limit: int) -> Sequence[ChainedEntry]:
        """Linked entries with a number above `after`, in order (0: from the first)."""

    async def head(self) -> ChainHead | None:
        """The last linked entry; None before the first."""


class AuditTrailStore(Protocol):
    """Reads the audit log, by subject or from its end. Entries are included whether they are linked or not."""

    async def entries_about(self, subject: str, limit: int) -> Sequence[AuditEntry]:
        """The entries of one subject, the newest first."""

    async def changes_about(self, subject: str, limit: int) -> Sequence[AuditEntry]:
        """The entries of one subject without views of content, which may be many."""

    async def views_about(self, subject: str, limit: int) -> Sequence[AuditEntry]:
        """The views of content of one subject, the newest first."""

    async def history(self, subject: str, after: int, limit: int) -> Sequence[tuple[int, AuditEntry]]:
        """The entries of one subject with a position above `after`, the oldest first, each with its position.

        Positions only grow; they are not the numbers of the hash chain.
        """

    async def newest(self, before: int, limit: int) -> Sequence[ChainedEntry]:
        """Linked entries of all subjects with a number below `before`, the newest first."""

    async def of_subjects(self, subjects: Sequence[str]) -> tuple[Sequence[ChainedEntry], Sequence[AuditEntry]]:
        """All entries of several subjects, the oldest first: the linked ones, then those not linked yet."""
