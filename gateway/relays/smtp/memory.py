"""The memory that contents take while they are received: a bound over all sessions and worker processes.

Every process counts its own bytes in a slot of memory that all of them share, and reads the sum before it takes more.
It adds first and looks then, so that two processes that take at once never exceed the bound together.
"""

from __future__ import annotations

import asyncio
import mmap
import os
import struct
from collections import deque

from gateway.core.messages.refusal import Refused

COPIES = 3
"""Copies of a content that is being stored: as it arrived, in the statement that stores it, and in the database's
buffer. Measured by tests/relays/smtp/test_memory.py."""
WAIT = 10.0
"""Seconds that a content waits for others to be stored before it is refused."""

_COUNT = struct.Struct("=q")
_POLL = 0.05  # seconds between looks at what other processes have given back


class SharedCounts:
    """One number a process, in memory that a process shares with its children by a file descriptor."""

    def __init__(self, slots: int = 0, slot: int = 0, fd: int | None = None) -> None:
        if fd is None:
            fd = os.memfd_create("chaperone-memory")
            os.ftruncate(fd, slots * _COUNT.size)
        self.fd, self._slot = fd, slot
        self._slots = os.fstat(fd).st_size // _COUNT.size
        self._shared = mmap.mmap(fd, self._slots * _COUNT.size)

    def set(self, count: int, slot: int | None = None) -> None:
        """Set the number of this process, or of another one that has ended."""
        _COUNT.pack_into(self._shared, (self._slot if slot is None else slot) * _COUNT.size, count)

    def total(self) -> int:
        """The sum of the numbers of all processes."""
        return sum(_COUNT.unpack_from(self._shared, slot * _COUNT.size)[0] for slot in range(self._slots))

    def close(self) -> None:
        """Give the memory back."""
        self._shared.close()
        os.close(self.fd)


class MemoryBudget:
    """Bytes that may be taken. `limit`: over all processes that share `counts`; without, over this process."""

    def __init__(self, limit: int, counts: SharedCounts | None = None) -> None:
        self._limit, self._counts = limit, counts
        self.taken = 0
        self._waiting: deque[object] = deque()

    def take(self, size: int) -> bool:
        """Take bytes at once; False if there is no room for them, or others wait for room."""
        return not self._waiting and self._take(size)

    async def wait_and_take(self, size: int, seconds: float = WAIT) -> bool:
        """Take bytes in the order of asking; False if there is no room for them in time, or never can be."""
        if self.take(size):
            return True
        if size > self._limit:
            return False
        me = object()
        self._waiting.append(me)
        until = asyncio.get_running_loop().time() + seconds
        try:
            while asyncio.get_running_loop().time() < until:
                await asyncio.sleep(_POLL)
                if self._waiting[0] is me and self._take(size):
                    return True
        finally:
            self._waiting.remove(me)
        return False

    def give_back(self, size: int) -> None:
        """Give bytes back that were taken."""
        self._set(self.taken - size)

    def _take(self, size: int) -> bool:
        self._set(self.taken + size)
        if (self.taken if self._counts is None else self._counts.total()) > self._limit:
            self._set(self.taken - size)
            return False
        return True

    def _set(self, taken: int) -> None:
        self.taken = taken
        if self._counts is not None:
            self._counts.set(taken)


class ContentMemory:
    """What one transaction takes of the budget: COPIES of its content."""

    def __init__(self, budget: MemoryBudget) -> None:
        self._budget = budget
        self._room = self._used = self._taken = 0

    async def reserve(self, size: int) -> None:
        """Take room for a whole content of an announced size, as soon as there is room. Raises Refused."""
        more = (size - self._room) * COPIES
        if more > 0:
            if not await self._budget.wait_and_take(more):
                raise _full()
            self._room, self._taken = size, self._taken + more

    def add(self, size: int) -> None:
        """Count one piece of the content. Raises Refused if it is larger than announced and there is no room."""
        self._used += size
        if (more := self._used - self._room) > 0:
            if not self._budget.take(more * COPIES):
                raise _full()
            self._room, self._taken = self._used, self._taken + more * COPIES

    def free(self) -> None:
        """Give everything back."""
        self._budget.give_back(self._taken)
        self._room = self._used = self._taken = 0


def _full() -> Refused:
    return Refused(451, "4.3.1", "Too many messages at once, try again later", "memory")
