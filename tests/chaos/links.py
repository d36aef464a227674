"""TCP ports that forward to another port, and can be cut, stalled, closed or made to lose answers."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

_CHUNK = 1 << 16
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close sends a reset


@dataclass(eq=False)
class Connection:
    """One forwarded connection: the two sockets' writers."""

    ends: list[asyncio.StreamWriter] = field(default_factory=list)

    def reset(self) -> None:
        """End both sides with a reset, as a lost machine would."""
        for writer in self.ends:
            sock = writer.get_extra_info("socket")
            with contextlib.suppress(OSError, AttributeError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            writer.transport.abort()


@dataclass(eq=False)
class Link:
    """One port. Its methods may be called from any thread; they act at once."""

    name: str
    loop: asyncio.AbstractEventLoop
    port: int = 0
    target: int = 0
    closed: bool = False  # new connections are reset
    losing: bool = False  # what the server sends is thrown away
    connections: set[Connection] = field(default_factory=set)
    _flowing: asyncio.Event = field(default_factory=asyncio.Event)

    def aim(self, port: int) -> None:
        """Connect new connections to another port."""
        self.target = port

    def cut(self) -> None:
        """Reset every connection."""
        self.loop.call_soon_threadsafe(self._cut)

    def stall(self) -> None:
        """Forward nothing until `resume`; connections stay open."""
        self.loop.call_soon_threadsafe(self._flowing.clear)

    def resume(self) -> None:
        """Forward again."""
        self.loop.call_soon_threadsafe(self._flowing.set)

    def _cut(self) -> None:
        for connection in list(self.connections):
            connection.reset()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Forward one connection."""
        connection = Connection([writer])
        self.connections.add(connection)
        try:
            if self.closed:
                return
            await self._flowing.wait()
            there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self.target)
            connection.ends.append(there_writer)
            async with asyncio.TaskGroup() as both:
                both.create_task(self._forward(reader, there_writer, answers=False))
                both.create_task(self._forward(there_reader, writer, answers=True))
        except* OSError:
            pass
        finally:
            connection.reset()
            self.connections.discard(connection)

    async def _forward(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, answers: bool) -> None:
        while data := await source.read(_CHUNK):
            await self._flowing.wait()
            if not (answers and self.losing):
                sink.write(data)
                await sink.drain()
        if sink.can_write_eof():
            sink.write_eof()


class Links:
    """Opens links. They live until `running_links` ends."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._servers: list[asyncio.Server] = []

    def open(self, name: str, target: int = 0) -> Link:
        """A new link on a free port."""

        async def start() -> Link:
            link = Link(name, self._loop, target=target)
            link._flowing.set()
            server = await asyncio.start_server(link.serve, "127.0.0.1", 0)
            self._servers.append(server)
            link.port = server.sockets[0].getsockname()[1]
            return link

        return asyncio.run_coroutine_threadsafe(start(), self._loop).result(10)

    async def close(self) -> None:
        """Close every port and connection."""
        for server in self._servers:
            server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@contextlib.contextmanager
def running_links() -> Iterator[Links]:
    """Run links in a thread of their own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    links = Links(loop)
    try:
        yield links
    finally:
        asyncio.run_coroutine_threadsafe(links.close(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
