"""Delivery: a message is not sent twice because the store was down for a moment."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from gateway.core.messages.delivery import State
from gateway.observability.events import EventLog
from gateway.ports.messages import DeliveryQueueStore, StoreDown
from gateway.stages import delivery
from gateway.stages.delivery import Delivery
from gateway.stages.wakeup import Wakeup
from gateway.stages.work import WorkEngine
from gateway.store import open_store
from gateway.transports.scripted import ScriptedTransport
from tests.contracts.messages import STUDENTS, mail


class QueueThatFails:
    """A delivery queue that fails `times` times to record an outcome."""

    def __init__(self, queue: DeliveryQueueStore, times: int) -> None:
        self._queue, self.times = queue, times

    def __getattr__(self, name: str) -> Any:
        return getattr(self._queue, name)

    async def record_outcomes(self, *given: Any, **more: Any) -> bool:
        """See gateway.ports.messages.DeliveryQueueStore."""
        if self.times:
            self.times -= 1
            raise StoreDown("down")
        return await self._queue.record_outcomes(*given, **more)


async def test_store_failure_causes_no_second_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "_RETRY", 0.02)
    transport, wakeup = ScriptedTransport(), Wakeup()
    async with open_store(f"sqlite:///{tmp_path}/c.db") as store:
        message = mail()
        address = message.envelope.recipients[0].address
        await store.intake.accept(message, due=[address])
        engine = WorkEngine(store.work_failures, EventLog(CollectorRegistry()))
        queue: Any = QueueThatFails(store.delivery_queue, times=3)
        stage = Delivery(STUDENTS, transport, queue, store.clock, engine, concurrency=2)
        async with asyncio.timeout(20), asyncio.TaskGroup() as group:
            group.create_task(stage.run(wakeup))
            while await store.intake.states(message.id) != {address: State.SENT}:
                await asyncio.sleep(0.02)
            wakeup.stop()
        assert queue.times == 0
        assert len(transport.handed) == 1
