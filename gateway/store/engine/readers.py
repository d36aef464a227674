"""Threads that read while the writer writes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from gateway.store.engine.clock_watch import ClockWatch
from gateway.store.engine.connections import Connections
from gateway.store.engine.dialects import Database

Answer = TypeVar("Answer")
_THREADS = 3


class Readers:
    """A few threads that read, each with a connection of its own."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="store-reader")

    async def read(self, work: Callable[[Database], Answer]) -> Answer:
        """Run work that changes nothing and return its answer. Raises StoreDown."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._connections.reading, work)

    async def now(self) -> float:
        """The store's time. Raises StoreDown if it is the database's and cannot be read."""
        before = self.watch.ticks()
        own = self._connections.own_time()
        if own is None:
            return await self.read(lambda db: db.now)
        self.watch.note(own, before)
        return own

    async def about_now(self, within: float) -> float:
        """The store's time; that of the database counted from a reading `within` some seconds, if there is one."""
        known = None if self._connections.own_time() is not None else self.watch.known_time(within)
        return await self.now() if known is None else known

    @property
    def watch(self) -> ClockWatch:
        """What is known of the store's clock in this process."""
        return self._connections.watch

    async def stop(self) -> None:
        """Wait for reads at work, then close the connections."""
        await asyncio.get_running_loop().run_in_executor(None, self._threads.shutdown)
        self._connections.drop_all()
