"""The URL of a store, and connections to its database."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from typing import Any

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from gateway.core.fault import Fault
from gateway.store.engine.dialects import SqlDialect, postgresql_dialect, sqlite_dialect

BUSY_SECONDS = 10.0
"""Seconds that a write waits for the write of another process on SQLite."""

SERVER_OPTIONS = {
    "connect_timeout": 5, "keepalives_idle": 10, "tcp_user_timeout": 15000,
    "target_session_attrs": "read-write",  # of several hosts, the one that takes writes
}  # fmt: skip
"""Options of libpq for every connection. Those of the URL win."""

_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA cache_size=-16000",
)

_SETTINGS = (
    "SET jit = off",  # costs more than any statement here
    # a session whose client is gone ends soon, so that what it has locked is free
    "SET idle_in_transaction_session_timeout = '60s'",
    "SET tcp_keepalives_idle = 10",
    "SET tcp_keepalives_interval = 5",
    "SET tcp_keepalives_count = 3",
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'",
    # Every statement here has its index. Without statistics the planner reads whole tables instead, and they grow.
    *(f"SET enable_{plan} = off" for plan in ("seqscan", "bitmapscan", "hashjoin", "mergejoin", "sort")),
)


_SEVERAL_HOSTS = re.compile(r"(postgres\w*://(?:[^@/]*@)?)([^/?]*,[^/?]*)(/[^?]*)\??(.*)")


class StoreError(Fault):
    """The store cannot be used as it is. The text says why, and what to do."""


class StoreAway(StoreError):
    """The store does not answer now, or has no room. A process that serves waits for it; a command ends."""


def parse_url(url: str) -> URL:
    """The parsed URL of a store. Raises StoreError."""
    try:
        parsed = make_url(_with_hosts_as_options(url))
    except (ArgumentError, ValueError):
        raise StoreError("store.url is not a URL: use sqlite:///FILE or postgresql://USER@HOST/DATABASE") from None
    kind = parsed.get_backend_name()
    if kind not in ("sqlite", "postgresql"):
        raise StoreError(f"store.url names {kind!r}: use sqlite:///FILE or postgresql://USER@HOST/DATABASE")
    if kind == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise StoreError("store.url names no file: use sqlite:///FILE")
    return parsed.set(drivername="sqlite+pysqlite" if kind == "sqlite" else "postgresql+psycopg")


def _with_hosts_as_options(url: str) -> str:
    """A URL with several hosts in SQLAlchemy's writing: `@a:1,b:2/db` as libpq writes it becomes `@/db?host=…`."""
    found = _SEVERAL_HOSTS.fullmatch(url)
    if found is None:
        return url
    start, hosts, database, options = found.groups()
    listed = "&".join(f"host={host}" for host in hosts.split(","))
    return f"{start}{database}?{listed}" + (f"&{options}" if options else "")


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
        timeouts = {**SERVER_OPTIONS, **options}
        connection = dialect.driver.connect(*arguments, autocommit=True, **timeouts)
        connection.execute("; ".join(_SETTINGS)).close()
        return connection

    return open_file if dialect.name == "sqlite" else open_server
