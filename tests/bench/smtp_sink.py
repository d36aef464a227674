"""The sink of the benchmark: accepts every mail, stores none, and records when each arrived.

    python -m tests.bench.smtp_sink [--listen 127.0.0.1:2600]

Run by hand, it is a next hop that prints the number of mails every second.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import multiprocessing
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import cast

import uvloop

from tests.bench.corpus import MARK, NUMBER
from tests.bench.ledger import CAPACITY, Ledger

_GREETING = b"220 sink.example ESMTP\r\n"
_EHLO = b"250-sink.example\r\n250-PIPELINING\r\n250-SIZE 104857600\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-DSN\r\n250 ENHANCEDSTATUSCODES\r\n"  # fmt: skip  # noqa: E501
_OK = b"250 2.0.0 Ok\r\n"
_REPLIES = {
    b"EHLO": _EHLO, b"HELO": b"250 sink.example\r\n", b"MAIL": _OK, b"RCPT": _OK, b"RSET": _OK, b"NOOP": _OK,
    b"DATA": b"354 End data with <CR><LF>.<CR><LF>\r\n", b"QUIT": b"221 2.0.0 Bye\r\n",
}  # fmt: skip
_END = b"\r\n.\r\n"
_SEARCHED = 1 << 13
"""Bytes of the content that are searched for the number: it comes after the trace fields of the hops."""


class SinkSession(asyncio.Protocol):
    """One connection. Only the start of a content is kept, and its last bytes, to find its end."""

    def __init__(self, ledger: Ledger | None, counted: list[int]) -> None:
        self._ledger, self._counted = ledger, counted
        self._transport: asyncio.Transport | None = None
        self._in_data = False
        self._ahead = b""
        self._begin = b""
        self._tail = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(_GREETING)

    def data_received(self, data: bytes) -> None:
        while data:
            data = self._content(data) if self._in_data else self._commands(data)

    def _commands(self, data: bytes) -> bytes:
        """Answer complete lines; returns what follows DATA."""
        assert self._transport is not None
        replies = []
        data = self._ahead + data
        self._ahead = b""
        while (end := data.find(b"\n")) >= 0:
            verb = data[:4].upper()
            data = data[end + 1 :]
            replies.append(_REPLIES.get(verb, b"500 5.5.1 Unknown command\r\n"))
            if verb == b"DATA":
                self._in_data, self._begin, self._tail = True, b"", b"\r\n"
                break
            if verb == b"QUIT":
                self._transport.write(b"".join(replies))
                self._transport.close()
                return b""
        else:
            self._ahead, data = data, b""
        self._transport.write(b"".join(replies))
        return data

    def _content(self, data: bytes) -> bytes:
        """Find the end of the content; returns what follows it."""
        assert self._transport is not None
        if len(self._begin) < _SEARCHED:
            self._begin += data[: _SEARCHED - len(self._begin)]
        joint = self._tail + data[:4]
        end = joint.find(_END)
        behind = end + 5 - len(self._tail) if end >= 0 else 0
        if end < 0 and (end := data.find(_END)) >= 0:
            behind = end + 5
        if end < 0:
            self._tail = (self._tail + data[-4:])[-4:]
            return b""
        self._in_data = False
        self._record()
        self._transport.write(_OK)
        return data[behind:]

    def _record(self) -> None:
        self._counted[0] += 1
        at = self._begin.find(MARK) + len(MARK)
        number = self._begin[at : at + len(NUMBER)]
        if self._ledger is not None and at >= len(MARK) and number.isdigit() and int(number) < CAPACITY:
            index = int(number)
            self._ledger.copies[index] += 1
            if self._ledger.copies[index] == 1:
                self._ledger.arrived[index] = time.monotonic()


async def _serve(host: str, port: int, ledger: Ledger | None, ready: Connection | None) -> None:
    counted = [0]
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SinkSession(ledger, counted), host, port, backlog=1024)
    if ready is not None:
        ready.send(server.sockets[0].getsockname()[1])
        while ready.closed is False:
            await asyncio.sleep(3600)
    before = 0
    while True:
        await asyncio.sleep(1)
        print(f"{counted[0]} mails, {counted[0] - before} in the last second", flush=True)
        before = counted[0]


def _run(file: Path, ready: Connection) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve("127.0.0.1", 0, Ledger(file), ready))


@contextlib.contextmanager
def running_sink(ledger: Ledger) -> Iterator[tuple[int, int]]:
    """Run a sink in its own process; yields its port on 127.0.0.1 and its process id."""
    context = multiprocessing.get_context("spawn")
    our_end, its_end = context.Pipe()
    process = context.Process(target=_run, args=(ledger.file, its_end), daemon=True)
    process.start()
    assert process.pid is not None
    try:
        if not our_end.poll(20):
            raise RuntimeError("the sink did not start")
        yield our_end.recv(), process.pid
    finally:
        process.terminate()
        process.join(10)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A next hop that accepts every mail and stores none.")
    parser.add_argument("--listen", default="127.0.0.1:2600")
    host, _, port = parser.parse_args().listen.rpartition(":")
    with contextlib.suppress(KeyboardInterrupt), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(host, int(port), None, None))
