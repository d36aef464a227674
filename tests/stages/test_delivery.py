"""Delivery: a message is not sent twice because the store was down for a moment."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from gateway.core.messages.delivery import Claim, Deferred, NextHop, Sent, State
from gateway.core.messages.message import Message, sha256_of
from gateway.core.policy.decision import Action
from gateway.observability.events import EventLog
from gateway.ports.messages import DeliveryQueueStore, StoreDown
from gateway.stages import delivery
from gateway.stages.delivery import Delivery
from gateway.stages.wakeup import Wakeup
from gateway.stages.work import WorkEngine
from gateway.store import open_store
from gateway.transports.scripted import ScriptedTransport
from tests.contracts.messages import NOON, PHONES, STUDENTS, Clock, becomes, decision, mail, text

pytestmark = pytest.mark.slow


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


class OneByOne(ScriptedTransport):
    """A next hop that takes one recipient in a transaction, and breaks in an unforeseen way at one of them."""

    def __init__(self, broken: str) -> None:
        super().__init__()
        self._broken = broken
        self.asked: list[str] = []

    async def deliver(self, hop: NextHop, claim: Claim, holds_claim: Callable[[], Awaitable[bool]]) -> Any:
        address = claim.recipients[0].recipient.address
        self.asked.append(address)
        if address == self._broken:
            raise KeyError(address)
        return {address: Sent("250 ok")}


async def test_each_transaction_is_recorded_before_the_next(tmp_path: Path) -> None:
    """What one transaction does costs the recipients of another nothing: nobody gets a second copy."""
    clock = Clock()
    async with open_store(f"sqlite:///{tmp_path}/c.db", clock=clock) as store:
        message = mail(others=[f"s{number}@students.example" for number in range(2, 6)])
        people = [recipient.address for recipient in message.envelope.recipients]
        await store.intake.accept(message, due=people)
        engine = WorkEngine(store.work_failures, EventLog(CollectorRegistry()))
        transport = OneByOne(broken=people[-1])
        stage = Delivery(STUDENTS, transport, store.delivery_queue, store.clock, engine, concurrency=4)

        async def done() -> bool:
            return len(transport.asked) == len(people) and await store.delivery_queue.next_due() is not None

        await run_until(stage, done)
        assert transport.asked == people
        assert await store.intake.states(message.id) == {
            address: State.QUEUED if address == people[-1] else State.SENT for address in people
        }


class SilentHop(ScriptedTransport):
    """A next hop that answers only what it is asked for a call for help."""

    async def deliver(self, hop: NextHop, claim: Claim, holds_claim: Callable[[], Awaitable[bool]]) -> Any:
        if claim.message.content != b"help":
            await asyncio.Event().wait()
        return {claimed.recipient.address: Sent("0x00000000 1") for claimed in claim.recipients}


async def test_silent_next_hop_does_not_delay_a_call_for_help(tmp_path: Path) -> None:
    async with open_store(f"sqlite:///{tmp_path}/c.db") as store:
        texts = [text(NOON + number, student=f"S{number}") for number in range(9)]
        for one in texts:
            await store.intake.accept(one, due=[recipient.address for recipient in one.envelope.recipients])
        call = replace(text(NOON + 10), content=b"help", sha256=sha256_of(b"help"))
        await store.intake.accept(call)
        await store.dispositions.apply([(call.id, becomes(State.QUEUED, decision(Action.ALERT, "help")))])
        engine = WorkEngine(store.work_failures, EventLog(CollectorRegistry()))
        stage = Delivery(PHONES, SilentHop(), store.delivery_queue, store.clock, engine, concurrency=4)
        delivering = asyncio.create_task(stage.run(Wakeup()))
        async with asyncio.timeout(20):
            while State.SENT not in (await store.intake.states(call.id)).values():
                await asyncio.sleep(0.02)
        delivering.cancel()
        await asyncio.gather(delivering, return_exceptions=True)


DAY = 86400.0
GONE = "451 4.4.1 The next hop cannot be reached, try again later"


async def run_until(stage: Delivery, done: Callable[[], Awaitable[bool]]) -> None:
    """Run deliveries until something is so."""
    wakeup = Wakeup()
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        group.create_task(stage.run(wakeup))
        while not await done():
            await asyncio.sleep(0.02)
        wakeup.stop()


async def test_known_outage_costs_no_attempt_and_its_end_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is queued waits without an attempt. Who was deferred for an hour before is due soon when the hop is back."""
    monkeypatch.setattr(delivery, "_RETURN", 0.3)
    transport, up, returns = ScriptedTransport(), False, 0
    async with open_store(f"sqlite:///{tmp_path}/c.db") as store:
        deferred, queued = mail(), mail()
        (address,) = {recipient.address for recipient in deferred.envelope.recipients}
        await store.intake.accept(deferred, due=[address])
        (claim,) = await store.delivery_queue.claim(STUDENTS, 1, 30.0)
        later = await store.clock.now() + 3600.0
        await store.delivery_queue.record_outcomes(claim, {address: (Deferred(GONE), later)}, ())
        await store.intake.accept(queued, due=[address])
        stage = Delivery(
            STUDENTS, transport, store.delivery_queue, store.clock,
            WorkEngine(store.work_failures, EventLog(CollectorRegistry())),
            concurrency=2, reachable=lambda: up, returns=lambda: returns,
        )  # fmt: skip
        looks = 0

        async def is_sent() -> bool:
            nonlocal up, returns, looks
            looks += 1
            if looks == 40 and not up:
                rows = [row for id_ in (deferred.id, queued.id) for row in await store.queue.rows_of(id_)]
                assert [row.attempts for row in rows] == [1, 0]
                assert not transport.handed
                up, returns = True, 1
            states = [await store.intake.states(message.id) for message in (deferred, queued)]
            return all(state == {address: State.SENT} for state in states)

        await run_until(stage, is_sent)
        assert len(transport.handed) == 2


@pytest.mark.parametrize(
    ("message", "hop", "lifetime"), [(mail(), STUDENTS, 5 * DAY), (text(), PHONES, DAY)], ids=["mail", "text"]
)
async def test_lifetime_ends_behind_a_next_hop_that_is_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, message: Message, hop: NextHop, lifetime: float
) -> None:
    """Nothing waits forever: neither mail, nor a text for an application that is not bound. Its sender is told."""
    monkeypatch.setattr(delivery, "_LATE_EVERY", 0.02)
    monkeypatch.setattr(delivery, "POLL_SECONDS", 0.02)
    wall, ticks, transport = Clock(NOON), Clock(0.0), ScriptedTransport()
    async with open_store(f"sqlite:///{tmp_path}/c.db", clock=wall, ticks=ticks) as store:
        await store.intake.accept(message, due=[recipient.address for recipient in message.envelope.recipients])
        await store.clock.mark()
        stage = Delivery(
            hop, transport, store.delivery_queue, store.clock,
            WorkEngine(store.work_failures, EventLog(CollectorRegistry())), concurrency=2, reachable=lambda: False,
        )  # fmt: skip

        async def has_ended() -> bool:
            wall.now += lifetime / 50
            ticks.now += lifetime / 50
            states = set((await store.intake.states(message.id)).values())
            assert states == {State.QUEUED} or wall.now >= NOON + lifetime
            return states == {State.BOUNCED}

        await run_until(stage, has_ended)
        assert not transport.handed
        if hop is STUDENTS:  # the delay, and the failure
            assert len(await store.followups.claim_due(10, 30.0)) == 2


@pytest.mark.parametrize("step", [5 * DAY, 3650 * DAY])
async def test_step_forward_bounces_nobody(tmp_path: Path, step: float) -> None:
    """Whether the clock is set before, during or after an attempt. After the lifetime in steady time it bounces."""
    wall, ticks, attempts = Clock(NOON), Clock(0.0), 0

    def script(command: str) -> str:
        nonlocal attempts
        if command == "CONNECT":
            attempts += 1
            wall.now += step if attempts == 2 else 0.0
        return "451 4.3.0 later"

    async with open_store(f"sqlite:///{tmp_path}/c.db", clock=wall, ticks=ticks) as store:
        message = mail()
        address = message.envelope.recipients[0].address
        await store.clock.mark()
        await store.intake.accept(message, due=[address])
        stage = Delivery(
            STUDENTS, ScriptedTransport(script), store.delivery_queue, store.clock,
            WorkEngine(store.work_failures, EventLog(CollectorRegistry())), concurrency=2,
        )  # fmt: skip
        looks = 0

        async def has_bounced() -> bool:
            nonlocal looks
            looks += 1
            passed = 3600.0 if looks > 20 else 90.0
            wall.now += passed + (step if looks == 10 else 0.0)
            ticks.now += passed
            if looks % 3 == 0:
                await store.clock.mark()
            (state,) = (await store.intake.states(message.id)).values()
            assert state is State.QUEUED or ticks.now >= 5 * DAY
            return state is State.BOUNCED

        await run_until(stage, has_bounced)
        assert attempts > 3
