"""Reads everything that is kept about a person, for a records request: ids first, then rows in batches."""

from __future__ import annotations

import functools
import json
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial

from sqlalchemy import ColumnElement, Table, Text, bindparam, func, or_, select, type_coerce

from gateway.core.serialization.json_fields import rfc3339
from gateway.ports.reports import Row
from gateway.store.engine.columns import storable
from gateway.store.engine.dialects import Database, Statement
from gateway.store.engine.dialects import Row as DatabaseRow
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.records.kept import OF_PERSON, columns, of_messages
from gateway.store.schema import messages as schema
from gateway.store.schema.audit import audit
from gateway.store.schema.messages import metadata

_STEP = 5000
"""Rows that one query looks through: other readers go between."""
_x, _m, _r, _v, _a = schema.contacts.c, schema.messages.c, schema.recipients.c, schema.verdicts.c, audit.c
_JSON = frozenset({"envelope", "decision", "verdict", "clauses", "detail", "buildings", "words", "body"})
_TIMES = ("at", "_at", "since", "until", "last")


def _lower(column: ColumnElement[str]) -> ColumnElement[str]:
    """A column in lower case; its type says what a list of such values holds."""
    return type_coerce(func.lower(column), Text())


_SENT = Statement(lambda sql: select(_m.id).where(sql.among(_lower(_m.sender))))
_RECEIVED = Statement(lambda sql: select(_r.message_id).where(sql.among(_lower(_r.address))))
_CONTACT_END = Statement(
    lambda sql: (
        select(_x.message_id)
        .where(_x.message_id > bindparam("after"))
        .order_by(_x.message_id)
        .limit(schema.lit(1))
        .offset(schema.lit(_STEP))
    )
)
_CONTACTS = Statement(
    lambda sql: select(_x.message_id).where(
        _x.message_id > bindparam("after"), _x.message_id <= bindparam("end"),
        or_(sql.among(_x.staff), sql.among(_x.student)),
    )
)  # fmt: skip
_VERDICT_END = Statement(
    lambda sql: (
        select(_v.message_id)
        .where(_v.message_id > bindparam("after"))
        .order_by(_v.message_id)
        .limit(schema.lit(1))
        .offset(schema.lit(_STEP))
    )
)
_ABOUT = Statement(
    lambda sql: select(_v.message_id).where(
        _v.message_id > bindparam("after"), _v.message_id <= bindparam("end"), _v.verdict.like(bindparam("about"))
    )
)
_PAIRS = Statement(
    lambda sql: (
        select(
            _x.conversation, func.min(_x.staff).label("staff"), func.min(_x.student).label("student"),
            func.count().label("messages"), func.sum(_x.by_staff).label("by_staff_member"),
            func.sum(_x.night).label("at_night"), func.sum(_x.alone).label("one_to_one"),
            func.sum(_x.outside).label("over_personal_accounts"), func.min(_x.at).label("first_at"),
            func.max(_x.at).label("last_at"),
        )
        .where(or_(_x.staff == bindparam("person"), _x.student == bindparam("person_again")))
        .group_by(_x.conversation)
        .order_by(_x.conversation)
    )
)  # fmt: skip
_PAIR_KEYS = (
    "conversation", "staff", "student", "messages", "by_staff_member", "at_night", "one_to_one",
    "over_personal_accounts", "first_at", "last_at",
)  # fmt: skip
_AUDIT_END = Statement(
    lambda sql: (
        select(_a.id).where(_a.id > bindparam("after")).order_by(_a.id).limit(schema.lit(1)).offset(schema.lit(_STEP))
    )
)
_AUDIT_KEYS = ("number", "previous", "hash", "at", "actor", "act", "subject", "detail")
_LAST = "\U0010ffff"


@functools.cache
def _audit_entries(details: int) -> Statement:
    """The entries of a part of the log that name the person. `details`: how many words are looked for in details."""
    return Statement(
        lambda sql: (
            select(*(_a[name] for name in _AUDIT_KEYS))
            .where(
                _a.id > bindparam("after"), _a.id <= bindparam("end"),
                or_(
                    sql.among(_a.actor, "accounts"), sql.among(_a.subject),
                    *(_a.detail.like(bindparam(f"detail_{n}")) for n in range(details)),
                ),
            )
            .order_by(_a.id)
        )
    )  # fmt: skip


@functools.cache
def _rows_of_messages(name: str) -> Statement:
    table, key = next((table, key) for table, key in of_messages() if table.name == name)
    return Statement(lambda sql: select(key, *columns(table)).where(sql.among(key)))


@functools.cache
def _rows_of_person(name: str) -> Statement:
    table = metadata.tables[name]
    return Statement(
        lambda sql: select(*columns(table)).where(
            or_(*(sql.among(_lower(table.c[column]) if kind == "addresses" else table.c[column], kind)
                  for column, kind in OF_PERSON[name].items()))
        )
    )  # fmt: skip


def _row(table: Table, values: Sequence[object]) -> Row:
    return {column.name: _value(column.name, value) for column, value in zip(columns(table), values, strict=True)}


def _value(name: str, value: object) -> object:
    if isinstance(value, float) and name.endswith(_TIMES):
        return rfc3339(value)
    if isinstance(value, str) and name in _JSON:
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _of_messages(db: Database, ids: list[str]) -> dict[str, dict[str, list[Row]]]:
    found: dict[str, dict[str, list[Row]]] = {id_: defaultdict(list) for id_ in ids}
    for table, _ in of_messages():
        for id_, *values in db.rows(_rows_of_messages(table.name), ids=ids):
            found[id_][table.name].append(_row(table, values))
    return found


def _of_person(db: Database, **keys: list[str]) -> dict[str, list[Row]]:
    found = {}
    for name, compared in OF_PERSON.items():
        given = {kind: keys[kind] for kind in set(compared.values())}
        if rows := db.rows(_rows_of_person(name), **given):
            found[name] = [_row(metadata.tables[name], values) for values in rows]
    return found


_Find = Callable[[Database, dict[str, str]], Sequence[str]]


def _rows_after(db: Database, statement: Statement, after: str) -> list[DatabaseRow]:
    return db.rows(statement, after=after)


def _find_part(db: Database, find: _Find, part: dict[str, str]) -> Sequence[str]:
    return find(db, part)


class SqlRecordStore(FeatureStore):
    """See gateway.ports.reports.RecordStore."""

    async def party_ids(self, person: str, addresses: Collection[str]) -> Sequence[str]:
        """See gateway.ports.reports.RecordStore."""
        lower = sorted({storable(address.lower()) for address in addresses})
        ids = {row[0] for row in await self._readers.read(lambda db: db.rows(_SENT, ids=lower))}
        ids |= {row[0] for row in await self._readers.read(lambda db: db.rows(_RECEIVED, ids=lower))}
        people = sorted({storable(person), *lower})
        ids |= await self._all(_CONTACT_END, lambda db, part: [
            row[0] for row in db.rows(_CONTACTS, ids=people, **part)
        ])  # fmt: skip
        about = f'%"about":{json.dumps(person).replace("%", "")}%'
        ids |= await self._all(_VERDICT_END, lambda db, part: [
            row[0] for row in db.rows(_ABOUT, about=about, **part)
        ])  # fmt: skip
        return sorted(ids)

    async def _all(
        self, end_of: Statement, find: _Find
    ) -> set[str]:  # fmt: skip
        found: set[str] = set()
        after = ""
        while after != _LAST:
            rows = await self._readers.read(partial(_rows_after, statement=end_of, after=after))
            part = {"after": after, "end": rows[0][0] if rows else _LAST}
            found |= set(await self._readers.read(partial(_find_part, find=find, part=part)))
            after = part["end"]
        return found

    async def rows_of_messages(self, message_ids: Sequence[str]) -> Mapping[str, Mapping[str, Sequence[Row]]]:
        """See gateway.ports.reports.RecordStore."""
        return await self._readers.read(partial(_of_messages, ids=list(message_ids)))

    async def rows_of_person(
        self, ids: Collection[str], addresses: Collection[str], accounts: Collection[str]
    ) -> Mapping[str, Sequence[Row]]:
        """See gateway.ports.reports.RecordStore."""
        return await self._readers.read(
            partial(
                _of_person, ids=sorted(map(storable, ids)),
                addresses=sorted({storable(address.lower()) for address in addresses}),
                accounts=sorted(map(storable, accounts)),
            )
        )  # fmt: skip

    async def contact_of(self, person: str) -> Sequence[Row]:
        """See gateway.ports.reports.RecordStore."""
        key = storable(person)
        rows = await self._readers.read(lambda db: db.rows(_PAIRS, person=key, person_again=key))
        return [{name: _value(name, value) for name, value in zip(_PAIR_KEYS, row, strict=True)} for row in rows]

    async def audit_page(
        self, after: int, ids: Collection[str], addresses: Collection[str], accounts: Collection[str]
    ) -> tuple[int, Sequence[Row]]:
        """See gateway.ports.reports.RecordStore."""
        words = [f"%{json.dumps(word)[1:-1].replace('%', '')}%" for word in sorted({*ids, *addresses}) if len(word) > 3]
        quoted = [f"%{json.dumps(word).replace('%', '')}%" for word in sorted(ids) if len(word) <= 3]
        details = {f"detail_{n}": storable(word) for n, word in enumerate([*words, *quoted])}

        def read(db: Database) -> tuple[int, list[Row]]:
            ends = db.rows(_AUDIT_END, after=after)
            end = int(ends[0][0]) if ends else 1 << 62
            rows = db.rows(
                _audit_entries(len(details)), after=after, end=end, accounts=sorted(map(storable, accounts)),
                ids=sorted({storable(word) for word in (*ids, *addresses, *accounts)}), **details,
            )  # fmt: skip
            found = [{name: _value(name, value) for name, value in zip(_AUDIT_KEYS, row, strict=True)} for row in rows]
            return (end if ends else 0), found

        return await self._readers.read(read)
