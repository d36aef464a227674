"""The bound on memory: over sessions and processes, kept at every moment, and given back."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import random
import time

import pytest

from gateway.core.messages.refusal import Refused
from gateway.relays.smtp.memory import COPIES, ContentMemory, MemoryBudget, SharedCounts
from tests.relays.smtp.harness import AVERY, TEACHER, mail_content, running_relay, wait_until


def test_taken_bytes_never_exceed_the_limit() -> None:
    seed = random.randrange(1 << 32)
    dice = random.Random(seed)
    for _ in range(100):
        counts = SharedCounts(3)
        budgets = [MemoryBudget(1000, SharedCounts(slot=slot, fd=os.dup(counts.fd))) for slot in range(3)]
        held: list[tuple[MemoryBudget, int]] = []
        for _ in range(200):
            if held and dice.random() < 0.4:
                budget, size = held.pop(dice.randrange(len(held)))
                budget.give_back(size)
            else:
                budget, size = dice.choice(budgets), dice.randrange(1, 700)
                fits = sum(size for _, size in held) + size <= 1000
                assert budget.take(size) is fits, seed
                held += [(budget, size)] if fits else []
            assert counts.total() == sum(size for _, size in held), seed
        for budget, size in held:
            budget.give_back(size)
        assert counts.total() == 0
        counts.close()


def _take_and_give_back(fd: int, slot: int, limit: int, seconds: float, most: multiprocessing.Queue[int]) -> None:
    counts, seen, dice = SharedCounts(slot=slot, fd=fd), 0, random.Random(slot)
    budget, until = MemoryBudget(limit, counts), time.monotonic() + seconds
    while time.monotonic() < until:
        size = dice.randrange(1, limit)
        if budget.take(size):
            seen = max(seen, counts.total() - limit)  # another process may have added and not looked yet
            budget.give_back(size)
    most.put(seen)


def test_processes_that_take_at_once_share_one_limit() -> None:
    context = multiprocessing.get_context("fork")
    counts, most = SharedCounts(2), context.Queue()
    children = [
        context.Process(target=_take_and_give_back, args=(counts.fd, slot, 1000, 0.5, most)) for slot in range(2)
    ]
    for child in children:
        child.start()
    for child in children:
        child.join(30)
    assert counts.total() == 0
    assert all(most.get() < 1000 for _ in children)  # never two that both hold what they took above the limit


async def test_those_who_wait_get_room_in_order() -> None:
    budget = MemoryBudget(100)
    assert budget.take(90)
    got: list[int] = []

    async def wait(number: int, size: int) -> None:
        if await budget.wait_and_take(size, 10):
            got.append(number)

    tasks = [asyncio.create_task(wait(number, size)) for number, size in enumerate((80, 5, 60))]
    await asyncio.sleep(0)
    assert not budget.take(1)  # nobody overtakes
    budget.give_back(90)
    await wait_until(lambda: got == [0, 1])
    budget.give_back(80)
    await asyncio.gather(*tasks)
    assert got == [0, 1, 2]
    assert not await budget.wait_and_take(101, 10)  # never possible: refused at once
    assert not await budget.wait_and_take(60, 0.06)


async def test_one_client_outside_takes_a_quarter_and_all_of_them_three() -> None:
    budget = MemoryBudget(1000, largest=200)
    assert budget.take(250, "a")
    assert not budget.take(1, "a")
    assert budget.take(250, "b")
    assert budget.take(250, "c")
    assert not budget.take(1, "d"), "the last quarter is left to trusted clients"
    assert budget.take(250)
    assert not budget.take(1)
    budget.give_back(250)
    budget.give_back(250, "a")
    assert budget.take(250, "d")
    assert not budget.take(1, "a")


async def test_one_message_fits_into_the_share_of_a_client() -> None:
    assert MemoryBudget(1000, largest=900).take(900, "a")
    assert not MemoryBudget(1000, largest=900).take(901, "a")
    assert not await MemoryBudget(1000, largest=100).wait_and_take(251, 10, "a"), "never possible: refused at once"


async def test_who_waits_holds_up_neither_trusted_clients_nor_small_messages() -> None:
    budget = MemoryBudget(100_000)
    assert budget.take(25_000, "a")
    own = asyncio.create_task(budget.wait_and_take(25_000, 10, "a"))  # its client has its share
    await asyncio.sleep(0)
    assert budget.take(25_000, "b")
    assert budget.take(24_950, "c")
    others = asyncio.create_task(budget.wait_and_take(10_000, 10, "d"))  # there is no room outside
    await asyncio.sleep(0)
    assert not budget.take(50, "e")
    assert budget.take(50, "e", held=50)
    assert budget.take(20_000)
    budget.give_back(20_000)
    budget.give_back(24_950, "c")
    assert await others
    assert not own.done()
    budget.give_back(25_000, "a")
    assert await own


async def test_a_transaction_counts_all_copies_and_gives_them_back() -> None:
    budget = MemoryBudget(300)
    memory = ContentMemory(budget)
    await memory.reserve(50)
    assert budget.taken == 50 * COPIES
    memory.add(50)
    assert budget.taken == 50 * COPIES
    memory.add(30)  # more than was announced
    assert budget.taken == 80 * COPIES
    with pytest.raises(Refused):
        memory.add(30)
    memory.free()
    assert budget.taken == 0


async def test_announced_size_waits_and_unannounced_is_refused_when_memory_is_taken() -> None:
    memory = MemoryBudget(900_000)
    content = mail_content(TEACHER, AVERY, text="m" * 100_000)
    async with running_relay(memory=memory) as relay:
        assert memory.take(800_000)
        client = await relay.client()
        assert (await client.mail(TEACHER, [AVERY], content))[-1].startswith("451 4.3.1")
        waiting = asyncio.create_task(client.mail(TEACHER, [AVERY], content, options=f"SIZE={len(content)}"))
        probes: list[bool] = []
        await wait_until(lambda: probes.append(memory.take(1)) or not probes[-1])  # until it stands in the queue
        memory.give_back(800_000 + sum(probes))
        assert (await waiting)[-1].startswith("250")
        too_large = await client.mail(TEACHER, [AVERY], options="SIZE=400000")
        assert too_large[-1].startswith("250")
        assert (await client.data(content))[-1].startswith("451 4.3.1")
        await client.say("RSET")
        assert memory.taken == 0
