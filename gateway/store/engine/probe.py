"""Looking at a store from outside, changing nothing: can it be used, and are its tables of this version?"""

from __future__ import annotations

import os
from pathlib import Path

from sqlalchemy import create_engine
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from gateway.store.engine.engine_url import StoreError, address
from gateway.store.engine.upgrade import standing_of, unusable


def probe(url: str) -> str:
    """What a start would find, in a few words. Raises StoreError where it could not use it."""
    parsed = address(url)
    if parsed.get_backend_name() == "sqlite" and not Path(str(parsed.database)).exists():
        return _to_be_made(parsed)
    engine = create_engine(parsed, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            return standing_of(connection)
    except DBAPIError as error:
        raise StoreError(unusable(parsed, error.orig)) from None
    finally:
        engine.dispose()


def _to_be_made(url: URL) -> str:
    path = Path(str(url.database))
    folder = next(each for each in path.parents if each.exists())
    if not os.access(folder, os.W_OK | os.X_OK):
        raise StoreError(f"store.url: {path} cannot be made: let this user write to {folder}, or change store.url")
    return f"{path} will be made at the first start"
