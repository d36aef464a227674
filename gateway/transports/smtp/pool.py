"""A pool of SMTP connections to next hops, shared by delivery and pass-through.

Connections are opened when needed, kept for a while, and carry one transaction at a time. If an idle connection turns
out to be broken, the transaction starts again on a fresh one, before the next hop has seen anything of the message.
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
from gateway.core.messages.reply import Reply, invalid_answer, reply, to_temporary
from gateway.ports.channels import HopDown
from gateway.transports.smtp.connection import HopTls, SmtpConnection, SmtpTimeouts, hop_unreachable

_DSN_MAIL = ("RET=", "ENVID=")


class OffersExtensions(Protocol):
    """What is known of a next hop before a command is written."""

    def offers(self, extension: str) -> bool:
        """Whether the next hop announced an ESMTP extension."""


class SmtpPool:
    """Connections by target. `idle`: seconds that an unused one is kept; `limit`: open connections to one target."""

    def __init__(
        self,
        hostname: str,
        tls: HopTls | None = None,
        timeouts: SmtpTimeouts | None = None,
        idle: float = 20.0,
        limit: int = 100,
    ) -> None:
        self._hostname, self._keep = hostname, idle
        self._tls, self._timeouts = tls or HopTls(), timeouts or SmtpTimeouts()
        self._idle: defaultdict[str, deque[tuple[SmtpConnection, float]]] = defaultdict(deque)
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
    ) -> tuple[SmtpTransaction | None, Reply]:
        """See gateway.ports.channels.HopConnector."""

        def commands(connection: SmtpConnection) -> list[bytes] | Reply:
            line = mail_command(connection, sender, options, size)
            return line if isinstance(line, Reply) else [line, rcpt_command(connection, first)]

        connection, replies = await self.open_transaction(hop, commands, tls=tls)
        if not replies[0].accepted:
            self.release(hop, connection, clean=False)
            return None, to_temporary(replies[0])
        return SmtpTransaction(self, hop, connection), to_temporary(replies[1])

    async def open_transaction(
        self, hop: NextHop, commands: Callable[[SmtpConnection], list[bytes] | Reply], *, tls: bool
    ) -> tuple[SmtpConnection, list[Reply]]:
        """Send the first commands of a transaction. Returns the connection and the replies.

        `commands` builds them from what the next hop offers, or returns a refusal, which is then the only reply. They
        are sent at once if the hop supports PIPELINING, otherwise one by one until MAIL is refused. Raises HopDown.
        """
        while True:
            connection = await self._connection(hop, tls=tls)
            reused = connection.used > 0
            connection.used += 1
            try:
                lines = commands(connection)
                if isinstance(lines, Reply):
                    return connection, [lines]
                replies = await _send_commands(connection, lines)
                if reused and replies[0].code == 421:  # the hop was about to close the idle connection
                    connection.abort()
                    self.release(hop, connection, clean=False)
                    continue
                return connection, replies
            except HopDown:
                self.release(hop, connection, clean=False)
                if not reused:
                    raise
            except BaseException:
                connection.abort()
                self.release(hop, connection, clean=False)
                raise

    def release(self, hop: NextHop, connection: SmtpConnection, *, clean: bool) -> None:
        """Give a connection back after its transaction. If it did not end `clean`, the connection is reset first."""
        if connection.broken:
            self._free[hop.target].release()
        elif clean:
            self._put_back(hop, connection)
        else:
            reset = asyncio.get_running_loop().create_task(self._reset(hop, connection))
            self._resets.add(reset)
            reset.add_done_callback(self._resets.discard)

    async def _reset(self, hop: NextHop, connection: SmtpConnection) -> None:
        try:
            if not (await connection.command(b"RSET", 10.0)).accepted:
                connection.close()
        except HopDown:
            pass  # the connection is broken: handled below
        if connection.broken:
            self._free[hop.target].release()
        else:
            self._put_back(hop, connection)

    def _put_back(self, hop: NextHop, connection: SmtpConnection) -> None:
        self._free[hop.target].release()
        if self._closed:
            connection.close()
            return
        loop = asyncio.get_running_loop()
        self._idle[hop.target].append((connection, loop.time() + self._keep))
        if self._sweep is None:
            self._sweep = loop.call_later(self._keep, self._expire)

    def _expire(self) -> None:
        """Close connections that were idle for too long, oldest first. Repeats while there are idle ones."""
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

    async def _connection(self, hop: NextHop, *, tls: bool) -> SmtpConnection:
        free = self._free[hop.target]
        if free.locked():
            try:
                async with asyncio.timeout(self._timeouts.connect):
                    await free.acquire()
            except TimeoutError:
                raise hop_unreachable() from None
        else:
            await free.acquire()
        try:
            connection = self._take_idle(hop) or await self._connect(hop)
            if tls and not connection.secure and not _is_loopback(hop):
                connection.close()
                raise HopDown(reply(451, "4.7.4", "The next hop offers no TLS for what came over TLS"))
        except BaseException:
            free.release()
            raise
        return connection

    def _take_idle(self, hop: NextHop) -> SmtpConnection | None:
        idle = self._idle.get(hop.target, ())
        while idle:
            connection, _ = idle.pop()
            if not connection.broken:
                return connection
        return None

    async def _connect(self, hop: NextHop) -> SmtpConnection:
        """A new connection, with TLS if the next hop offers it and is not on loopback."""
        connection = await self._greet(hop)
        wants_tls = self._tls.verify or not _is_loopback(hop)
        if not wants_tls:
            return connection
        if connection.offers("STARTTLS"):
            try:
                await connection.start_tls(self._context, _host(hop)[0])
                if not (await connection.hello(self._hostname)).accepted:
                    connection.close()
                    raise hop_unreachable()
            except HopDown:
                if self._tls.verify:
                    raise
                return await self._greet(hop)  # opportunistic: broken TLS counts as no TLS
        elif self._tls.verify:
            connection.close()
            raise HopDown(reply(451, "4.7.4", "The next hop offers no TLS"))
        return connection

    async def _greet(self, hop: NextHop) -> SmtpConnection:
        """A connection after EHLO. Raises HopDown, with the reply of a next hop that refuses us."""
        host, port = _host(hop)
        loop = asyncio.get_running_loop()
        connection = SmtpConnection(self._timeouts)
        try:
            async with asyncio.timeout(self._timeouts.connect):
                await loop.create_connection(lambda: connection, host, port)
            answer = await connection.wait_for(connection.greeting, self._timeouts.greeting)
            if answer.accepted:
                answer = await connection.hello(self._hostname)
        except (OSError, TimeoutError, HopDown):
            connection.abort()
            raise hop_unreachable() from None
        except BaseException:
            connection.abort()
            raise
        if not answer.accepted:
            connection.close()
            raise HopDown(to_temporary(answer))
        return connection


class SmtpTransaction:
    """One open transaction. See gateway.ports.channels.HopTransaction. It ends with `finish` or `abort`."""

    def __init__(self, pool: SmtpPool, hop: NextHop, connection: SmtpConnection) -> None:
        self._pool, self._hop, self._connection = pool, hop, connection
        self._data_accepted = False
        self._over = False

    async def recipient(self, recipient: Recipient) -> Reply:
        """See gateway.ports.channels.HopTransaction."""
        return to_temporary(await self._connection.command(rcpt_command(self._connection, recipient)))

    async def data(self) -> Reply:
        """See gateway.ports.channels.HopTransaction."""
        answer = await self._connection.command(b"DATA", self._connection.timeouts.data)
        self._data_accepted = answer.code == 354
        if answer.accepted:  # a 2xx before any content makes no sense: the client stays responsible for the message
            return invalid_answer()
        return answer if self._data_accepted else to_temporary(answer)

    async def send(self, content: bytes) -> None:
        """See gateway.ports.channels.HopTransaction."""
        await self._connection.content(content)

    async def finish(self) -> Reply:
        """See gateway.ports.channels.HopTransaction."""
        answer = await self._connection.end_of_data()
        self._end(clean=True)
        return to_temporary(answer)

    async def abort(self) -> None:
        """See gateway.ports.channels.HopTransaction."""
        if not self._over and self._data_accepted:
            self._connection.abort()  # the only way to take back content that was sent
        self._end(clean=False)

    def _end(self, *, clean: bool) -> None:
        if not self._over:
            self._over = True
            self._pool.release(self._hop, self._connection, clean=clean)


def mail_command(
    hop: OffersExtensions, sender: str, options: Iterable[str], size: int | None, *, plain: bool = False
) -> bytes | Reply:
    """MAIL with the parameters that the next hop supports, or a refusal if it lacks one that the message needs.

    `plain`: content and addresses are known to be ASCII, so that any next hop can take them.
    """
    words = [f"MAIL FROM:<{sender}>"]
    for option in options:
        name = option.upper()
        if name.startswith("BODY=") and not hop.offers("8BITMIME"):
            if name == "BODY=8BITMIME" and not plain:
                return reply(554, "5.6.3", "The next hop accepts no 8-bit content, and the gateway does not convert it")
        elif name == "SMTPUTF8" and not hop.offers("SMTPUTF8"):
            if not plain:
                return reply(553, "5.6.7", "The next hop accepts no internationalized addresses")
        elif hop.offers("DSN") or not name.startswith(_DSN_MAIL):
            words.append(option)
    if size is not None and hop.offers("SIZE"):
        words.append(f"SIZE={size}")
    return " ".join(words).encode()


def rcpt_command(hop: OffersExtensions, recipient: Recipient) -> bytes:
    """RCPT with the parameters that the next hop supports."""
    options = recipient.options if hop.offers("DSN") else ()
    return " ".join([f"RCPT TO:<{recipient.address}>", *options]).encode()


async def _send_commands(connection: SmtpConnection, lines: list[bytes]) -> list[Reply]:
    if connection.offers("PIPELINING"):
        return [await connection.wait_for(expected) for expected in connection.send(*lines)]
    replies: list[Reply] = []
    for line in lines:
        replies.append(await connection.command(line))
        if len(replies) == 1 and not replies[0].accepted:
            break
    return replies


def _host(hop: NextHop) -> tuple[str, int]:
    host, _, port = hop.target.rpartition(":")
    return host.strip("[]"), int(port)


def _is_loopback(hop: NextHop) -> bool:
    host, _ = _host(hop)
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _context(tls: HopTls) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=tls.ca_file or None)
    if not tls.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
