"""A TCP proxy in front of PostgreSQL that loses connections during commits, in every way that a network can."""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
import socket
import struct
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

COMMIT = b"COMMIT\x00"
PREPARED_COMMIT = re.compile(rb"P.{4}([^\0]+)\0COMMIT\0", re.DOTALL)
"""The message Parse of the protocol, with the statement's name: a driver prepares what it runs often."""
WAYS = (
    "before",  # the server never gets the commit, and sees the end of the connection
    "silent",  # the server never gets the commit, and sees no end of the connection
    "after",  # the server commits, and its answer is lost
    "during",  # both sides lose the connection while the commit is on its way
    "late",  # the client loses the connection, and the server gets the commit a while later
)


@dataclass(eq=False)
class CuttingProxy:
    """Cuts the share `cuts` of the commits, in ways drawn by `chance`. `counts`: how often which way."""

    target: int
    chance: random.Random
    cuts: float = 0.5
    port: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    _serving: set[asyncio.Task[None]] = field(default_factory=set)
    _background: set[asyncio.Task[None]] = field(default_factory=set)
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Forward one connection, in a task of its own."""
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            _reset(writer)
            return
        self._writers.add(there_writer)
        lost = asyncio.Event()
        answers = asyncio.create_task(self._answers(there_reader, writer, lost))
        with contextlib.suppress(OSError):
            commits = [COMMIT]
            while data := await reader.read(1 << 16):
                is_commit = any(commit in data for commit in commits)
                commits += (b"\0" + name + b"\0" for name in PREPARED_COMMIT.findall(data))
                if not is_commit or self.chance.random() >= self.cuts:
                    there_writer.write(data)
                    continue
                way = self.chance.choice(WAYS)
                self.counts[way] += 1
                await self._cut(way, data, there_writer, writer, lost, answers)
                if way in ("silent", "late"):
                    return
                break
        _reset(there_writer)
        _reset(writer)
        await asyncio.gather(answers, return_exceptions=True)

    async def _cut(
        self, way: str, data: bytes, server: asyncio.StreamWriter, client: asyncio.StreamWriter,
        lost: asyncio.Event, answers: asyncio.Task[None],
    ) -> None:  # fmt: skip
        lost.set()
        if way in ("after", "during"):
            server.write(data)
        if way == "after":
            await asyncio.wait([answers], timeout=5)
        if way == "late":
            task = asyncio.create_task(self._later(data, server))
            self._background.add(task)
            task.add_done_callback(self._background.discard)
        _reset(client)

    async def _later(self, data: bytes, server: asyncio.StreamWriter) -> None:
        await asyncio.sleep(self.chance.uniform(0.0, 0.4))
        with contextlib.suppress(OSError):
            server.write(data)
            await server.drain()

    async def _answers(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, lost: asyncio.Event) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(1 << 16):
                if lost.is_set():
                    return  # the server has answered, and nobody hears of it
                writer.write(data)
        if not lost.is_set():
            _reset(writer)

    async def close(self) -> None:
        """End every connection."""
        for writer in self._writers:
            _reset(writer)
        tasks = (*self._background, *self._serving)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _reset(writer: asyncio.StreamWriter) -> None:
    made: socket.socket | None = writer.get_extra_info("socket")
    if made is not None and made.fileno() >= 0:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


@asynccontextmanager
async def cutting_proxy(target: int, seed: int, cuts: float = 0.5) -> AsyncIterator[CuttingProxy]:
    """A proxy on a free port in front of the local port `target`."""
    proxy = CuttingProxy(target, random.Random(seed), cuts)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        await proxy.close()
