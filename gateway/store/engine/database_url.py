"""The URL of a store, and connections to its database."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from gateway.core.fault import Fault
from gateway.store.engine.dialects import SqlDialect, postgresql_dialect, sqlite_dialect

BUSY_SECONDS = 10.0
"""Seconds that a write waits for the write of another process on SQLite."""

_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA cache_size=-16000",
)

_SETTINGS = (
    "SET jit = off",  # costs more than any statement here
    # Every statement here has its index. Without statistics the planner reads whole tables instead, and they grow.
    *(f"SET enable_{plan} = off" for plan in ("seqscan", "bitmapscan", "hashjoin", "mergejoin", "sort")),
)


class StoreError(Fault):
    """The store cannot be used as it is. The text says why, and what to do."""


def parse_url(url: str) -> URL:
    """The parsed URL of a store. Raises StoreError."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise StoreError("store.url is not a URL: use sqlite:///FILE or postgresql://USER@HOST/DATABASE") from None
    kind = parsed.get_backend_name()
    if kind not in ("sqlite", "postgresql"):
        raise StoreError(f"store.url names {kind!r}: use sqlite:///FILE or postgresql://USER@HOST/DATABASE")
    if kind == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise StoreError("store.url names no file: use sqlite:///FILE")
    return parsed.set(drivername="sqlite+pysqlite" if kind == "sqlite" else "postgresql+psycopg")


def dialect_of(url: URL) -> SqlDialect:
    """The dialect of the database that a URL names."""
    return sqlite_dialect() if url.get_backend_name() == "sqlite" else postgresql_dialect()


def connector(url: URL, dialect: SqlDialect) -> Callable[[], Any]:
    """Returns a function that opens a connection. Connections commit only when told to."""
    arguments, options = dialect.compiler.create_connect_args(url)

    def open_file() -> sqlite3.Connection:
        connection = sqlite3.connect(
            str(url.database), timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False,
            cached_statements=512,
        )  # fmt: skip
        for pragma in _PRAGMAS:
            connection.execute(pragma).close()
        return connection

    def open_server() -> Any:
        timeouts = {"connect_timeout": 5, "keepalives_idle": 10, "tcp_user_timeout": 15000, **options}
        connection = dialect.driver.connect(*arguments, autocommit=True, **timeouts)
        connection.execute("; ".join(_SETTINGS)).close()
        return connection

    return open_file if dialect.name == "sqlite" else open_server
