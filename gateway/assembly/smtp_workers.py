"""SMTP workers: extra processes that receive mail on the same listening sockets (smtp.workers above 1).

A worker is a child process of `serve`. It stores what it receives and wakes its parent, which alone publishes,
decides and delivers. A worker reads its settings from standard input and ends when standard input closes, so that it
never outlives its parent. It reports its metrics on standard output, and wakes its parent with single bytes on a pipe.
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

from gateway.assembly.mail import start_smtp_relay, start_worker_relay
from gateway.assembly.process import Process
from gateway.directory.live_directory import LiveDirectory
from gateway.observability.events import EventLog, start_logging
from gateway.observability.http import MergedMetrics, report_metrics
from gateway.settings.model import Settings

_PUBLISH, _DELIVER = b"p", b"d"
_RESTART_PAUSE = 1.0  # seconds before a worker that died is started again
_READY = b"ready\n"


async def receive_mail(
    process: Process, directory: LiveDirectory, sockets: list[socket.socket], processes: MergedMetrics
) -> None:
    """Receive mail in this process and in as many workers as are configured."""
    settings, stack = process.settings, process.stack
    if (workers := settings.smtp.workers - 1) > 0:
        await stack.enter_async_context(
            smtp_workers(
                workers, settings, sockets, process.event_log, processes, process.publisher.wake, process.delivery.wake
            )
        )
    await start_smtp_relay(stack, settings, sockets, process.event_log, directory, process.store, process.policy)


@asynccontextmanager
async def smtp_workers(
    count: int, settings: Settings, sockets: Sequence[socket.socket], event_log: EventLog, processes: MergedMetrics,
    wake_publisher: Callable[[], None], wake_delivery: Callable[[], None],
) -> AsyncIterator[None]:  # fmt: skip
    """Keep `count` workers running: ready on entry, drained on exit."""
    loop = asyncio.get_running_loop()
    wake_reader, wake_writer = os.pipe()
    os.set_blocking(wake_reader, False)

    def wake() -> None:
        with suppress(BlockingIOError):
            wakes = os.read(wake_reader, 4096)
            if _PUBLISH in wakes:
                wake_publisher()
            if _DELIVER in wakes:
                wake_delivery()

    loop.add_reader(wake_reader, wake)
    ready = [asyncio.Event() for _ in range(count)]
    keepers = [
        asyncio.create_task(_keep_running(number, settings, sockets, wake_writer, event_log, processes, ready[number]))
        for number in range(count)
    ]
    try:
        for worker_ready in ready:
            async with asyncio.timeout(60):
                await worker_ready.wait()
        yield
    finally:
        for keeper in keepers:
            keeper.cancel()
        await asyncio.gather(*keepers, return_exceptions=True)
        loop.remove_reader(wake_reader)
        os.close(wake_reader)
        os.close(wake_writer)


async def _keep_running(
    number: int, settings: Settings, sockets: Sequence[socket.socket], wake_writer: int, event_log: EventLog,
    processes: MergedMetrics, ready: asyncio.Event,
) -> None:  # fmt: skip
    """Run one worker and restart it when it dies. Cancel to end it in an orderly way."""
    handles = [listener.fileno() for listener in sockets]
    while True:
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "gateway.assembly.smtp_workers", str(wake_writer), *map(str, handles),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, pass_fds=[wake_writer, *handles],
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
        await asyncio.sleep(_RESTART_PAUSE)


async def _run_worker(wake_writer: int, sockets: Sequence[socket.socket]) -> None:
    """Receive mail until a signal arrives or the parent is gone."""
    loop = asyncio.get_running_loop()
    settings = Settings.model_validate_json(await asyncio.to_thread(sys.stdin.buffer.readline))
    stopped = asyncio.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stopped.set)
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    parent_gone = asyncio.create_task(reader.read())
    parent_gone.add_done_callback(lambda _: stopped.set())
    os.set_blocking(wake_writer, False)

    def wake(byte: bytes) -> None:
        with suppress(BlockingIOError, BrokenPipeError):
            os.write(wake_writer, byte)

    event_log = EventLog(CollectorRegistry())
    async with AsyncExitStack() as stack:
        await start_worker_relay(
            stack, settings, sockets, event_log,
            wake_publisher=lambda: wake(_PUBLISH), wake_delivery=lambda: wake(_DELIVER),
        )  # fmt: skip
        transport, protocol = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin, sys.stdout)
        writer = asyncio.StreamWriter(transport, protocol, None, loop)
        writer.write(_READY)
        reporting = asyncio.create_task(report_metrics(event_log.registry, writer))
        await stopped.wait()
        reporting.cancel()
        await asyncio.gather(reporting, return_exceptions=True)


def main() -> None:
    """Run one worker. Its arguments are the file descriptors of the wakeup pipe and of the listening sockets."""
    start_logging()
    wake_writer, *handles = map(int, sys.argv[1:])
    sockets = [socket.socket(fileno=handle) for handle in handles]
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_run_worker(wake_writer, sockets))


if __name__ == "__main__":
    main()
