"""Publication: accepted messages are published, and published again if their record can no longer be answered."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry

from gateway.bus.local import LocalBus
from gateway.observability.events import EventLog
from gateway.ports.store import Store
from gateway.stages.publication import GROUPS, Publication, republish_lost
from gateway.stages.wakeup import Wakeup
from gateway.stages.work import WorkEngine
from gateway.store import open_store
from tests.contracts.messages import mail


async def _published(store: Store, bus: LocalBus, count: int) -> list[str]:
    """What a member of one group reads from the bus while the publisher runs. The other group passes it too."""
    event_log, publisher, wakeup = EventLog(CollectorRegistry()), Wakeup(), Wakeup()
    read: list[str] = []
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        engine = WorkEngine(store.work_failures, event_log)
        group.create_task(Publication(store.outbox, bus, engine, max_inline=1 << 20).run(publisher))
        group.create_task(republish_lost(store.outbox, store.clock, bus, event_log, wakeup, verdict_timeout=0.4))
        async with bus.subscribe("messages", GROUPS[0]) as one, bus.subscribe("messages", GROUPS[1]) as other:
            while len(read) < count:
                read += [record.value.decode() for record in await one.batch(10, 0.1)]
                await other.batch(10, 0.01)
            await one.commit()
            await other.commit()
        publisher.stop()
        wakeup.stop()
    return read


def _mail(number: int):
    return mail(time.time(), content=f"Subject: {number}\r\n\r\nText.\r\n".encode())


async def test_new_bus_gets_messages_without_a_verdict(tmp_path: Path) -> None:
    """The local bus ends with its process: its messages are published again, also those delivered in shadow mode."""
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(open_store(f"sqlite:///{tmp_path}/c.db"))
        waiting, shadow = _mail(1), _mail(2)
        waiting = replace(waiting, received_at=waiting.received_at - 60 * 86400.0)  # however long the outage was
        await store.intake.accept(waiting)
        await store.intake.accept(shadow, due=[recipient.address for recipient in shadow.envelope.recipients])
        texts = {waiting.content.decode(), shadow.content.decode()}
        async with LocalBus() as first:
            assert set(await _published(store, first, 2)) == texts
        async with LocalBus() as second:
            assert set(await _published(store, second, 2)) == texts


async def test_record_committed_without_a_verdict_is_published_again(tmp_path: Path) -> None:
    """The group committed it and no verdict came: after one timeout it is published again."""
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(open_store(f"sqlite:///{tmp_path}/c.db"))
        bus = await stack.enter_async_context(LocalBus())
        message = _mail(3)
        await store.intake.accept(message)
        assert await _published(store, bus, 1) == [message.content.decode()]
        assert await _published(store, bus, 1) == [message.content.decode()]


async def test_message_that_may_have_a_verdict_is_not_published_at_the_start(tmp_path: Path) -> None:
    """Verdicts may be waiting on their topic while no process has the role decide: nothing is classified twice."""
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(open_store(f"sqlite:///{tmp_path}/c.db"))
        bus = await stack.enter_async_context(LocalBus())
        await store.intake.accept(_mail(4))
        await _published(store, bus, 1)
        wakeup, queries = Wakeup(), 0

        class OutboxThatStops:
            """The outbox, which stops the stage at its second query."""

            def __getattr__(self, name: str) -> object:
                return getattr(store.outbox, name)

            async def unclassified(self, now: float, _min_age: float, limit: int) -> object:
                nonlocal queries
                queries += 1
                if queries == 2:
                    wakeup.stop()
                return await store.outbox.unclassified(now, 0.0, limit)

        outbox: Any = OutboxThatStops()
        event_log = EventLog(CollectorRegistry())
        async with asyncio.timeout(20):
            await republish_lost(outbox, store.clock, bus, event_log, wakeup, verdict_timeout=2.0)
        assert await store.outbox.claim_unpublished(10, 60) == ()
