"""Slots for connections: who waits, who is served first, and who has to make room."""

from __future__ import annotations

import asyncio
import random
from collections import Counter

import pytest

from gateway.transports.smtp.slots import ConnectionSlots, Slot, deliveries_at_once
from tests.relays.smtp.harness import wait_until

FLOOD = ("203.0.113.1", "203.0.113.2")


def idle(slots: ConnectionSlots, slot: Slot) -> None:
    """The transaction of a slot waits for its client, and gives the slot back when asked to."""
    slot.idle(asyncio.get_running_loop().time(), lambda: slots.release(slot))
    slots.idled()


def take_all(slots: ConnectionSlots, client: str) -> list[Slot]:
    taken = []
    while (slot := slots.take(client)) is not None:
        taken.append(slot)
    return taken


async def test_last_quarter_is_left_to_others() -> None:
    slots = ConnectionSlots(20)
    assert len(take_all(slots, FLOOD[0])) == 15
    assert not take_all(slots, FLOOD[0])
    assert len(take_all(slots, FLOOD[1])) == 5
    slots = ConnectionSlots(20)
    assert len(take_all(slots, "")) == 20  # a trusted client may have all
    assert [len(take_all(ConnectionSlots(limit), FLOOD[0])) for limit in (1, 2, 3, 4, 8)] == [1, 2, 3, 3, 6]


@pytest.mark.parametrize("limit", range(1, 30))
async def test_deliveries_never_wait_for_each_other(limit: int) -> None:
    slots = ConnectionSlots(limit)
    assert len(take_all(slots, "delivery")) >= deliveries_at_once(limit)


async def test_client_with_fewest_slots_is_served_first() -> None:
    slots = ConnectionSlots(4)
    held = [slot for client in ("a", "a", "a", "b") if (slot := slots.take(client))]
    order: list[str] = []

    async def wait(client: str) -> None:
        await slots.wait_for(client, 5)
        order.append(client)

    waiting = [asyncio.create_task(wait(client)) for client in ("a", "b", "c")]
    await asyncio.sleep(0)
    for slot in held:
        slots.release(slot)
    await asyncio.gather(*waiting)
    assert order[0] == "c"


async def test_idle_transactions_make_room_at_once() -> None:
    """Two addresses fill every slot with idle transactions; others hardly notice."""
    slots = ConnectionSlots(20)
    for client in FLOOD:
        for slot in take_all(slots, client):
            idle(slots, slot)
    for number in range(30):
        async with asyncio.timeout(30):
            slot = await slots.wait_for(f"192.0.2.{number}", 600)
        slots.release(slot)


async def test_busy_transactions_are_left_alone() -> None:
    slots = ConnectionSlots(2)
    (first, second) = take_all(slots, FLOOD[0])
    idle(slots, first)
    first.busy(asyncio.get_running_loop().time())
    with pytest.raises(TimeoutError):
        await slots.wait_for("other", 0.1)
    idle(slots, second)
    slot = await slots.wait_for("other", 5)
    assert slots.in_use == 2
    slots.release(slot)
    slots.release(slot)
    assert slots.in_use == 1


async def test_client_never_loses_a_slot_to_one_that_has_more() -> None:
    slots = ConnectionSlots(4)
    (quiet,) = [slots.take("quiet")]
    assert quiet is not None
    idle(slots, quiet)
    take_all(slots, "")
    with pytest.raises(TimeoutError):
        await slots.wait_for("", 0.1)
    assert quiet.idle_since is not None


async def test_slow_content_is_cut_only_when_others_wait() -> None:
    slots = ConnectionSlots(1)
    slot = slots.take("slow")
    assert slot is not None
    now = asyncio.get_running_loop().time()
    slot.in_content = True
    slot.busy(now, sent=100)
    slot.waited = 10.0  # a hundred bytes in ten seconds
    idle(slots, slot)
    assert slots.in_use == 1
    other = await slots.wait_for("other", 5)
    slots.release(other)

    fast = slots.take("fast")
    assert fast is not None
    fast.in_content = True
    fast.busy(now, sent=1_000_000)
    fast.waited = 10.0
    idle(slots, fast)
    with pytest.raises(TimeoutError):
        await slots.wait_for("other", 0.1)


async def test_next_hop_with_a_lower_limit() -> None:
    slots = ConnectionSlots(20)
    held = [slots.take("") for _ in range(3)]
    slots.narrow(3)
    waiting = asyncio.create_task(slots.wait_for("", 5))
    await asyncio.sleep(0.01)
    assert not waiting.done()
    assert held[0] is not None
    slots.release(held[0])
    await waiting


async def test_nothing_is_lost_in_any_order_of_events() -> None:
    """Waiting, timing out, being canceled, releasing and reclaiming at random: no slot is lost or given twice."""
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    rng = random.Random(seed)
    slots, limit = ConnectionSlots(6), 6
    most: Counter[str] = Counter()

    async def client(name: str) -> None:
        for _ in range(20):
            slot = slots.take(name)
            if slot is None:
                try:
                    slot = await slots.wait_for(name, rng.random() * 0.02)
                except TimeoutError:
                    continue
            assert slots.in_use <= limit
            most[name] += 1
            try:
                if rng.random() < 0.5:
                    idle(slots, slot)
                await asyncio.sleep(rng.random() * 0.01)
            finally:
                slots.release(slot)

    tasks = [asyncio.create_task(client(name)) for name in ("", "a", "a", "b", "c", "d") * 5]
    for task in rng.sample(tasks, 5):
        await asyncio.sleep(0.003)
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await wait_until(lambda: slots.in_use == 0)
    assert len(take_all(slots, "")) == limit
    assert set(most) == {"", "a", "b", "c", "d"}
