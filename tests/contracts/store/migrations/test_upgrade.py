"""Creating and upgrading the tables."""

from __future__ import annotations

import asyncio
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import alembic.command
import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect

from gateway.store import StoreError, open_store
from gateway.store.engine.database_url import parse_url
from gateway.store.migrations.upgrade import LATEST, configuration
from gateway.store.schema.messages import metadata
from tests.contracts.messages import mail
from tests.peers.postgresql import PostgresqlServer

BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.peer("postgresql"))]


@pytest.fixture(params=BOTH)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/new/var/chaperone.db"
    server: PostgresqlServer = request.getfixturevalue("postgresql")
    return server.database()


@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection", "ignore:autogenerate skipping")
async def test_empty_database_gets_the_tables_of_the_schema(empty_url: str) -> None:
    """Migrations and schema agree."""
    async with open_store(empty_url) as store:
        assert (await store.lookups.backlog()).held == 0
    engine = create_engine(parse_url(empty_url))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_object": _comparable})
        assert context.get_current_revision() == LATEST
        assert compare_metadata(context, metadata) == []
        made = {table: {index["name"] for index in inspect(connection).get_indexes(table)} for table in metadata.tables}
    engine.dispose()
    if empty_url.startswith("postgresql"):  # SQLite does not reflect indexes on expressions
        assert made == {name: {index.name for index in table.indexes} for name, table in metadata.tables.items()}


def _comparable(it: object, name: str | None, kind: str, reflected: bool, other: object) -> bool:
    """Indexes on expressions are compared by name only."""
    return not (kind == "index" and name in ("ix_messages_sender", "ix_recipients_address"))


def test_newest_migration_is_known() -> None:
    assert ScriptDirectory.from_config(configuration()).get_heads() == [LATEST]


async def test_store_of_an_earlier_version_is_upgraded_with_its_rows(empty_url: str) -> None:
    _at_version("0010", empty_url)
    for statement in (
        "INSERT INTO users (name, role, buildings, person, created_at)"
        " VALUES ('ann', 'technology_director', '[]', '', 1.0)",
        "INSERT INTO sessions (hash, user_name, created_at, seen_at, expires_at) VALUES ('s', 'ann', 1.0, 2.0, 9e9)",
        "INSERT INTO tokens (hash, user_name, scope, created_at) VALUES ('t', 'ann', 'read', 1.0)",
        "INSERT INTO acknowledgements (message_id, user_name, at) VALUES ('m', 'ann', 3.0)",
    ):
        _write(empty_url, statement)
    async with open_store(empty_url) as store:
        session, token = await store.sessions.find("s"), await store.tokens.find("t")
        assert session is not None
        assert (session.user.name, session.seen_at, session.way, session.place) == ("ann", 2.0, "", "")
        assert token is not None
        assert token[1].used_at is None
        assert await store.help_alerts.acknowledged_by("m") == ("ann", 3.0)
        assert [
            *await store.grants.active_for("ann"),
            *await store.passkeys.of_user("ann"),
            *await store.help_alerts.judgments("", 9),
        ] == []


def _at_version(version: str, url: str) -> None:
    """Create the tables of an earlier version."""
    if url.startswith("sqlite"):
        Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True)
    engine, config = create_engine(parse_url(url)), configuration()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        alembic.command.upgrade(config, version)
    engine.dispose()


async def test_processes_can_open_an_empty_database_at_once(empty_url: str) -> None:
    program = (
        "import asyncio, sys\n"
        "from gateway.store import open_store\n"
        "async def main():\n"
        "    async with open_store(sys.argv[1]) as store:\n"
        "        print((await store.secrets.get_or_create('seal')).hex())\n"
        "asyncio.run(main())\n"
    )
    command = [sys.executable, "-c", program, empty_url]
    several = [await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE) for _ in range(4)]
    async with asyncio.timeout(60):
        said = [(await process.communicate())[0] for process in several]
    assert len(set(said)) == 1
    assert re.fullmatch(rb"[0-9a-f]{64}\n", said[0])


async def test_newer_store_is_refused(store_url: str) -> None:
    """The error says what to do, and nothing changes."""
    async with open_store(store_url) as store:
        await store.intake.accept(mail())
    _write(store_url, "UPDATE alembic_version SET version_num = '9876'")
    with pytest.raises(StoreError, match=r"newer version .9876. than this program.*install the newer program"):
        async with open_store(store_url):
            pass
    _write(store_url, f"UPDATE alembic_version SET version_num = '{LATEST}'")
    async with open_store(store_url) as store:
        assert (await store.lookups.backlog()).unpublished == 1


def _write(url: str, statement: str) -> None:
    if url.startswith("sqlite"):
        with sqlite3.connect(url.removeprefix("sqlite:///")) as file:
            file.execute(statement)
        file.close()
    else:
        with psycopg.connect(url) as server:
            server.execute(statement)  # type: ignore[call-overload]


async def test_file_that_is_no_database_is_not_changed(tmp_path: Path) -> None:
    path = tmp_path / "chaperone.db"
    path.write_text("a shopping list, at some length, which is no database at all\n" * 100)
    with pytest.raises(StoreError, match=r"chaperone\.db cannot be used.*not a database"):
        async with open_store(f"sqlite:///{path}"):
            pass
    assert path.read_text().startswith("a shopping list")


async def test_missing_server_is_reported_in_one_line() -> None:
    """The password is not shown."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(StoreError, match=r"cannot be used.*check that the server runs") as caught:
        async with open_store(f"postgresql://chaperone:geheim@127.0.0.1:{port}/chaperone"):
            pass
    assert "geheim" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.peer("postgresql")
async def test_missing_database_is_reported_in_one_line(postgresql: PostgresqlServer) -> None:
    with pytest.raises(StoreError, match='database "nowhere" does not exist'):
        async with open_store(postgresql.url.rpartition("/")[0] + "/nowhere"):
            pass


async def test_upgrade_waits_for_another_writer(tmp_path: Path) -> None:
    """As a command does while the gateway serves."""
    path = tmp_path / "chaperone.db"
    async with open_store(f"sqlite:///{path}") as store:
        other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        other.execute("BEGIN IMMEDIATE")
        release = threading.Timer(0.3, other.rollback)
        began = time.monotonic()
        release.start()
        await store.intake.accept(mail())
        assert time.monotonic() - began > 0.2
        release.join()
        other.close()
        assert (await store.lookups.backlog()).unpublished == 1


async def test_current_store_opens_during_a_write(tmp_path: Path, made_file: Path) -> None:
    """Reading commands wait for no writer."""
    path = Path(shutil.copy(made_file, tmp_path))
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        async with asyncio.timeout(30), open_store(f"sqlite:///{path}") as store:
            assert await store.lookups.held() == []
    finally:
        other.close()
