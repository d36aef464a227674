"""Recipients behind a next hop that is down, and when it is back; and retries by hand beside a claim."""

from __future__ import annotations

import pytest

from gateway.core.messages.delivery import Deferred, Outcome, State
from gateway.core.policy.decision import Action, AuditEntry
from gateway.ports.store import Store
from gateway.store import open_store
from tests.contracts.messages import NOON, PHONES, REST, STUDENTS, TO_STAFF, Clock, becomes, decision, mail, text

DAY = 86400.0
GONE = Deferred("451 4.4.1 The next hop cannot be reached, try again later")
BUSY = Deferred("451 4.3.2 Come back later")


async def defer(store: Store, until: float, outcome: Outcome = GONE, *, domain: str = "students.example") -> str:
    """A message for one recipient that waits until a time. Returns its id."""
    message = mail(others=[f"x@{domain}"])
    await store.intake.accept(message)
    hop = STUDENTS if domain == "students.example" else REST
    claims = [claim for claim in await store.delivery_queue.claim(hop, 100, 30.0) if claim.message.id == message.id]
    for claim in claims:
        outcomes = {claimed.recipient.address: (outcome, until) for claimed in claim.recipients}
        assert await store.delivery_queue.record_outcomes(claim, outcomes, ())
    return message.id


async def due_at(store: Store, message_id: str) -> float:
    """When the other recipient of a message is due."""
    return next(row.next_attempt_at for row in await store.queue.rows_of(message_id) if row.attempts) or 0.0


async def test_late_recipients_are_claimed_alone(store: Store, clock: Clock) -> None:
    """Those whose lifetime is over, and those whose sender is to be told of the delay: once."""
    old = await defer(store, NOON + 10.0)
    clock.now = NOON + 4 * DAY
    young = await defer(store, clock.now + 10.0)
    clock.now += DAY + 11.0
    assert not await store.delivery_queue.claim_late(REST, 10, 30.0, ended=5 * DAY, warn=9 * DAY)
    (claim,) = await store.delivery_queue.claim_late(STUDENTS, 10, 30.0, ended=5 * DAY, warn=9 * DAY)
    assert claim.message.id == old
    assert await store.delivery_queue.record_outcomes(claim, {"x@students.example": (GONE, None)}, ())
    (claim,) = await store.delivery_queue.claim_late(STUDENTS, 10, 30.0, ended=5 * DAY, warn=3600.0)
    assert claim.message.id == young
    outcomes = {"x@students.example": (GONE, clock.now)}
    assert await store.delivery_queue.record_outcomes(claim, outcomes, (), warned=["x@students.example"])
    assert not await store.delivery_queue.claim_late(STUDENTS, 10, 30.0, ended=5 * DAY, warn=3600.0)
    assert len(await store.delivery_queue.claim(STUDENTS, 10, 30.0)) == 1


async def test_who_waited_for_a_next_hop_is_due_soon_when_it_is_back(store: Store) -> None:
    """Spread and in order. Who waits for another reason, behind another hop, or is claimed, waits on."""
    waits = [0.5, 60.0, 600.0, 1800.0, 3600.0]
    waiting = [await defer(store, NOON + wait) for wait in waits]
    others = [
        await defer(store, NOON + 900.0, BUSY),
        await defer(store, NOON + 900.0, domain="paper.example"),
    ]  # fmt: skip
    await store.delivery_queue.bring_forward(STUDENTS, 10.0)
    times = [await due_at(store, id_) - NOON for id_ in waiting]
    assert times[1:] == sorted(times[1:])
    assert times[0] == pytest.approx(0.5)
    assert times[1:] == pytest.approx([wait / 360.0 for wait in waits[1:]], abs=0.01)
    assert [await due_at(store, id_) - NOON for id_ in others] == [900.0, 900.0]
    await store.delivery_queue.bring_forward(REST, 10.0)
    assert await due_at(store, others[1]) - NOON == pytest.approx(10.0)
    await store.delivery_queue.bring_forward(STUDENTS, 10.0)  # twice: none waits longer
    assert [await due_at(store, id_) - NOON for id_ in waiting] == pytest.approx(times)


@pytest.mark.parametrize("wait", [0.5, 60.0, 3600.0])
async def test_calls_for_help_that_waited_for_a_next_hop_are_due_at_once(store: Store, wait: float) -> None:
    call, other = text(NOON, direction=TO_STAFF), text(NOON + 1, direction=TO_STAFF)
    for message, action in ((call, Action.ALERT), (other, Action.FLAG)):
        await store.intake.accept(message)
        await store.dispositions.apply([(message.id, becomes(State.QUEUED, decision(action)))])
    claims = {claim.message.id: claim for claim in await store.delivery_queue.claim(PHONES, 10, 30.0)}
    claims |= {claim.message.id: claim for claim in await store.delivery_queue.claim(PHONES, 10, 30.0)}
    for claim in claims.values():
        outcomes = {claimed.recipient.address: (GONE, NOON + wait) for claimed in claim.recipients}
        assert await store.delivery_queue.record_outcomes(claim, outcomes, ())
    await store.delivery_queue.bring_forward(PHONES, 10.0)
    assert [claim.message.id for claim in await store.delivery_queue.claim(PHONES, 10, 30.0)] == [call.id]


@pytest.mark.parametrize("step", [60.0, DAY])
async def test_step_forward_lets_no_operator_take_a_claim(store_url: str, step: float) -> None:
    """To retry by hand what a living process delivers would send it twice, to expire it too."""
    wall, ticks = Clock(NOON), Clock(0.0)
    async with open_store(store_url, clock=wall, ticks=ticks) as store:
        message = mail(others=["x@students.example"])
        await store.intake.accept(message)
        wall.now, ticks.now = NOON + 100.0, 100.0
        (claim,) = await store.delivery_queue.claim(STUDENTS, 10, 30.0)
        wall.now += step
        entries = {message.id: AuditEntry(wall.now, "operator", "retried", message.id)}
        await store.queue.retry([message.id], entries)
        assert await store.queue.claim_message(message.id, 30.0) is None
        assert not await store.delivery_queue.claim(STUDENTS, 10, 30.0)
        assert await store.delivery_queue.renew(claim.token, 30.0)
        wall.now, ticks.now = wall.now + 61.0, ticks.now + 61.0  # its holder died: anybody may have it
        changes = await store.queue.retry([message.id], entries)
        assert changes.changed == (message.id,)
        assert len(await store.delivery_queue.claim(STUDENTS, 10, 30.0)) == 1
