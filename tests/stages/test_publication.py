"""Publication: what the store accepted is on the bus, and again where its record can no longer be answered."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry

from gateway.bus.local import LocalBus
from gateway.observability.events import EventLog
from gateway.ports.store import Store
from gateway.stages.publication import GROUP, publish, republish_lost
from gateway.stages.wakeup import Wakeup
from gateway.store import open_store
from tests.contracts.messages import mail


async def _published(store: Store, bus: LocalBus, count: int) -> list[str]:
    """The ids that a member of the group reads from the bus while the publisher runs."""
    event_log, publisher, wakeup = EventLog(CollectorRegistry()), Wakeup(), Wakeup()
    read: list[str] = []
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        group.create_task(publish(store.outbox, bus, event_log, publisher, max_inline=1 << 20))
        group.create_task(republish_lost(store.outbox, store.clock, bus, event_log, wakeup, verdict_timeout=0.4))
        async with bus.subscribe("messages", GROUP) as subscription:
            while len(read) < count:
                read += [record.value.decode() for record in await subscription.batch(10, 0.1)]
            await subscription.commit()
        publisher.stop()
        wakeup.stop()
    return read


def _letter(number: int):
    return mail(time.time(), content=f"Subject: {number}\r\n\r\nText.\r\n".encode())


async def test_a_new_life_of_the_bus_gets_what_has_no_verdict(tmp_path: Path) -> None:
    """The bus inside a process ends with it: what it held is published again, delivered in shadow mode or not."""
    async with AsyncExitStack() as up:
        store = await up.enter_async_context(open_store(f"sqlite:///{tmp_path}/c.db"))
        waiting, shadow = _letter(1), _letter(2)
        await store.intake.accept(waiting)
        await store.intake.accept(shadow, due=[each.address for each in shadow.envelope.recipients])
        texts = {waiting.content.decode(), shadow.content.decode()}
        async with LocalBus() as first:
            assert set(await _published(store, first, 2)) == texts
        async with LocalBus() as second:
            assert set(await _published(store, second, 2)) == texts


async def test_a_record_that_was_passed_without_a_verdict_comes_again(tmp_path: Path) -> None:
    """The group committed past it and no verdict came: after one timeout it is published again."""
    async with AsyncExitStack() as up:
        store = await up.enter_async_context(open_store(f"sqlite:///{tmp_path}/c.db"))
        bus = await up.enter_async_context(LocalBus())
        letter = _letter(3)
        await store.intake.accept(letter)
        assert await _published(store, bus, 1) == [letter.content.decode()]
        assert await _published(store, bus, 1) == [letter.content.decode()]


async def test_what_may_be_answered_already_is_not_published_at_the_start(tmp_path: Path) -> None:
    """The verdicts of a time without the role decide are on their topic: their messages are not read twice."""
    async with AsyncExitStack() as up:
        store = await up.enter_async_context(open_store(f"sqlite:///{tmp_path}/c.db"))
        bus = await up.enter_async_context(LocalBus())
        await store.intake.accept(_letter(4))
        await _published(store, bus, 1)
        wakeup, looks = Wakeup(), 0

        class Looking:
            """The store, stopping the stage after its second look."""

            def __getattr__(self, name: str) -> object:
                return getattr(store.outbox, name)

            async def unclassified(self, after: float, before: float, limit: int) -> object:
                nonlocal looks
                looks += 1
                if looks == 2:
                    wakeup.stop()
                return await store.outbox.unclassified(after, time.time(), limit)

        looking: Any = Looking()
        event_log = EventLog(CollectorRegistry())
        async with asyncio.timeout(20):
            await republish_lost(looking, store.clock, bus, event_log, wakeup, verdict_timeout=2.0)
        assert await store.outbox.claim_unpublished(10, 60) == ()
