"""Reads single facts of a store without changing it, and without requiring the tables of this version."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from gateway.core.accounts.account import AccountRole, User
from gateway.store.engine.database_url import StoreError, parse_url

_USERS = text("SELECT name, role, buildings, person, disabled_at FROM users ORDER BY name")
_NOW = text("SELECT extract(epoch FROM clock_timestamp())")


def read_accounts(url: str) -> Sequence[User] | None:
    """The accounts of the console; None if there is no store yet, or it cannot be read."""
    rows = _rows(url, _USERS)
    if rows is None:
        return None
    return [
        User(name, AccountRole(role), tuple(json.loads(buildings)), person, disabled_at=disabled_at)
        for name, role, buildings, person, disabled_at in rows
        if role in set(AccountRole)
    ]


def server_time(url: str) -> float | None:
    """The clock of a database server, in seconds since the epoch; None for an embedded store."""
    if url.startswith("sqlite:"):
        return None
    rows = _rows(url, _NOW)
    return float(rows[0][0]) if rows else None


def _rows(url: str, statement):  # type: ignore[no-untyped-def]  # rows of any statement
    try:
        parsed = parse_url(url)
    except StoreError:
        return None
    if parsed.get_backend_name() == "sqlite" and not Path(str(parsed.database)).exists():
        return None
    engine = create_engine(parsed, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            return connection.execute(statement).all()
    except DBAPIError:
        return None
    finally:
        engine.dispose()
