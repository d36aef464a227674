"""Statements: written once in SQLAlchemy Core, compiled once per dialect, run by the driver's own cursor.

What differs between SQLite and PostgreSQL is in `Flavour`; nothing else in this room asks which one it is.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import ARRAY, ColumnElement, Dialect, Table, bindparam, column, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.sql.expression import Executable
from sqlalchemy.types import TypeEngine

Row = tuple[Any, ...]
PUBLICATIONS, FOLLOWUPS = "publications", "followups"
_LIST = re.compile(r"%\((\w+)\)s::(?=[\w ]+\[\])")  # psycopg: lists go as bytes, for as text they would be quoted
Parameters = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Flavour:
    """One database: how its SQL is written and what its driver is called."""

    name: str
    dialect: Dialect
    driver: Any
    begin: str
    clock: str
    own_clock: Callable[[], float] | None
    cursor: Mapping[str, Any]

    def insert(self, table: Table) -> Any:
        """An insert of this dialect, which knows `on_conflict_do_nothing` and `on_conflict_do_update`."""
        return sqlite.insert(table) if self.name == "sqlite" else postgresql.insert(table)

    def among(self, kept: ColumnElement[Any], name: str = "ids") -> ColumnElement[bool]:
        """Whether a column is one of a list given at the call: the statement stays the same for any length."""
        if self.name == "sqlite":
            return kept.in_(select(func.json_each(bindparam(name)).table_valued("value").c.value))
        return kept == func.any(bindparam(name, type_=ARRAY(kept.type)))


def sqlite_flavour() -> Flavour:
    """SQLite by the standard library's driver."""
    dialect = SQLiteDialect_pysqlite(paramstyle="named")
    return Flavour("sqlite", dialect, SQLiteDialect_pysqlite.import_dbapi(), "BEGIN IMMEDIATE", "", time.time, {})


def postgresql_flavour() -> Flavour:
    """PostgreSQL by psycopg 3."""
    clock = "SELECT extract(epoch FROM clock_timestamp())::float8"
    dialect: Any = PGDialect_psycopg
    return Flavour("postgresql", dialect(), dialect.import_dbapi(), "BEGIN", clock, None, {"binary": True})


class Statement:
    """One statement with named parameters, built for whichever flavour runs it."""

    def __init__(self, build: Callable[[Flavour], Executable]) -> None:
        self._build = build
        self._compiled: dict[str, str] = {}

    def text(self, flavour: Flavour) -> str:
        """The SQL of a flavour."""
        known = self._compiled.get(flavour.name)
        if known is None:
            known = self._compiled[flavour.name] = _sql(self._build(flavour), flavour)
        return known


class Each:
    """A change that is made for each of many sets of parameters, named and typed.

    SQLite runs it once for each; to PostgreSQL all of them go at once, as the columns of a table `given`, so that a
    batch costs one statement. No two sets may be about the same row. `build` takes what stands for a parameter.
    """

    def __init__(
        self, build: Callable[[Flavour, Callable[[str], ColumnElement[Any]]], Executable], **types: TypeEngine[Any]
    ) -> None:
        self._build = build
        self._types = types
        self._compiled: dict[str, str] = {}

    def text(self, flavour: Flavour) -> str:
        """The SQL of a flavour."""
        known = self._compiled.get(flavour.name)
        if known is None:
            known = self._compiled[flavour.name] = _sql(self._build(flavour, self._values(flavour)), flavour)
        return known

    def columns(self, rows: Sequence[Parameters]) -> dict[str, list[object]]:
        """Many sets of parameters as one of lists."""
        return {name: [row[name] for row in rows] for name in self._types}

    def _values(self, flavour: Flavour) -> Callable[[str], ColumnElement[Any]]:
        if flavour.name == "sqlite":
            return lambda name: bindparam(name, type_=self._types[name])
        lists = [bindparam(name, type_=ARRAY(kind)) for name, kind in self._types.items()]
        given = func.unnest(*lists).table_valued(*(column(name, kind) for name, kind in self._types.items()))
        return given.render_derived("given").c.__getitem__


def insert_each(table: Table, *names: str, again: bool = False) -> Each:
    """An insert of many rows, of all columns or of those named; with `again`, rows whose key is there are left."""
    columns = [table.c[name] for name in names] if names else list(table.c)

    def build(of: Flavour, value: Callable[[str], ColumnElement[Any]]) -> Executable:
        insert = of.insert(table)
        values = [value(each.name) for each in columns]
        if of.name == "sqlite":
            insert = insert.values({each.name: given for each, given in zip(columns, values, strict=True)})
        else:
            insert = insert.from_select([each.name for each in columns], select(*values))
        return cast(Executable, insert.on_conflict_do_nothing() if again else insert)

    return Each(build, **{each.name: each.type for each in columns})


def _sql(statement: Executable, flavour: Flavour) -> str:
    compiled = statement.compile(dialect=flavour.dialect)  # type: ignore[attr-defined]
    text = str(compiled)
    for name, value in compiled.params.items():
        if type(value) is int:  # SQLAlchemy's own, as SQLite's OFFSET 0
            text = text.replace(compiled.bindtemplate % {"name": name}, str(value))
        elif not compiled.binds[name].required:
            raise TypeError(f"the store writes constants with `lit`, not as {name}={value!r}")
    return _LIST.sub(r"%(\1)b::", text)


class Run:
    """A connection at work on one request: runs statements, knows the time of the store.

    `news`: what this transaction made due at once, for claims to go along: PUBLICATIONS, FOLLOWUPS, or recipients of a
    channel under its name.
    """

    def __init__(self, cursor: DBAPICursor, flavour: Flavour, clock: Callable[[], float] | None) -> None:
        self._cursor = cursor
        self._clock = clock
        self._now: float | None = None
        self.flavour = flavour
        self.news: set[str] = set()

    @property
    def now(self) -> float:
        """The store's time, asked once: the injected clock's, else on PostgreSQL the database's."""
        if self._now is None:
            if self._clock is not None:
                self._now = self._clock()
            else:
                self._cursor.execute(self.flavour.clock)
                self._now = float(self._cursor.fetchall()[0][0])
        return self._now

    def rows(self, statement: Statement, /, **parameters: object) -> list[Row]:
        """Run a statement that answers with rows. A list parameter belongs to `Flavour.among`."""
        self._cursor.execute(statement.text(self.flavour), self._bound(parameters))
        return list(self._cursor.fetchall())

    def change(self, statement: Statement, /, **parameters: object) -> int:
        """Run a statement that changes rows; how many."""
        self._cursor.execute(statement.text(self.flavour), self._bound(parameters))
        return self._cursor.rowcount

    def one_by_one(self, statement: Statement, rows: Sequence[Parameters]) -> None:
        """Run a statement for each set of parameters: for values too large to be gathered in lists."""
        if rows:
            self._cursor.executemany(statement.text(self.flavour), rows)

    def each(self, statement: Each, rows: Sequence[Parameters]) -> int:
        """Make a change for each set of parameters; how many rows changed in all."""
        if not rows:
            return 0
        if self.flavour.name == "sqlite":
            self._cursor.executemany(statement.text(self.flavour), rows)
        else:
            self._cursor.execute(statement.text(self.flavour), statement.columns(rows))
        return self._cursor.rowcount

    def _bound(self, parameters: dict[str, object]) -> dict[str, object]:
        if self.flavour.name == "sqlite":
            for name, value in parameters.items():
                if isinstance(value, list):
                    parameters[name] = json.dumps(value)
        return parameters
