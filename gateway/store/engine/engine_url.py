"""Opening a store by its address: the file or the server, brought to this version's tables before anything uses it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from gateway.core.fault import Fault
from gateway.store.engine.dialects import Flavour, postgresql_flavour, sqlite_flavour

BUSY = 10.0
"""Seconds that a write waits for another process's write on SQLite."""

_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA cache_size=-16000",
)


_SETTINGS = (
    "SET jit = off",  # it costs more than any statement here
    # Every statement here has its index. A planner that has not counted yet reads whole tables instead, and they grow.
    *(f"SET enable_{way} = off" for way in ("seqscan", "bitmapscan", "hashjoin", "mergejoin", "sort")),
)


class StoreError(Fault):
    """The store cannot be used as it is: the text says why and how to mend it."""


def address(url: str) -> URL:
    """The parsed address of a store. Raises StoreError."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise StoreError("store.url is no address: use sqlite:///FILE or postgresql://USER@HOST/DATABASE") from None
    kind = parsed.get_backend_name()
    if kind not in ("sqlite", "postgresql"):
        raise StoreError(f"store.url names {kind!r}: use sqlite:///FILE or postgresql://USER@HOST/DATABASE")
    if kind == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise StoreError("store.url names no file: use sqlite:///FILE")
    return parsed.set(drivername="sqlite+pysqlite" if kind == "sqlite" else "postgresql+psycopg")


def flavour_of(url: URL) -> Flavour:
    """What kind of database an address names."""
    return sqlite_flavour() if url.get_backend_name() == "sqlite" else postgresql_flavour()


def connector(url: URL, flavour: Flavour) -> Callable[[], Any]:
    """What opens a connection that commits only where it is told to."""
    arguments, options = flavour.dialect.create_connect_args(url)

    def open_file() -> sqlite3.Connection:
        connection = sqlite3.connect(
            str(url.database), timeout=BUSY, isolation_level=None, check_same_thread=False, cached_statements=512
        )
        for pragma in _PRAGMAS:
            connection.execute(pragma).close()
        return connection

    def open_server() -> Any:
        bounds = {"connect_timeout": 5, "keepalives_idle": 10, "tcp_user_timeout": 15000, **options}
        connection = flavour.driver.connect(*arguments, autocommit=True, **bounds)
        connection.execute("; ".join(_SETTINGS)).close()
        return connection

    return open_file if flavour.name == "sqlite" else open_server


def make_folder(path: Path) -> None:
    """Make the folder of a SQLite store's file, for nobody but us; leave what is there. Raises StoreError."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(path.parent, error) from None


def _unwritable(path: Path, error: OSError) -> StoreError:
    return StoreError(f"store.url: {path} cannot be written ({error.strerror}): make it ours or change it")


def make_file(url: URL) -> None:
    """Make the file of a SQLite store, and its folder, for nobody but us; leave what is there. Raises StoreError."""
    path = Path(str(url.database))
    make_folder(path)
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise _unwritable(path, error) from None


@contextlib.contextmanager
def hold_lock(path: Path) -> Iterator[None]:
    """Hold the lock of a SQLite store's file while it serves. Raises StoreError where another one does."""
    lock = path.with_name(path.name + ".lock")
    make_folder(path)
    try:
        handle = os.open(lock, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _unwritable(lock, error) from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise StoreError(f"store.url: {path} is served by another process: stop it, or give this one its own") from None
    try:
        yield
    finally:
        os.close(handle)  # lets go of the lock; the file stays, for removing it would race with the next one
