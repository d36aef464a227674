"""One SMTP connection to a next hop, as a small asyncio protocol.

Why not aiosmtplib: it joins the lines of replies, but the client of a passed-through message must get them word for
word; it takes content only as a whole, but here it is streamed with back-pressure; it cannot pipeline; and it was half
of the cost of a passed-through message.
"""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections import deque
from dataclasses import dataclass
from typing import cast

from gateway.core.messages.reply import Reply, to_temporary
from gateway.ports.channels import HopDown
from gateway.transports.smtp.destination import Endpoint, hop_lost, hop_unreachable
from gateway.transports.smtp.wire import ContentEncoder, InvalidReply, ReplyParser


@dataclass(frozen=True, slots=True)
class SmtpTimeouts:
    """Seconds to wait for a next hop, by command (RFC 5321 section 4.5.3.2).

    `greeting`: for the greeting, and for every reply until the connection is ready. While there is another address to
    try, `failover` is for all of that together, and `begin` for the reply to the first commands. `slot`: until a
    connection is free.
    """

    connect: float = 10.0
    greeting: float = 60.0
    failover: float = 5.0
    begin: float = 30.0
    slot: float = 10.0
    command: float = 300.0
    data: float = 120.0
    block: float = 180.0
    final: float = 600.0


class SmtpConnection(asyncio.Protocol):
    """Sends commands, matches replies in order, and writes content. Every call raises HopDown once `broken` is set."""

    def __init__(self, timeouts: SmtpTimeouts, endpoint: Endpoint) -> None:
        self._loop = asyncio.get_running_loop()
        self.timeouts, self.endpoint = timeouts, endpoint
        self.heard_at = self._loop.time()
        self._replies = ReplyParser()
        self._waiting: deque[asyncio.Future[Reply]] = deque()
        self._transport: asyncio.Transport | None = None
        self._writable: asyncio.Future[None] | None = None
        self._extensions: dict[str, str] = {}
        self._encoder = ContentEncoder()
        self._unexpected: Reply | None = None
        self._in_content = False
        self.broken = False
        self.secure = False
        self.used = 0
        self.greeting = self._expect()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's transport is no subclass

    def data_received(self, data: bytes) -> None:
        self.heard_at = self._loop.time()
        try:
            for received in self._replies.feed(data):
                if self._waiting:
                    waiter = self._waiting.popleft()
                    if not waiter.done():
                        waiter.set_result(received)
                else:
                    self._unexpected = received  # the hop is about to close the connection, or out of step
                    self.abort()
        except InvalidReply:
            self.abort()

    def eof_received(self) -> bool:
        self.abort()
        return False

    def connection_lost(self, error: Exception | None) -> None:
        self.abort()

    def pause_writing(self) -> None:
        if self._writable is None:
            self._writable = self._loop.create_future()

    def resume_writing(self) -> None:
        if self._writable is not None:
            if not self._writable.done():
                self._writable.set_result(None)
            self._writable = None

    # commands and content

    def abort(self) -> None:
        """Break the connection. Every pending reply raises HopDown."""
        if self.broken:
            return
        self.broken = True
        if self._transport is not None:
            self._transport.abort()
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_exception(self._down())
                waiter.exception()  # nobody may await this reply: mark the exception as retrieved
        self._waiting.clear()
        self.resume_writing()

    def close(self) -> None:
        """Send QUIT and close."""
        if not self.broken and self._transport is not None:
            self.broken = True
            if not self._transport.is_closing():  # a write would raise RuntimeError in uvloop
                self._transport.write(b"QUIT\r\n")
            self._transport.close()

    def offers(self, extension: str) -> bool:
        """Whether the next hop announced an ESMTP extension."""
        return extension in self._extensions

    def send(self, *commands: bytes) -> list[asyncio.Future[Reply]]:
        """Send commands at once. The futures of their replies are in the same order."""
        transport = self._open_transport()
        for command in commands:
            if b"\r" in command or b"\n" in command:
                raise ValueError("a command is one line")
        expected = [self._expect() for _ in commands]
        transport.write(b"\r\n".join(commands) + b"\r\n")
        return expected

    def _open_transport(self) -> asyncio.Transport:
        """The transport, for one write. Raises HopDown if it is closed, which it may be before connection_lost."""
        if self.broken or self._transport is None:
            raise self._down()
        if self._transport.is_closing():
            self.abort()
            raise self._down()
        return self._transport

    async def wait_for(self, expected: asyncio.Future[Reply], seconds: float | None = None) -> Reply:
        """Wait for a reply, by default for the time-out of a command."""
        if expected.done():
            return expected.result()
        try:
            async with asyncio.timeout(self.timeouts.command if seconds is None else seconds):
                return await expected
        except TimeoutError:
            self.abort()
            raise self._down() from None

    async def command(self, line: bytes, seconds: float | None = None) -> Reply:
        """Send one command and wait for its reply."""
        return await self.wait_for(self.send(line)[0], seconds)

    async def content(self, piece: bytes) -> None:
        """Write a piece of content after DATA. Returns once the next hop has read enough of it."""
        self._in_content = True
        self._open_transport().write(self._encoder.feed(piece))
        if self._writable is not None:
            try:
                async with asyncio.timeout(self.timeouts.block):
                    await asyncio.shield(self._writable)
            except TimeoutError:
                self.abort()
            if self.broken:
                raise self._down()

    async def end_of_data(self, last: bytes = b"") -> Reply:
        """Write the last piece and the final dot, and wait for the reply to the content."""
        transport = self._open_transport()
        expected = self._expect()
        transport.write(self._encoder.feed(last) + self._encoder.end())
        self._encoder = ContentEncoder()
        self._in_content = False
        return await self.wait_for(expected, self.timeouts.final)

    async def hello(self, hostname: str) -> Reply:
        """Send EHLO, or HELO if EHLO is refused, and learn the extensions. Returns the last reply."""
        own_name = hostname.encode("ascii" if hostname.isascii() else "idna")
        answer = await self.command(b"EHLO " + own_name, self.timeouts.greeting)
        self._extensions = {}
        if answer.accepted:
            for line in answer.lines[1:]:
                name, _, value = line[4:].decode("ascii", "replace").strip().partition(" ")
                self._extensions[name.upper()] = value
        elif answer.permanent:
            answer = await self.command(b"HELO " + own_name, self.timeouts.greeting)
        return answer

    async def sign_in(self, user: str, password: str) -> Reply:
        """AUTH with PLAIN or LOGIN (RFC 4954), whichever the next hop offers. Returns the last reply."""
        mechanisms = self._extensions.get("AUTH", "").upper().split()
        if "PLAIN" in mechanisms or "LOGIN" not in mechanisms:
            secret = base64.b64encode(f"\0{user}\0{password}".encode())
            return await self.command(b"AUTH PLAIN " + secret, self.timeouts.greeting)
        answer = await self.command(b"AUTH LOGIN", self.timeouts.greeting)
        for word in (user, password):
            if answer.code == 334:
                answer = await self.command(base64.b64encode(word.encode()), self.timeouts.greeting)
        return answer

    async def start_tls(self, context: ssl.SSLContext, name: str) -> None:
        """Send STARTTLS. EHLO must follow. Raises HopDown if TLS is refused or fails."""
        if (
            not (await self.command(b"STARTTLS", self.timeouts.greeting)).accepted
            or self._transport is None
            or self.broken
        ):
            self.abort()
            raise hop_unreachable()
        self._replies = ReplyParser()  # discard what was sent in clear text after the reply
        try:
            secured = await self._loop.start_tls(
                self._transport, self, context, server_hostname=name, ssl_handshake_timeout=self.timeouts.greeting
            )
        except (OSError, ssl.SSLError):
            self.abort()
            raise hop_unreachable() from None
        if secured is None:
            self.abort()
            raise hop_unreachable()
        self._transport = secured
        self.secure = True

    def _expect(self) -> asyncio.Future[Reply]:
        expected: asyncio.Future[Reply] = self._loop.create_future()
        self._waiting.append(expected)
        return expected

    def _down(self) -> HopDown:
        """HopDown with an unexpected refusal, if it can be about this message (a full disk during the content)."""
        refusal = self._unexpected
        if refusal is not None and refusal.code >= 400 and (self._in_content or not refusal.permanent):
            return HopDown(to_temporary(refusal))
        return hop_lost()
