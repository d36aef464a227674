"""TODO."""

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
from gateway.store.engine.columns import fit
from gateway.store.engine.dialects import Run, Statement
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.schema import messages as schema

_a = schema.audit.c

_ACTS = Statement(
    lambda of: (
        select(_a.number, _a.previous, _a.hash, _a.at, _a.actor, _a.act, _a.subject, _a.detail)
        .where(of.among(_a.subject))
        .order_by(_a.id)
    )
)


def _acts_of(run: Run, subjects: Sequence[str]) -> tuple[list[ChainedEntry], list[AuditEntry]]:
    linked, waiting = [], []
    for row in run.rows(_ACTS, ids=sorted(set(subjects))):
        if row[0] is None:
            waiting.append(audit.read_act(row[3:]))
        else:
            linked.append(audit.read_linked(row))
    return sorted(linked, key=lambda each: each.number), waiting


def _about(*which: ColumnElement[bool]) -> Statement:
    return Statement(
        lambda of: (
            select(_a.at, _a.actor, _a.act, _a.subject, _a.detail)
            .where(_a.subject == bindparam("key"), *which)
            .order_by(_a.id.desc())
            .limit(bindparam("limit"))
        )
    )


_HISTORY = Statement(
    lambda of: (
        select(_a.id, _a.at, _a.actor, _a.act, _a.subject, _a.detail)
        .where(_a.subject == bindparam("key"), _a.id > bindparam("after"))
        .order_by(_a.id)
        .limit(bindparam("limit"))
    )
)
_VIEWED = schema.lit("viewed")
_ABOUT, _DONE, _VIEWS_OF = _about(), _about(_a.act != _VIEWED), _about(_a.act == _VIEWED)
_NEWEST = Statement(
    lambda of: (
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
        return await self._readers.read(lambda run: _acts_of(run, [fit(each) for each in subjects]))

    async def entries_about(self, subject: str, limit: int) -> Sequence[AuditEntry]:
        """See gateway.ports.audit.AuditTrailStore."""
        return await self._acts(_ABOUT, subject, limit)

    async def changes_about(self, subject: str, limit: int) -> Sequence[AuditEntry]:
        """See gateway.ports.audit.AuditTrailStore."""
        return await self._acts(_DONE, subject, limit)

    async def views_about(self, subject: str, limit: int) -> Sequence[AuditEntry]:
        """See gateway.ports.audit.AuditTrailStore."""
        return await self._acts(_VIEWS_OF, subject, limit)

    async def history(self, subject: str, after: int, limit: int) -> Sequence[tuple[int, AuditEntry]]:
        """See gateway.ports.audit.AuditTrailStore."""
        rows = await self._readers.read(lambda run: run.rows(_HISTORY, key=fit(subject), after=after, limit=limit))
        return [(row[0], audit.read_act(row[1:])) for row in rows]

    async def _acts(self, which: Statement, subject: str, limit: int) -> Sequence[AuditEntry]:
        rows = await self._readers.read(lambda run: run.rows(which, key=fit(subject), limit=limit))
        return [audit.read_act(row) for row in rows]

    async def newest(self, before: int, limit: int) -> Sequence[ChainedEntry]:
        """See gateway.ports.audit.AuditTrailStore."""
        rows = await self._readers.read(lambda run: run.rows(_NEWEST, before=before, limit=limit))
        return [audit.read_linked(row) for row in rows]
