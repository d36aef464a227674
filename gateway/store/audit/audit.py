"""The audit log: entries are written in the transaction of what they record, and linked in batches later.

Nobody waits for the hash chain. One process at a time links what is committed.
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
from gateway.store.schema import audit as audit_tables
from gateway.store.schema import messages as schema

_LINKING = 4014  # number of the advisory lock on PostgreSQL that the linking process holds

_a = audit_tables.audit.c
_INSERT = batch_insert(audit_tables.audit, "at", "actor", "act", "subject", "detail", "written_at")
_LOCK = Statement(lambda sql: select(func.pg_try_advisory_xact_lock(schema.lit(_LINKING))))
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
        update(audit_tables.audit)
        .where(_a.id == value("row"), _a.number.is_(None))
        .values(number=value("to_number"), previous=value("to_previous"), hash=value("to_hash"))
    ),
    row=BigInteger(),
    to_number=BigInteger(),
    to_previous=schema.TEXT,
    to_hash=schema.TEXT,
)
_HEAD = Statement(lambda sql: select(audit_tables.audit_head.c.number, audit_tables.audit_head.c.hash))


def _save_head(sql: SqlDialect):  # type: ignore[no-untyped-def]
    insert = sql.insert(audit_tables.audit_head).values(
        id=schema.lit(1), number=bindparam("to_number"), hash=bindparam("to_hash")
    )
    return insert.on_conflict_do_update(
        index_elements=["id"], set_={"number": insert.excluded.number, "hash": insert.excluded.hash}
    )


_SAVE_HEAD = Statement(_save_head)
_ROWS = Statement(
    lambda sql: (
        select(_a.number, _a.previous, _a.hash, _a.at, _a.actor, _a.act, _a.subject, _a.detail)
        .where(_a.number > bindparam("after"))
        .order_by(_a.number)
        .limit(bindparam("limit"))
    )
)


def write(db: Database, entries: Sequence[AuditEntry]) -> None:
    """Insert entries, not linked yet."""
    db.batch(
        _INSERT,
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
    if db.dialect.name == "postgresql" and not db.rows(_LOCK)[0][0]:
        return 0  # another process is linking
    unlinked = db.rows(_UNLINKED, limit=limit)
    if not unlinked:
        return 0
    linked = list(chain_entries((read_entry(row[1:]) for row in unlinked), _end(db)))
    db.change(_SAVE_HEAD, to_number=linked[-1].number, to_hash=linked[-1].hash)
    return db.batch(
        _LINK,
        [
            {"row": row[0], "to_number": entry.number, "to_previous": entry.previous, "to_hash": entry.hash}
            for row, entry in zip(unlinked, linked, strict=True)
        ],
    )


def _end(db: Database) -> ChainHead | ChainedEntry | None:
    """The end of the chain as far as it is known: no new entry takes the number of a missing one."""
    rows = db.rows(_LAST)
    last = read_chained(rows[0]) if rows else None
    heads = [ChainHead(*row) for row in db.rows(_HEAD)]
    ends = [end for end in (last, *heads) if end is not None]
    return max(ends, key=lambda end: end.number, default=None)


def read_entry(row: Row) -> AuditEntry:
    """An entry from its columns. A detail that is not JSON any more was changed after it was written."""
    at, actor, act, subject, detail = row
    try:
        return AuditEntry(at, actor, act, subject, json.loads(detail))
    except (TypeError, ValueError, RecursionError):
        return AuditEntry(at, actor, act, subject, {"unreadable": True})


def read_chained(row: Row) -> ChainedEntry:
    """A linked entry from its columns."""
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
