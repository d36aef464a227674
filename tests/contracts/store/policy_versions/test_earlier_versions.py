"""The versions of a store that was made before there were any: taken from the audit log."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import alembic.command
from sqlalchemy import create_engine

from gateway.store import open_store
from gateway.store.engine.database_url import parse_url
from gateway.store.migrations.upgrade import configuration

_STARTS = [(10.0, "aa"), (20.0, "aa"), (30.0, "bb"), (40.0, "lost"), (50.0, "aa")]


async def test_what_was_in_force_when_is_taken_from_the_audit_log(tmp_path: Path) -> None:
    file = tmp_path / "chaperone.db"
    engine, config = create_engine(parse_url(f"sqlite:///{file}")), configuration()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        alembic.command.upgrade(config, "0026")
    engine.dispose()
    with sqlite3.connect(file) as database:
        database.executemany(
            "INSERT INTO policies (hash, source, adopted, first_at, last_at) VALUES (?, ?, 'text', 1, 2)",
            [("aa", "a = 1"), ("bb", "b = 1")],
        )
        database.executemany(
            "INSERT INTO audit (at, actor, act, subject, detail, written_at)"
            " VALUES (?, 'gateway', 'policy in force', ?, '{}', 1)",
            _STARTS,
        )
    database.close()
    async with open_store(f"sqlite:///{file}") as store:
        periods = await store.policy_versions.periods()
        (current,) = await store.policy_versions.current()
    assert [(period.hash, period.since, period.until) for period in periods] == [
        ("aa", 50.0, None), ("bb", 30.0, 50.0), ("aa", 10.0, 30.0),
    ]  # fmt: skip
    assert (current.source, current.file_hash, current.period.author) == ("a = 1", "aa", "file")
