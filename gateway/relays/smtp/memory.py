"""The memory that contents take while they are received: a bound over all sessions and worker processes.

Every process counts its own bytes in a slot of memory that all of them share, and reads the sum before it takes more.
It adds first and looks then, so that two processes that take at once never exceed the bound together.

No client can take it all: a quarter is left to clients that are trusted, and one that is not gets at most a quarter in
each process, or one message. Small messages never wait behind large ones.
"""

from __future__ import annotations

import asyncio
import mmap
import os
import struct
import sys
from collections import Counter, deque

from gateway.core.messages.refusal import Refused

COPIES = 3
"""Copies of a content that is being stored: as it arrived, in the statement that stores it, and in the database's
buffer. Measured by tests/relays/smtp/test_memory.py."""
WAIT = 10.0
"""Seconds that a content waits for others to be stored before it is refused."""

_SMALL = 2000
"""A message is small while it takes at most this part of the bound."""
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
    """Bytes that may be taken. `limit`: over all processes that share `counts`; without, over this process.

    `largest`: what one message may take. A client "" is trusted. `held`: what the message has with what it takes; one
    that stays small need not wait for others.
    """

    def __init__(self, limit: int, counts: SharedCounts | None = None, *, largest: int = 0) -> None:
        self._limit, self._counts = limit, counts
        self._outside = limit - max(min(limit // 4, limit - largest), 0)
        self._share = max(limit // 4, largest)
        self._small = limit // _SMALL
        self.taken = 0
        self._of: Counter[str] = Counter()
        self._waiting: dict[bool, deque[object]] = {True: deque(), False: deque()}  # by whether the client is trusted

    def take(self, size: int, client: str = "", held: int = sys.maxsize) -> bool:
        """Take bytes at once; False if there is no room for them, or others wait for room."""
        is_small = held <= self._small
        waits = any(self._waiting[not client]) and not is_small
        return not waits and self._has_share(size, client) and self._take(size, client)

    async def wait_and_take(self, size: int, seconds: float = WAIT, client: str = "") -> bool:
        """Take bytes in the order of asking; False if there is no room for them in time, or never can be."""
        if self.take(size, client):
            return True
        if size > self._room(client) or (client and size > self._share):
            return False
        me, queue, clock = object(), self._waiting[not client], asyncio.get_running_loop().time
        until = clock() + seconds
        try:
            while clock() < until:
                if not self._has_share(size, client):  # it waits for its own, and others need not
                    if me in queue:
                        queue.remove(me)
                elif me not in queue:
                    queue.append(me)
                await asyncio.sleep(_POLL)
                if queue and queue[0] is me and self._has_share(size, client) and self._take(size, client):
                    return True
        finally:
            if me in queue:
                queue.remove(me)
        return False

    def give_back(self, size: int, client: str = "") -> None:
        """Give bytes back that were taken."""
        self._set(self.taken - size)
        if client:
            self._of[client] -= size
            if self._of[client] <= 0:
                del self._of[client]

    def _room(self, client: str) -> int:
        return self._outside if client else self._limit

    def _has_share(self, size: int, client: str) -> bool:
        return not client or self._of[client] + size <= self._share

    def _take(self, size: int, client: str) -> bool:
        self._set(self.taken + size)
        if (self.taken if self._counts is None else self._counts.total()) > self._room(client):
            self._set(self.taken - size)
            return False
        if client:
            self._of[client] += size
        return True

    def _set(self, taken: int) -> None:
        self.taken = taken
        if self._counts is not None:
            self._counts.set(taken)


class ContentMemory:
    """What one transaction of a client ("" if it is trusted) takes of the budget: COPIES of its content."""

    def __init__(self, budget: MemoryBudget, client: str = "") -> None:
        self._budget, self._client = budget, client
        self._room = self._used = self._taken = 0

    async def reserve(self, size: int) -> None:
        """Take room for a whole content of an announced size, as soon as there is room. Raises Refused."""
        more = (size - self._room) * COPIES
        if more > 0:
            if not await self._budget.wait_and_take(more, client=self._client):
                raise _full()
            self._room, self._taken = size, self._taken + more

    def add(self, size: int) -> None:
        """Count one piece of the content. Raises Refused if it is larger than announced and there is no room."""
        self._used += size
        if (more := (self._used - self._room) * COPIES) > 0:
            if not self._budget.take(more, self._client, self._taken + more):
                raise _full()
            self._room, self._taken = self._used, self._taken + more

    def free(self) -> None:
        """Give everything back."""
        self._budget.give_back(self._taken, self._client)
        self._room = self._used = self._taken = 0


def _full() -> Refused:
    return Refused(451, "4.3.1", "Too many messages at once, try again later", "memory")
