"""A fake next hop: it replies by a script and keeps every byte as it came over the wire."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

EXTENSIONS = ("PIPELINING", "8BITMIME", "SMTPUTF8", "DSN", "SIZE 52428800", "ENHANCEDSTATUSCODES")


def accept_all(command: str) -> str:
    return "354 go on" if command == "DATA" else "250 2.0.0 Ok"


@dataclass
class AcceptedMessage:
    """One message: the commands as received, the decoded content, and the content as it came over the wire."""

    mail: str
    rcpts: tuple[str, ...]
    content: bytes
    wire: bytes
    secure: bool = False


@dataclass
class FakeHop:
    """A next hop. `says` returns the reply to every command ("." is the end of the content); "" breaks the connection.

    "silence" never replies. Lines of a reply are separated by "\\n". `commands` are all commands received, `taken`
    the accepted messages.
    """

    says: Callable[[str], str] = accept_all
    extensions: tuple[str, ...] = EXTENSIONS
    tls: ssl.SSLContext | None = None
    lax: bool = False
    """Also accept LF.LF and similar as the end of data, as vulnerable servers did."""
    limit: int = 1 << 26
    """Size of its read buffer in bytes."""
    port: int = 0
    commands: list[str] = field(default_factory=list)
    taken: list[AcceptedMessage] = field(default_factory=list)
    connections: int = 0
    open: dict[asyncio.StreamWriter, asyncio.Task] = field(default_factory=dict)
    received: int = 0
    reading: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def target(self) -> str:
        return f"127.0.0.1:{self.port}"

    def break_all(self) -> None:
        for writer in list(self.open):
            writer.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open[writer] = asyncio.current_task()
        try:
            await self._converse(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError, ssl.SSLError):
            pass
        finally:
            self.open.pop(writer)
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        secure = False
        if not await self._say(writer, self.says("CONNECT").replace("250 2.0.0 Ok", "220 hop ESMTP")):
            return
        mail, rcpts = "", []
        while line := await reader.readline():
            command = line.decode("utf-8", "surrogateescape").rstrip("\r\n")
            self.commands.append(command)
            verb = command[:4].upper()
            reply = self.says(command)
            if verb == "EHLO" and reply == "250 2.0.0 Ok":
                more = ("STARTTLS",) if self.tls and not secure else ()
                reply = "\n".join(["250-hop", *(f"250-{name}" for name in (*self.extensions, *more)), "250 HELP"])
            if command == "STARTTLS" and self.tls and reply.startswith("2"):
                await self._say(writer, "220 go on")
                clear = writer.transport
                try:
                    await writer.start_tls(self.tls)
                except AttributeError:  # asyncio raises this if the peer disconnects during the handshake
                    writer._transport = clear
                    return
                secure = True
                continue
            if verb == "DATA" and not rcpts and reply.startswith("354"):
                reply = "503 5.5.1 no recipients"
            if not await self._say(writer, reply):
                return
            if verb == "MAIL" and reply.startswith("2"):
                mail, rcpts = command, []
            elif verb == "RCPT" and reply.startswith("2"):
                rcpts.append(command)
            elif verb in ("RSET", "EHLO", "HELO"):
                mail, rcpts = "", []
            elif verb == "QUIT":
                return
            elif verb == "DATA" and reply.startswith("354"):
                wire = await self._data(reader, writer)
                reply = self.says(".")
                if reply.startswith("2"):
                    self.taken.append(AcceptedMessage(mail, tuple(rcpts), decoded_content(wire), wire, secure))
                if not await self._say(writer, reply):
                    return
                mail, rcpts = "", []

    async def _data(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        wire = bytearray()
        ends = (b"\r\n.\r\n",)
        if self.lax:
            ends += (b"\n.\n", b"\n.\r\n", b"\r.\r", b"\r.\r\n")
        while not (wire == b".\r\n" or wire.endswith(ends)):
            wire += await (reader.readexactly(1) if self.lax else reader.readuntil(b"\r\n"))
            self.received = len(wire)
            if self.says("CONTENT") != "250 2.0.0 Ok":  # an unexpected reply in the middle of the content
                await self._say(writer, self.says("CONTENT"))
                raise ConnectionResetError
            await self.reading.wait()
        return bytes(wire)

    async def _say(self, writer: asyncio.StreamWriter, reply: str) -> bool:
        if not reply:
            writer.transport.abort()
            return False
        if reply == "silence":
            await asyncio.Event().wait()
        writer.write(reply.replace("\n", "\r\n").encode() + b"\r\n")
        await writer.drain()
        return True


def decoded_content(wire: bytes) -> bytes:
    """The content of DATA: without the final dot and the doubled dots."""
    lines = wire.split(b"\r\n")[:-2]
    return b"".join(line.removeprefix(b".") + b"\r\n" for line in lines)


@asynccontextmanager
async def fake_hop(says: Callable[[str], str] = accept_all, **more) -> AsyncIterator[FakeHop]:
    running = FakeHop(says, **more)
    running.reading.set()
    server = await asyncio.start_server(running.serve, "127.0.0.1", 0, limit=running.limit)
    running.port = server.sockets[0].getsockname()[1]
    try:
        yield running
    finally:
        server.close()
        running.reading.set()
        running.break_all()
        for task in list(running.open.values()):
            task.cancel()  # uvloop does not always report the end of a connection whose TLS failed
        while running.open:
            await asyncio.sleep(0.001)
