"""A next hop of its own for tests: says what its script says, and keeps every byte as it came over the wire."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

EXTENSIONS = ("PIPELINING", "8BITMIME", "SMTPUTF8", "DSN", "SIZE 52428800", "ENHANCEDSTATUSCODES")


def always(command: str) -> str:
    return "354 go on" if command == "DATA" else "250 2.0.0 Ok"


@dataclass
class Taken:
    """One message: the commands as they came, the content with dots undone, and the same as it came over the wire."""

    mail: str
    rcpts: tuple[str, ...]
    content: bytes
    wire: bytes
    secure: bool = False


@dataclass
class Hop:
    """`says` is asked for every command ("." is the end of the content); "" breaks the connection.

    "silence" says nothing ever. A reply of several lines is written with "\\n". `commands` are all that came, `taken`
    the messages that it took.
    """

    says: Callable[[str], str] = always
    extensions: tuple[str, ...] = EXTENSIONS
    tls: ssl.SSLContext | None = None
    lax: bool = False
    """Also takes LF.LF and its kin for the end of data, as servers did before they learnt better."""
    limit: int = 1 << 26
    """How far it reads ahead."""
    port: int = 0
    commands: list[str] = field(default_factory=list)
    taken: list[Taken] = field(default_factory=list)
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
            said = self.says(command)
            if verb == "EHLO" and said == "250 2.0.0 Ok":
                more = ("STARTTLS",) if self.tls and not secure else ()
                said = "\n".join(["250-hop", *(f"250-{each}" for each in (*self.extensions, *more)), "250 HELP"])
            if command == "STARTTLS" and self.tls and said.startswith("2"):
                await self._say(writer, "220 go on")
                clear = writer.transport
                try:
                    await writer.start_tls(self.tls)
                except AttributeError:  # gone during the handshake: asyncio's way of saying so
                    writer._transport = clear
                    return
                secure = True
                continue
            if verb == "DATA" and not rcpts and said.startswith("354"):
                said = "503 5.5.1 no recipients"
            if not await self._say(writer, said):
                return
            if verb == "MAIL" and said.startswith("2"):
                mail, rcpts = command, []
            elif verb == "RCPT" and said.startswith("2"):
                rcpts.append(command)
            elif verb in ("RSET", "EHLO", "HELO"):
                mail, rcpts = "", []
            elif verb == "QUIT":
                return
            elif verb == "DATA" and said.startswith("354"):
                wire = await self._data(reader, writer)
                said = self.says(".")
                if said.startswith("2"):
                    self.taken.append(Taken(mail, tuple(rcpts), undone(wire), wire, secure))
                if not await self._say(writer, said):
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
            if self.says("CONTENT") != "250 2.0.0 Ok":  # a word out of turn, in the middle of the content
                await self._say(writer, self.says("CONTENT"))
                raise ConnectionResetError
            await self.reading.wait()
        return bytes(wire)

    async def _say(self, writer: asyncio.StreamWriter, said: str) -> bool:
        if not said:
            writer.transport.abort()
            return False
        if said == "silence":
            await asyncio.Event().wait()
        writer.write(said.replace("\n", "\r\n").encode() + b"\r\n")
        await writer.drain()
        return True


def undone(wire: bytes) -> bytes:
    """The content of what came over the wire: the final dot gone, one dot less where a line begins with one."""
    lines = wire.split(b"\r\n")[:-2]
    return b"".join(line.removeprefix(b".") + b"\r\n" for line in lines)


@asynccontextmanager
async def hop(says: Callable[[str], str] = always, **more) -> AsyncIterator[Hop]:
    made = Hop(says, **more)
    made.reading.set()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0, limit=made.limit)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        made.reading.set()
        made.break_all()
        for task in list(made.open.values()):
            task.cancel()  # uvloop does not always tell the end of a connection whose TLS failed
        while made.open:
            await asyncio.sleep(0.001)
