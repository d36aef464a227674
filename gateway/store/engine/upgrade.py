"""Bringing a store's tables to this version, by one process while the others wait."""

from __future__ import annotations

import sqlite3
import time
from typing import TYPE_CHECKING

from sqlalchemy import create_engine, event, inspect, text
from sqlalchemy.engine import URL, Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from gateway.store.engine.engine_url import BUSY, StoreError

if TYPE_CHECKING:
    from alembic.config import Config

LATEST = "0013"
"""The newest migration: a test holds it against the folder, so that a store up to date opens without Alembic."""

_LOCK = 4013  # the number of the advisory lock on PostgreSQL that the upgrading process holds


def upgrade(url: URL) -> None:
    """Make the tables or bring them up to date, in one transaction. Raises StoreError."""
    engine = create_engine(url, poolclass=NullPool, connect_args=_arguments(url))
    try:
        if url.get_backend_name() == "sqlite":
            _write_ahead(engine)
        with engine.connect() as connection:
            if _version(connection) == LATEST:
                return  # asking waits for nobody who writes
        if url.get_backend_name() == "sqlite":
            _in_real_transactions(engine)
        with engine.begin() as connection:
            if url.get_backend_name() == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK})
            _upgrade(connection)
    except DBAPIError as error:
        raise StoreError(unusable(url, error.orig)) from None
    except sqlite3.Error as error:
        raise StoreError(unusable(url, error)) from None


def _upgrade(connection: Connection) -> None:
    found = _version(connection)
    if found == LATEST:
        return
    from alembic import command  # 0.2 s that a store up to date need not wait for

    config = configuration()
    if found is not None and not _known(config, found):
        raise _newer(found)
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def standing_of(connection: Connection) -> str:
    """How the tables stand to this version, changing nothing. Raises StoreError where they are of a newer one."""
    found = _version(connection)
    if found is None:
        return "answers; its tables will be made at the first start"
    if found == LATEST:
        return "answers; its tables are up to date"
    if not _known(configuration(), found):
        raise _newer(found)
    return "answers; its tables will be brought up to date at the next start"


def _newer(found: str) -> StoreError:
    return StoreError(
        f"store.url: the tables are of a newer version ({found}) than this program ({LATEST}): "
        "install the newer program, or restore the backup made before its first start"
    )


def configuration() -> Config:
    """Alembic's configuration; the migrations are part of the package."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "gateway.store:migrations")
    return config


def _known(config: Config, version: str) -> bool:
    from alembic.script import ScriptDirectory

    return any(script.revision == version for script in ScriptDirectory.from_config(config).walk_revisions())


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _arguments(url: URL) -> dict[str, object]:
    if url.get_backend_name() == "sqlite":
        return {"timeout": BUSY, "isolation_level": None}
    return {"connect_timeout": 5}


def _in_real_transactions(engine: Engine) -> None:
    """SQLite's driver would commit around every change of a table: the transaction is begun by us, as a writer."""

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _write_ahead(engine: Engine) -> None:
    """Set the mode of the log, which stays in the file, before anybody writes: SQLite does not wait for this lock."""
    end = time.monotonic() + BUSY
    while True:
        try:
            with engine.connect() as connection:
                connection.connection.cursor().execute("PRAGMA journal_mode=WAL").close()
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > end:
                raise
        time.sleep(0.02)


def unusable(url: URL, error: BaseException | None) -> str:
    said = str(error).strip().splitlines()
    shown = url.database if url.get_backend_name() == "sqlite" else url.render_as_string(hide_password=True)
    mend = (
        "see that the file is ours and no other program keeps it"
        if url.get_backend_name() == "sqlite"
        else ("see that the server runs, and that user and database exist")
    )
    return f"store.url: {shown} cannot be used ({said[0] if said else type(error).__name__}): {mend}"
