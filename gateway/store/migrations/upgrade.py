"""Upgrades a store's tables to this version. One process does it while the others wait."""

from __future__ import annotations

import pkgutil
import re
import sqlite3
import time
from typing import TYPE_CHECKING

from sqlalchemy import create_engine, event, inspect, text
from sqlalchemy.engine import URL, Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from gateway.store.engine.database_url import (
    BUSY_SECONDS,
    SERVER_OPTIONS,
    StoreAway,
    StoreError,
    connector,
    dialect_of,
)
from gateway.store.migrations import versions

if TYPE_CHECKING:
    from alembic.config import Config

LATEST = max(module.name[1:5] for module in pkgutil.iter_modules(versions.__path__))
"""The number of the newest migration, read from the names of the modules: a store that has it opens without Alembic."""

_PASSING_SQLITE = ("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_NOMEM")
_PASSING_STATES = ("08", "25006", "40", "53", "55P03", "57", "58")
"""Connection lost, read-only, deadlock, no resources, locked, an operator intervened, the system failed."""
_LASTING = re.compile(
    r"authentication failed|no password supplied|no pg_hba\.conf entry|(?:role|database|user) \S+ does not exist"
    r"|permission denied|not permitted to log in|certificate|does not support SSL|invalid (?:connection|port|sslmode)"
    r"|invalid .* option|unrecognized",
    re.IGNORECASE,
)
_LOCK = 4013  # number of the advisory lock on PostgreSQL that the upgrading process holds


def upgrade(url: URL) -> None:
    """Create or upgrade the tables in one transaction. Raises StoreError."""
    check_server(url)
    engine = create_engine(url, poolclass=NullPool, connect_args=_arguments(url))
    try:
        if url.get_backend_name() == "sqlite":
            _use_write_ahead_log(engine)
        with engine.connect() as connection:
            if _version(connection) == LATEST:
                return  # this query waits for no writer
        if url.get_backend_name() == "sqlite":
            _begin_as_writer(engine)
        with engine.begin() as connection:
            if url.get_backend_name() == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK})
            _upgrade(connection)
    except DBAPIError as error:
        raise not_usable(url, error.orig) from None
    except sqlite3.Error as error:
        raise not_usable(url, error) from None


def _upgrade(connection: Connection) -> None:
    found = _version(connection)
    if found == LATEST:
        return
    from alembic import command  # importing takes 0.2 s, which a store up to date can save

    config = configuration()
    if found is not None and not _known(config, found):
        raise _newer(found)
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def table_status(connection: Connection) -> str:
    """Whether the tables are of this version. Changes nothing. Raises StoreError if they are of a newer one."""
    found = _version(connection)
    if found is None:
        return "answers; its tables will be created at the first start"
    if found == LATEST:
        return "answers; its tables are up to date"
    if not _known(configuration(), found):
        raise _newer(found)
    return "answers; its tables will be upgraded at the next start"


def _newer(found: str) -> StoreError:
    return StoreError(
        f"store.url: the tables are of a newer version ({found}) than this program ({LATEST}): "
        "install the newer program, or restore the backup that was made before the newer program first started"
    )


def configuration() -> Config:
    """Alembic's configuration. The migrations are part of the package."""
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
        return {"timeout": BUSY_SECONDS, "isolation_level": None}
    return {name: url.query.get(name, value) for name, value in SERVER_OPTIONS.items()}


def _begin_as_writer(engine: Engine) -> None:
    """Begin SQLite's transactions ourselves: its driver would commit around every change of a table."""

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _use_write_ahead_log(engine: Engine) -> None:
    """Set the log mode, which the file remembers, before any write. Retry: SQLite does not wait for this lock."""
    end = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            with engine.connect() as connection:
                connection.connection.cursor().execute("PRAGMA journal_mode=WAL").close()
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > end:
                raise
        time.sleep(0.02)


def check_server(url: URL) -> None:
    """Check that a database server answers and stores every text. Nothing to check on SQLite. Raises StoreError."""
    if url.get_backend_name() != "postgresql":
        return
    dialect = dialect_of(url)
    try:
        connection = connector(url, dialect)()
    except dialect.driver.Error as error:
        raise not_usable(url, error) from None
    encoding = connection.info.parameter_status("server_encoding")
    connection.close()
    if encoding != "UTF8":
        raise StoreError(
            f"store.url: the database {url.database} has the encoding {encoding}: "
            "create it with ENCODING 'UTF8' TEMPLATE template0"
        )


def not_usable(url: URL, error: BaseException | None) -> StoreError:
    """The fault of a database that gave an error, without its password. StoreAway if the error may pass by itself."""
    lines = str(error).strip().splitlines()
    name = url.database if url.get_backend_name() == "sqlite" else url.render_as_string(hide_password=True)
    hint = (
        "check that this user owns the file and that no other program locks it"
        if url.get_backend_name() == "sqlite"
        else "check that the server runs, and that the user and the database exist"
    )
    kind = StoreAway if _may_pass(error) else StoreError
    return kind(f"store.url: {name} cannot be used ({lines[0] if lines else type(error).__name__}): {hint}")


def _may_pass(error: BaseException | None) -> bool:
    """Whether an error may end without a change of the configuration.

    An error while connecting to a server has no code, only words, which may be in any language: it is taken for an
    outage unless it is known to be none.
    """
    if isinstance(error, sqlite3.Error):
        return error.sqlite_errorname.startswith(_PASSING_SQLITE) if hasattr(error, "sqlite_errorname") else False
    state = getattr(error, "sqlstate", None)
    if state:
        return str(state).startswith(_PASSING_STATES)
    return _LASTING.search(str(error)) is None
