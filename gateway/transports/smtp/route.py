"""The way to one next hop: its addresses with their health, its open connections, and the slots to use them.

An address that cannot be reached is left alone while a probe in the background tries it again and again. While no
address is left, every call fails at once: a dead next hop costs its clients nothing.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass

from gateway.core.messages.reply import reply
from gateway.ports.channels import HopDown
from gateway.transports.smtp.connection import SmtpConnection, SmtpTimeouts
from gateway.transports.smtp.destination import (
    Destination,
    Endpoint,
    HopRefusal,
    TlsPolicy,
    hop_busy,
    hop_unreachable,
)
from gateway.transports.smtp.dialing import Dialer
from gateway.transports.smtp.resolution import HopResolver, ResolvedEndpoints
from gateway.transports.smtp.slots import ConnectionSlots, Slot

_FIRST_PROBE, _LONGEST_PROBE = 0.5, 5.0
_ALIVE = 10.0  # seconds since the last word from an address during which it counts as alive
_UNUSED = 60.0  # seconds without mail after which a domain's servers are probed no more
_FORGET = 600.0  # seconds without use after which the way to a domain is forgotten

Tell = Callable[[str], None]
"""Called when a way goes down or is up again: why it is down; "" if it is up."""


@dataclass(slots=True)
class HopLease:
    """A connection on loan, for one transaction. `reused`: an earlier transaction used it."""

    route: HopRoute
    slot: Slot
    connection: SmtpConnection
    reused: bool

    def give_back(self, *, clean: bool) -> None:
        """End the loan. A connection that did not end its transaction `clean` is reset first."""
        self.route.give_back(self, clean=clean)


@dataclass(slots=True)
class _Illness:
    """What is wrong with an address. `answers`: it refuses us in words, so that trying it costs little."""

    answers: bool
    probe: asyncio.Task[None]


class HopRoute:
    """Connections to one destination; with MX, to the mail servers of one `domain`. `keep`: seconds that they idle."""

    def __init__(
        self, destination: Destination, domain: str, hostname: str, resolver: HopResolver, timeouts: SmtpTimeouts,
        keep: float, tell: Tell,
    ) -> None:  # fmt: skip
        self.down = False
        self.destination = destination
        self.slots = ConnectionSlots(destination.connections)
        self._timeouts, self._keep, self._told = timeouts, keep, tell
        self._dialer = Dialer(hostname, destination, timeouts)
        self._endpoints = ResolvedEndpoints(resolver, destination, domain)
        self._idle: deque[tuple[SmtpConnection, float]] = deque()
        self._open: set[SmtpConnection] = set()
        self._ill: dict[Endpoint, _Illness] = {}
        self._resets: set[asyncio.Task[None]] = set()
        self._closed = False
        self._used_at = asyncio.get_running_loop().time()

    async def borrow(self, client: str, *, tls: bool, wait: float, avoid: Collection[Endpoint] = ()) -> HopLease:
        """A connection for one transaction of a client ("" if it is trusted). Raises HopDown.

        `tls`: the message came over TLS. `wait`: seconds to wait for a slot. `avoid`: addresses that failed just now.
        """
        loop = asyncio.get_running_loop()
        self._used_at = loop.time()
        until = self._used_at + wait
        while True:
            if not self._idle and self._is_down():
                raise hop_unreachable()
            slot = self.slots.take(client)
            if slot is None:
                try:
                    slot = await self.slots.wait_for(client, until - loop.time())
                except TimeoutError:
                    raise hop_busy() from None
            try:
                connection = self._take_idle(avoid)
                reused = connection is not None
                if connection is None:
                    connection = await self._connect(avoid)
            except BaseException:
                self.slots.release(slot)
                raise
            if connection is None:
                self.slots.release(slot)  # the hop takes no more connections: wait for one of those
                continue
            if tls and not self._may_be_clear(connection):
                connection.close()
                self._discard(connection)
                self.slots.release(slot)
                raise HopDown(reply(451, "4.7.4", "The next hop offers no TLS for what came over TLS"))
            return HopLease(self, slot, connection, reused)

    def give_back(self, lease: HopLease, *, clean: bool) -> None:
        """See HopLease."""
        if lease.connection.broken:
            self._discard(lease.connection)
            self.slots.release(lease.slot)
        elif clean:
            self._put_back(lease)
        else:
            reset = asyncio.get_running_loop().create_task(self._reset(lease))
            self._resets.add(reset)
            reset.add_done_callback(self._resets.discard)

    def has_other(self, tried: Collection[Endpoint]) -> bool:
        """Whether there is an address to try besides those tried."""
        return any(endpoint not in tried and endpoint not in self._ill for endpoint in self._endpoints.known)

    def hung(self, endpoint: Endpoint) -> None:
        """An address took a connection and then did not answer."""
        self._fell_ill(endpoint, answers=False)

    def expire(self, now: float) -> bool:
        """Close connections that were idle for too long. Returns whether the route may be forgotten."""
        while self._idle and (self._idle[0][1] <= now or self._idle[0][0].broken):
            connection, _ = self._idle.popleft()
            connection.close()
            self._discard(connection)
        return self.destination.mx and not (self._idle or self.slots.in_use) and now - self._used_at > _FORGET

    async def close(self) -> None:
        """Close every idle connection. Those on loan are closed when they are given back."""
        self._closed = True
        for illness in self._ill.values():
            illness.probe.cancel()
        self.slots.close()
        self._endpoints.close()
        if self._resets:
            await asyncio.wait(list(self._resets), timeout=1.0)
        while self._idle:
            self._idle.pop()[0].close()

    # connections

    def _take_idle(self, avoid: Collection[Endpoint]) -> SmtpConnection | None:
        while self._idle:
            connection, _ = self._idle.pop()
            if not connection.broken and connection.endpoint not in avoid:
                return connection
            self._discard(connection)
            connection.close()
        return None

    async def _connect(self, avoid: Collection[Endpoint]) -> SmtpConnection | None:
        """A new connection to the first address that gives one. None if the hop only refuses further ones."""
        try:
            known = [endpoint for endpoint in await self._endpoints.get() if endpoint not in avoid]
        except HopDown:
            self._tell(down=True, why="name")
            raise
        well = [endpoint for endpoint in known if endpoint not in self._ill]
        well += [endpoint for endpoint in known if endpoint in self._ill and self._ill[endpoint].answers]
        failure = hop_unreachable()
        for place, endpoint in enumerate(well):
            try:
                last = place + 1 == len(well)
                connection = await self._dialer.dial(endpoint, None if last else self._timeouts.failover)
            except HopDown as down:
                failure = down
                if alive := self._alive(endpoint):
                    self.slots.narrow(alive)
                    return None
                self._fell_ill(endpoint, answers=isinstance(down, HopRefusal))
            else:
                self._recovered(endpoint)
                self._open.add(connection)
                return connection
        raise failure

    def _alive(self, endpoint: Endpoint) -> int:
        """How many connections to an address work, as far as is known."""
        now = asyncio.get_running_loop().time()
        return sum(
            1
            for connection in self._open
            if connection.endpoint == endpoint and not connection.broken and now - connection.heard_at < _ALIVE
        )

    def _may_be_clear(self, connection: SmtpConnection) -> bool:
        """Whether what came over TLS may go out over a connection."""
        return connection.secure or connection.endpoint.is_loopback or self.destination.tls is TlsPolicy.NONE

    async def _reset(self, lease: HopLease) -> None:
        connection = lease.connection
        try:
            if not (await connection.command(b"RSET", 10.0)).accepted:
                connection.close()
        except HopDown:
            pass  # the connection is broken: handled below
        if connection.broken:
            self._discard(connection)
            self.slots.release(lease.slot)
        else:
            self._put_back(lease)

    def _put_back(self, lease: HopLease) -> None:
        if self._closed:
            lease.connection.close()
            self._discard(lease.connection)
        else:
            self._idle.append((lease.connection, asyncio.get_running_loop().time() + self._keep))
        self.slots.release(lease.slot)

    def _discard(self, connection: SmtpConnection) -> None:
        self._open.discard(connection)

    # health

    @property
    def reachable(self) -> bool:
        """Whether there is an address that is not known to fail. One that fails is probed until it is well."""
        known = self._endpoints.known
        return not known or any(endpoint not in self._ill for endpoint in known)

    def _is_down(self) -> bool:
        """Whether every address is known not to answer."""
        known = self._endpoints.known
        return bool(known) and all(endpoint in self._ill and not self._ill[endpoint].answers for endpoint in known)

    def _fell_ill(self, endpoint: Endpoint, *, answers: bool) -> None:
        illness = self._ill.get(endpoint)
        if illness is not None:
            illness.answers = answers
        elif not self._closed:
            self._ill[endpoint] = _Illness(answers, asyncio.get_running_loop().create_task(self._probe(endpoint)))
        down = all(endpoint in self._ill for endpoint in self._endpoints.known)
        self._tell(down=down, why="refused" if answers else "unreachable")

    def _recovered(self, endpoint: Endpoint) -> None:
        illness = self._ill.pop(endpoint, None)
        if illness is not None and illness.probe is not asyncio.current_task():
            illness.probe.cancel()
        self._tell(down=False)

    def _tell(self, *, down: bool, why: str = "") -> None:
        if down != self.down and not self._closed:
            self.down = down
            self._told(why if down else "")

    async def _probe(self, endpoint: Endpoint) -> None:
        """Try an address that failed until it works, or is no address of the next hop any more."""
        pause = _FIRST_PROBE
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PROBE)
            if endpoint not in self._endpoints.known or (self.destination.mx and loop.time() - self._used_at > _UNUSED):
                self._recovered(endpoint)  # whoever needs it next finds out
                return
            try:
                connection = await self._dialer.dial(endpoint)
                await connection.command(b"MAIL FROM:<>", self._timeouts.begin)
                await connection.command(b"RSET", self._timeouts.begin)
            except HopDown as down:
                self._ill[endpoint].answers = isinstance(down, HopRefusal)
                continue
            self._recovered(endpoint)
            if not connection.broken:
                self._open.add(connection)
                self._idle.append((connection, loop.time() + self._keep))
            return
