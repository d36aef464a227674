"""Who may use the connections to one next hop: quotas for clients, and idle transactions that make room for others."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable

_PATIENCE = 0.02  # seconds that a transaction may be idle before another client may have its connection
_SHORT_PATIENCE = 0.002  # where its client uses more than its share, and the other one less
_STALL = 5.0  # seconds of waiting for content before that
_SLOW = 2000.0  # bytes of content a second that give a client more time
_CEILING_SECONDS = 10.0


def deliveries_at_once(connections: int) -> int:
    """How many deliveries to a next hop have slots at once: the last quarter is for mail that passes through."""
    return max(connections - connections // 4, 1)


class Slot:
    """The right to one connection. `waited`: seconds of waiting for content, of which `sent` bytes came."""

    __slots__ = ("_reclaim", "client", "idle_since", "in_content", "leaving", "sent", "waited")

    def __init__(self, client: str) -> None:
        self.client = client
        self.leaving = False
        self.idle_since: float | None = None
        self.in_content = False
        self.waited, self.sent = 0.0, 0
        self._reclaim: Callable[[], None] | None = None

    def busy(self, now: float, sent: int = 0) -> None:
        """The transaction goes on: nobody else may have the slot. `sent`: bytes of content that arrived."""
        if self.idle_since is not None:
            if self.in_content:
                self.waited += now - self.idle_since
            self.idle_since = self._reclaim = None
        self.sent += sent

    def idle(self, now: float, reclaim: Callable[[], None]) -> None:
        """The transaction waits for its client. If others need the slot, `reclaim` is called, which must release it."""
        self.idle_since, self._reclaim = now, reclaim

    def due_at(self, patience: float) -> float | None:
        """When others may have the slot, by the time of the loop; None while it is in use."""
        if self.idle_since is None:
            return None
        if not self.in_content:
            return self.idle_since + patience
        return self.idle_since + _STALL + self.sent / _SLOW - self.waited

    def reclaim(self) -> None:
        """Take the slot away from an idle transaction."""
        reclaim, self.idle_since, self._reclaim = self._reclaim, None, None
        self.leaving = True
        if reclaim is not None:
            reclaim()


class ConnectionSlots:
    """The slots of one next hop.

    Any client may use what is free, but the last quarter is left to clients that use less than a quarter. A client ""
    is trusted and has no such limit. Who waits gets a slot in the order of how few slots its client has.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._share, self._reserve = max(limit // 4, 1), limit // 4
        self._slots: set[Slot] = set()
        self._held: Counter[str] = Counter()
        self._waiting: dict[str, deque[asyncio.Future[Slot]]] = {}
        self._ceiling, self._ceiling_until = limit, 0.0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def in_use(self) -> int:
        """Slots that somebody has."""
        return len(self._slots)

    def take(self, client: str) -> Slot | None:
        """A slot, None if the client has to wait."""
        return self._grant(client) if not self._waiting and self._may_take(client) else None

    async def wait_for(self, client: str, seconds: float) -> Slot:
        """Wait for a slot. Raises TimeoutError."""
        granted: asyncio.Future[Slot] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(client, deque()).append(granted)
        self._serve()
        try:
            async with asyncio.timeout(max(seconds, 0.0)):
                return await granted
        except BaseException:
            if granted.done() and not granted.cancelled():
                self.release(granted.result())
            raise
        finally:
            queue = self._waiting.get(client)
            if queue is not None:
                if granted in queue:
                    queue.remove(granted)
                if not queue:
                    del self._waiting[client]

    def release(self, slot: Slot) -> None:
        """Give a slot back. A second call for the same slot does nothing."""
        if slot not in self._slots:
            return
        self._slots.discard(slot)
        self._held[slot.client] -= 1
        if not self._held[slot.client]:
            del self._held[slot.client]
        if self._waiting:
            self._serve()

    def narrow(self, connections: int) -> None:
        """The next hop refuses more than this many connections: for a while no more are used."""
        self._ceiling = max(connections, 1)
        self._ceiling_until = asyncio.get_running_loop().time() + _CEILING_SECONDS

    def idled(self) -> None:
        """A slot became idle: look whether somebody needs it."""
        if self._waiting and self._timer is None:
            self._reclaim_idle()

    def close(self) -> None:
        """Look for idle slots no more."""
        if self._timer is not None:
            self._timer.cancel()

    def _free(self) -> int:
        limit = self._limit
        if self._ceiling < limit:
            if asyncio.get_running_loop().time() < self._ceiling_until:
                limit = self._ceiling
            else:
                self._ceiling = limit
        return limit - len(self._slots)

    def _may_take(self, client: str) -> bool:
        free = self._free()
        return free > 0 and (not client or free > self._reserve or self._held[client] < self._share)

    def _grant(self, client: str) -> Slot:
        slot = Slot(client)
        self._slots.add(slot)
        self._held[client] += 1
        return slot

    def _serve(self) -> None:
        """Give slots to those who wait, and look for idle ones if there are not enough."""
        while self._free() > 0:
            clients = [client for client, queue in self._waiting.items() if queue and self._may_take(client)]
            if not clients:
                break
            client = min(clients, key=self._held.__getitem__)
            granted = self._waiting[client].popleft()
            if not granted.done():
                granted.set_result(self._grant(client))
        if any(self._waiting.values()) and self._timer is None:
            self._reclaim_idle()

    def _reclaim_idle(self) -> None:
        """Take idle slots away from the clients that have most, the longest idle first, for those who wait.

        A client never loses a slot to one that has more.
        """
        self._timer = None
        waiting = sorted(
            (self._held[client], len(queue))
            for client, queue in self._waiting.items()
            if any(not f.done() for f in queue)
        )
        if not waiting:
            return
        now, soonest, fewest = asyncio.get_running_loop().time(), None, waiting[0][0]
        due: list[Slot] = []
        for slot in self._slots:
            held = self._held[slot.client]
            at = slot.due_at(_SHORT_PATIENCE if held > self._share > fewest else _PATIENCE)
            if at is None or held < fewest:
                continue
            if at <= now:
                due.append(slot)
            elif soonest is None or at < soonest:
                soonest = at
        due.sort(key=lambda slot: (-self._held[slot.client], slot.idle_since or now))
        wanted = max(sum(count for _, count in waiting) - sum(slot.leaving for slot in self._slots), 0)
        for slot in due[:wanted]:
            slot.reclaim()
        if soonest is not None and len(due) < wanted and self._timer is None:
            self._timer = asyncio.get_running_loop().call_at(soonest + 0.001, self._reclaim_idle)
