"""`chaperone demo`: the whole product on the embedded default, with a sample district and its traffic."""

from __future__ import annotations

import asyncio
import os
from argparse import Namespace
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import uvloop
from prometheus_client import CollectorRegistry

from gateway.assembly import ROLES, serving
from gateway.demo.run import Served, demo
from gateway.journal import Journal
from gateway.settings import load


@asynccontextmanager
async def _serve(config: Path) -> AsyncIterator[Served]:
    stopped = asyncio.Event()
    journal = Journal(CollectorRegistry())
    async with serving(load(config, os.environ), frozenset(ROLES), journal, stopped) as running:
        titles = {clause.id: clause.title for clause in running.policy.clauses.values()}
        yield Served(running.store, titles, stopped=stopped)


def run(given: Namespace) -> int:
    """Run the demo until Ctrl-C."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(demo(given.dir, traffic=given.traffic, keep=given.keep, serve=_serve))
