"""Cases and legal holds in the store."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from gateway.core.cases.case import CaseDraft, CaseFile, LegalHold
from gateway.core.policy.decision import AuditEntry
from gateway.core.review.views import (
    Trace,
)


class CaseStore(Protocol):
    """Cases and their messages."""

    async def open(
        self, draft: CaseDraft, by: str, messages: Sequence[str], detail: Mapping[str, object], to: str = ""
    ) -> int:
        """A new case; its id. `to`: an address that is told of it, "" for nobody's."""

    async def find(self, case_id: int) -> CaseFile | None:
        """One case with its messages."""

    async def page(self, *, closed: bool, before: int, limit: int) -> Sequence[CaseFile]:
        """Open or closed cases with an id below `before`, the newest first."""

    async def due_before(self, before: float, limit: int) -> Sequence[CaseFile]:
        """Open cases that are due before a time, the latest due first."""

    async def traces(self, message_ids: Collection[str]) -> Mapping[str, Trace]:
        """Where messages are, by id."""

    async def of_message(self, message_id: str) -> Sequence[CaseFile]:
        """The cases that name a message."""

    async def change(self, case_id: int, draft: CaseDraft, act: AuditEntry, to: str = "") -> bool:
        """Change an open case; False where there is none. `to`: an address that is told of it."""

    async def add_messages(
        self, case_id: int, messages: Sequence[str], by: str, acts: Sequence[AuditEntry]
    ) -> tuple[str, ...]:
        """Add messages to an open case; those that were not there."""

    async def remove_message(self, case_id: int, message_id: str, acts: Sequence[AuditEntry]) -> bool:
        """Take a message out of an open case."""

    async def set_outcome(self, case_id: int, outcome: str, by: str, act: AuditEntry) -> bool:
        """Close a case, or with the outcome "" open it again; False where it is so already."""


class LegalHoldStore(Protocol):
    """Legal holds: content under one does not expire."""

    async def place(self, holds: Sequence[LegalHold], acts: Sequence[AuditEntry]) -> tuple[str, ...]:
        """Put messages under legal hold; those that were not. An act is written for each of these, by its subject."""

    async def lift(self, messages: Sequence[str], acts: Sequence[AuditEntry]) -> tuple[str, ...]:
        """Lift legal holds; those that there were."""

    async def of_messages(self, messages: Sequence[str]) -> Mapping[str, LegalHold]:
        """The legal holds of messages."""
