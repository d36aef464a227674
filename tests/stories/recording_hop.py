"""A next hop that accepts every message and records envelope and exact content."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ReceivedMail:
    """One accepted transaction: the command lines of the envelope, and the content. `at`: monotonic seconds."""

    sender: bytes
    recipients: tuple[bytes, ...]
    content: bytes
    at: float = field(default_factory=time.monotonic)


@dataclass
class RecordingHop:
    """The port it listens on, and what it received so far. `refusing`: its reply to every RCPT, if any."""

    port: int = 0
    received: list[ReceivedMail] = field(default_factory=list)
    refusing: bytes = b""

    async def serve_session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one session."""
        sender, recipients = b"", []
        writer.write(b"220 hop ESMTP\r\n")
        with contextlib.closing(writer), contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while line := await reader.readline():
                verb = line[:4].upper()
                if verb == b"EHLO":
                    writer.write(b"250-hop\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 DSN\r\n")
                elif verb == b"DATA":
                    writer.write(b"354 go\r\n")
                    stuffed = await reader.readuntil(b"\r\n.\r\n")
                    content = (b"\r\n" + stuffed[:-3]).replace(b"\r\n.", b"\r\n")[2:]
                    self.received.append(ReceivedMail(sender, tuple(recipients), content))
                    writer.write(b"250 2.0.0 accepted\r\n")
                elif verb == b"QUIT":
                    writer.write(b"221 bye\r\n")
                    break
                else:
                    if verb == b"MAIL":
                        sender, recipients = line, []
                    elif verb == b"RCPT":
                        recipients.append(line)
                    writer.write(((verb == b"RCPT" and self.refusing) or b"250 ok") + b"\r\n")
                await writer.drain()


@contextlib.contextmanager
def recording_hop() -> Iterator[RecordingHop]:
    """Run a recording next hop in a thread of its own."""
    hop, ready = RecordingHop(), threading.Event()
    running: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def serve() -> None:
        stop = asyncio.Event()
        running.append((asyncio.get_running_loop(), stop))
        server = await asyncio.start_server(hop.serve_session, "127.0.0.1", 0, limit=1 << 26)
        hop.port = server.sockets[0].getsockname()[1]
        ready.set()
        await stop.wait()
        server.close()
        sessions = asyncio.all_tasks() - {asyncio.current_task()}
        for session in sessions:
            session.cancel()
        await asyncio.gather(*sessions, return_exceptions=True)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(10)
    try:
        yield hop
    finally:
        loop, stop = running[0]
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
