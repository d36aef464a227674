"""The connections to next hops: opened when needed, kept for a while, and one transaction at a time on each.

Delivery and pass-through share them. A connection that broke while it was idle costs nothing: the transaction begins
once more on a fresh one, before the next hop has been told anything.
"""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from types import TracebackType
from typing import Protocol, Self

from gateway.core.messages.delivery import NextHop
from gateway.core.messages.message import Recipient
from gateway.core.messages.reply import Reply, as_temporary, nonsense, reply
from gateway.ports.channels import HopDown
from gateway.transports.smtp.connection import Connection, Patience, Tls, unreachable

_DSN_MAIL = ("RET=", "ENVID=")


class Offers(Protocol):
    """What is asked of a next hop before a command is written."""

    def offers(self, extension: str) -> bool:
        """Whether the next hop announced an ESMTP extension."""


class SmtpPool:
    """Connections by target. `idle`: seconds that an unused one is kept; `limit`: how many may be open to a target."""

    def __init__(
        self,
        hostname: str,
        tls: Tls | None = None,
        patience: Patience | None = None,
        idle: float = 20.0,
        limit: int = 100,
    ) -> None:
        self._hostname, self._keep = hostname, idle
        self._tls, self._patience = tls or Tls(), patience or Patience()
        self._idle: defaultdict[str, deque[tuple[Connection, float]]] = defaultdict(deque)
        self._free: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(limit))
        self._sweep: asyncio.TimerHandle | None = None
        self._resets: set[asyncio.Task[None]] = set()
        self._closed = False
        self._context = _context(self._tls)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed = True
        if self._sweep is not None:
            self._sweep.cancel()
        for reset in list(self._resets):
            await asyncio.wait([reset], timeout=1.0)
        for idle in self._idle.values():
            for connection, _ in idle:
                connection.close()
        self._idle.clear()

    async def begin(
        self, hop: NextHop, sender: str, options: Sequence[str], first: Recipient, *, size: int | None, tls: bool
    ) -> tuple[SmtpExchange | None, Reply]:
        """A transaction with its sender and first recipient given; see gateway.ports.channels.HopConnector."""

        def commands(connection: Connection) -> list[bytes] | Reply:
            line = mail(connection, sender, options, size)
            return line if isinstance(line, Reply) else [line, rcpt(connection, first)]

        connection, said = await self.opened(hop, commands, tls=tls)
        if not said[0].taken:
            self.done(hop, connection, clean=False)
            return None, as_temporary(said[0])
        return SmtpExchange(self, hop, connection), as_temporary(said[1])

    async def opened(
        self, hop: NextHop, commands: Callable[[Connection], list[bytes] | Reply], *, tls: bool
    ) -> tuple[Connection, list[Reply]]:
        """A connection on which these first commands of a transaction were said, with their replies.

        `commands` sees what the next hop offers, or refuses in its stead: that refusal is then the only reply. They are
        sent at once where the hop knows PIPELINING, else up to the first that is not taken. Raises HopDown.
        """
        while True:
            connection = await self._connection(hop, tls=tls)
            again = connection.used > 0
            connection.used += 1
            try:
                lines = commands(connection)
                if isinstance(lines, Reply):
                    return connection, [lines]
                said = await _exchanged(connection, lines)
                if again and said[0].code == 421:  # it was about to close the idle connection
                    connection.abort()
                    self.done(hop, connection, clean=False)
                    continue
                return connection, said
            except HopDown:
                self.done(hop, connection, clean=False)
                if not again:
                    raise
            except BaseException:
                connection.abort()
                self.done(hop, connection, clean=False)
                raise

    def done(self, hop: NextHop, connection: Connection, *, clean: bool) -> None:
        """The transaction is over; where it is not `clean` the connection is reset before anybody uses it again."""
        if connection.broken:
            self._free[hop.target].release()
        elif clean:
            self._put_back(hop, connection)
        else:
            reset = asyncio.get_running_loop().create_task(self._reset(hop, connection))
            self._resets.add(reset)
            reset.add_done_callback(self._resets.discard)

    async def _reset(self, hop: NextHop, connection: Connection) -> None:
        try:
            if not (await connection.command(b"RSET", 10.0)).taken:
                connection.close()
        except HopDown:
            pass  # broken, and seen to be so below
        if connection.broken:
            self._free[hop.target].release()
        else:
            self._put_back(hop, connection)

    def _put_back(self, hop: NextHop, connection: Connection) -> None:
        self._free[hop.target].release()
        if self._closed:
            connection.close()
            return
        loop = asyncio.get_running_loop()
        self._idle[hop.target].append((connection, loop.time() + self._keep))
        if self._sweep is None:
            self._sweep = loop.call_later(self._keep, self._expire)

    def _expire(self) -> None:
        """Close what has been idle for too long, the oldest first; come again while there is something left."""
        loop = asyncio.get_running_loop()
        self._sweep = None
        for target, idle in list(self._idle.items()):
            while idle and (idle[0][1] <= loop.time() or idle[0][0].broken):
                idle.popleft()[0].close()
            if not idle:
                del self._idle[target]
        if self._idle:
            soonest = min(idle[0][1] for idle in self._idle.values())
            self._sweep = loop.call_later(max(soonest - loop.time(), 0.01), self._expire)

    async def _connection(self, hop: NextHop, *, tls: bool) -> Connection:
        free = self._free[hop.target]
        if free.locked():
            try:
                async with asyncio.timeout(self._patience.connect):
                    await free.acquire()
            except TimeoutError:
                raise unreachable() from None
        else:
            await free.acquire()
        try:
            connection = self._kept(hop) or await self._connected(hop)
            if tls and not connection.secure and not _loopback(hop):
                connection.close()
                raise HopDown(reply(451, "4.7.4", "The next hop offers no TLS for what came over TLS"))
        except BaseException:
            free.release()
            raise
        return connection

    def _kept(self, hop: NextHop) -> Connection | None:
        idle = self._idle.get(hop.target, ())
        while idle:
            connection, _ = idle.pop()
            if not connection.broken:
                return connection
        return None

    async def _connected(self, hop: NextHop) -> Connection:
        """A greeted connection, secured where the next hop can (not on loopback, where nobody else listens)."""
        connection = await self._greeted(hop)
        wanted = self._tls.verify or not _loopback(hop)
        if not wanted:
            return connection
        if connection.offers("STARTTLS"):
            try:
                await connection.start_tls(self._context, _host(hop)[0])
                if not (await connection.hello(self._hostname)).taken:
                    connection.close()
                    raise unreachable()
            except HopDown:
                if self._tls.verify:
                    raise
                return await self._greeted(hop)  # opportunistic: a hop whose TLS is broken is one without
        elif self._tls.verify:
            connection.close()
            raise HopDown(reply(451, "4.7.4", "The next hop offers no TLS"))
        return connection

    async def _greeted(self, hop: NextHop) -> Connection:
        """A connection after EHLO. Raises HopDown, with the next hop's own words where it would not have us."""
        host, port = _host(hop)
        loop = asyncio.get_running_loop()
        connection = Connection(self._patience)
        try:
            async with asyncio.timeout(self._patience.connect):
                await loop.create_connection(lambda: connection, host, port)
            said = await connection.said(connection.greeting, self._patience.greeting)
            if said.taken:
                said = await connection.hello(self._hostname)
        except (OSError, TimeoutError, HopDown):
            connection.abort()
            raise unreachable() from None
        except BaseException:
            connection.abort()
            raise
        if not said.taken:
            connection.close()
            raise HopDown(as_temporary(said))
        return connection


class SmtpExchange:
    """One open transaction; see gateway.ports.channels.HopTransaction. Over after `finish` or `leave`."""

    def __init__(self, pool: SmtpPool, hop: NextHop, connection: Connection) -> None:
        self._pool, self._hop, self._connection = pool, hop, connection
        self._let_in = False
        self._over = False

    async def recipient(self, recipient: Recipient) -> Reply:
        """Name one more recipient."""
        return as_temporary(await self._connection.command(rcpt(self._connection, recipient)))

    async def data(self) -> Reply:
        """Ask for the content to be let in; 354 when it is."""
        said = await self._connection.command(b"DATA", self._connection.patience.data)
        self._let_in = said.code == 354
        if said.taken:  # it took what it has not seen: whatever that means, the message is still the client's
            return nonsense()
        return said if self._let_in else as_temporary(said)

    async def send(self, content: bytes) -> None:
        """Send on a piece of the content as it is."""
        await self._connection.content(content)

    async def finish(self) -> Reply:
        """The content is whole: the next hop's word on it."""
        said = await self._connection.end_of_data()
        self._end(clean=True)
        return as_temporary(said)

    async def leave(self) -> None:
        """End the transaction without a message."""
        if not self._over and self._let_in:
            self._connection.abort()  # the only way to take back content that went
        self._end(clean=False)

    def _end(self, *, clean: bool) -> None:
        if not self._over:
            self._over = True
            self._pool.done(self._hop, self._connection, clean=clean)


def mail(hop: Offers, sender: str, options: Iterable[str], size: int | None, *, plain: bool = False) -> bytes | Reply:
    """MAIL with the parameters that the next hop knows; a refusal where it lacks what the message cannot do without.

    `plain`: content and addresses are known to be ASCII, so that any next hop can take them.
    """
    said = [f"MAIL FROM:<{sender}>"]
    for option in options:
        name = option.upper()
        if name.startswith("BODY=") and not hop.offers("8BITMIME"):
            if name == "BODY=8BITMIME" and not plain:
                return reply(554, "5.6.3", "The next hop takes no 8-bit content, and it is not changed on the way")
        elif name == "SMTPUTF8" and not hop.offers("SMTPUTF8"):
            if not plain:
                return reply(553, "5.6.7", "The next hop takes no internationalized addresses")
        elif hop.offers("DSN") or not name.startswith(_DSN_MAIL):
            said.append(option)
    if size is not None and hop.offers("SIZE"):
        said.append(f"SIZE={size}")
    return " ".join(said).encode()


def rcpt(hop: Offers, recipient: Recipient) -> bytes:
    """RCPT with the parameters that the next hop knows."""
    options = recipient.options if hop.offers("DSN") else ()
    return " ".join([f"RCPT TO:<{recipient.address}>", *options]).encode()


async def _exchanged(connection: Connection, lines: list[bytes]) -> list[Reply]:
    if connection.offers("PIPELINING"):
        return [await connection.said(each) for each in connection.send(*lines)]
    said: list[Reply] = []
    for line in lines:
        said.append(await connection.command(line))
        if len(said) == 1 and not said[0].taken:
            break
    return said


def _host(hop: NextHop) -> tuple[str, int]:
    host, _, port = hop.target.rpartition(":")
    return host.strip("[]"), int(port)


def _loopback(hop: NextHop) -> bool:
    host, _ = _host(hop)
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _context(tls: Tls) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=tls.ca_file or None)
    if not tls.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
