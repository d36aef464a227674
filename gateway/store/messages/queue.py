"""The queue as an operator sees it: what waits to leave and why, and retries and expiry by hand."""

from __future__ import annotations

import secrets as entropy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Double,
    Integer,
    Text,
    and_,
    bindparam,
    cast,
    exists,
    func,
    not_,
    null,
    or_,
    select,
    true,
)
from sqlalchemy import update as update_rows

from gateway.core.messages.delivery import Claim, NextHop
from gateway.core.messages.work import Unreadable, WorkItem, WorkStage
from gateway.core.policy.decision import AuditEntry
from gateway.ports.work import QueueChanges, WaitingItem
from gateway.store.audit import audit
from gateway.store.engine.dialects import FOLLOWUPS, PUBLICATIONS, Database, Row, SqlDialect, Statement
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.engine.group_commit import Write
from gateway.store.messages.claimed import ClaimedRows, load_claims
from gateway.store.messages.work_failures import due_column, joined
from gateway.store.schema import messages as schema
from gateway.store.schema.work import work_failures

_LEASE = 30.0  # of a delivery
_r, _w, _f, _t = schema.recipients.c, work_failures.c, schema.followups.c, schema.text_turns.c
_QUEUED = and_(schema.WAITING, _r.state == schema.lit("queued"))
_is_over = and_(_r.token.is_not(None), _r.next_attempt_at <= bindparam("now", type_=Double()))
"""The lease of its claim seems to be over. It is over only if the clock was steady: see Database.steady_for."""
_is_unclaimed = or_(
    _r.token.is_(None),
    _r.next_attempt_at.is_(None),
    _is_over & (bindparam("takes_over", type_=Integer()) == schema.lit(1)),
)
"""No process delivers it right now."""
_is_free = or_(_is_unclaimed, _is_over)
"""It may be made due now, or is due: a lease that is over is taken over once that is certain."""
_undecidable = and_(
    _r.state == schema.lit("received"),
    exists().where(_w.stage == schema.lit(WorkStage.DISPOSITION), _w.item == _r.message_id, _w.stuck == schema.lit(1)),
)
"""Its decision is stuck."""
_COLUMNS = (
    _r.message_id, _r.position, _r.address, _r.channel, _r.domain, _r.state, _r.attempts, _r.next_attempt_at,
    func.coalesce(_w.error, _r.reply), func.coalesce(_w.stuck, schema.lit(0)),
)  # fmt: skip


def _behind(sql: SqlDialect, default: bool | None) -> ColumnElement[bool]:
    if default is None:
        return true()
    named = sql.among(_r.domain, "domains")
    return and_(_r.channel == bindparam("channel"), not_(named) if default else named)


def _page(default: bool | None) -> Statement:
    """Queued recipients of the next messages, behind one hop or (None) any."""

    def build(sql: SqlDialect):  # type: ignore[no-untyped-def]
        page = (
            select(_r.message_id)
            .where(_QUEUED, _r.message_id > bindparam("after"), _behind(sql, default))
            .group_by(_r.message_id)
            .order_by(_r.message_id)
            .limit(bindparam("limit"))
        )
        return _rows(_r.message_id.in_(page)).where(_QUEUED, _behind(sql, default))

    return Statement(build)


def _rows(which: ColumnElement[bool]) -> Any:
    return (
        select(*_COLUMNS)
        .join_from(
            schema.recipients,
            work_failures,
            (_w.stage == schema.lit(WorkStage.DELIVERY)) & (_w.item == joined(_r.message_id, _r.position)),
            isouter=True,
        )
        .where(which)
    )


_PAGES = {default: _page(default) for default in (None, False, True)}
_OF_MESSAGES = Statement(lambda sql: _rows(sql.among(_r.message_id)))
_STUCK_COLUMNS = (_w.stage, _w.item, _w.message_id, _w.failures, _w.error)
_STUCK_PAGE = Statement(
    lambda sql: (
        select(*_STUCK_COLUMNS)
        .where(
            _w.stuck == schema.lit(1),
            (_w.stage > bindparam("stage")) | ((_w.stage == bindparam("stage")) & (_w.item > bindparam("item"))),
        )
        .order_by(_w.stage, _w.item)
        .limit(bindparam("limit"))
    )
)
_STUCK_OF_MESSAGE = Statement(
    lambda sql: (
        select(*_STUCK_COLUMNS)
        .where(
            (_w.message_id == bindparam("id")) | ((_w.stage == bindparam("stage")) & (_w.item == bindparam("item"))),
            _w.stuck == schema.lit(1),
        )
        .order_by(_w.stage, _w.item)
    )
)
_ACCOUNT = (_w.stage, _w.item, _w.message_id)
_ACCOUNTS_OF = Statement(
    lambda sql: select(*_ACCOUNT).where(sql.among(_w.message_id)).order_by(_w.stage, _w.item).with_for_update()
)
_ONE_ACCOUNT = Statement(
    lambda sql: select(*_ACCOUNT).where(_w.stage == bindparam("stage"), _w.item == bindparam("item")).with_for_update()
)
_KINDS = Statement(lambda sql: select(_f.id, _f.kind).where(sql.among(cast(_f.id, Text))))
_LOCK = Statement(
    lambda sql: (
        select(_r.message_id, _r.position, _r.channel, _r.attempts, _r.queued_at, _r.warned_at, _r.reply, _is_free)
        .where(sql.among(_r.message_id), _QUEUED)
        .order_by(_r.message_id, _r.position)
        .with_for_update()
    )
)
_MAKE_DUE = Statement(
    lambda sql: (
        update_rows(schema.recipients)
        .where(sql.among(_r.message_id), _QUEUED, _is_unclaimed)
        .values(next_attempt_at=bindparam("now", type_=Double()), token=null())
    )
)
_TAKE = Statement(
    lambda sql: (
        update_rows(schema.recipients)
        .where(_r.message_id == bindparam("id"), or_(_QUEUED, _undecidable), _is_unclaimed)
        .values(next_attempt_at=bindparam("until"), token=bindparam("mark"))
        .returning(_r.position, _r.attempts, func.coalesce(_r.queued_at, _r.changed_at), _r.warned_at, _r.reply)
    )
)
_RESUME = Statement(
    lambda sql: (
        update_rows(work_failures)
        .where(_w.stage == bindparam("stage"), _w.item == bindparam("item"))
        .values(stuck=schema.lit(0), due_at=bindparam("now", type_=Double()))
    )
)
_RESTORE_TURNS = Statement(
    lambda sql: (
        update_rows(schema.text_turns)
        .where(
            sql.among(_t.message_id),
            select(_r.message_id)
            .where(_r.message_id == _t.message_id, _r.position == _t.position, schema.WAITING)
            .exists(),
        )
        .values(waiting=schema.lit(1))
    )
)


@dataclass(frozen=True, slots=True)
class _Retry:
    ids: Sequence[str]
    entries: Mapping[str, AuditEntry]


def _retry(db: Database, items: Sequence[_Retry]) -> list[QueueChanges]:
    return [_retry_one(db, item) for item in items]


def _retry_one(db: Database, retry: _Retry) -> QueueChanges:
    ids = sorted({id_ for id_ in retry.ids if id_})
    takes_over = int(db.steady_for(_LEASE))
    rows = db.rows(_LOCK, ids=ids, now=db.now, takes_over=takes_over)
    free = {row[0] for row in rows if row[-1]}
    db.change(_MAKE_DUE, ids=sorted(free), now=db.now, takes_over=takes_over)
    db.made_due.update(str(row[2]) for row in rows if row[-1])
    accounts = db.rows(_ACCOUNTS_OF, ids=ids)
    for id_ in ids:
        stage, dash, item = id_.partition("-")
        if dash:
            accounts += db.rows(_ONE_ACCOUNT, stage=stage, item=item)
    busy = {f"{row[0]}/{row[1]}" for row in rows if not row[-1]}
    resumed = [row for row in accounts if row[0] in _STAGES and not (row[0] == WorkStage.DELIVERY and row[1] in busy)]
    for stage, item, message in resumed:
        db.change(_RESUME, stage=stage, item=item, now=db.now)
        if stage != WorkStage.DELIVERY:  # its recipient is due by now
            due_column(db, WorkItem(WorkStage(stage), item, message), db.now)
    if resumed:
        db.change(_RESTORE_TURNS, ids=ids)
        db.made_due.update((PUBLICATIONS, FOLLOWUPS))
    changed = free | {_row_id(*account) for account in resumed}
    audit.write(db, [entry for id_, entry in sorted(retry.entries.items()) if id_ in changed])
    return QueueChanges(tuple(sorted(changed)), tuple(sorted({row[0] for row in rows if not row[-1]})))


def _row_id(stage: str, item: str, message: str) -> str:
    return message or f"{stage}-{item}"


def _claim_message(db: Database, items: Sequence[tuple[str, float]]) -> list[ClaimedRows | None]:
    claims: list[ClaimedRows | None] = []
    for id_, lease in items:
        takes_over = int(db.steady_for(lease))
        db.rows(_LOCK, ids=[id_], now=db.now, takes_over=takes_over)
        mark = entropy.token_hex(8)
        rows = db.rows(_TAKE, id=id_, now=db.now, until=db.now + lease, mark=mark, takes_over=takes_over)
        claims.append(ClaimedRows(id_, f"{id_}/{mark}", db.now, tuple(sorted(rows))) if rows else None)
    return claims


def _stuck_rows(db: Database, failures: Sequence[Row]) -> list[tuple[tuple[str, str], WaitingItem]]:
    """The rows of stuck items: a delivery has one, a follow-up too, the others have one for each recipient."""
    ids = sorted({message for _, _, message, *_ in failures if message})
    recipients: dict[str, list[WaitingItem]] = {}
    for row in map(_read, db.rows(_OF_MESSAGES, ids=ids)):
        recipients.setdefault(row.id, []).append(row)
    notices = [item for stage, item, *_ in failures if stage == WorkStage.NOTIFICATION]
    kinds = {str(id_): kind for id_, kind in db.rows(_KINDS, ids=notices)} if notices else {}
    found = []
    for stage, item, message, failed, error in failures:
        if stage == WorkStage.NOTIFICATION:
            state = str(kinds.get(item, stage))
            rows = [WaitingItem(_row_id(stage, item, message), 0, "", "", "", state, failed, None, error, True, stage)]
        else:
            rows = [
                replace(
                    row,
                    attempts=row.attempts or failed,
                    next_attempt_at=None,
                    last_error=error,
                    stuck=True,
                    stage=stage,
                )
                for row in sorted(recipients.get(message, []), key=lambda row: row.position)
                if stage != WorkStage.DELIVERY or item == f"{row.id}/{row.position}"
            ]
            rows = rows or [
                WaitingItem(_row_id(stage, item, message), 0, "", "", "", stage, failed, None, error, True, stage)
            ]
        found += [((stage, item), row) for row in rows]
    return found


def _read(row: Row) -> WaitingItem:
    stuck = bool(row[-1])
    return replace(WaitingItem(*row), stuck=stuck, stage=WorkStage.DELIVERY if stuck else "")


_STAGES = frozenset(WorkStage)
_RETRY_WRITE = Write(_retry, rank=1)
_CLAIM_WRITE = Write(_claim_message, rank=1)


class SqlQueueStore(FeatureStore):
    """See gateway.ports.work.QueueStore."""

    async def rows(self, after: str, limit: int, *, hop: NextHop | None = None) -> Sequence[WaitingItem]:
        """See gateway.ports.work.QueueStore."""
        statement, more = _PAGES[None], {}
        if hop is not None:
            statement = _PAGES[hop.default]
            more = {"channel": hop.channel, "domains": sorted(hop.others if hop.default else hop.domains)}
        rows = await self._readers.read(lambda db: db.rows(statement, after=after, limit=limit, **more))
        return sorted(map(_read, rows), key=lambda row: (row.id, row.position))

    async def rows_of(self, id: str) -> Sequence[WaitingItem]:
        """See gateway.ports.work.QueueStore."""
        rows = await self._readers.read(lambda db: db.rows(_OF_MESSAGES, ids=[id]))
        return sorted(map(_read, rows), key=lambda row: row.position)

    async def stuck_rows(
        self, after: tuple[str, str], limit: int, *, id: str = ""
    ) -> Sequence[tuple[tuple[str, str], WaitingItem]]:
        """See gateway.ports.work.QueueStore."""

        def read(db: Database) -> list[tuple[tuple[str, str], WaitingItem]]:
            if id:
                stage, _, item = id.partition("-")
                return _stuck_rows(db, db.rows(_STUCK_OF_MESSAGE, id=id, stage=stage, item=item))
            stage, item = after
            failures = db.rows(_STUCK_PAGE, stage=stage, item=item, limit=limit)
            return _stuck_rows(db, failures)

        return await self._readers.read(read)

    async def retry(self, ids: Sequence[str], entries: Mapping[str, AuditEntry]) -> QueueChanges:
        """See gateway.ports.work.QueueStore."""
        return await self._writer.write(_RETRY_WRITE, _Retry(ids, entries))

    async def claim_message(self, id: str, lease: float) -> Claim | Unreadable | None:
        """See gateway.ports.work.QueueStore."""
        claimed = await self._writer.write(_CLAIM_WRITE, (id, lease))
        if claimed is None:
            return None
        return (await self._readers.read(lambda db: load_claims(db, [claimed], {})))[0]
