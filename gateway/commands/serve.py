"""`chaperone serve`: runs all roles, or those given, until SIGTERM or SIGINT; then drains."""

from __future__ import annotations

import asyncio
import gc
import signal
from argparse import Namespace

import uvloop
from prometheus_client import CollectorRegistry

from gateway.assembly.serve import ROLES, serving
from gateway.commands.context import load_settings
from gateway.observability.events import EventLog, start_logging

_GC_THRESHOLD = 10_000
"""Allocations between collections of the youngest generation: a message makes hundreds of objects, few in cycles."""


def run(options: Namespace) -> int:
    """Serve; returns 0 after a clean drain."""
    settings = load_settings(options)
    start_logging()
    event_log = EventLog(CollectorRegistry())

    async def serve() -> int:
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopped.set)
        async with serving(settings, frozenset(options.role or ROLES), event_log, stopped):
            gc.freeze()  # loaded code and data stay: collections need not visit them
            gc.set_threshold(_GC_THRESHOLD)
            await stopped.wait()
            event_log.stopping()
        return 0

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(serve())
