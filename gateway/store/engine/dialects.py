"""SQL statements, written once in SQLAlchemy Core, compiled once per dialect, and run with the driver's own cursor.

`SqlDialect` holds every difference between SQLite and PostgreSQL.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import ARRAY, ColumnElement, Dialect, Table, bindparam, column, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.sql.expression import Executable
from sqlalchemy.types import TypeEngine

from gateway.store.engine.clock_watch import ClockWatch

Row = tuple[Any, ...]
_NOT_STORABLE = re.compile("[\x00\ud800-\udfff]")
PUBLICATIONS, FOLLOWUPS = "publications", "followups"
_LIST = re.compile(r"%\((\w+)\)s::(?=[\w ]+\[\])")  # psycopg sends lists in binary form: as text they would be quoted
Parameters = Mapping[str, object]
_NO_TEXTS = frozenset({int, float, bool, bytes, type(None)})
_BLOB_PIECE = 1 << 20  # bytes of a large value that are written at once


@dataclass(frozen=True, slots=True)
class SqlDialect:
    """One kind of database: its SQL, its driver and its clock."""

    name: str
    compiler: Dialect
    driver: Any
    begin: str
    clock: str  # SQL that reads the database's clock
    own_clock: Callable[[], float] | None  # the clock of this machine, if the store uses that
    cursor: Mapping[str, Any]  # options of a cursor
    marks_commits: bool = False  # the answer to a commit can be lost, see gateway.store.engine.commit_marks

    def insert(self, table: Table) -> Any:
        """An insert of this dialect, with `on_conflict_do_nothing` and `on_conflict_do_update`."""
        return sqlite.insert(table) if self.name == "sqlite" else postgresql.insert(table)

    def among(self, kept: ColumnElement[Any], name: str = "ids") -> ColumnElement[bool]:
        """Whether a column is in the list parameter `name`. The SQL is the same for a list of any length."""
        if self.name == "sqlite":
            return kept.in_(select(func.json_each(bindparam(name)).table_valued("value").c.value))
        return kept == func.any(bindparam(name, type_=ARRAY(kept.type)))


def sqlite_dialect() -> SqlDialect:
    """SQLite with the driver of the standard library."""
    compiler = SQLiteDialect_pysqlite(paramstyle="named")
    return SqlDialect("sqlite", compiler, SQLiteDialect_pysqlite.import_dbapi(), "BEGIN IMMEDIATE", "", time.time, {})


def postgresql_dialect() -> SqlDialect:
    """PostgreSQL with psycopg 3."""
    clock = "SELECT extract(epoch FROM clock_timestamp())::float8"
    compiler: Any = PGDialect_psycopg
    return SqlDialect("postgresql", compiler(), compiler.import_dbapi(), "BEGIN", clock, None, {"binary": True}, True)


class Statement:
    """One statement with named parameters. `build` makes it for the dialect that runs it."""

    def __init__(self, build: Callable[[SqlDialect], Executable]) -> None:
        self._build = build
        self._compiled: dict[str, str] = {}

    def text(self, dialect: SqlDialect) -> str:
        """The SQL for a dialect."""
        known = self._compiled.get(dialect.name)
        if known is None:
            known = self._compiled[dialect.name] = _sql(self._build(dialect), dialect)
        return known


class BatchStatement:
    """A change that runs once for each of many sets of named, typed parameters.

    SQLite runs it for each set. PostgreSQL gets all sets in one statement, as the columns of a table, so that a batch
    costs one round trip. No two sets may concern the same row. `build` receives a function that stands for a parameter.
    """

    def __init__(
        self,
        build: Callable[[SqlDialect, Callable[[str], ColumnElement[Any]]], Executable],
        **types: TypeEngine[Any],
    ) -> None:
        self._build = build
        self._types = types
        self._compiled: dict[str, str] = {}

    def text(self, dialect: SqlDialect) -> str:
        """The SQL for a dialect."""
        known = self._compiled.get(dialect.name)
        if known is None:
            known = self._compiled[dialect.name] = _sql(self._build(dialect, self._values(dialect)), dialect)
        return known

    def columns(self, rows: Sequence[Parameters]) -> dict[str, list[object]]:
        """Many sets of parameters as one set of lists."""
        return {name: [row[name] for row in rows] for name in self._types}

    def _values(self, dialect: SqlDialect) -> Callable[[str], ColumnElement[Any]]:
        if dialect.name == "sqlite":
            return lambda name: bindparam(name, type_=self._types[name])
        lists = [bindparam(name, type_=ARRAY(kind)) for name, kind in self._types.items()]
        given = func.unnest(*lists).table_valued(*(column(name, kind) for name, kind in self._types.items()))
        return given.render_derived("given").c.__getitem__


def batch_insert(table: Table, *names: str, ignore_existing: bool = False) -> BatchStatement:
    """An insert of many rows with all columns, or with those named. `ignore_existing` skips rows whose key exists."""
    columns = [table.c[name] for name in names] if names else list(table.c)

    def build(sql: SqlDialect, value: Callable[[str], ColumnElement[Any]]) -> Executable:
        insert = sql.insert(table)
        values = [value(col.name) for col in columns]
        if sql.name == "sqlite":
            insert = insert.values({col.name: given for col, given in zip(columns, values, strict=True)})
        else:
            insert = insert.from_select([col.name for col in columns], select(*values))
        return cast(Executable, insert.on_conflict_do_nothing() if ignore_existing else insert)

    return BatchStatement(build, **{col.name: col.type for col in columns})


def _sql(statement: Executable, dialect: SqlDialect) -> str:
    compiled = statement.compile(dialect=dialect.compiler)  # type: ignore[attr-defined]
    text = str(compiled)
    for name, value in compiled.params.items():
        if type(value) is int:  # added by SQLAlchemy, such as SQLite's OFFSET 0
            text = text.replace(compiled.bindtemplate % {"name": name}, str(value))
        elif not compiled.binds[name].required:
            raise TypeError(f"write constants with `lit`, not as {name}={value!r}")
    return _LIST.sub(r"%(\1)b::", text)


class Database:
    """A connection while it serves one request: runs statements and knows the store's time.

    `made_due`: what this transaction made due at once, so that waiting claims can join it: PUBLICATIONS, FOLLOWUPS, or
    the name of a channel. `outgrown`: the connection has carried too large a value to keep its buffers.
    """

    def __init__(
        self, cursor: DBAPICursor, dialect: SqlDialect, clock: Callable[[], float] | None, watch: ClockWatch,
        now: float | None = None,
    ) -> None:  # fmt: skip
        self._cursor = cursor
        self._clock = clock
        self._watch = watch
        self._now = now
        self.dialect = dialect
        self.made_due: set[str] = set()
        self.outgrown = False

    @property
    def now(self) -> float:
        """The store's time, read once: from the clock that was passed, else from the database.

        On PostgreSQL it is that of the beginning of a transaction: before anything that the transaction waits for.
        """
        if self._now is None:
            before = self._watch.ticks()
            if self._clock is not None:
                self._now = self._clock()
            else:
                self._cursor.execute(self.dialect.clock)
                self._now = float(self._cursor.fetchall()[0][0])
            self._watch.note(self._now, before)
        return self._now

    def steady_for(self, seconds: float) -> bool:
        """Whether the store's clock has run without a jump for so long, as far as this process knows.

        What ends by this clock ends for certain only then: after a jump, a lease that seems to have ended may belong to
        a living holder, who renews it within a lease.
        """
        assert self.now is not None
        return self._watch.steady_for() >= seconds

    def without_jump(self) -> float:
        """Seconds for which the store's clock has run without a jump, as far as this process knows."""
        return self._watch.steady_for()

    def rows(self, statement: Statement, /, **parameters: object) -> list[Row]:
        """Run a statement and return its rows. A list parameter belongs to `SqlDialect.among`."""
        self._cursor.execute(statement.text(self.dialect), self._bound(parameters))
        return list(self._cursor.fetchall())

    def change(self, statement: Statement, /, **parameters: object) -> int:
        """Run a statement that changes rows. Returns how many."""
        self._cursor.execute(statement.text(self.dialect), self._bound(parameters))
        return self._cursor.rowcount

    def one_by_one(self, statement: Statement, rows: Sequence[Parameters]) -> None:
        """Run a statement for each set of parameters. For values that are too large for lists."""
        if len(rows) == 1:  # psycopg would enter pipeline mode for it
            self._cursor.execute(statement.text(self.dialect), storable_values(rows[0]))
        elif rows:
            self._cursor.executemany(statement.text(self.dialect), [storable_values(row) for row in rows])

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """On SQLite: everything that is read while entered is of one moment."""
        connection = self._cursor.connection
        if connection.in_transaction:
            yield
            return
        self._cursor.execute("BEGIN")
        try:
            yield
        finally:
            connection.rollback()  # nothing was written

    def read_blob(self, table: str, column: str, row_id: int) -> bytes:
        """On SQLite: a large value, held once."""
        with self._cursor.connection.blobopen(table, column, row_id, readonly=True) as blob:
            return bytes(blob.read())

    def write_blob(self, table: str, column: str, row_id: int, value: bytes) -> None:
        """On SQLite: a large value into the room that was made for it, without a copy of it."""
        whole = memoryview(value)
        with self._cursor.connection.blobopen(table, column, row_id) as blob:
            for at in range(0, len(whole), _BLOB_PIECE):
                blob.write(whole[at : at + _BLOB_PIECE])

    def batch(self, statement: BatchStatement, rows: Sequence[Parameters]) -> int:
        """Run a change for each set of parameters. Returns how many rows changed in total."""
        if not rows:
            return 0
        rows = [storable_values(row) for row in rows]
        if self.dialect.name == "sqlite":
            self._cursor.executemany(statement.text(self.dialect), rows)
        else:
            self._cursor.execute(statement.text(self.dialect), statement.columns(rows))
        return self._cursor.rowcount

    def _bound(self, parameters: Parameters) -> Parameters:
        values = storable_values(parameters)
        if self.dialect.name == "sqlite" and any(isinstance(value, list) for value in values.values()):
            return {name: json.dumps(value) if isinstance(value, list) else value for name, value in values.items()}
        return values


def storable(text: str) -> str:
    """A text that every database accepts: NUL and lone surrogates are replaced with U+FFFD."""
    return text if text.isascii() and "\x00" not in text else _NOT_STORABLE.sub("\ufffd", text)


def storable_values(parameters: Parameters) -> Parameters:
    """Parameters of a statement with texts that every database accepts. Every statement gets its parameters from here.

    A database that refuses one text refuses it again at every attempt. The bytes of contents are not texts.
    """
    for value in parameters.values():
        if isinstance(value, str):
            if not value.isascii() or "\x00" in value:
                break
        elif type(value) not in _NO_TEXTS and not (isinstance(value, list) and _is_plain(value)):
            break
    else:
        return parameters
    return {name: _storable_value(value) for name, value in parameters.items()}


def _is_plain(values: list[object]) -> bool:
    return all(not isinstance(value, str) or (value.isascii() and "\x00" not in value) for value in values)


def _storable_value(value: object) -> object:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, list):
        return [storable(item) if isinstance(item, str) else item for item in value]
    return value
