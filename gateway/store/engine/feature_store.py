"""What the parts of the store stand on: the writer, and threads that read beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from gateway.store.engine.cache import RecentMessages
from gateway.store.engine.connections import Connections
from gateway.store.engine.dialects import Run
from gateway.store.engine.group_commit import Writer

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


class FeatureStore:
    """One part of the store's port."""

    def __init__(self, writer: Writer, readers: Readers, recent: RecentMessages) -> None:
        self._writer = writer
        self._readers = readers
        self._recent = recent
