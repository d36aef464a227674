"""Parts of texts over SMPP: collected until a text is complete, stored as they came, with the SMSC's ids."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import Integer, bindparam, delete, func, select, update

from gateway.core.channels.smpp_message import PartialText, SentPart, SmsPart, id_variants
from gateway.store.engine.columns import storable
from gateway.store.engine.dialects import BatchStatement, Database, Row, Statement, batch_insert
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.engine.group_commit import Write
from gateway.store.messages.intake import part_row
from gateway.store.schema import messages as schema

REPEAT_SECONDS = 300.0
"""Seconds in which a repeated part is recognized."""
_GATHERING = 4015  # number of the advisory lock on PostgreSQL: one process adds parts at a time

_COMPLETE, _WAITING, _COPIES = _STATES = (0, 1, 2)
"""The state of a part: its text is complete, waits for other parts, or consists of copies of a complete text."""

_p, _i = schema.text_parts.c, schema.text_ids.c
_LOCK = Statement(lambda sql: select(func.pg_advisory_xact_lock(schema.lit(_GATHERING))))
_SAME_KEY = Statement(
    lambda sql: (
        select(_p.message_id, _p.number, _p.total, _p.command, _p.body, _p.account, _p.waiting)
        .where(
            _p.key == bindparam("key"),
            _p.key != schema.lit(""),
            (_p.at > bindparam("after")) | (_p.waiting == schema.lit(_WAITING)),
        )
        .order_by(_p.message_id.desc(), _p.number)
        .with_for_update()  # wait for a process that is completing the text
    )
)
_PARTS_OF = Statement(
    lambda sql: (
        select(_p.message_id, _p.number, _p.total, _p.command, _p.body, _p.account, _p.waiting)
        .where(sql.among(_p.message_id))
        .order_by(_p.message_id, _p.number)
    )
)
_OVERDUE = Statement(
    lambda sql: (
        select(_p.message_id)
        .where(_p.waiting == schema.lit(1), _p.at <= bindparam("before"))
        .order_by(_p.at)
        .limit(bindparam("limit"))
    )
)
_OVERDUE_OF = Statement(
    lambda sql: (
        select(_p.message_id)
        .where(_p.waiting == schema.lit(1), _p.account == bindparam("account"))
        .group_by(_p.message_id)
        .having(func.max(_p.at) <= bindparam("before"))
        .order_by(func.max(_p.at))
        .limit(bindparam("limit"))
    )
)
_INSERT = batch_insert(schema.text_parts)
_MARK_WAITING = Statement(
    lambda sql: update(schema.text_parts).where(_p.message_id == bindparam("id")).values(waiting=schema.lit(_WAITING))
)
_DELETE_PARTS = Statement(lambda sql: delete(schema.text_parts).where(_p.message_id == bindparam("id")))
_INSERT_ID = batch_insert(schema.text_ids, ignore_existing=True)
_IDS_OF = Statement(
    lambda sql: select(_i.number, _i.given).where(
        _i.message_id == bindparam("id"), _i.position == bindparam("position")
    )
)
_END_TURN = BatchStatement(
    lambda sql, value: (
        update(schema.text_turns)
        .where(schema.text_turns.c.message_id == value("id"), schema.text_turns.c.position == value("at"))
        .values(waiting=schema.lit(0))
    ),
    id=schema.TEXT,
    at=Integer(),
)
_BY_ID = Statement(
    lambda sql: (
        select(_i.message_id, _i.number, _i.total, _i.account, _i.name)
        .where(sql.among(_i.name))
        .order_by(_i.at.desc())
        .limit(schema.lit(8))
    )
)


@dataclass(frozen=True, slots=True)
class _ReceivedPart:
    key: str
    name: str
    part: SmsPart


@dataclass(frozen=True, slots=True)
class _SmscId:
    message_id: str
    position: int
    part: SmsPart
    smsc_id: str


def _add(db: Database, items: Sequence[_ReceivedPart]) -> list[PartialText]:
    if db.dialect.name == "postgresql":
        db.rows(_LOCK)
    return [_add_one(db, item) for item in items]


def _add_one(db: Database, received: _ReceivedPart) -> PartialText:
    """Add the part to a text that waits for it; otherwise it is a copy, if a complete text has the same part.

    References repeat, and two texts may begin with the same words. So copies are kept together under their reference:
    with one part that is not a copy, they become a text of their own.
    """
    rows = db.rows(_SAME_KEY, key=storable(received.key), after=db.now - REPEAT_SECONDS)
    texts = {str(id_): list(group) for id_, group in groupby(rows, key=lambda row: row[0])}
    by_state = {state: {id_: known for id_, known in texts.items() if known[0][6] == state} for state in _STATES}
    part = received.part
    for state in (_WAITING, _COPIES):
        without_it = {
            id_: known for id_, known in by_state[state].items() if all(row[1] != part.number for row in known)
        }
        if without_it:
            id_, known = next(iter(without_it.items()))
            return _insert(db, received, id_, known, state, by_state[_COMPLETE])
        for id_, known in by_state[state].items():
            if _contains(known, part):
                original = state == _COPIES and _complete_text_with(by_state[_COMPLETE], part)
                return original or _partial_text(id_, known)
    if original := _complete_text_with(by_state[_COMPLETE], part):
        db.batch(_INSERT, [part_row(db, part, received.name, waiting=_COPIES, key=received.key)])
        return original
    return _insert(db, received, received.name, [], _WAITING, {})


def _insert(
    db: Database, received: _ReceivedPart, id_: str, known: list[Row], state: int, complete: Mapping[str, list[Row]]
) -> PartialText:
    """Insert a part into a text that has the parts `known`."""
    part = received.part
    original = _complete_text_with(complete, part) if state == _COPIES else None
    if state == _COPIES and original is None:
        db.change(_MARK_WAITING, id=id_)
    all_parts = [*known, (id_, part.number, part.total, part.command, part.body, part.account, _WAITING)]
    if original is not None and len(all_parts) == part.total:
        db.change(_DELETE_PARTS, id=id_)  # the complete text came twice
        return original
    db.batch(_INSERT, [part_row(db, part, id_, waiting=_COPIES if original else _WAITING, key=received.key)])
    return original or _partial_text(id_, [(*row[:6], _WAITING) for row in all_parts])


def _complete_text_with(complete: Mapping[str, list[Row]], part: SmsPart) -> PartialText | None:
    """The complete text that has this same part."""
    return next((_partial_text(id_, known) for id_, known in complete.items() if _contains(known, part)), None)


def _contains(rows: list[Row], part: SmsPart) -> bool:
    return any((row[1], bytes(row[4])) == (part.number, part.body) for row in rows)


def _partial_text(id_: str, rows: Sequence[Row]) -> PartialText:
    parts = tuple(sorted((_read_part(row) for row in rows), key=lambda part: part.number))
    return PartialText(id_, parts[0].total, parts, done=rows[0][6] == _COMPLETE)


def _read_part(row: Row) -> SmsPart:
    return SmsPart(row[1], row[2], row[3], bytes(row[4]), row[5])


def _record_ids(db: Database, items: Sequence[_SmscId]) -> list[None]:
    rows = {
        (item.message_id, item.position, item.part.number): {
            "message_id": item.message_id,
            "position": item.position,
            "number": item.part.number,
            "total": item.part.total,
            "account": storable(item.part.account),
            "given": storable(item.smsc_id),
            "name": storable(id_variants(item.smsc_id)[0]),
            "at": db.now,
        }
        for item in items
    }
    db.batch(_INSERT_ID, list(rows.values()))
    return [None] * len(items)


def _overdue(db: Database, age: float, limit: int, account: str | None) -> list[PartialText]:
    if account is None:
        found = db.rows(_OVERDUE, before=db.now - age, limit=limit)
    else:
        found = db.rows(_OVERDUE_OF, before=db.now - age, limit=limit, account=storable(account))
    ids = list(dict.fromkeys(row[0] for row in found))
    rows = db.rows(_PARTS_OF, ids=ids) if ids else []
    return [_partial_text(str(id_), list(group)) for id_, group in groupby(rows, key=lambda row: row[0])]


def _end_turns(db: Database, items: Sequence[tuple[str, int]]) -> list[None]:
    db.batch(_END_TURN, [{"id": id_, "at": position} for id_, position in items])
    return [None] * len(items)


_ADD_WRITE = Write(_add, rank=3)
_RECORD_IDS_WRITE = Write(_record_ids, urgent=True)
_END_TURNS_WRITE = Write(_end_turns, rank=1)


class SqlSmsPartStore(FeatureStore):
    """See gateway.ports.channels.SmsPartStore."""

    async def add(self, key: str, name: str, part: SmsPart) -> PartialText:
        """See gateway.ports.channels.SmsPartStore."""
        return await self._writer.write(_ADD_WRITE, _ReceivedPart(key, name, part))

    async def overdue(self, age: float, limit: int, *, account: str | None = None) -> Sequence[PartialText]:
        """See gateway.ports.channels.SmsPartStore."""
        return await self._readers.read(lambda db: _overdue(db, age, limit, account))

    async def parts_of(self, message_id: str) -> Sequence[SmsPart]:
        """See gateway.ports.channels.SmsPartStore."""
        return [_read_part(row) for row in await self._readers.read(lambda db: db.rows(_PARTS_OF, ids=[message_id]))]

    async def smsc_ids(self, message_id: str, position: int) -> Mapping[int, str]:
        """See gateway.ports.channels.SmsPartStore."""
        rows = await self._readers.read(lambda db: db.rows(_IDS_OF, id=message_id, position=position))
        return dict(rows)

    async def record_smsc_id(self, message_id: str, position: int, part: SmsPart, smsc_id: str) -> None:
        """See gateway.ports.channels.SmsPartStore."""
        await self._writer.write(_RECORD_IDS_WRITE, _SmscId(message_id, position, part, smsc_id))

    async def end_turn(self, message_id: str, position: int) -> None:
        """See gateway.ports.channels.SmsPartStore."""
        await self._writer.write(_END_TURNS_WRITE, (message_id, position))

    async def find_by_smsc_ids(self, smsc_ids: Collection[str]) -> SentPart | None:
        """See gateway.ports.channels.SmsPartStore. An exact match goes before another spelling of an id."""
        wanted = list(smsc_ids)
        rows = await self._readers.read(lambda db: db.rows(_BY_ID, ids=[storable(smsc_id) for smsc_id in wanted]))
        best = min(rows, key=lambda row: wanted.index(row[4]) if row[4] in wanted else len(wanted), default=None)
        return None if best is None else SentPart(*best[:4])
