"""A new connection to one address of a next hop: greeting, EHLO, TLS and sign-in, as its destination demands."""

from __future__ import annotations

import asyncio
import functools
import ssl
from pathlib import Path

from gateway.core.messages.reply import Reply, reply, to_temporary
from gateway.ports.channels import HopDown
from gateway.transports.smtp.connection import SmtpConnection, SmtpTimeouts
from gateway.transports.smtp.destination import Destination, Endpoint, HopRefusal, TlsPolicy, hop_unreachable


class Dialer:
    """Connects to the addresses of one destination. `hostname`: the name in EHLO. Raises OSError for a bad CA file."""

    def __init__(self, hostname: str, destination: Destination, timeouts: SmtpTimeouts) -> None:
        self._hostname, self._destination, self._timeouts = hostname, destination, timeouts
        self._context = tls_context(destination)

    async def dial(self, endpoint: Endpoint, seconds: float | None = None) -> SmtpConnection:
        """A connection that is ready for MAIL, within `seconds`. Raises HopDown, HopRefusal if the hop answered."""
        try:
            async with asyncio.timeout(seconds):
                return await self._dial(endpoint)
        except TimeoutError:
            raise hop_unreachable() from None

    async def _dial(self, endpoint: Endpoint) -> SmtpConnection:
        destination = self._destination
        connection = await self._greet(endpoint)
        try:
            if self._wants_tls(endpoint):
                connection = await self._secure(connection)
            if destination.user:
                await self._sign_in(connection)
        except BaseException:
            connection.abort()
            raise
        return connection

    def _wants_tls(self, endpoint: Endpoint) -> bool:
        """Whether TLS is tried. On loopback nobody listens, unless the configuration asks for more."""
        match self._destination.tls:
            case TlsPolicy.NONE:
                return False
            case TlsPolicy.OPPORTUNISTIC:
                return bool(self._destination.user) or not endpoint.is_loopback
            case _:
                return True

    async def _secure(self, connection: SmtpConnection) -> SmtpConnection:
        """The connection over TLS, or a new one in clear text if TLS fails and is not required."""
        must = self._destination.tls is not TlsPolicy.OPPORTUNISTIC or bool(self._destination.user)
        if not connection.offers("STARTTLS"):
            if must:
                connection.close()
                raise HopRefusal(reply(451, "4.7.4", "The next hop offers no TLS"))
            return connection
        try:
            await connection.start_tls(self._context, connection.endpoint.host)
            answer = await connection.hello(self._hostname)
            if not answer.accepted:
                connection.close()
                raise HopRefusal(to_temporary(answer))
        except HopRefusal:
            raise
        except HopDown:
            connection.abort()
            if must:
                raise HopRefusal(reply(451, "4.7.5", "TLS with the next hop failed")) from None
            return await self._greet(connection.endpoint)  # opportunistic: broken TLS counts as no TLS
        return connection

    async def _sign_in(self, connection: SmtpConnection) -> None:
        """Give user and password, never in clear text unless the configuration says that there is no TLS."""
        destination = self._destination
        if not connection.secure and destination.tls is not TlsPolicy.NONE:
            connection.close()
            raise HopRefusal(reply(451, "4.7.4", "The next hop offers no TLS"))
        answer = await connection.sign_in(destination.user, destination.password)
        if not answer.accepted:
            connection.close()
            raise HopRefusal(reply(451, "4.7.8", "The next hop did not accept the gateway's password"))

    async def _greet(self, endpoint: Endpoint) -> SmtpConnection:
        """A connection after EHLO. Raises HopDown, HopRefusal with the reply of a next hop that refuses us."""
        loop = asyncio.get_running_loop()
        connection = SmtpConnection(self._timeouts, endpoint)
        try:
            async with asyncio.timeout(self._timeouts.connect):
                await loop.create_connection(lambda: connection, endpoint.ip, endpoint.port)
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
            raise _refused(answer)
        return connection


def _refused(answer: Reply) -> HopRefusal:
    return HopRefusal(to_temporary(answer))


def tls_context(destination: Destination) -> ssl.SSLContext:
    """TLS as a destination demands it. Raises OSError for a file of authorities that cannot be used.

    Behind a next hop with MX every domain has a way of its own, and all of them share one context.
    """
    file = destination.ca_file
    changed = Path(file).stat().st_mtime_ns if file else 0
    return _context(file, changed, verify=destination.tls is TlsPolicy.VERIFY)


@functools.lru_cache(maxsize=16)
def _context(file: str, _changed: int, *, verify: bool) -> ssl.SSLContext:
    """The authorities of a machine take 20 ms to read, and a megabyte."""
    context = ssl.create_default_context(cafile=file or None)
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
