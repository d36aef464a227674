"""Guards: an unforeseen failure of one work item delays that item only."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from gateway.bus.local import LocalBus
from gateway.core.messages.delivery import Claim, NextHop, Outcome, Sent
from gateway.core.messages.followup import Followup, FollowupKind
from gateway.core.messages.work import retry_delay
from gateway.observability.events import EventLog
from gateway.ports.messages import StoreDown
from gateway.ports.store import Store
from gateway.stages.delivery import Delivery
from gateway.stages.guard import guarded
from gateway.stages.notification import NoticeConfig, Notification
from gateway.stages.wakeup import Wakeup
from gateway.stages.work import WorkEngine
from gateway.store import open_store
from tests.console.district import roster
from tests.contracts.messages import REST, Clock, ours

CONFIG = NoticeConfig("c@district.example", ("safety@district.example",), "https://c.example", "g.example", "R", "UTC")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_store(f"sqlite:///{tmp_path}/store.db", clock=Clock()) as opened:
        yield opened


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


def engine(store: Store, registry: CollectorRegistry) -> WorkEngine:
    return WorkEngine(store.work_failures, EventLog(registry))


def failures(registry: CollectorRegistry, stage: str) -> float | None:
    return registry.get_sample_value("chaperone_work_failures_total", {"stage": stage})


async def test_unforeseen_failures_are_counted_and_outages_pass_through(registry: CollectorRegistry) -> None:
    event_log = EventLog(registry)

    async def fail(error: Exception) -> None:
        raise error

    assert not await guarded("a_stage", event_log, fail(KeyError("x")))
    with pytest.raises(StoreDown):
        await guarded("a_stage", event_log, fail(StoreDown()))
    assert failures(registry, "a_stage") == 1


def test_delays_grow_up_to_a_bound() -> None:
    delays = [retry_delay(failed) for failed in range(40)]
    assert delays == sorted(delays)
    assert (delays[0], delays[-1]) == (1, 3600)


class FailingTransport:
    """Delivers every message but some."""

    def __init__(self, failing: str) -> None:
        self.failing, self.sent = failing, set[str]()

    async def deliver(self, hop: NextHop, claim: Claim, holds_claim: object) -> Mapping[str, Outcome]:
        if claim.message.id == self.failing:
            raise ZeroDivisionError
        self.sent.add(claim.message.id)
        return {claimed.recipient.address: Sent("250 2.0.0 Ok") for claimed in claim.recipients}


async def test_one_delivery_that_fails_delays_only_itself(store: Store, registry: CollectorRegistry) -> None:
    messages = [ours() for _ in range(5)]
    for message in messages:
        await store.intake.accept(message)
    transport, wakeup = FailingTransport(messages[2].id), Wakeup()
    delivery = Delivery(REST, transport, store.delivery_queue, store.clock, engine(store, registry), concurrency=3)
    running = asyncio.create_task(delivery.run(wakeup))
    async with asyncio.timeout(20):
        while len(transport.sent) < 4 or not failures(registry, "delivery"):
            await asyncio.sleep(0.01)
    wakeup.stop()
    await running
    assert transport.sent == {message.id for message in messages} - {messages[2].id}
    (trace,) = await store.lookups.trace(id=messages[2].id)
    assert {copy.state for copy in trace.recipients} == {"queued"}
    assert await store.delivery_queue.next_due() > await store.clock.now()


async def test_a_follow_up_that_fails_is_postponed_and_others_are_done(
    store: Store, registry: CollectorRegistry
) -> None:
    """A bounce without an address to send it to cannot be written."""
    body = {"received_at": "2030-03-17T17:46:40Z", "at": "2030-03-17T17:46:40Z", "recipients": [], "clauses": []}
    followups: Sequence[Followup] = (
        Followup(FollowupKind.BOUNCE, "m1", {}),
        Followup(FollowupKind.LATE, "m2", {**body, "to": ["a@district.example"]}),
    )
    await store.reminders.remind([("m1", "test")], lambda steps: (followups, ()))
    wakeup = Wakeup()
    stage = Notification(
        store.followups, store.outbox, store.lookups, store.clock, LocalBus(), engine(store, registry), CONFIG, roster()
    )
    running = asyncio.create_task(stage.run(wakeup))
    async with asyncio.timeout(20):
        while not (await store.delivery_queue.next_due() and failures(registry, "notification")):
            await asyncio.sleep(0.01)
    wakeup.stop()
    await running
    assert failures(registry, "notification") == 1
