"""Connections: one for each thread that works with the database, made anew when the database came back.

Errors of the driver become StoreDown here, without the values that a statement carried.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from gateway.ports.messages import StoreDown
from gateway.store.engine.dialects import Flavour, Run

Answer = TypeVar("Answer")


class WriteRefused(StoreDown):
    """The database answers, but not to this: what else was in the transaction may do better without it."""


class _Lost(StoreDown):
    """The connection went away before anything could be committed."""


class Connections:
    """What runs work on the database for the calling thread, on a connection of its own."""

    def __init__(self, connect: Callable[[], Any], flavour: Flavour, clock: Callable[[], float] | None) -> None:
        self._connect = connect
        self._flavour = flavour
        self._clock = clock
        self._own = threading.local()
        self._open: set[Any] = set()

    def transaction(self, work: Callable[[Run], Answer]) -> Answer:
        """Work in one transaction, committed when this returns; once more where the connection had been lost before.

        Raises StoreDown, and Refused where the database is there and refused a statement.
        """
        return self._twice(work, writing=True)

    def reading(self, work: Callable[[Run], Answer]) -> Answer:
        """Work that changes nothing. Raises StoreDown."""
        return self._twice(work, writing=False)

    def own_time(self) -> float | None:
        """The store's time where it is this machine's, which takes asking nobody; None where it is the database's."""
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
        with contextlib.suppress(self._flavour.driver.Error):  # it was lost already
            connection.close()

    def _twice(self, work: Callable[[Run], Answer], writing: bool) -> Answer:
        fresh = getattr(self._own, "connection", None) is None
        try:
            return self._once(work, writing)
        except _Lost:
            if fresh:
                raise
            return self._once(work, writing)

    def _once(self, work: Callable[[Run], Answer], writing: bool) -> Answer:
        driver = self._flavour.driver
        connection, committing, done = None, False, False
        try:
            connection = self._connection()
            cursor = connection.cursor(**self._flavour.cursor)
            try:
                if writing:
                    cursor.execute(self._flavour.begin)
                answer = work(Run(cursor, self._flavour, self._clock))
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
            said = f"{self._flavour.name}: {_said(error)}"
            if connection is None or getattr(connection, "closed", False):
                self.drop()
                if not committing:
                    raise _Lost(said) from None
            elif not (self._flavour.name == "sqlite" and isinstance(error, driver.OperationalError)):
                raise WriteRefused(said) from None
            raise StoreDown(said) from None  # SQLite: locked too long, full, no longer there

    def _connection(self) -> Any:
        connection = getattr(self._own, "connection", None)
        if connection is None:
            connection = self._own.connection = self._connect()
            self._open.add(connection)
        return connection


def _said(error: Exception) -> str:
    """The driver's word for an error: PostgreSQL's first line may quote values after a colon or in DETAIL lines."""
    state = getattr(error, "sqlstate", None)
    if state:
        return f"{type(error).__name__} ({state})"
    return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
