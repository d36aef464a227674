"""SMTP workers: extra processes that receive mail on the same listening sockets (smtp.workers above 1).

A worker is a child process of `serve`. It stores what it receives and wakes its parent, which alone publishes,
decides and delivers. A worker reads its settings from standard input, and again when they are reloaded. It ends when
standard input closes, so that it never outlives its parent. It reports its metrics on standard output, and wakes its
parent with single bytes on a pipe.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial

import uvloop
from prometheus_client import CollectorRegistry

from gateway.assembly.allocator import return_large_blocks
from gateway.assembly.mail import MailListeners, shared_pool, smtp_certificates, start_smtp_relay, start_worker_relay
from gateway.assembly.process import Process
from gateway.assembly.reload import Reloads
from gateway.directory.live_directory import LiveDirectory
from gateway.observability.events import EventLog
from gateway.observability.http import MergedMetrics, report_metrics
from gateway.observability.json_lines import start_logging
from gateway.relays.smtp.memory import COPIES, MemoryBudget, SharedCounts
from gateway.settings.model import Settings
from gateway.stages.address_sightings import AddressSightings

_PUBLISH, _DELIVER = b"p", b"d"
_RESTART_PAUSE = 1.0  # seconds before a worker that died is started again
_READY = b"ready\n"


async def receive_mail(
    process: Process, directory: LiveDirectory, listeners: MailListeners, processes: MergedMetrics,
    sightings: AddressSightings,
) -> None:  # fmt: skip
    """Receive mail in this process and in as many workers as are configured."""
    settings, stack = process.settings, process.stack
    workers = settings.smtp.workers - 1
    counts = SharedCounts(workers + 1)
    stack.callback(counts.close)
    if workers > 0:
        await stack.enter_async_context(smtp_workers(workers, process, listeners, counts, processes))
    await start_smtp_relay(
        stack, settings, replace(listeners, memory=_memory(settings, counts)),
        process.event_log, directory, process.store, lambda: process.policy, process.reloads,
        await shared_pool(process), sightings,
    )  # fmt: skip


@asynccontextmanager
async def smtp_workers(
    count: int, process: Process, listeners: MailListeners, counts: SharedCounts, processes: MergedMetrics
) -> AsyncIterator[None]:
    """Keep `count` workers running: ready on entry, drained on exit."""
    loop = asyncio.get_running_loop()
    wake_reader, wake_writer = os.pipe()
    os.set_blocking(wake_reader, False)
    workers = _Workers(process.settings, listeners, wake_writer, counts, process.event_log, processes)

    def wake() -> None:
        with suppress(BlockingIOError):
            wakes = os.read(wake_reader, 4096)
            if _PUBLISH in wakes:
                process.publisher.wake()
            if _DELIVER in wakes:
                process.delivery.wake()

    loop.add_reader(wake_reader, wake)
    process.reloads.add("smtp.workers", workers.reload)
    ready = [asyncio.Event() for _ in range(count)]
    keepers = [asyncio.create_task(workers.keep_running(number, ready[number])) for number in range(count)]
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


@dataclass(slots=True)
class _Workers:
    """The workers of one process, and the settings that they were started with or have taken over."""

    settings: Settings
    listeners: MailListeners
    wake_writer: int
    counts: SharedCounts
    event_log: EventLog
    processes: MergedMetrics
    children: dict[int, asyncio.subprocess.Process] = field(default_factory=dict)

    async def reload(self, settings: Settings) -> int:
        """Pass new settings on to every worker. Each reloads its parts, and logs what it has kept."""
        self.settings = settings
        for child in self.children.values():
            assert child.stdin is not None
            with suppress(ConnectionError):
                child.stdin.write(_line(settings))
                await child.stdin.drain()
        return len(self.children)

    async def keep_running(self, number: int, ready: asyncio.Event) -> None:
        """Run one worker and restart it when it dies. Cancel to end it in an orderly way."""
        plain = [listener.fileno() for listener in self.listeners.plain]
        tls = [listener.fileno() for listener in self.listeners.tls]
        while True:
            child = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "gateway.assembly.smtp_workers", str(self.wake_writer), str(self.counts.fd),
                str(number + 1), ",".join(map(str, plain)), ",".join(map(str, tls)),
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
                pass_fds=[self.wake_writer, self.counts.fd, *plain, *tls], start_new_session=False,
            )  # fmt: skip
            assert child.stdin is not None
            assert child.stdout is not None
            try:
                child.stdin.write(_line(self.settings))
                self.children[number] = child
                with suppress(ConnectionError):
                    await child.stdin.drain()
                if await child.stdout.readline() == _READY:
                    ready.set()
                    await self.processes.listen(number, child.stdout)
                await child.wait()
            finally:
                self.children.pop(number, None)
                if child.returncode is None:
                    child.stdin.close()
                    child.send_signal(signal.SIGTERM)
                    with suppress(TimeoutError):
                        async with asyncio.timeout(30):
                            await child.wait()
                self.counts.set(0, number + 1)
            self.event_log.worker_died("receiver")
            await asyncio.sleep(_RESTART_PAUSE)


def _memory(settings: Settings, counts: SharedCounts) -> MemoryBudget:
    return MemoryBudget(settings.smtp.max_in_flight, counts, largest=COPIES * settings.smtp.max_size)


def _line(settings: Settings) -> bytes:
    return settings.model_dump_json(by_alias=True).encode() + b"\n"


async def _run_worker(wake_writer: int, counts: SharedCounts, plain: str, tls: str) -> None:
    """Receive mail until a signal arrives or the parent is gone. Every further line of settings is reloaded."""
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stopped.set)
    reader = asyncio.StreamReader(limit=1 << 24)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    settings = Settings.model_validate_json(await reader.readline())
    os.set_blocking(wake_writer, False)

    def wake(byte: bytes) -> None:
        with suppress(BlockingIOError, BrokenPipeError):
            os.write(wake_writer, byte)

    async def follow(reloads: Reloads) -> None:
        while line := await reader.readline():
            await reloads.reload(partial(Settings.model_validate_json, line))
        stopped.set()

    event_log = EventLog(CollectorRegistry())
    async with AsyncExitStack() as stack:
        listeners = MailListeners(
            _sockets(plain), _sockets(tls), smtp_certificates(settings, event_log),
            _memory(settings, counts),
        )  # fmt: skip
        reloads = await start_worker_relay(
            stack, settings, listeners, event_log,
            wake_publisher=lambda: wake(_PUBLISH), wake_delivery=lambda: wake(_DELIVER),
        )  # fmt: skip
        transport, protocol = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin, sys.stdout)
        writer = asyncio.StreamWriter(transport, protocol, None, loop)
        writer.write(_READY)
        tasks = [
            asyncio.create_task(report_metrics(event_log.registry, writer)), asyncio.create_task(follow(reloads)),
        ]  # fmt: skip
        await stopped.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _sockets(handles: str) -> list[socket.socket]:
    return [socket.socket(fileno=int(handle)) for handle in handles.split(",") if handle]


def main() -> None:
    """Run one worker. Its arguments: the wakeup pipe, the shared counts, its slot in them, and its sockets."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # a terminal sends it to children too; the parent tells them
    return_large_blocks()
    start_logging()
    wake_writer, counts_fd, slot = map(int, sys.argv[1:4])
    counts = SharedCounts(slot=slot, fd=counts_fd)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_run_worker(wake_writer, counts, *sys.argv[4:6]))


if __name__ == "__main__":
    main()
