"""Reads the audit log by subject, or from its end."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import (
    ColumnElement,
    bindparam,
    select,
)

from gateway.core.audit.chain import ChainedEntry
from gateway.core.policy.decision import AuditEntry
from gateway.store.audit import audit
from gateway.store.engine.columns import storable
from gateway.store.engine.dialects import Database, Statement
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.schema import audit as audit_tables
from gateway.store.schema import messages as schema

_a = audit_tables.audit.c

_OF_SUBJECTS = Statement(
    lambda sql: (
        select(_a.number, _a.previous, _a.hash, _a.at, _a.actor, _a.act, _a.subject, _a.detail)
        .where(sql.among(_a.subject))
        .order_by(_a.id)
    )
)


def _of_subjects(db: Database, subjects: Sequence[str]) -> tuple[list[ChainedEntry], list[AuditEntry]]:
    linked, unlinked = [], []
    for row in db.rows(_OF_SUBJECTS, ids=sorted(set(subjects))):
        if row[0] is None:
            unlinked.append(audit.read_entry(row[3:]))
        else:
            linked.append(audit.read_chained(row))
    return sorted(linked, key=lambda entry: entry.number), unlinked


def _about(*which: ColumnElement[bool]) -> Statement:
    return Statement(
        lambda sql: (
            select(_a.at, _a.actor, _a.act, _a.subject, _a.detail)
            .where(_a.subject == bindparam("key"), *which)
            .order_by(_a.id.desc())
            .limit(bindparam("limit"))
        )
    )


_HISTORY = Statement(
    lambda sql: (
        select(_a.id, _a.at, _a.actor, _a.act, _a.subject, _a.detail)
        .where(_a.subject == bindparam("key"), _a.id > bindparam("after"))
        .order_by(_a.id)
        .limit(bindparam("limit"))
    )
)
_VIEWED = schema.lit("viewed")
_ABOUT, _CHANGES, _VIEWS = _about(), _about(_a.act != _VIEWED), _about(_a.act == _VIEWED)
_NEWEST = Statement(
    lambda sql: (
        select(_a.number, _a.previous, _a.hash, _a.at, _a.actor, _a.act, _a.subject, _a.detail)
        .where(_a.number < bindparam("before"))
        .order_by(_a.number.desc())
        .limit(bindparam("limit"))
    )
)


class SqlAuditTrailStore(FeatureStore):
    """See gateway.ports.audit.AuditTrailStore."""

    async def of_subjects(self, subjects: Sequence[str]) -> tuple[Sequence[ChainedEntry], Sequence[AuditEntry]]:
        """See gateway.ports.audit.AuditTrailStore."""
        return await self._readers.read(lambda db: _of_subjects(db, [storable(subject) for subject in subjects]))

    async def entries_about(self, subject: str, limit: int) -> Sequence[AuditEntry]:
        """See gateway.ports.audit.AuditTrailStore."""
        return await self._entries(_ABOUT, subject, limit)

    async def changes_about(self, subject: str, limit: int) -> Sequence[AuditEntry]:
        """See gateway.ports.audit.AuditTrailStore."""
        return await self._entries(_CHANGES, subject, limit)

    async def views_about(self, subject: str, limit: int) -> Sequence[AuditEntry]:
        """See gateway.ports.audit.AuditTrailStore."""
        return await self._entries(_VIEWS, subject, limit)

    async def history(self, subject: str, after: int, limit: int) -> Sequence[tuple[int, AuditEntry]]:
        """See gateway.ports.audit.AuditTrailStore."""
        rows = await self._readers.read(lambda db: db.rows(_HISTORY, key=storable(subject), after=after, limit=limit))
        return [(row[0], audit.read_entry(row[1:])) for row in rows]

    async def _entries(self, which: Statement, subject: str, limit: int) -> Sequence[AuditEntry]:
        rows = await self._readers.read(lambda db: db.rows(which, key=storable(subject), limit=limit))
        return [audit.read_entry(row) for row in rows]

    async def newest(self, before: int, limit: int) -> Sequence[ChainedEntry]:
        """See gateway.ports.audit.AuditTrailStore."""
        rows = await self._readers.read(lambda db: db.rows(_NEWEST, before=before, limit=limit))
        return [audit.read_chained(row) for row in rows]
