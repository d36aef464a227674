"""`chaperone demo`: runs the whole product, embedded, with a sample district and its traffic."""

from __future__ import annotations

import asyncio
import os
import secrets
from argparse import Namespace
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import uvloop
from prometheus_client import CollectorRegistry

from gateway.assembly.serve import ROLES, serving
from gateway.console.auth.credentials import hash_password
from gateway.core.accounts.account import AccountRole, User
from gateway.core.policy.decision import AuditEntry
from gateway.demo.run import RunningGateway, demo
from gateway.observability.events import EventLog
from gateway.ports.store import Store
from gateway.settings.model import load


@asynccontextmanager
async def _serve(config: Path) -> AsyncIterator[RunningGateway]:
    stopped = asyncio.Event()
    event_log = EventLog(CollectorRegistry())
    async with serving(load(config, os.environ), frozenset(ROLES), event_log, stopped) as running:
        titles = {clause.id: clause.title for clause in running.policy.clauses.values()}
        yield RunningGateway(running.store.lookups, titles, await _login(running.store), stopped, texts=True)


async def _login(store: Store) -> tuple[str, str]:
    """The name and password of the demo's console account; the password changes at each start."""
    name, password = "demo", "-".join(secrets.token_hex(2) for _ in range(3))
    user, password_hash = User(name, AccountRole.TECHNOLOGY_DIRECTOR), await hash_password(password)
    now = await store.clock.now()
    if not await store.accounts.add(user, password_hash, AuditEntry(now, "demo", "account added", name)):
        await store.accounts.set_password(name, password_hash, AuditEntry(now, "demo", "password changed", name))
    return name, password


def run(options: Namespace) -> int:
    """Run the demo until Ctrl-C."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(demo(options.dir, traffic=options.traffic, keep=options.keep, serve=_serve))
