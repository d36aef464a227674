"""The source of the benchmark: sends mails over a few persistent connections and records when each was sent.

    python -m tests.bench.smtp_source --to 127.0.0.1:2525 [--seconds 10] [--rate 20] [--outside]

Without a rate, each connection sends its next mail as soon as the last one was answered. With a rate, a mail
that is due while all connections are busy waits; its delay counts from its due time.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import multiprocessing
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import cast

import uvloop

from tests.bench.corpus import NUMBER, Mail
from tests.bench.ledger import CAPACITY, Ledger

_PATIENCE = 60.0


class Refused(Exception):
    """The server refused a mail; the text is its reply."""


@dataclass(frozen=True, slots=True)
class Load:
    """What to send: mails to a port, numbered from `first`, for some seconds; `rate` per second, 0 for no limit."""

    port: int
    mails: Sequence[Mail]
    first: int
    seconds: float
    rate: float = 0.0
    connections: int = 20


@dataclass(frozen=True, slots=True)
class Sent:
    """The result: numbers from `first` up to, not including, `behind` were sent; replies to refused mails."""

    first: int
    behind: int
    refusals: Counter[str] = field(default_factory=Counter)


class Client(asyncio.Protocol):
    """One connection that waits for complete replies."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._rest = b""
        self._replies: asyncio.Queue[bytes] = asyncio.Queue()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\r\n")
        for line in lines:
            if line[3:4] != b"-":
                self._replies.put_nowait(line)

    def connection_lost(self, error: Exception | None) -> None:
        self._replies.put_nowait(b"421 the connection was lost")

    async def expect(self, code: bytes) -> None:
        """Wait for a reply with this code. Raises Refused."""
        line = await self._replies.get()
        if not line.startswith(code):
            raise Refused(line.decode(errors="replace"))

    def write(self, *pieces: bytes) -> None:
        """Send."""
        assert self._transport is not None
        self._transport.writelines(pieces)

    def close(self) -> None:
        """Quit and close the connection."""
        assert self._transport is not None
        self._transport.write(b"QUIT\r\n")
        self._transport.close()


@dataclass(frozen=True, slots=True)
class _PreparedMail:
    """A mail as sent: its commands, and its content before and after its number."""

    commands: bytes
    head: bytes
    tail: bytes


class Source:
    """Sends one load."""

    def __init__(self, load: Load, ledger: Ledger) -> None:
        self._load, self._sent_at = load, ledger.sent
        self._mails = [_prepare(mail) for mail in load.mails]
        self._next = load.first
        self._refusals: Counter[str] = Counter()

    async def run(self) -> Sent:
        """Send until the time is up, and wait for all replies."""
        end = time.monotonic() + self._load.seconds
        async with asyncio.timeout(self._load.seconds + _PATIENCE), asyncio.TaskGroup() as group:
            if self._load.rate:
                due_times: asyncio.Queue[float | None] = asyncio.Queue()
                for _ in range(self._load.connections):
                    group.create_task(self._send_when_due(due_times))
                await self._schedule(due_times, end)
            else:
                for _ in range(self._load.connections):
                    group.create_task(self._send_continuously(end))
        return Sent(self._load.first, self._next, self._refusals)

    async def _schedule(self, due_times: asyncio.Queue[float | None], end: float) -> None:
        due = time.monotonic()
        while due < end:
            await asyncio.sleep(max(due - time.monotonic(), 0))
            due_times.put_nowait(due)
            due += 1 / self._load.rate
        for _ in range(self._load.connections):
            due_times.put_nowait(None)

    async def _send_when_due(self, due_times: asyncio.Queue[float | None]) -> None:
        client = await self._connected()
        while (due := await due_times.get()) is not None:
            client = await self._send_next(client, due)
        client.close()

    async def _send_continuously(self, end: float) -> None:
        client = await self._connected()
        while (now := time.monotonic()) < end and self._next < CAPACITY:
            client = await self._send_next(client, now)
        client.close()

    async def _connected(self) -> Client:
        _, client = await asyncio.get_running_loop().create_connection(Client, "127.0.0.1", self._load.port)
        await client.expect(b"220")
        client.write(b"EHLO source.example\r\n")
        await client.expect(b"250")
        return client

    async def _send_next(self, client: Client, due: float) -> Client:
        """Send the next mail; returns the connection for the mail after it."""
        number = self._next
        self._next += 1
        mail = self._mails[number % len(self._mails)]
        self._sent_at[number] = due
        try:
            client.write(mail.commands)
            await client.expect(b"250")
            await client.expect(b"250")
            await client.expect(b"354")
            client.write(mail.head, b"%012d" % number, mail.tail)
            await client.expect(b"250")
        except Refused as refused:
            self._refusals[str(refused)] += 1
            self._sent_at[number] = 0  # not sent
            client.close()
            return await self._connected()
        return client


def _prepare(mail: Mail) -> _PreparedMail:
    stuffed = mail.content.replace(b"\r\n.", b"\r\n..")
    head, _, tail = stuffed.partition(NUMBER)
    commands = f"MAIL FROM:<{mail.sender}> BODY=8BITMIME\r\nRCPT TO:<{mail.recipient}>\r\nDATA\r\n".encode()
    return _PreparedMail(commands, head, tail + b".\r\n")


def _run(file: Path, pipe: Pipe) -> None:
    ledger = Ledger(file)
    pipe.send(None)
    while True:
        load = pipe.recv()
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            pipe.send(runner.run(Source(load, ledger).run()))


@dataclass(frozen=True, slots=True)
class Sender:
    """A source in its own process."""

    pid: int
    _pipe: Pipe

    def send(self, load: Load) -> Sent:
        """Have a load sent; redue_times when its last mail was answered."""
        self._pipe.send(load)
        if not self._pipe.poll(load.seconds + 2 * _PATIENCE):
            raise RuntimeError("the source does not answer")
        sent: Sent = self._pipe.recv()
        return sent


@contextlib.contextmanager
def running_source(ledger: Ledger) -> Iterator[Sender]:
    """A source in its own process."""
    context = multiprocessing.get_context("spawn")
    our_end, its_end = context.Pipe()
    process = context.Process(target=_run, args=(ledger.file, its_end), daemon=True)
    process.start()
    assert process.pid is not None
    its_end.close()
    try:
        our_end.recv()
        yield Sender(process.pid, our_end)
    finally:
        process.terminate()
        process.join(10)


def _main() -> None:
    from tests.bench import corpus

    parser = argparse.ArgumentParser(description="Send ordinary school mail to an SMTP server.")
    parser.add_argument("--to", default="127.0.0.1:2525", metavar="HOST:PORT")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rate", type=float, default=0.0, help="mails per second; default: no limit")
    parser.add_argument("--connections", type=int, default=20)
    parser.add_argument("--outside", action="store_true", help="mail that is out of scope")
    options = parser.parse_args()
    mails = corpus.in_scope()
    load = Load(
        int(options.to.rpartition(":")[2]), corpus.out_of_scope(mails) if options.outside else mails, 0,
        options.seconds, options.rate, options.connections,
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        source = Source(load, Ledger(Path(folder) / "ledger"))
        began = time.monotonic()
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            sent = runner.run(source.run())
        count = sent.behind - sent.first - sent.refusals.total()
        print(f"{count} accepted, {count / (time.monotonic() - began):.0f} per second; refused: {dict(sent.refusals)}")


if __name__ == "__main__":
    _main()
