"""Opens a store: its file and its tables are made or upgraded before anything else reads or writes it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.engine import URL

from gateway.ports.messages import StoreDown
from gateway.store.engine.database_url import StoreAway, StoreError
from gateway.store.engine.files import make_file
from gateway.store.migrations.upgrade import not_usable, upgrade

_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 5.0


@dataclass(frozen=True, slots=True)
class Waits:
    """How a process waits for a store that is away at its start.

    `away` is called once, with the reason. `unusable` is called if the store turns out to be one that this program
    cannot use: the process should end then.
    """

    away: Callable[[StoreAway], None]
    unusable: Callable[[StoreError], None]


class Opening:
    """The opening of one store. Until it has succeeded, no connection is made.

    `first` gets a connection to the upgraded tables of a SQLite store, before any other is made.
    """

    def __init__(self, url: URL, connect: Callable[[], Any], first: Callable[[Any], None] | None = None) -> None:
        self._url, self._connect, self._first = url, connect, first
        self._done = False

    def connect(self) -> Any:
        """A new connection. Raises StoreDown before the store is open, and the driver's errors."""
        if not self._done:
            raise StoreDown("the store was away at the start and is not open yet")
        return self._connect()

    @asynccontextmanager
    async def opened(self, waits: Waits | None) -> AsyncIterator[None]:
        """Open the store, or go on in the background while entered. Raises StoreError; StoreAway without `waits`."""
        try:
            await self._open()
        except StoreAway as error:
            if waits is None:
                raise
            waits.away(error)
            opening = asyncio.create_task(self._keep_opening(waits))
            try:
                yield
            finally:
                opening.cancel()
                await asyncio.gather(opening, return_exceptions=True)
        else:
            yield

    async def _keep_opening(self, waits: Waits) -> None:
        pause = _FIRST_PAUSE
        while True:
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
            try:
                return await self._open()
            except StoreAway:
                continue
            except StoreError as error:
                return waits.unusable(error)

    async def _open(self) -> None:
        if self._url.get_backend_name() == "sqlite":
            make_file(Path(str(self._url.database)))
        await asyncio.to_thread(self._prepare)
        self._done = True

    def _prepare(self) -> None:
        upgrade(self._url)
        if self._first is None:
            return
        try:
            connection = self._connect()
            try:
                self._first(connection)
            finally:
                connection.close()
        except sqlite3.Error as error:
            raise not_usable(self._url, error) from None
