"""The clock of the store: what is noticed, and what a jump must not do."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from gateway.core.messages.delivery import Claim, Deferred
from gateway.ports.store import Store
from gateway.store import open_store
from gateway.store.engine.clock_watch import ClockWatch
from tests.contracts.messages import NOON, STUDENTS, Clock, all_sent, mail

LEASE = 30.0
LATER = Deferred("451 4.3.0 Later")


@dataclass
class Machine:
    """A wall clock that can be set, and a monotonic clock."""

    wall: Clock
    ticks: Clock

    def step(self, seconds: float) -> None:
        """Set the wall clock."""
        self.wall.now += seconds

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.wall.now += seconds
        self.ticks.now += seconds


@pytest.fixture
def machine() -> Machine:
    """The clocks of one machine, which has been up for a while."""
    return Machine(Clock(), Clock(5000.0))


@pytest.fixture
async def stepped(store_url: str, machine: Machine) -> AsyncIterator[Store]:
    """A store on this machine, open for longer than a lease."""
    async with open_store(store_url, clock=machine.wall, ticks=machine.ticks) as opened:
        await opened.clock.now()
        machine.wait(2 * LEASE)
        await opened.clock.mark()
        yield opened


async def test_clock_is_that_of_the_machine_or_of_the_database(store_url: str) -> None:
    async with open_store(store_url) as store:
        for _ in range(2):  # the second reading counts from the first
            assert abs(await store.clock.about_now() - time.time()) < 5
        assert abs(await store.clock.now() - time.time()) < 5
        assert store.clock.take_jump() == 0.0


@pytest.mark.parametrize("step", [60.0, 3600.0, 86400.0 * 3650, -60.0, -3600.0, -86400.0 * 3650])
async def test_living_claim_survives_a_step(stepped: Store, machine: Machine, step: float) -> None:
    """Nobody else gets the recipient, however long its holder takes, as long as it renews its claim."""
    await stepped.intake.accept(mail(others=["x@students.example"]))
    (claim,) = await stepped.delivery_queue.claim(STUDENTS, 10, LEASE)
    machine.step(step)
    for _ in range(20):
        assert not await stepped.delivery_queue.claim(STUDENTS, 10, LEASE)
        machine.wait(LEASE / 4)
        assert not await stepped.delivery_queue.claim(STUDENTS, 10, LEASE)
        assert await stepped.delivery_queue.renew(claim.token, LEASE)
        await stepped.clock.release_claims(LEASE)
    assert await stepped.delivery_queue.record_outcomes(claim, all_sent(claim), ())
    assert stepped.clock.take_jump() == pytest.approx(step)
    assert stepped.clock.take_jump() == 0.0


@pytest.mark.parametrize("step", [60.0, -3600.0, -86400.0 * 3650])
async def test_claim_of_a_dead_holder_ends_within_two_leases_of_a_step(
    stepped: Store, machine: Machine, step: float
) -> None:
    await stepped.intake.accept(mail(others=["x@students.example"]))
    assert await stepped.delivery_queue.claim(STUDENTS, 10, LEASE)
    machine.step(step)
    assert not await stepped.delivery_queue.claim(STUDENTS, 10, LEASE)
    machine.wait(2 * LEASE)
    assert stepped.clock.steady_for() >= LEASE
    await stepped.clock.release_claims(LEASE)
    assert await stepped.delivery_queue.claim(STUDENTS, 10, LEASE)


@pytest.mark.parametrize("back", [60.0, 3600.0, 86400.0 * 3650])
async def test_deferred_recipient_waits_no_longer_after_a_step_back(
    stepped: Store, machine: Machine, back: float
) -> None:
    """The same holds for publications and follow-ups, which are shortened with it."""
    await stepped.intake.accept(mail(others=["x@students.example"]))
    (claim,) = await stepped.delivery_queue.claim(STUDENTS, 10, LEASE)
    outcomes = {claimed.recipient.address: (LATER, machine.wall.now + 600.0) for claimed in claim.recipients}
    assert await stepped.delivery_queue.record_outcomes(claim, outcomes, ())
    assert len(await stepped.outbox.claim_unpublished(10, 45.0)) == 1
    machine.step(-back)
    assert await stepped.clock.mark() == pytest.approx(back)
    assert await stepped.clock.mark() == 0.0  # once, however many processes notice
    assert await stepped.delivery_queue.next_due() == pytest.approx(machine.wall.now + 600.0)
    assert len(await stepped.outbox.awaiting_verdict(machine.wall.now + 1.0, 10)) == 1  # its wait goes on
    machine.wait(46.0)
    assert len(await stepped.outbox.claim_unpublished(10, 45.0)) == 1
    machine.wait(560.0)
    assert await stepped.delivery_queue.claim(STUDENTS, 10, LEASE)


@pytest.mark.parametrize("step", [60.0, 3600.0, 86400.0 * 6])
async def test_nothing_waits_because_the_clock_was_ahead_for_a_moment(
    stepped: Store, machine: Machine, step: float
) -> None:
    """No mark was written in that time. What was written in it is due as soon as it would be without it."""
    early, late = mail(others=["x@students.example"]), mail(others=["y@students.example"])
    await stepped.intake.accept(early)
    (claim,) = await stepped.delivery_queue.claim(STUDENTS, 10, LEASE)
    before = {claimed.recipient.address: (LATER, machine.wall.now + 600.0) for claimed in claim.recipients}
    assert await stepped.delivery_queue.record_outcomes(claim, before, ())
    machine.step(step)
    await stepped.intake.accept(late, due=[recipient.address for recipient in late.envelope.recipients])
    machine.wait(0.5)
    machine.step(-step)
    await stepped.clock.now()
    for _ in range(2):
        await stepped.clock.mark()
    machine.wait(0.5)
    claimed = await stepped.delivery_queue.claim(STUDENTS, 10, LEASE)
    assert late.id in {claim.message.id for claim in claimed if isinstance(claim, Claim)}
    if step > 1000.0:  # what was written before goes on waiting
        assert len(claimed) == 1
        machine.wait(600.0)
        assert await stepped.delivery_queue.claim(STUDENTS, 10, LEASE)


async def test_step_back_between_two_runs_is_noticed(store_url: str, machine: Machine) -> None:
    async with open_store(store_url, clock=machine.wall, ticks=machine.ticks) as store:
        await store.clock.mark()
        await store.intake.accept(mail())
        assert await store.outbox.claim_unpublished(10, 600.0)
    machine.step(-7200.0)
    async with open_store(store_url, clock=machine.wall, ticks=machine.ticks) as store:
        assert await store.clock.mark() == pytest.approx(7200.0)
        machine.wait(601.0)
        assert await store.outbox.claim_unpublished(10, 600.0)


async def test_claims_of_an_earlier_run_are_due_at_once_on_sqlite(
    made_file: object, tmp_path: object, machine: Machine
) -> None:
    """One process delivers there, and its lock says that the earlier one is gone."""
    url = f"sqlite:///{tmp_path}/chaperone.db"
    async with open_store(url, clock=machine.wall, ticks=machine.ticks) as store:
        await store.intake.accept(mail(others=["x@students.example"]))
        (claim,) = await store.delivery_queue.claim(STUDENTS, 10, LEASE)
    machine.step(-86400.0)
    async with open_store(url, clock=machine.wall, ticks=machine.ticks, alone=True) as store:
        assert not await store.delivery_queue.renew(claim.token, LEASE)
        assert await store.delivery_queue.claim(STUDENTS, 10, LEASE)


async def deferred_at(store: Store, machine: Machine) -> float:
    """When the lifetime of a deferred recipient began, as a new claim says; the recipient is deferred again."""
    (claim,) = await store.delivery_queue.claim(STUDENTS, 10, LEASE)
    outcomes = {
        claimed.recipient.address: (Deferred("451 4.4.1 Gone"), machine.wall.now) for claimed in claim.recipients
    }
    assert await store.delivery_queue.record_outcomes(claim, outcomes, ())
    return claim.recipients[0].queued_at


@pytest.mark.parametrize("step", [120.0, 6 * 86400.0, 86400.0 * 3650])
async def test_step_forward_ends_no_lifetime(stepped: Store, machine: Machine, step: float) -> None:
    """The lifetime goes on as if nothing had been set, once, however many processes notice."""
    await stepped.clock.mark()
    await stepped.intake.accept(mail(others=["x@students.example"]))
    machine.wait(5.0)
    began = await deferred_at(stepped, machine)
    assert stepped.clock.settled()
    machine.step(step)
    await stepped.clock.now()
    assert not stepped.clock.settled()  # no lifetime ends now
    for _ in range(3):
        assert await stepped.clock.mark() == 0.0
        assert stepped.clock.settled()
    assert await deferred_at(stepped, machine) == pytest.approx(began + step, abs=6.0)
    machine.wait(86400.0)
    await stepped.clock.mark()
    assert await deferred_at(stepped, machine) == pytest.approx(began + step, abs=6.0)  # time that passed counts


async def test_outage_of_the_gateway_ends_no_lifetime(store_url: str, machine: Machine) -> None:
    """Neither does it in the first process that starts, nor in the second one."""
    async with open_store(store_url, clock=machine.wall, ticks=machine.ticks) as store:
        await store.clock.mark()
        await store.intake.accept(mail(others=["x@students.example"]))
        began = await deferred_at(store, machine)
    machine.wait(7 * 86400.0)
    for _ in range(2):
        async with open_store(store_url, clock=machine.wall, ticks=machine.ticks) as store:
            await store.clock.now()
            assert not store.clock.settled()
            await store.clock.mark()
            assert store.clock.settled()
            machine.wait(10.0)
            assert await deferred_at(store, machine) == pytest.approx(began + 7 * 86400.0, abs=1.0)


def test_time_is_counted_from_a_recent_reading(machine: Machine) -> None:
    watch = ClockWatch(machine.ticks)
    assert watch.known_time(1.0) is None
    watch.note(machine.wall.now, machine.ticks.now)
    machine.wait(0.5)
    assert watch.known_time(1.0) == pytest.approx(machine.wall.now)
    machine.wait(1.0)
    assert watch.known_time(1.0) is None


async def test_slow_answers_and_slewing_are_no_jumps(stepped: Store, machine: Machine) -> None:
    watch = stepped.intake._writer._connections.watch
    for _ in range(100):  # slewed by a tenth, far more than any machine does
        machine.wait(10.0)
        machine.step(1.0)
        assert await stepped.clock.now()
    watch.note(machine.wall.now - 20.0, machine.ticks.now - 30.0)  # the answer took half a minute
    assert stepped.clock.take_jump() == 0.0
    assert stepped.clock.steady_for() > 900.0
    assert machine.wall.now > NOON
