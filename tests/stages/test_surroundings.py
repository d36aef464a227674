"""What a process depends on: outages of store and bus are measured, and jumps of the clock are noticed."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from gateway.observability.events import EventLog
from gateway.stages.surroundings import watch_clock, watch_outages
from gateway.stages.wakeup import Wakeup
from gateway.store import open_store
from tests.contracts.messages import NOON, STUDENTS, Clock, mail

LEASE = 30.0


async def test_outages_are_measured() -> None:
    registry, store_up = CollectorRegistry(), [True, False, True]
    values: list[tuple[float | None, float | None]] = []

    async def store_answers() -> bool:
        return store_up[len(values)]

    class Looks(Wakeup):
        """Reads the metrics after each look."""

        async def rest(self, seconds: float) -> bool:
            values.append(tuple(registry.get_sample_value(f"chaperone_{name}_up") for name in ("store", "bus")))  # type: ignore[arg-type]
            self.stopped = len(values) == len(store_up)
            return False

    await watch_outages(store_answers, lambda: len(values) == 2, EventLog(registry), Looks())
    assert values == [(1.0, 0.0), (0.0, 0.0), (1.0, 1.0)]


@pytest.mark.parametrize("step", [60.0, -3600.0, 86400.0, -86400.0 * 365])
async def test_step_is_noticed_and_nothing_waits_longer(
    tmp_path: Path, step: float, caplog: pytest.LogCaptureFixture
) -> None:
    """A recipient whose holder died before the step is due within two leases. One jump is one event."""
    wall, ticks, registry = Clock(NOON), Clock(0.0), CollectorRegistry()
    caplog.set_level(logging.INFO, "chaperone")
    async with open_store(f"sqlite:///{tmp_path}/c.db", clock=wall, ticks=ticks) as store:
        await store.intake.accept(mail(others=["x@students.example"]))
        looks, due_after = 0, 0.0

        class Looks(Wakeup):
            """A second passes with each look. The clock is set at one of them, after a claim."""

            async def rest(self, seconds: float) -> bool:
                nonlocal looks, due_after
                looks += 1
                wall.now += 1.0
                ticks.now += 1.0
                if looks == 40:
                    assert await store.delivery_queue.claim(STUDENTS, 10, LEASE)
                    wall.now += step
                elif looks > 40 and await store.delivery_queue.claim(STUDENTS, 10, LEASE):
                    due_after = looks - 40.0
                    self.stopped = True
                self.stopped |= looks > 200
                return False

        await watch_clock(store.clock, EventLog(registry), Looks(), lease=LEASE, ticks=ticks)
    assert LEASE <= due_after <= 2 * LEASE + 2
    jumps = [record.__dict__["fields"]["seconds"] for record in caplog.records if record.msg == "clock_jumped"]
    assert jumps == [pytest.approx(step, abs=0.2)]
    assert registry.get_sample_value("chaperone_clock_jumps_total") == 1.0


async def test_store_that_is_away_stops_nothing(tmp_path: Path) -> None:
    wakeup = Wakeup()
    async with open_store(f"sqlite:///{tmp_path}/c.db") as store:
        pass
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        group.create_task(watch_clock(store.clock, EventLog(CollectorRegistry()), wakeup, lease=LEASE, every=0.01))
        await asyncio.sleep(0)
        wakeup.stop()
