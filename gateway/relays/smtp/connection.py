"""The connection of one SMTP client: TLS, PROXY protocol, time-outs, lines and content in large pieces.

aiosmtpd provides the connection, the upgrade to TLS and the PROXY protocol; `session` implements the dialogue. A client
that disconnects does not cancel running work. The next read or reply notices it, so no message is left half accepted.
"""

from __future__ import annotations

import asyncio
import math
import ssl
from asyncio import sslproto
from collections.abc import Callable
from typing import cast

from aiosmtpd.proxy_protocol import AF, V2_CMD, get_proxy
from aiosmtpd.smtp import SMTP

from gateway.core.messages.reply import Reply
from gateway.relays.smtp.content import ClientGone
from gateway.relays.smtp.context import SmtpContext, is_trusted

MAX_COMMAND = 4096  # bytes
_MAX_LINE = 1 << 20  # bytes of an overlong line that are read before the session ends
_PIECE = 1 << 16  # bytes that are handled in one turn of the event loop
_MIN_RATE = 500.0  # bytes a second: time spent on slower content counts towards the client time-out
_CLOSE_TIMEOUT = 5.0
_TICK = 10.0
_SHUTTING_DOWN = b"421 4.3.2 Shutting down, try again later"


class _NoHooks:
    """aiosmtpd's handler. The session uses none of its hooks."""


class ClientConnection(SMTP):
    """The connection. `on_open` returns whether there is room for it; `on_close` is called at its end.

    Subclasses implement `_handle_client`.
    """

    line_length_limit = 1 << 16  # aiosmtpd's name for the size of the read buffer; it does not limit lines here

    def __init__(
        self, context: SmtpContext, tls: Callable[[], ssl.SSLContext | None],
        on_open: Callable[[ClientConnection], bool], on_close: Callable[[ClientConnection], None],
    ) -> None:  # fmt: skip
        super().__init__(_NoHooks(), hostname=context.config.hostname, loop=asyncio.get_running_loop())
        self._tls = tls
        self._context, self._config = context, context.config
        self._on_open, self._on_close = on_open, on_close
        self._ahead = bytearray()
        self._output = bytearray()
        self._silent_since = math.inf
        self._deficit = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._abort_timer: asyncio.TimerHandle | None = None
        self._idle = self._stopping = False

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open. It may end before the process does."""
        raise NotImplementedError

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client connected, or its TLS handshake is done."""
        if self._original_transport is None and not self._on_open(self):
            self.transport = transport
            self._hang_up(b"421 4.3.2 Too many sessions, try again later")
            return
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        """The client is gone: pending reads and writes fail."""
        if self._original_transport is not None:
            self._original_transport.close()
        if self._abort_timer is not None:
            self._abort_timer.cancel()
        asyncio.StreamReaderProtocol.connection_lost(self, error)
        self.transport = None

    def eof_received(self) -> bool:
        """The client sends no more. Its commands are still answered."""
        if self._handler_coroutine is not None:
            self._reader.feed_eof()
        return self._tls_protocol is None

    def _reset_timeout(self, duration: float | None = None) -> None:
        """Disable aiosmtpd's timer, which limits the whole of DATA. `_tick` allows for progress."""

    def stop(self) -> None:
        """End the session, after the open transaction if there is one."""
        self._stopping = True
        if self._idle and not self.in_transaction:
            self._hang_up(_SHUTTING_DOWN)

    async def finished(self) -> None:
        """Wait until the session has ended."""
        if self._handler_coroutine is not None:
            await asyncio.wait([self._handler_coroutine])

    def abort(self) -> None:
        """End the session now. A message without a reply has not been accepted."""
        self._hang_up(_SHUTTING_DOWN)
        if self._handler_coroutine is not None:
            self._handler_coroutine.cancel()

    def _tick(self) -> None:
        """Check whether the client has timed out."""
        left = self._silent_since + self._context.client_timeout - self.loop.time()
        if left <= 0:
            if self.in_transaction:  # otherwise the client was done and only omitted QUIT
                self._context.event_log.refused("timeout")
            self._hang_up(b"421 4.4.2 Timeout, closing the connection")
        else:
            self._timer = self.loop.call_later(min(left, self._context.client_timeout, _TICK), self._tick)

    def _hang_up(self, words: bytes = b"") -> None:
        """Close the connection. A client that does not read the last reply in time is disconnected."""
        transport = cast(asyncio.Transport | None, self.transport)
        if transport is None:
            return
        if words and not transport.is_closing():
            transport.write(words + b"\r\n")
        transport.close()
        if self._abort_timer is None:
            self._abort_timer = self.loop.call_later(_CLOSE_TIMEOUT, transport.abort)

    async def _client_address(self) -> str:
        """The client's address, from the load balancer if there is one."""
        name = self._writer.get_extra_info("peername")
        address = str(name[0]) if isinstance(name, tuple) else ""
        if self._config.proxy_protocol and is_trusted(self._config.proxies, address):
            self._silent_since = self.loop.time()
            try:
                proxy = await get_proxy(self._reader)
            except (asyncio.IncompleteReadError, OSError):
                raise ClientGone from None
            if not proxy.valid:
                raise ClientGone
            if proxy.version == 1 or proxy.command == V2_CMD.PROXY:  # otherwise the balancer itself is the client
                address = str(proxy.src_addr) if proxy.family in (AF.INET, AF.INET6) else ""
        return address

    async def _speaks_within(self, seconds: float) -> bool:
        """Whether the client sends anything within some time."""
        try:
            async with asyncio.timeout(seconds):
                self._ahead += await self._read()
        except TimeoutError:
            self._silent_since = math.inf
            return False
        return True

    async def _start_tls(self, *, early: bool = False) -> str:
        """Do a TLS handshake, after a reply if one is queued. Returns TLS version and cipher. Raises ClientGone.

        `early`: bytes that were read already are the client's part of the handshake.
        """
        await self._flush()
        sent = memoryview(bytes(self._reader._buffer if early else b""))  # type: ignore[attr-defined]
        waiter, tls = self.loop.create_future(), self._tls()
        if tls is None:  # TLS was switched off since the session began
            raise ClientGone
        protocol = sslproto.SSLProtocol(self.loop, self, tls, waiter, server_side=True)
        self._tls_protocol = protocol
        self._original_transport = self.transport
        assert self._original_transport is not None
        cast(asyncio.Transport, self._original_transport).set_protocol(protocol)
        self.transport = protocol._app_transport
        self._silent_since = self.loop.time()
        try:
            protocol.connection_made(self._original_transport)
            while sent:
                room = memoryview(protocol.get_buffer(len(sent)))
                size = min(len(room), len(sent))
                room[:size] = sent[:size]
                sent = sent[size:]
                protocol.buffer_updated(size)
            await waiter
        except OSError:
            raise ClientGone from None
        self._silent_since = math.inf
        cipher = self._writer.get_extra_info("cipher") or ("unknown cipher", "TLS")
        return f"{cipher[1]} {cipher[0]}"

    async def _read_line(self) -> bytes:
        """The next command line without its line ending. Queued replies are sent once no complete line is buffered."""
        searched = read = 0
        since = None
        while (end := self._ahead.find(b"\n", searched)) < 0:
            if self._stopping and not self.in_transaction and not self._ahead:
                self._queue_reply(Reply(421, (_SHUTTING_DOWN,)))
                await self._flush()
                raise ClientGone
            await self._flush()
            searched = len(self._ahead)
            self._idle = not searched
            if searched and since is None:  # a line that has begun must end within the client time-out
                since = self.loop.time()
            self._ahead += await self._read(since)
            self._idle = False
            read += len(self._ahead) - searched
            if read > _MAX_LINE:
                raise ClientGone
            if len(self._ahead) > 2 * MAX_COMMAND and b"\n" not in self._ahead:
                del self._ahead[: len(self._ahead) - 2 * MAX_COMMAND]  # too long, so it will be refused anyway
                searched = len(self._ahead)
        if not read:  # one buffered command a turn: a client that sends many at once must not hold up others
            await asyncio.sleep(0)
        line = bytes(self._ahead[:end])
        del self._ahead[: end + 1]
        return line.rstrip(b"\r")

    async def _read_content(self) -> bytes:
        """The next bytes of content. Time beyond what `_MIN_RATE` allows counts towards the client time-out."""
        began = self.loop.time()
        data = await self._read(began - self._deficit)
        self._deficit = max(self._deficit + self.loop.time() - began - len(data) / _MIN_RATE, 0.0)
        return data

    async def _read(self, since: float | None = None) -> bytes:
        """The next bytes of the client. They must arrive within the client time-out, counted from `since` or now."""
        self._silent_since = self.loop.time() if since is None else since
        if self._writer.is_closing():  # a read may resume the transport, which raises RuntimeError in uvloop
            raise ClientGone
        try:
            data = await self._reader.read(_PIECE)
        except OSError:
            raise ClientGone from None
        if not data:
            raise ClientGone
        self._silent_since = math.inf
        if len(data) == _PIECE:  # more may be there already, so that the next read does not wait
            await asyncio.sleep(0)
        return data

    def _queue_reply(self, answer: Reply) -> None:
        self._output += answer.raw + b"\r\n"

    async def _flush(self) -> None:
        if not self._output:
            return
        self._silent_since = self.loop.time()
        if self._writer.is_closing():  # a write would raise RuntimeError in uvloop
            raise ClientGone
        try:
            self._writer.write(bytes(self._output))
            self._output.clear()
            await self._writer.drain()
        except OSError:
            raise ClientGone from None
        self._silent_since = math.inf
