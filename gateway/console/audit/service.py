"""The audit log as an account may read it.

An entry about a message that causes a conflict of interest is withheld: only its place in the chain is shown. Where
names are hidden, they are masked here as on the page of the message or case.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gateway.console.auth.authorization import Authorization
from gateway.console.messages.mask_names import NameMasking
from gateway.core.accounts.account import Right, User
from gateway.core.audit.chain import ChainedEntry
from gateway.core.cases.case import case_number
from gateway.core.policy.decision import AuditEntry
from gateway.ports.audit import AuditStore, AuditTrailStore
from gateway.ports.cases import CaseStore

_WITHHELD = "withheld"
_WHY_WITHHELD = "You, or your own child, have a part in what this row is about: others can read it."
_MAX_PLACE = 1 << 62


class AuditService:
    """Pages of the audit log."""

    def __init__(
        self, authorization: Authorization, masking: NameMasking, audit: AuditStore, audit_trail: AuditTrailStore,
        cases: CaseStore,
    ) -> None:  # fmt: skip
        self._authorization, self._masking = authorization, masking
        self._audit, self._audit_trail, self._cases = audit, audit_trail, cases

    async def newest(self, user: User, before: int, limit: int) -> list[ChainedEntry]:
        """Entries with a number below `before`, the newest first. Raises a Problem."""
        await self._authorization.require(user, Right.AUDIT)
        return await self._readable(user, await self._audit_trail.newest(before, limit))

    async def entries(self, user: User, after: int, limit: int) -> list[tuple[ChainedEntry, bool]]:
        """Entries with a number above `after` in order, and whether each is whole. Raises a Problem.

        An entry that is not whole was masked or withheld; its hash is that of the entry in the log.
        """
        await self._authorization.require(user, Right.AUDIT)
        stored = await self._audit.rows(min(max(after, 0), _MAX_PLACE), limit)
        readable = await self._readable(user, stored)
        return [(shown, shown.entry == row.entry) for shown, row in zip(readable, stored, strict=True)]

    async def history(self, user: User, id_: str, after: int, limit: int) -> list[tuple[int, AuditEntry]]:
        """Entries about one message in order, views too, each with its place; those after a place. Raises a Problem."""
        if not user.may(Right.AUDIT):
            await self._authorization.require(user, Right.CONTENT, id_)
        trace = await self._authorization.visible_message(user, id_)
        await self._authorization.require_no_conflict(user, trace, "look at the history")
        names = await self._masking.names_of(user, trace)
        found = await self._audit_trail.history(id_, min(max(after, 0), _MAX_PLACE), limit)
        return [(place, names.audit_entry(entry)) for place, entry in found]

    async def _readable(self, user: User, rows: Sequence[ChainedEntry]) -> list[ChainedEntry]:
        masked = await self._masking.mask_rows(user, rows)
        if not self._authorization.family(user):
            return masked
        conflicts = await self._conflicts(user, {row.entry.subject for row in masked if row.entry.subject})
        return [
            replace(row, entry=AuditEntry(row.entry.at, "", _WITHHELD, "", {"why": _WHY_WITHHELD}))
            if row.entry.subject in conflicts
            else row
            for row in masked
        ]

    async def _conflicts(self, user: User, subjects: set[str]) -> set[str]:
        """The messages that cause a conflict of interest, and the cases that contain one of them."""
        numbers = {subject: number for subject in subjects if (number := case_number(subject)) is not None}
        files = {subject: await self._cases.find(number) for subject, number in numbers.items()}
        messages = {subject: file.messages for subject, file in files.items() if file is not None}
        traces = await self._cases.traces(subjects | {id_ for ids in messages.values() for id_ in ids})
        conflicts = {id_ for id_, trace in traces.items() if self._authorization.has_conflict(user, trace)}
        return conflicts | {subject for subject, ids in messages.items() if not conflicts.isdisjoint(ids)}
