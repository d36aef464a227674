"""Parts of texts over SMPP: gathered until a text is whole, kept as they came, known to the SMSC by ids of its own."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import bindparam, delete, func, select, update

from gateway.core.channels.smpp_message import PartialText, SentPart, SmsPart, id_variants
from gateway.store.engine.columns import storable
from gateway.store.engine.dialects import Database, Row, Statement, batch_insert
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.engine.group_commit import Write
from gateway.store.messages.intake import part_row
from gateway.store.schema import messages as schema

AGAIN = 300.0
"""Seconds in which a part that comes a second time is known for what it is."""
_GATHERING = 4015  # the number of the advisory lock on PostgreSQL: one process gathers at a time

_MADE, _WAITING, _COPIES = _KINDS = (0, 1, 2)
"""Of parts: their text is made; it waits for others; or all of them are copies of those of one that is made."""

_p, _i = schema.text_parts.c, schema.text_ids.c
_ALONE = Statement(lambda sql: select(func.pg_advisory_xact_lock(schema.lit(_GATHERING))))
_LIKE = Statement(
    lambda sql: (
        select(_p.message_id, _p.number, _p.total, _p.command, _p.body, _p.account, _p.waiting)
        .where(
            _p.key == bindparam("key"),
            _p.key != schema.lit(""),
            (_p.at > bindparam("after")) | (_p.waiting == schema.lit(_WAITING)),
        )
        .order_by(_p.message_id.desc(), _p.number)
        .with_for_update()  # whoever makes a text of them meanwhile is waited for
    )
)
_OF = Statement(
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
_KEEP = batch_insert(schema.text_parts)
_NO_COPIES = Statement(
    lambda sql: update(schema.text_parts).where(_p.message_id == bindparam("id")).values(waiting=schema.lit(_WAITING))
)
_DROP_COPIES = Statement(lambda sql: delete(schema.text_parts).where(_p.message_id == bindparam("id")))
_NOTE = batch_insert(schema.text_ids, ignore_existing=True)
_KNOWN = Statement(
    lambda sql: select(_i.number, _i.given).where(
        _i.message_id == bindparam("id"), _i.position == bindparam("position")
    )
)
_TOLD = Statement(
    lambda sql: (
        select(_i.message_id, _i.number, _i.total, _i.account, _i.name)
        .where(sql.among(_i.name))
        .order_by(_i.at.desc())
        .limit(schema.lit(8))
    )
)


@dataclass(frozen=True, slots=True)
class _Came:
    key: str
    name: str
    part: SmsPart


@dataclass(frozen=True, slots=True)
class _Noted:
    message_id: str
    position: int
    part: SmsPart
    name: str


def _gather(db: Database, items: Sequence[_Came]) -> list[PartialText]:
    if db.dialect.name == "postgresql":
        db.rows(_ALONE)
    return [_gather_one(db, each) for each in items]


def _gather_one(db: Database, came: _Came) -> PartialText:
    """What waits for this part has it; else it is a copy, where it is like a part of a text that is made.

    References come round again, and two texts may begin with the same words. So copies are kept apart, with what else
    comes under their reference: one part that is no copy, and they are a text of their own.
    """
    rows = db.rows(_LIKE, key=storable(came.key), after=db.now - AGAIN)
    texts = {str(id_): list(group) for id_, group in groupby(rows, key=lambda row: row[0])}
    kinds = {kind: {id_: there for id_, there in texts.items() if there[0][6] == kind} for kind in _KINDS}
    part = came.part
    for kind in (_WAITING, _COPIES):
        lacking = {id_: there for id_, there in kinds[kind].items() if all(row[1] != part.number for row in there)}
        if lacking:
            id_, there = next(iter(lacking.items()))
            return _joined(db, came, id_, there, kind, kinds[_MADE])
        for id_, there in kinds[kind].items():
            if _has(there, part):
                original = kind == _COPIES and _like(kinds[_MADE], part)
                return original or _gathered(id_, there)
    if original := _like(kinds[_MADE], part):
        db.batch(_KEEP, [part_row(db, part, came.name, waiting=_COPIES, key=came.key)])
        return original
    return _joined(db, came, came.name, [], _WAITING, {})


def _joined(
    db: Database, came: _Came, id_: str, there: list[Row], kind: int, made: Mapping[str, list[Row]]
) -> PartialText:
    """A part with the others of its text."""
    part = came.part
    original = _like(made, part) if kind == _COPIES else None
    if kind == _COPIES and original is None:
        db.change(_NO_COPIES, id=id_)
    all_there = [*there, (id_, part.number, part.total, part.command, part.body, part.account, _WAITING)]
    if original is not None and len(all_there) == part.total:
        db.change(_DROP_COPIES, id=id_)  # the whole text came twice
        return original
    db.batch(_KEEP, [part_row(db, part, id_, waiting=_COPIES if original else _WAITING, key=came.key)])
    return original or _gathered(id_, [(*row[:6], _WAITING) for row in all_there])


def _like(made: Mapping[str, list[Row]], part: SmsPart) -> PartialText | None:
    """The text that is made and has this very part."""
    return next((_gathered(id_, there) for id_, there in made.items() if _has(there, part)), None)


def _has(rows: list[Row], part: SmsPart) -> bool:
    return any((row[1], bytes(row[4])) == (part.number, part.body) for row in rows)


def _gathered(id_: str, rows: Sequence[Row]) -> PartialText:
    parts = tuple(sorted((_part(row) for row in rows), key=lambda part: part.number))
    return PartialText(id_, parts[0].total, parts, done=rows[0][6] == _MADE)


def _part(row: Row) -> SmsPart:
    return SmsPart(row[1], row[2], row[3], bytes(row[4]), row[5])


def _note(db: Database, items: Sequence[_Noted]) -> list[None]:
    rows = {
        (each.message_id, each.position, each.part.number): {
            "message_id": each.message_id,
            "position": each.position,
            "number": each.part.number,
            "total": each.part.total,
            "account": storable(each.part.account),
            "given": storable(each.name),
            "name": storable(id_variants(each.name)[0]),
            "at": db.now,
        }
        for each in items
    }
    db.batch(_NOTE, list(rows.values()))
    return [None] * len(items)


def _overdue(db: Database, age: float, limit: int) -> list[PartialText]:
    ids = list(dict.fromkeys(row[0] for row in db.rows(_OVERDUE, before=db.now - age, limit=limit)))
    rows = db.rows(_OF, ids=ids) if ids else []
    return [_gathered(str(id_), list(group)) for id_, group in groupby(rows, key=lambda row: row[0])]


_GATHER_WRITE = Write(_gather, rank=3)
_NOTE_WRITE = Write(_note)


class SqlSmsPartStore(FeatureStore):
    """See gateway.ports.channels.SmsPartStore."""

    async def add(self, key: str, name: str, part: SmsPart) -> PartialText:
        """See gateway.ports.channels.SmsPartStore."""
        return await self._writer.write(_GATHER_WRITE, _Came(key, name, part))

    async def overdue(self, age: float, limit: int) -> Sequence[PartialText]:
        """See gateway.ports.channels.SmsPartStore."""
        return await self._readers.read(lambda db: _overdue(db, age, limit))

    async def parts_of(self, message_id: str) -> Sequence[SmsPart]:
        """See gateway.ports.channels.SmsPartStore."""
        return [_part(row) for row in await self._readers.read(lambda db: db.rows(_OF, ids=[message_id]))]

    async def smsc_ids(self, message_id: str, position: int) -> Mapping[int, str]:
        """See gateway.ports.channels.SmsPartStore."""
        rows = await self._readers.read(lambda db: db.rows(_KNOWN, id=message_id, position=position))
        return dict(rows)

    async def record_smsc_id(self, message_id: str, position: int, part: SmsPart, name: str) -> None:
        """See gateway.ports.channels.SmsPartStore."""
        await self._writer.write(_NOTE_WRITE, _Noted(message_id, position, part, name))

    async def find_by_smsc_ids(self, names: Collection[str]) -> SentPart | None:
        """See gateway.ports.channels.SmsPartStore. The exact id goes before another way of writing one."""
        asked = list(names)
        rows = await self._readers.read(lambda db: db.rows(_TOLD, ids=[storable(each) for each in asked]))
        found = min(rows, key=lambda row: asked.index(row[4]) if row[4] in asked else len(asked), default=None)
        return None if found is None else SentPart(*found[:4])
