"""Stores of cases and legal holds. Every change is written in one transaction with its audit entries."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from gateway.core.cases.case import CaseDraft, CaseFile, LegalHold
from gateway.core.policy.decision import AuditEntry
from gateway.core.review.views import Trace


class CaseStore(Protocol):
    """Cases and their messages."""

    async def open(
        self, draft: CaseDraft, by: str, messages: Sequence[str], detail: Mapping[str, object], to: str = ""
    ) -> int:
        """Open a case and return its number. `to`: an address that is notified."""

    async def find(self, case_id: int) -> CaseFile | None:
        """One case with its messages."""

    async def page(self, *, closed: bool, before: int, limit: int) -> Sequence[CaseFile]:
        """Open or closed cases with a number below `before`, the newest first."""

    async def due_before(self, before: float, limit: int) -> Sequence[CaseFile]:
        """Open cases that are due before a time, the latest due first."""

    async def traces(self, message_ids: Collection[str]) -> Mapping[str, Trace]:
        """Where messages are, by id."""

    async def of_message(self, message_id: str) -> Sequence[CaseFile]:
        """The cases that a message belongs to."""

    async def change(self, case_id: int, draft: CaseDraft, entry: AuditEntry, to: str = "") -> bool:
        """Change an open case. Returns False if there is none. `to`: an address that is notified."""

    async def add_messages(
        self, case_id: int, messages: Sequence[str], by: str, entries: Sequence[AuditEntry]
    ) -> tuple[str, ...]:
        """Add messages to an open case. Returns those that were not in it."""

    async def remove_message(self, case_id: int, message_id: str, entries: Sequence[AuditEntry]) -> bool:
        """Remove a message from an open case. Returns False if it was not in it."""

    async def set_outcome(self, case_id: int, outcome: str, by: str, entry: AuditEntry) -> bool:
        """Close a case with an outcome, or open it again with "". Returns False if it has this outcome already."""


class LegalHoldStore(Protocol):
    """Legal holds: content under one does not expire."""

    async def place(self, holds: Sequence[LegalHold], entries: Sequence[AuditEntry]) -> tuple[str, ...]:
        """Put messages under legal hold. Returns those that were not; only their audit entries are written."""

    async def lift(self, messages: Sequence[str], entries: Sequence[AuditEntry]) -> tuple[str, ...]:
        """Lift legal holds. Returns the messages that were held; only their audit entries are written."""

    async def of_messages(self, messages: Sequence[str]) -> Mapping[str, LegalHold]:
        """The legal holds of messages, by message id."""
