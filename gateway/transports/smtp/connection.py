"""One SMTP connection to a next hop, as a lean asyncio protocol of our own.

Why not aiosmtplib: it joins the lines of replies (the client of a passed-through message gets them word for word),
takes the content only as a whole (it is streamed with back-pressure here), cannot pipeline, and was half of the cost
of a passed-through message. What it does well, commands one at a time, is the small part.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from dataclasses import dataclass
from typing import cast

from gateway.core.messages.reply import Reply, as_temporary, reply
from gateway.ports.channels import HopDown
from gateway.transports.smtp.wire import Encoder, Replies, Unreadable


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds to wait for a next hop, by what is waited for (RFC 5321 section 4.5.3.2)."""

    connect: float = 10.0
    greeting: float = 60.0
    command: float = 300.0
    data: float = 120.0
    block: float = 180.0
    final: float = 600.0


@dataclass(frozen=True, slots=True)
class Tls:
    """STARTTLS with next hops that offer it: opportunistic, or `verify`: then it must be there, with a certificate of
    the hop's name. `ca_file`: trust these authorities instead of the machine's.
    """

    verify: bool = False
    ca_file: str = ""


def unreachable() -> HopDown:
    """The next hop cannot be reached."""
    return HopDown(reply(451, "4.4.1", "The next hop cannot be reached, try again later"))


def lost() -> HopDown:
    """The connection to the next hop broke."""
    return HopDown(reply(451, "4.4.2", "The connection to the next hop was lost, try again later"))


class Connection(asyncio.Protocol):
    """Commands and their replies in order, and a writer of content. Everything raises HopDown once it is broken."""

    def __init__(self, patience: Patience) -> None:
        self._loop = asyncio.get_running_loop()
        self.patience = patience
        self._replies = Replies()
        self._waiting: deque[asyncio.Future[Reply]] = deque()
        self._transport: asyncio.Transport | None = None
        self._writable: asyncio.Future[None] | None = None
        self._extensions: dict[str, str] = {}
        self._encoder = Encoder()
        self._unasked: Reply | None = None
        self._in_content = False
        self.broken = False
        self.secure = False
        self.used = 0
        self.greeting = self._expect()

    # asyncio's part

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one in all but name

    def data_received(self, data: bytes) -> None:
        try:
            for each in self._replies.feed(data):
                if self._waiting:
                    waiter = self._waiting.popleft()
                    if not waiter.done():
                        waiter.set_result(each)
                else:
                    self._unasked = each  # a hop that speaks out of turn is about to leave, or out of step
                    self.abort()
        except Unreadable:
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

    # ours

    def abort(self) -> None:
        """Break the connection; whoever waits for a reply gets HopDown."""
        if self.broken:
            return
        self.broken = True
        if self._transport is not None:
            self._transport.abort()
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_exception(self._down())
                waiter.exception()  # a reply that nobody came to wait for is no error of ours
        self._waiting.clear()
        self.resume_writing()

    def close(self) -> None:
        """Part in peace."""
        if not self.broken and self._transport is not None:
            self.broken = True
            self._transport.write(b"QUIT\r\n")
            self._transport.close()

    def offers(self, extension: str) -> bool:
        """Whether the next hop announced an ESMTP extension."""
        return extension in self._extensions

    def send(self, *commands: bytes) -> list[asyncio.Future[Reply]]:
        """Send commands at once; their replies come in this order."""
        if self.broken or self._transport is None:
            raise self._down()
        for command in commands:
            if b"\r" in command or b"\n" in command:
                raise ValueError("a command is one line")
        expected = [self._expect() for _ in commands]
        self._transport.write(b"\r\n".join(commands) + b"\r\n")
        return expected

    async def said(self, expected: asyncio.Future[Reply], seconds: float | None = None) -> Reply:
        """Wait for a reply."""
        if expected.done():
            return expected.result()
        try:
            async with asyncio.timeout(self.patience.command if seconds is None else seconds):
                return await expected
        except TimeoutError:
            self.abort()
            raise self._down() from None

    async def command(self, line: bytes, seconds: float | None = None) -> Reply:
        """Send one command and wait for its reply."""
        return await self.said(self.send(line)[0], seconds)

    async def content(self, piece: bytes) -> None:
        """Write a piece of content behind DATA; returns when the next hop keeps pace."""
        self._in_content = True
        if self.broken or self._transport is None:
            raise self._down()
        self._transport.write(self._encoder.feed(piece))
        if self._writable is not None:
            try:
                async with asyncio.timeout(self.patience.block):
                    await asyncio.shield(self._writable)
            except TimeoutError:
                self.abort()
            if self.broken:
                raise self._down()

    async def end_of_data(self, last: bytes = b"") -> Reply:
        """Write the last piece with the final dot, and wait for the word on the content."""
        if self.broken or self._transport is None:
            raise self._down()
        expected = self._expect()
        self._transport.write(self._encoder.feed(last) + self._encoder.end())
        self._encoder = Encoder()
        self._in_content = False
        return await self.said(expected, self.patience.final)

    async def hello(self, hostname: str) -> Reply:
        """EHLO, or HELO where that is not known; learns the extensions. The last word on it."""
        own_name = hostname.encode("ascii" if hostname.isascii() else "idna")
        said = await self.command(b"EHLO " + own_name)
        self._extensions = {}
        if said.taken:
            for line in said.lines[1:]:
                name, _, value = line[4:].decode("ascii", "replace").strip().partition(" ")
                self._extensions[name.upper()] = value
        elif said.lasting:
            said = await self.command(b"HELO " + own_name)
        return said

    async def start_tls(self, context: ssl.SSLContext, name: str) -> None:
        """STARTTLS; raises HopDown where it is refused or fails. EHLO must follow."""
        if not (await self.command(b"STARTTLS")).taken or self._transport is None or self.broken:
            self.abort()
            raise unreachable()
        self._replies = Replies()  # what came in clear behind the reply is nobody's word
        try:
            secured = await self._loop.start_tls(
                self._transport, self, context, server_hostname=name, ssl_handshake_timeout=self.patience.greeting
            )
        except (OSError, ssl.SSLError):
            self.abort()
            raise unreachable() from None
        if secured is None:
            self.abort()
            raise unreachable()
        self._transport = secured
        self.secure = True

    def _expect(self) -> asyncio.Future[Reply]:
        expected: asyncio.Future[Reply] = self._loop.create_future()
        self._waiting.append(expected)
        return expected

    def _down(self) -> HopDown:
        """A refusal that came out of turn is the next hop's word in the middle of the content only (a full disk)."""
        said = self._unasked
        heard = said is not None and said.code >= 400 and (self._in_content or not said.lasting)
        return HopDown(as_temporary(said)) if said is not None and heard else lost()
