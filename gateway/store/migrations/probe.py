"""Looks at a store without changing it: can it be used, and are its tables of this version?"""

from __future__ import annotations

import os
from pathlib import Path

from sqlalchemy import create_engine
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from gateway.store.engine.database_url import StoreError, parse_url
from gateway.store.migrations.upgrade import check_server, not_usable, table_status


def probe(url: str) -> str:
    """What a start would find, in a few words. Raises StoreError if it could not use the store."""
    parsed = parse_url(url)
    if parsed.get_backend_name() == "sqlite" and not Path(str(parsed.database)).exists():
        return _new_file(parsed)
    check_server(parsed)
    engine = create_engine(parsed, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            return table_status(connection)
    except DBAPIError as error:
        raise not_usable(parsed, error.orig) from None
    finally:
        engine.dispose()


def _new_file(url: URL) -> str:
    path = Path(str(url.database))
    folder = next(parent for parent in path.parents if parent.exists())
    if not os.access(folder, os.W_OK | os.X_OK):
        raise StoreError(f"store.url: {path} cannot be made: let this user write to {folder}, or change store.url")
    return f"{path} will be made at the first start"
