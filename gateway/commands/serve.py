"""`chaperone serve`: runs all roles, or those given, until SIGTERM or SIGINT; then drains. SIGHUP reloads."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
from argparse import Namespace
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

import uvloop
from prometheus_client import CollectorRegistry, ProcessCollector

from gateway.assembly.allocator import return_large_blocks
from gateway.assembly.reload import Reloads
from gateway.assembly.serve import ROLES, serving
from gateway.commands.context import load_settings
from gateway.observability.events import EventLog
from gateway.observability.json_lines import start_logging
from gateway.settings.model import Settings

_GC_THRESHOLD = 10_000
"""Allocations between collections of the youngest generation: a message makes hundreds of objects, few in cycles."""
_SWITCH_INTERVAL = 0.0005
"""Seconds after which a thread gives way to the event loop. With the usual 5 ms a session waits behind each of the
threads that read headers, seal and load content, and again after each of its system calls."""


def run(options: Namespace) -> int:
    """Serve; returns 0 after a clean drain."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until there is something to reload
    return_large_blocks()
    sys.setswitchinterval(_SWITCH_INTERVAL)
    settings = load_settings(options)
    start_logging()
    event_log = EventLog(CollectorRegistry())
    ProcessCollector(registry=event_log.registry)  # its start time shows restarts

    async def serve() -> int:
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopped.set)
        async with (
            serving(settings, frozenset(options.role or ROLES), event_log, stopped) as running,
            _reloading(running.reloads, partial(load_settings, options)),
        ):
            gc.freeze()  # loaded code and data stay: collections need not visit them
            gc.set_threshold(_GC_THRESHOLD)
            await stopped.wait()
            event_log.stopping()
            if running.fault is not None:
                raise running.fault
        return 0

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(serve())


@asynccontextmanager
async def _reloading(reloads: Reloads | None, read: Callable[[], Settings]) -> AsyncIterator[None]:
    """Reload on SIGHUP while entered, one reload after the other. SIGHUP never ends the process."""
    told = asyncio.Event()

    async def reload() -> None:
        while True:
            await told.wait()
            told.clear()
            if reloads is not None:
                await reloads.reload(read)

    loop, task = asyncio.get_running_loop(), asyncio.create_task(reload())
    loop.add_signal_handler(signal.SIGHUP, told.set)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGHUP)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # while the process drains
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
