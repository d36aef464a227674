"""Receivers: extra processes that take mail in on the same listening sockets (smtp.workers above 1).

They are children of the one `serve`: they commit what they receive and wake it, and it alone publishes, decides and
delivers. A receiver gets its settings on standard input and ends when that ends, so that none outlives its parent;
it reports its metrics on standard output, and wakes with single bytes on a pipe of its own.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import uvloop
from prometheus_client import CollectorRegistry

from gateway.assembly.mail import start_receiver
from gateway.observability.events import EventLog, start_logging
from gateway.observability.http import Processes, report
from gateway.settings.model import Settings

_PUBLISH, _DELIVER = b"p", b"d"
_PAUSE = 1.0
_READY = b"ready\n"


@asynccontextmanager
async def receivers(
    count: int, settings: Settings, sockets: Sequence[socket.socket], event_log: EventLog, processes: Processes,
    published: Callable[[], None], due: Callable[[], None],
) -> AsyncIterator[None]:  # fmt: skip
    """Keep so many receivers running; ready on entry, drained on exit."""
    loop = asyncio.get_running_loop()
    woken, wakes = os.pipe()
    os.set_blocking(woken, False)

    def wake() -> None:
        with suppress(BlockingIOError):
            calls = os.read(woken, 4096)
            if _PUBLISH in calls:
                published()
            if _DELIVER in calls:
                due()

    loop.add_reader(woken, wake)
    ready = [asyncio.Event() for _ in range(count)]
    keepers = [
        asyncio.create_task(_kept(number, settings, sockets, wakes, event_log, processes, ready[number]))
        for number in range(count)
    ]
    try:
        for each in ready:
            async with asyncio.timeout(60):
                await each.wait()
        yield
    finally:
        for keeper in keepers:
            keeper.cancel()
        await asyncio.gather(*keepers, return_exceptions=True)
        loop.remove_reader(woken)
        os.close(woken)
        os.close(wakes)


async def _kept(
    number: int, settings: Settings, sockets: Sequence[socket.socket], wakes: int, event_log: EventLog,
    processes: Processes, ready: asyncio.Event,
) -> None:  # fmt: skip
    """One receiver, and another one when it dies; ended in an orderly way when this is cancelled."""
    handles = [each.fileno() for each in sockets]
    while True:
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "gateway.assembly.smtp_workers", str(wakes), *map(str, handles),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, pass_fds=[wakes, *handles],
            start_new_session=False,
        )  # fmt: skip
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            child.stdin.write(settings.model_dump_json(by_alias=True).encode() + b"\n")
            with suppress(ConnectionError):
                await child.stdin.drain()
            if await child.stdout.readline() == _READY:
                ready.set()
                await processes.listen(number, child.stdout)
            await child.wait()
        finally:
            if child.returncode is None:
                child.stdin.close()
                child.send_signal(signal.SIGTERM)
                with suppress(TimeoutError):
                    async with asyncio.timeout(30):
                        await child.wait()
        event_log.worker_died("receiver")
        await asyncio.sleep(_PAUSE)


async def _receive(wakes: int, sockets: Sequence[socket.socket]) -> None:
    """Be a receiver until told to stop, or until the parent is gone."""
    loop = asyncio.get_running_loop()
    settings = Settings.model_validate_json(await asyncio.to_thread(sys.stdin.buffer.readline))
    stopped = asyncio.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stopped.set)
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    gone = asyncio.create_task(reader.read())
    gone.add_done_callback(lambda _: stopped.set())
    os.set_blocking(wakes, False)

    def call(byte: bytes) -> None:
        with suppress(BlockingIOError, BrokenPipeError):
            os.write(wakes, byte)

    event_log = EventLog(CollectorRegistry())
    async with AsyncExitStack() as up:
        await start_receiver(
            up, settings, sockets, event_log, published=lambda: call(_PUBLISH), due=lambda: call(_DELIVER)
        )
        transport, protocol = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin, sys.stdout)
        writer = asyncio.StreamWriter(transport, protocol, None, loop)
        writer.write(_READY)
        reporting = asyncio.create_task(report(event_log.registry, writer))
        await stopped.wait()
        reporting.cancel()
        await asyncio.gather(reporting, return_exceptions=True)


def main() -> None:
    """The process of one receiver: file numbers of the wake pipe and of the listening sockets are its arguments."""
    start_logging()
    wakes, *handles = map(int, sys.argv[1:])
    sockets = [socket.socket(fileno=handle) for handle in handles]
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_receive(wakes, sockets))


if __name__ == "__main__":
    main()
