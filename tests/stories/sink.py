"""A next hop that takes every message and remembers it: envelope and exact content."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Taken:
    """One transaction that the sink took."""

    sender: bytes
    recipients: tuple[bytes, ...]
    content: bytes


@dataclass
class Sink:
    """Where it listens and what it has taken so far."""

    port: int = 0
    taken: list[Taken] = field(default_factory=list)

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One session."""
        sender, recipients = b"", []
        writer.write(b"220 sink ESMTP\r\n")
        with contextlib.closing(writer), contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while line := await reader.readline():
                verb = line[:4].upper()
                if verb == b"EHLO":
                    writer.write(b"250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 DSN\r\n")
                elif verb == b"DATA":
                    writer.write(b"354 go\r\n")
                    stuffed = await reader.readuntil(b"\r\n.\r\n")
                    content = (b"\r\n" + stuffed[:-3]).replace(b"\r\n.", b"\r\n")[2:]
                    self.taken.append(Taken(sender, tuple(recipients), content))
                    writer.write(b"250 2.0.0 taken\r\n")
                elif verb == b"QUIT":
                    writer.write(b"221 bye\r\n")
                    break
                else:
                    if verb == b"MAIL":
                        sender, recipients = line, []
                    elif verb == b"RCPT":
                        recipients.append(line)
                    writer.write(b"250 ok\r\n")
                await writer.drain()


@contextlib.contextmanager
def running_sink() -> Iterator[Sink]:
    """A sink in a thread of its own."""
    sink, up = Sink(), threading.Event()
    loops: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def serve() -> None:
        over = asyncio.Event()
        loops.append((asyncio.get_running_loop(), over))
        server = await asyncio.start_server(sink.converse, "127.0.0.1", 0, limit=1 << 26)
        sink.port = server.sockets[0].getsockname()[1]
        up.set()
        await over.wait()
        server.close()
        sessions = asyncio.all_tasks() - {asyncio.current_task()}
        for session in sessions:
            session.cancel()
        await asyncio.gather(*sessions, return_exceptions=True)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert up.wait(10)
    try:
        yield sink
    finally:
        loop, over = loops[0]
        loop.call_soon_threadsafe(over.set)
        thread.join(10)
