"""Upkeep: a changed row of the audit log is found and shown."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

from prometheus_client import CollectorRegistry

from gateway.core.decision import Act
from gateway.journal import Journal
from gateway.stages.beat import Beat
from gateway.stages.upkeep import ChainWatch, link_audit, measure
from gateway.store import open_store


async def _until(condition, within=20.0):
    async with asyncio.timeout(within):
        while not condition():
            await asyncio.sleep(0.01)


async def test_a_changed_row_is_found(tmp_path: Path) -> None:
    registry = CollectorRegistry()
    journal, beat, file = Journal(registry), Beat(), tmp_path / "c.db"
    valid = lambda: registry.get_sample_value("chaperone_audit_chain_valid")  # noqa: E731
    async with open_store(f"sqlite:///{file}") as store, asyncio.TaskGroup() as group:
        await store.record([Act(float(at), "somebody", "viewed", str(at)) for at in range(40)])
        chain = ChainWatch(store, journal)
        group.create_task(link_audit(store, journal, beat))
        group.create_task(measure(store, journal, beat, chain, every=0.01))
        rows = []
        while len(rows) < 40:
            rows = await store.audit_rows(0, 100)
            await asyncio.sleep(0.01)
        group.create_task(chain.run(beat, every=0.05, page=7))
        await _until(lambda: valid() == 1)
        with sqlite3.connect(file) as other:
            other.execute("UPDATE audit SET actor = 'nobody' WHERE number = 23")
        other.close()
        await _until(lambda: valid() == 0)
        assert chain.broken
        beat.stop()
