"""The audit log of the store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from gateway.core.audit.chain import ChainedEntry, ChainHead
from gateway.core.messages.message import EarlierMessage as EarlierMessage
from gateway.core.messages.message import OutgoingMessage as OutgoingMessage
from gateway.core.policy.decision import AuditEntry


class AuditStore(Protocol):
    """The audit log: rows are written unchained with the act, and linked in batches."""

    async def record(self, acts: Sequence[AuditEntry]) -> None:
        """Write acts that belong to no other transaction (views, logins, changes of policy and directory)."""

    async def link(self, limit: int) -> int:
        """Number and link committed rows, in one process at a time; how many were linked."""

    async def audit_rows(self, after: int, limit: int) -> Sequence[ChainedEntry]:
        """Linked rows in order, behind the row with the number `after` (0: from the first)."""

    async def audit_head(self) -> ChainHead | None:
        """The last row that was linked, as the chainer left it; None before the first."""
