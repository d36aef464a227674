"""Statements: written once in SQLAlchemy Core, compiled once per dialect, run by the driver's own cursor.

What differs between SQLite and PostgreSQL is in `Flavour`; nothing else in this room asks which one it is.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Dialect, Table, Text, bindparam, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.sql.expression import Executable

Row = tuple[Any, ...]
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

    def insert(self, table: Table) -> Any:
        """An insert of this dialect, which knows `on_conflict_do_nothing` and `on_conflict_do_update`."""
        return sqlite.insert(table) if self.name == "sqlite" else postgresql.insert(table)

    def among(self, column: ColumnElement[Any], name: str = "ids") -> ColumnElement[bool]:
        """Whether a text column is one of a list given at the call: the statement stays the same for any length."""
        if self.name == "sqlite":
            return column.in_(select(func.json_each(bindparam(name)).table_valued("value").c.value))
        return column == func.any(bindparam(name, type_=ARRAY(Text)))


def sqlite_flavour() -> Flavour:
    """SQLite by the standard library's driver."""
    dialect = SQLiteDialect_pysqlite(paramstyle="named")
    return Flavour("sqlite", dialect, SQLiteDialect_pysqlite.import_dbapi(), "BEGIN IMMEDIATE", "", time.time)


def postgresql_flavour() -> Flavour:
    """PostgreSQL by psycopg 3."""
    clock = "SELECT extract(epoch FROM clock_timestamp())::float8"
    dialect: Any = PGDialect_psycopg
    return Flavour("postgresql", dialect(), dialect.import_dbapi(), "BEGIN", clock, None)


class Statement:
    """One statement with named parameters, built for whichever flavour runs it."""

    def __init__(self, build: Callable[[Flavour], Executable]) -> None:
        self._build = build
        self._compiled: dict[str, str] = {}

    def text(self, flavour: Flavour) -> str:
        """The SQL of a flavour."""
        known = self._compiled.get(flavour.name)
        if known is None:
            compiled = self._build(flavour).compile(dialect=flavour.dialect)  # type: ignore[attr-defined]
            known = str(compiled)
            for name, value in compiled.params.items():
                if type(value) is int:  # SQLAlchemy's own, as SQLite's OFFSET 0
                    known = known.replace(compiled.bindtemplate % {"name": name}, str(value))
                elif not compiled.binds[name].required:
                    raise TypeError(f"the store writes constants with `lit`, not as {name}={value!r}")
            self._compiled[flavour.name] = known
        return known


class Run:
    """A connection at work on one request: runs statements, knows the time of the store."""

    def __init__(self, cursor: DBAPICursor, flavour: Flavour, clock: Callable[[], float] | None) -> None:
        self._cursor = cursor
        self._clock = clock
        self._now: float | None = None
        self.flavour = flavour

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

    def each(self, statement: Statement, parameters: Sequence[Parameters]) -> int:
        """Run a statement once for each set of parameters; how many rows changed in all."""
        if not parameters:
            return 0
        self._cursor.executemany(statement.text(self.flavour), parameters)
        return self._cursor.rowcount

    def _bound(self, parameters: dict[str, object]) -> dict[str, object]:
        if self.flavour.name == "sqlite":
            for name, value in parameters.items():
                if isinstance(value, list):
                    parameters[name] = json.dumps(value)
        return parameters
