"""What the parts of the store stand on: the writer, and threads that read beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from gateway.store.connections import Connections
from gateway.store.recent import Recent
from gateway.store.statements import Run
from gateway.store.writer import Writer

Answer = TypeVar("Answer")
READERS = 3


class Readers:
    """A few threads that read, each with a connection of its own."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._threads = ThreadPoolExecutor(READERS, thread_name_prefix="store-reader")

    async def read(self, work: Callable[[Run], Answer]) -> Answer:
        """The answer of work that changes nothing. Raises StoreDown."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._connections.reading, work)

    async def now(self) -> float:
        """The store's clock. Raises StoreDown where that is the database's and cannot be asked."""
        own = self._connections.own_time()
        return await self.read(lambda run: run.now) if own is None else own

    async def stop(self) -> None:
        """Wait for what is being read, then close."""
        await asyncio.get_running_loop().run_in_executor(None, self._threads.shutdown)
        self._connections.drop_all()


class Part:
    """One part of the store's port."""

    def __init__(self, writer: Writer, readers: Readers, recent: Recent) -> None:
        self._writer = writer
        self._readers = readers
        self._recent = recent
