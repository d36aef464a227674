"""Marks of commits: whether a transaction whose answer was lost has committed is read from the database.

Each process has a row in `writers`, and each of its transactions first writes its number there. So the number is
committed with the transaction or not at all, and the row stays locked until the transaction has ended: reading it with
a lock waits for the lost session, and cannot be too early. A server that took over without the transaction has the
number before it. `pg_xact_status` would be wrong there: another transaction may have got the same id.
"""

from __future__ import annotations

import secrets
from typing import Any

LOCK_SECONDS = 5.0
"""Seconds to wait for the lost session to end by itself. After that it is terminated."""
_PLANS = "SET plan_cache_mode = force_generic_plan"
"""Prepared statements are planned once. Planned each time, most would take longer to plan than to run."""
_FORGOTTEN_AFTER = 30 * 86400
"""Seconds after which the row of a process that wrote nothing is deleted."""


class CommitMarks:
    """The marks of one process, on its one connection that writes."""

    def __init__(self, driver: Any) -> None:
        self._driver = driver
        self._id = secrets.token_hex(8)
        self._name = f"chaperone-writer-{self._id}"
        self._number = 0
        self._prepare = (
            "PREPARE mark_commit (bigint) AS UPDATE writers SET number = $1, "
            f"at = extract(epoch FROM clock_timestamp()) WHERE id = '{self._id}' RETURNING at"
        )

    def prepare(self, connection: Any) -> None:
        """Make this process's row, on a new connection. Raises the driver's errors.

        Waits for no lost session: `ON CONFLICT` would, for the row that it has changed.
        """
        now, row = "extract(epoch FROM clock_timestamp())", f"SELECT FROM writers WHERE id = '{self._id}'"
        connection.execute(
            f"SET application_name = '{self._name}';"
            f"{_PLANS};"
            f"DELETE FROM writers WHERE at < {now} - {_FORGOTTEN_AFTER};"
            f"INSERT INTO writers (id, number, at) SELECT '{self._id}', 0, {now} WHERE NOT EXISTS ({row});"
            f"{self._prepare}"
        ).close()

    def prepare_again(self, connection: Any) -> None:
        """Call after a rollback: the driver forgets every prepared statement then."""
        connection.execute(f"DEALLOCATE ALL;{self._prepare}").close()

    def begin(self, connection: Any) -> float | None:
        """Begin a transaction with the next number. Returns the database's time.

        None if the row is gone: the connection must be opened again.
        """
        self._number += 1
        cursor = connection.execute(f"BEGIN; EXECUTE mark_commit({self._number})")
        cursor.nextset()
        marked = cursor.fetchone()
        cursor.close()
        return None if marked is None else float(marked[0])

    def committed(self, connection: Any) -> bool:
        """Whether the last transaction that began has committed. Waits for its end. Raises the driver's errors."""
        lock = f"SELECT number FROM writers WHERE id = '{self._id}' FOR UPDATE"
        try:
            found = _locked(connection, lock)
        except self._driver.Error as error:
            if getattr(error, "sqlstate", None) != "55P03":  # lock_not_available
                raise
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                f"WHERE application_name = '{self._name}' AND pid <> pg_backend_pid()"
            ).close()
            found = _locked(connection, lock)
        return found == [(self._number,)]


def _locked(connection: Any, statement: str) -> list[tuple[int]]:
    with connection.transaction():
        connection.execute(f"SET LOCAL lock_timeout = '{int(LOCK_SECONDS * 1000)}ms'").close()
        rows: list[tuple[int]] = connection.execute(statement).fetchall()
        return rows
