"""Database connections: one for each thread, opened again after the database was away or has become read-only.

Errors of the driver become StoreDown here, without the values of the statement. On PostgreSQL, a commit whose answer
was lost is in doubt until the database has said whether it happened: nothing else is written before that.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from gateway.ports.messages import StoreDown, StoreFull, ValuesRefused
from gateway.store.engine.clock_watch import ClockWatch
from gateway.store.engine.commit_marks import CommitMarks
from gateway.store.engine.dialects import Database, SqlDialect

Answer = TypeVar("Answer")

_STANDBY = "in_hot_standby", "default_transaction_read_only"  # reported with every answer
_READ_ONLY = "25006"  # the server has become a standby, or read-only
_SERVER_FAILED = ("53", "57", "58")  # classes of errors: no resources, an operator intervened, the system failed


class WriteRefused(StoreDown):
    """The database answers but refuses a statement. The rest of the transaction may succeed without it."""


class _ValuesRefused(WriteRefused, ValuesRefused):
    """The database refuses the values of a statement: of a wrong kind, too large, or against a constraint."""


class _ConnectionLost(StoreDown):
    """The connection was lost before the commit, or leads to a server that takes no writes anymore."""


class CommitInDoubt(StoreDown):
    """The connection was lost during the commit. `answer` is that of the work, if it has committed."""

    def __init__(self, text: str, answer: Any) -> None:
        super().__init__(text)
        self.answer = answer


class Connections:
    """Runs work on the calling thread's own connection. One thread writes, the others only read."""

    def __init__(
        self, connect: Callable[[], Any], dialect: SqlDialect, clock: Callable[[], float] | None,
        watch: ClockWatch | None = None,
    ) -> None:  # fmt: skip
        self._connect = connect
        self._dialect = dialect
        self._clock = clock
        self.watch = watch or ClockWatch()
        self._own = threading.local()
        self._open: set[Any] = set()
        self._marks = CommitMarks(dialect.driver) if dialect.marks_commits else None
        self._in_doubt = False

    def transaction(self, work: Callable[[Database], Answer]) -> Answer:
        """Run work in one transaction and commit it. Tries again once if the connection turns out to be lost.

        Raises StoreDown, or WriteRefused if the database refuses a statement, or CommitInDoubt. After that every call
        raises StoreDown until `resolve` has returned.
        """
        if self._in_doubt:
            raise StoreDown(f"{self._dialect.name}: a commit is in doubt")
        return self._twice(work, writing=True)

    def resolve(self) -> bool:
        """Whether the commit in doubt has happened. Raises StoreDown if the database does not say so now."""
        assert self._marks is not None
        try:
            happened = self._marks.committed(self._connection(writing=True))
        except self._dialect.driver.Error as error:
            self.drop()
            raise StoreDown(f"{self._dialect.name}: {_error_text(error)}") from None
        self._in_doubt = False
        return happened

    def give_up_doubt(self) -> None:
        """Write again without knowing whether the commit in doubt has happened."""
        self._in_doubt = False

    def reading(self, work: Callable[[Database], Answer]) -> Answer:
        """Run work that changes nothing. Raises StoreDown."""
        return self._twice(work, writing=False)

    def own_time(self) -> float | None:
        """The store's time if it is this machine's; None if it is the database's."""
        return None if self._clock is None else self._clock()

    def drop(self) -> None:
        """Close this thread's connection."""
        connection, self._own.connection = getattr(self._own, "connection", None), None
        if connection is not None:
            self._close(connection)

    def drop_all(self) -> None:
        """Close the connections of threads that have ended."""
        for connection in tuple(self._open):
            self._close(connection)

    def _close(self, connection: Any) -> None:
        self._open.discard(connection)
        with contextlib.suppress(self._dialect.driver.Error):  # it may be lost already
            connection.close()

    def _twice(self, work: Callable[[Database], Answer], writing: bool) -> Answer:
        fresh = getattr(self._own, "connection", None) is None
        try:
            return self._once(work, writing)
        except _ConnectionLost:
            if fresh:
                raise
            return self._once(work, writing)

    def _once(self, work: Callable[[Database], Answer], writing: bool) -> Answer:
        driver = self._dialect.driver
        connection, committing, done = None, False, False
        try:
            connection = self._connection(writing)
            cursor = connection.cursor(**self._dialect.cursor)
            try:
                now = self._begin(connection, cursor) if writing else None
                database = Database(cursor, self._dialect, self._clock, self.watch, now)
                answer = work(database)
                if writing:
                    committing = True
                    cursor.execute("COMMIT")
                    if self._marks is not None and cursor.statusmessage != "COMMIT":
                        raise WriteRefused(f"{self._dialect.name}: rolled back")
                elif self._failed_over(connection):
                    self.drop()  # what a server reads that is behind the one that takes writes may be old
                    raise _ConnectionLost(f"{self._dialect.name}: the server has become read-only")
                done = True
                if database.outgrown:
                    self.drop()
                return answer
            finally:
                with contextlib.suppress(driver.Error):  # a lost connection has nothing to roll back
                    cursor.close()
                    if writing and not done:
                        connection.rollback()
                        if self._marks is not None:
                            self._marks.prepare_again(connection)
        except driver.Error as error:
            text = f"{self._dialect.name}: {_error_text(error)}"
            state = getattr(error, "sqlstate", None) or ""
            if connection is None or getattr(connection, "closed", False) or state == _READ_ONLY:
                self.drop()
                if committing and self._marks is not None:
                    self._in_doubt = True
                    raise CommitInDoubt(text, answer) from None
                raise _ConnectionLost(text) from None
            if isinstance(error, driver.DataError | driver.IntegrityError) or _too_large(error):
                raise _ValuesRefused(text) from None
            sqlite_fails = self._dialect.name == "sqlite" and isinstance(error, driver.OperationalError)
            if not (sqlite_fails or state.startswith(_SERVER_FAILED)):
                raise WriteRefused(text) from None
            if _is_full(error):
                raise StoreFull(text) from None
            raise StoreDown(text) from None  # SQLite: locked for too long, or file gone

    def _begin(self, connection: Any, cursor: Any) -> float | None:
        """Begin a transaction. Returns the store's time if that is the database's."""
        if self._marks is None:
            cursor.execute(self._dialect.begin)
            return None
        before = self.watch.ticks()
        now = self._marks.begin(connection)
        if now is None:
            self.drop()
            raise _ConnectionLost(f"{self._dialect.name}: the mark of this process is gone")
        if self._clock is not None:
            return None
        self.watch.note(now, before)
        return now

    def _connection(self, writing: bool) -> Any:
        connection = getattr(self._own, "connection", None)
        if connection is not None and self._failed_over(connection):
            self.drop()
            connection = None
        if connection is None:
            connection = self._own.connection = self._connect()
            self._open.add(connection)
            if writing and self._marks is not None:
                self._marks.prepare(connection)
        return connection

    def _failed_over(self, connection: Any) -> bool:
        """Whether the server of an open connection has said that it takes no writes (PostgreSQL 14 and later do)."""
        return self._marks is not None and any(
            connection.info.parameter_status(name) == "on"
            for name in ("in_hot_standby", "default_transaction_read_only")
        )


def _is_full(error: Exception) -> bool:
    """Whether the disk of the database is full."""
    return (
        getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL or getattr(error, "sqlstate", None) == "53100"
    )


def _too_large(error: Exception) -> bool:
    """Whether PostgreSQL refused a value because of its size (class 54), such as one that no index can hold."""
    return str(getattr(error, "sqlstate", None)).startswith("54")


def _error_text(error: Exception) -> str:
    """An error of the driver without values: PostgreSQL's messages may quote them, so only its code is kept."""
    state = getattr(error, "sqlstate", None)
    if state:
        return f"{type(error).__name__} ({state})"
    return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
