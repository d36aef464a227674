"""The audit log: entries are written unchained with what they are about, and numbered and linked in batches afterwards.

Nobody waits for the chain: one chainer at a time, in whichever process, links what is committed.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlalchemy import BigInteger, bindparam, func, select, update

from gateway.core.audit.chain import ChainedEntry, ChainHead, chain_entries
from gateway.core.policy.decision import AuditEntry
from gateway.store.engine.columns import encode_json, storable
from gateway.store.engine.dialects import BatchStatement, Database, Row, SqlDialect, Statement, batch_insert
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.engine.group_commit import Write
from gateway.store.schema import messages as schema

_CHAINER = 4014  # the number of the advisory lock on PostgreSQL that the chainer holds

_a = schema.audit.c
_WRITE = batch_insert(schema.audit, "at", "actor", "act", "subject", "detail", "written_at")
_ALONE = Statement(lambda sql: select(func.pg_try_advisory_xact_lock(schema.lit(_CHAINER))))
_LAST = Statement(
    lambda sql: (
        select(_a.number, _a.previous, _a.hash, _a.at, _a.actor, _a.act, _a.subject, _a.detail)
        .where(_a.number.is_not(None))
        .order_by(_a.number.desc())
        .limit(schema.lit(1))
    )
)
_UNLINKED = Statement(
    lambda sql: (
        select(_a.id, _a.at, _a.actor, _a.act, _a.subject, _a.detail)
        .where(_a.number.is_(None))
        .order_by(_a.id)
        .limit(bindparam("limit"))
    )
)
_LINK = BatchStatement(
    lambda sql, value: (
        update(schema.audit)
        .where(_a.id == value("row"), _a.number.is_(None))
        .values(number=value("to_number"), previous=value("to_previous"), hash=value("to_hash"))
    ),
    row=BigInteger(),
    to_number=BigInteger(),
    to_previous=schema.TEXT,
    to_hash=schema.TEXT,
)
_HEAD = Statement(lambda sql: select(schema.audit_head.c.number, schema.audit_head.c.hash))


def _keep_head(sql: SqlDialect):  # type: ignore[no-untyped-def]
    keep = sql.insert(schema.audit_head).values(
        id=schema.lit(1), number=bindparam("to_number"), hash=bindparam("to_hash")
    )
    return keep.on_conflict_do_update(
        index_elements=["id"], set_={"number": keep.excluded.number, "hash": keep.excluded.hash}
    )


_KEEP_HEAD = Statement(_keep_head)
_ROWS = Statement(
    lambda sql: (
        select(_a.number, _a.previous, _a.hash, _a.at, _a.actor, _a.act, _a.subject, _a.detail)
        .where(_a.number > bindparam("after"))
        .order_by(_a.number)
        .limit(bindparam("limit"))
    )
)


def write(db: Database, entries: Sequence[AuditEntry]) -> None:
    """Write entries, unchained."""
    db.batch(
        _WRITE,
        [
            {
                "at": float(entry.at),
                "actor": storable(entry.actor),
                "act": storable(entry.act),
                "subject": storable(entry.subject),
                "detail": encode_json(dict(entry.detail)),
                "written_at": db.now,
            }
            for entry in entries
        ],
    )


def _record(db: Database, items: Sequence[Sequence[AuditEntry]]) -> list[None]:
    write(db, [entry for entries in items for entry in entries])
    return [None] * len(items)


def _link(db: Database, items: Sequence[int]) -> list[int]:
    return [_link_some(db, limit) for limit in items]


def _link_some(db: Database, limit: int) -> int:
    if db.dialect.name == "postgresql" and not db.rows(_ALONE)[0][0]:
        return 0  # another process is at it
    unlinked = db.rows(_UNLINKED, limit=limit)
    if not unlinked:
        return 0
    linked = list(chain_entries((read_entry(row[1:]) for row in unlinked), _end(db)))
    db.change(_KEEP_HEAD, to_number=linked[-1].number, to_hash=linked[-1].hash)
    return db.batch(
        _LINK,
        [
            {"row": row[0], "to_number": each.number, "to_previous": each.previous, "to_hash": each.hash}
            for row, each in zip(unlinked, linked, strict=True)
        ],
    )


def _end(db: Database) -> ChainHead | ChainedEntry | None:
    """Where the chain goes on: behind its known end, so that no new row takes the place of one that is missing."""
    rows = db.rows(_LAST)
    last = read_chained(rows[0]) if rows else None
    heads = [ChainHead(*row) for row in db.rows(_HEAD)]
    ends = [end for end in (last, *heads) if end is not None]
    return max(ends, key=lambda end: end.number, default=None)


def read_entry(row: Row) -> AuditEntry:
    """An entry from its columns; one whose detail is no JSON any more is none that was ever linked."""
    at, actor, entry, subject, detail = row
    try:
        return AuditEntry(at, actor, entry, subject, json.loads(detail))
    except (TypeError, ValueError, RecursionError):
        return AuditEntry(at, actor, entry, subject, {"unreadable": True})


def read_chained(row: Row) -> ChainedEntry:
    """An entry in its place in the chain, from its columns."""
    number, previous, digest, *entry = row
    return ChainedEntry(number, previous, digest, read_entry(tuple(entry)))


_RECORD_WRITE = Write(_record)
_LINK_WRITE = Write(_link, rank=5)


class SqlAuditStore(FeatureStore):
    """See gateway.ports.audit.AuditStore."""

    async def record(self, entries: Sequence[AuditEntry]) -> None:
        """See gateway.ports.audit.AuditStore."""
        await self._writer.write(_RECORD_WRITE, entries)

    async def link(self, limit: int) -> int:
        """See gateway.ports.audit.AuditStore."""
        return await self._writer.write_later(_LINK_WRITE, limit)

    async def rows(self, after: int, limit: int) -> Sequence[ChainedEntry]:
        """See gateway.ports.audit.AuditStore."""
        rows = await self._readers.read(lambda db: db.rows(_ROWS, after=after, limit=limit))
        return [read_chained(row) for row in rows]

    async def head(self) -> ChainHead | None:
        """See gateway.ports.audit.AuditStore."""
        rows = await self._readers.read(lambda db: db.rows(_HEAD))
        return ChainHead(*rows[0]) if rows else None
