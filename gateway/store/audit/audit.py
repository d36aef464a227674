"""The audit log: acts are written unchained with what they are about, and numbered and linked in batches afterwards.

Nobody waits for the chain: one chainer at a time, in whichever process, links what is committed.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlalchemy import BigInteger, bindparam, func, select, update

from gateway.core.audit.chain import ChainedEntry, ChainHead, chain_entries
from gateway.core.policy.decision import AuditEntry
from gateway.store.engine.columns import fit, json_text
from gateway.store.engine.dialects import Each, Flavour, Row, Run, Statement, insert_each
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.engine.group_commit import Write
from gateway.store.schema import messages as schema

_CHAINER = 4014  # the number of the advisory lock on PostgreSQL that the chainer holds

_a = schema.audit.c
_WRITE = insert_each(schema.audit, "at", "actor", "act", "subject", "detail", "written_at")
_ALONE = Statement(lambda of: select(func.pg_try_advisory_xact_lock(schema.lit(_CHAINER))))
_LAST = Statement(
    lambda of: (
        select(_a.number, _a.previous, _a.hash, _a.at, _a.actor, _a.act, _a.subject, _a.detail)
        .where(_a.number.is_not(None))
        .order_by(_a.number.desc())
        .limit(schema.lit(1))
    )
)
_UNLINKED = Statement(
    lambda of: (
        select(_a.id, _a.at, _a.actor, _a.act, _a.subject, _a.detail)
        .where(_a.number.is_(None))
        .order_by(_a.id)
        .limit(bindparam("limit"))
    )
)
_LINK = Each(
    lambda of, given: (
        update(schema.audit)
        .where(_a.id == given("row"), _a.number.is_(None))
        .values(number=given("to_number"), previous=given("to_previous"), hash=given("to_hash"))
    ),
    row=BigInteger(),
    to_number=BigInteger(),
    to_previous=schema.TEXT,
    to_hash=schema.TEXT,
)
_HEAD = Statement(lambda of: select(schema.audit_head.c.number, schema.audit_head.c.hash))


def _keep_head(of: Flavour):  # type: ignore[no-untyped-def]
    keep = of.insert(schema.audit_head).values(
        id=schema.lit(1), number=bindparam("to_number"), hash=bindparam("to_hash")
    )
    return keep.on_conflict_do_update(
        index_elements=["id"], set_={"number": keep.excluded.number, "hash": keep.excluded.hash}
    )


_KEEP_HEAD = Statement(_keep_head)
_ROWS = Statement(
    lambda of: (
        select(_a.number, _a.previous, _a.hash, _a.at, _a.actor, _a.act, _a.subject, _a.detail)
        .where(_a.number > bindparam("after"))
        .order_by(_a.number)
        .limit(bindparam("limit"))
    )
)


def write(run: Run, acts: Sequence[AuditEntry]) -> None:
    """Write acts, unchained."""
    run.each(
        _WRITE,
        [
            {
                "at": float(act.at),
                "actor": fit(act.actor),
                "act": fit(act.act),
                "subject": fit(act.subject),
                "detail": json_text(dict(act.detail)),
                "written_at": run.now,
            }
            for act in acts
        ],
    )


def _record(run: Run, items: Sequence[Sequence[AuditEntry]]) -> list[None]:
    write(run, [act for acts in items for act in acts])
    return [None] * len(items)


def _link(run: Run, items: Sequence[int]) -> list[int]:
    return [_link_some(run, limit) for limit in items]


def _link_some(run: Run, limit: int) -> int:
    if run.flavour.name == "postgresql" and not run.rows(_ALONE)[0][0]:
        return 0  # another process is at it
    unlinked = run.rows(_UNLINKED, limit=limit)
    if not unlinked:
        return 0
    linked = list(chain_entries((read_act(row[1:]) for row in unlinked), _end(run)))
    run.change(_KEEP_HEAD, to_number=linked[-1].number, to_hash=linked[-1].hash)
    return run.each(
        _LINK,
        [
            {"row": row[0], "to_number": each.number, "to_previous": each.previous, "to_hash": each.hash}
            for row, each in zip(unlinked, linked, strict=True)
        ],
    )


def _end(run: Run) -> ChainHead | ChainedEntry | None:
    """Where the chain goes on: behind its known end, so that no new row takes the place of one that is missing."""
    rows = run.rows(_LAST)
    last = read_linked(rows[0]) if rows else None
    heads = [ChainHead(*row) for row in run.rows(_HEAD)]
    ends = [end for end in (last, *heads) if end is not None]
    return max(ends, key=lambda end: end.number, default=None)


def read_act(row: Row) -> AuditEntry:
    """An act from its columns; one whose detail is no JSON any more is none that was ever linked."""
    at, actor, act, subject, detail = row
    try:
        return AuditEntry(at, actor, act, subject, json.loads(detail))
    except (TypeError, ValueError, RecursionError):
        return AuditEntry(at, actor, act, subject, {"unreadable": True})


def read_linked(row: Row) -> ChainedEntry:
    """An act in its place in the chain, from its columns."""
    number, previous, digest, *act = row
    return ChainedEntry(number, previous, digest, read_act(tuple(act)))


_RECORD_WRITE = Write(_record)
_LINK_WRITE = Write(_link, rank=5)


class SqlAuditStore(FeatureStore):
    """See gateway.ports.audit.AuditStore."""

    async def record(self, acts: Sequence[AuditEntry]) -> None:
        """See gateway.ports.audit.AuditStore."""
        await self._writer.do(_RECORD_WRITE, acts)

    async def link(self, limit: int) -> int:
        """See gateway.ports.audit.AuditStore."""
        return await self._writer.later(_LINK_WRITE, limit)

    async def rows(self, after: int, limit: int) -> Sequence[ChainedEntry]:
        """See gateway.ports.audit.AuditStore."""
        rows = await self._readers.read(lambda run: run.rows(_ROWS, after=after, limit=limit))
        return [read_linked(row) for row in rows]

    async def head(self) -> ChainHead | None:
        """See gateway.ports.audit.AuditStore."""
        rows = await self._readers.read(lambda run: run.rows(_HEAD))
        return ChainHead(*rows[0]) if rows else None
