"""Maintenance: a changed audit row is detected, and content that can be held again is kept."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from gateway.core.audit.chain import ChainedEntry, ChainHead
from gateway.core.messages.delivery import State
from gateway.core.policy.decision import Action, AuditEntry
from gateway.observability.events import EventLog
from gateway.ports.audit import AuditStore
from gateway.ports.store import Store
from gateway.stages.maintenance import (
    AuditChainWatch,
    RetentionPeriods,
    begin_chain,
    delete_expired,
    link_audit,
    measure_backlog,
)
from gateway.stages.moderation import moderate, undo
from gateway.stages.wakeup import Wakeup
from gateway.store import open_store
from tests.contracts.messages import NOON, Clock, becomes, decision, mail, verdict_on

pytestmark = pytest.mark.slow

DAY = 86400.0


async def _until(condition, within=20.0):
    async with asyncio.timeout(within):
        while not condition():
            await asyncio.sleep(0.01)


async def test_changed_audit_row_is_detected(tmp_path: Path) -> None:
    registry = CollectorRegistry()
    event_log, wakeup, file = EventLog(registry), Wakeup(), tmp_path / "c.db"
    valid = lambda: registry.get_sample_value("chaperone_audit_chain_valid")  # noqa: E731
    async with open_store(f"sqlite:///{file}") as store, asyncio.TaskGroup() as group:
        await store.audit.record([AuditEntry(float(at), "somebody", "viewed", str(at)) for at in range(40)])
        chain = AuditChainWatch(store.audit, event_log)
        group.create_task(link_audit(store.audit, event_log, wakeup))
        group.create_task(measure_backlog(store.lookups, store.work_failures, event_log, wakeup, chain, every=0.01))
        rows = []
        while len(rows) < 40:
            rows = await store.audit.rows(0, 100)
            await asyncio.sleep(0.01)
        group.create_task(chain.run(wakeup, every=0.05, page=7))
        await _until(lambda: valid() == 1)
        with sqlite3.connect(file) as other:
            other.execute("UPDATE audit SET actor = 'nobody' WHERE number = 23")
        other.close()
        await _until(lambda: valid() == 0)
        assert chain.broken
        wakeup.stop()


class _LinkedBetween:
    """An audit log in which the first entries are linked right after the first question for its end."""

    def __init__(self, audit: AuditStore, after: int) -> None:
        self._audit, self._after = audit, after

    async def _asked(self) -> None:
        self._after -= 1
        if self._after == 0:
            while await self._audit.link(10):
                pass

    async def head(self) -> ChainHead | None:
        head = await self._audit.head()
        await self._asked()
        return head

    async def rows(self, after: int, limit: int) -> Sequence[ChainedEntry]:
        rows = await self._audit.rows(after, limit)
        await self._asked()
        return rows


@pytest.mark.parametrize("after", [1, 2, 3])
async def test_entries_linked_while_the_chain_is_first_read_are_no_fault(tmp_path: Path, after: int) -> None:
    async with open_store(f"sqlite:///{tmp_path / 'c.db'}") as store:
        await store.audit.record([AuditEntry(float(at), "somebody", "viewed", str(at)) for at in range(3)])
        audit: Any = _LinkedBetween(store.audit, after)
        verifier = await begin_chain(audit)
        assert (verifier is None) == (after > 1)
        rows = [] if verifier is None else await audit.rows(verifier.number, 100)
        assert verifier is None or (verifier.page(rows) is None and verifier.page([]) is None)


async def test_content_of_a_decision_that_can_be_undone_is_kept(tmp_path: Path) -> None:
    """With retention 0, a discard that is undone a moment later holds the message again, with its content."""
    async with open_store(f"sqlite:///{tmp_path / 'c.db'}", clock=Clock(NOON)) as store, asyncio.TaskGroup() as group:
        kept, gone = mail(), mail()
        for message, state, action in ((kept, State.HELD, Action.HOLD), (gone, State.DISCARDED, Action.RELEASE)):
            await store.intake.accept(message)
            rule = becomes(state, decision(action))
            await store.dispositions.apply(
                [(message.id, lambda seen, m=message, r=rule: replace(r(seen), verdict=verdict_on(m)))]
            )
        assert await moderate(store.dispositions, store.clock, kept.id, "discard", by="kim", reason="", after=5.0)
        wakeup = Wakeup()
        group.create_task(
            delete_expired(
                store.retention,
                store.clock,
                EventLog(CollectorRegistry()),
                wakeup,
                periods=RetentionPeriods(0.0, 0.0, 730 * DAY),
            )
        )
        async with asyncio.timeout(60):
            while await _content(store, gone.id):
                await asyncio.sleep(0.01)
        wakeup.stop()
        assert await undo(store.undo, store.clock, kept.id, by="kim")
        assert await _content(store, kept.id) == kept.content


async def _content(store: Store, id_: str) -> bytes:
    detail = await store.lookups.detail(id_)
    assert detail is not None
    return detail.content


@pytest.mark.parametrize("wrong", [10.0, 400.0, 20_000.0])
async def test_wrong_clock_at_one_look_deletes_next_to_nothing(tmp_path: Path, wrong: float) -> None:
    """Nor does it at several looks: only what would have expired within a day for each hour."""
    wall, ticks = Clock(NOON), Clock(1000.0)
    async with open_store(f"sqlite:///{tmp_path / 'c.db'}", clock=wall, ticks=ticks) as store:
        messages = [mail(NOON) for _ in range(20)]
        for message in messages:
            await store.intake.accept(message)
            rule = becomes(State.DISCARDED, decision(Action.RELEASE))
            await store.dispositions.apply(
                [(message.id, lambda seen, m=message, r=rule: replace(r(seen), verdict=verdict_on(m)))]
            )
        rests: list[float] = []

        class Looks(Wakeup):
            """Time passes while the stage rests. The clock is wrong for two looks."""

            async def rest(self, seconds: float) -> bool:
                rests.append(seconds)
                ticks.now += seconds
                wall.now += seconds
                if len(rests) == 3:
                    wall.now += wrong * DAY
                if len(rests) == 5:
                    wall.now -= wrong * DAY
                self.stopped = len(rests) == 12
                return False

        await delete_expired(
            store.retention, store.clock, EventLog(CollectorRegistry()), Looks(),
            periods=RetentionPeriods(5 * DAY, 5 * DAY, 730 * DAY), ticks=ticks,
        )  # fmt: skip
        assert all([await _content(store, message.id) for message in messages])
        wall.now += 6 * DAY
        ticks.now += 6 * DAY
        rests.clear()
        await delete_expired(
            store.retention, store.clock, EventLog(CollectorRegistry()), Looks(),
            periods=RetentionPeriods(5 * DAY, 5 * DAY, 730 * DAY), ticks=ticks,
        )  # fmt: skip


async def test_one_look_deletes_a_bounded_share(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next look comes sooner then."""
    monkeypatch.setattr("gateway.stages.maintenance.MIN_LOOK", 4)
    async with open_store(f"sqlite:///{tmp_path / 'c.db'}", clock=Clock(NOON)) as store:
        for _ in range(10):
            message = mail(NOON)
            await store.intake.accept(message)
            rule = becomes(State.DISCARDED, decision(Action.RELEASE))
            await store.dispositions.apply(
                [(message.id, lambda seen, m=message, r=rule: replace(r(seen), verdict=verdict_on(m)))]
            )
        left: list[int] = []

        class Looks(Wakeup):
            """Counts what is left after each look."""

            async def rest(self, seconds: float) -> bool:
                left.append(await store.retention.count_contents())
                self.stopped = not left[-1]
                assert seconds == (600.0 if not left[-1] else 60.0)
                return False

        await delete_expired(
            store.retention, store.clock, EventLog(CollectorRegistry()), Looks(),
            periods=RetentionPeriods(0.0, -2 * DAY, 730 * DAY),
        )  # fmt: skip
        assert left == [6, 2, 0]
