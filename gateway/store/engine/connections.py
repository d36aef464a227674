"""Database connections: one for each thread, opened again after the database was away.

Errors of the driver become StoreDown here, without the values of the statement.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from gateway.ports.messages import StoreDown
from gateway.store.engine.dialects import Database, SqlDialect

Answer = TypeVar("Answer")


class WriteRefused(StoreDown):
    """The database answers but refuses a statement. The rest of the transaction may succeed without it."""


class _ConnectionLost(StoreDown):
    """The connection was lost before the commit."""


class Connections:
    """Runs work on the calling thread's own connection."""

    def __init__(self, connect: Callable[[], Any], dialect: SqlDialect, clock: Callable[[], float] | None) -> None:
        self._connect = connect
        self._dialect = dialect
        self._clock = clock
        self._own = threading.local()
        self._open: set[Any] = set()

    def transaction(self, work: Callable[[Database], Answer]) -> Answer:
        """Run work in one transaction and commit it. Tries again once if the connection turns out to be lost.

        Raises StoreDown, or WriteRefused if the database refuses a statement.
        """
        return self._twice(work, writing=True)

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
            connection = self._connection()
            cursor = connection.cursor(**self._dialect.cursor)
            try:
                if writing:
                    cursor.execute(self._dialect.begin)
                answer = work(Database(cursor, self._dialect, self._clock))
                if writing:
                    committing = True
                    cursor.execute("COMMIT")
                done = True
                return answer
            finally:
                with contextlib.suppress(driver.Error):  # a lost connection has nothing to roll back
                    cursor.close()
                    if writing and not done:
                        connection.rollback()
        except driver.Error as error:
            text = f"{self._dialect.name}: {_error_text(error)}"
            if connection is None or getattr(connection, "closed", False):
                self.drop()
                if not committing:
                    raise _ConnectionLost(text) from None
            elif not (self._dialect.name == "sqlite" and isinstance(error, driver.OperationalError)):
                raise WriteRefused(text) from None
            raise StoreDown(text) from None  # SQLite: locked for too long, disk full, or file gone

    def _connection(self) -> Any:
        connection = getattr(self._own, "connection", None)
        if connection is None:
            connection = self._own.connection = self._connect()
            self._open.add(connection)
        return connection


def _error_text(error: Exception) -> str:
    """An error of the driver without values: PostgreSQL's messages may quote them, so only its code is kept."""
    state = getattr(error, "sqlstate", None)
    if state:
        return f"{type(error).__name__} ({state})"
    return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
