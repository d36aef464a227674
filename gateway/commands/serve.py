"""`chaperone serve`: run all roles, or those named, until SIGTERM or SIGINT; then drain."""

from __future__ import annotations

import asyncio
import gc
import signal
from argparse import Namespace

import uvloop
from prometheus_client import CollectorRegistry

from gateway.assembly.serve import ROLES, serving
from gateway.commands.context import settings_of
from gateway.observability.events import EventLog, start_logging

_GARBAGE = 10_000
"""Objects made before it is looked for cycles among them: a message is made of hundreds, and leaves hardly any."""


def run(given: Namespace) -> int:
    """Serve; 0 after a clean drain, 1 when a part of the gateway failed."""
    settings = settings_of(given)
    start_logging()
    event_log = EventLog(CollectorRegistry())

    async def serve() -> int:
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopped.set)
        async with serving(settings, frozenset(given.role or ROLES), event_log, stopped) as running:
            gc.freeze()  # what was loaded stays: nobody need walk through it again and again
            gc.set_threshold(_GARBAGE)
            await stopped.wait()
            event_log.stopping()
        return 1 if running.failed else 0

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(serve())
