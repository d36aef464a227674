"""The audit log and its hash chain."""

from __future__ import annotations

import asyncio
import sqlite3

import psycopg
import pytest

from gateway.core.audit.chain import ChainVerifier, verify
from gateway.core.messages.delivery import State
from gateway.core.policy.decision import AuditEntry
from gateway.ports.store import Store
from gateway.store import open_store
from tests.contracts.messages import NOON, Clock, becomes, mail


def entry(number: int) -> AuditEntry:
    """An audit entry with values of every kind."""
    detail = {"n": number, "f": 0.1 + number, "t": "\u00e9 \U0001f642 '", "l": [1, None, True], "o": {"a": -1.5e-9}}
    return AuditEntry(NOON + number / 7, f"person {number}", "view", f"subject {number}", detail)


async def test_entries_are_linked_in_the_order_of_writing(store: Store) -> None:
    await store.audit.record([entry(1), entry(2)])
    await store.audit.record([entry(3)])
    assert await store.audit.rows(0, 10) == []
    assert await store.audit.link(2) == 2
    assert await store.audit.link(10) == 1
    assert await store.audit.link(10) == 0
    rows = await store.audit.rows(0, 10)
    assert [row.entry for row in rows] == [entry(1), entry(2), entry(3)]
    assert [row.number for row in rows] == [1, 2, 3]
    assert verify(rows) is None
    assert await store.audit.rows(1, 1) == [rows[1]]


async def test_entries_of_a_decision_are_linked(store: Store) -> None:
    message = mail()
    await store.intake.accept(message)
    await store.dispositions.apply([(message.id, becomes(State.HELD))])
    assert await store.audit.link(10) == 1
    (row,) = await store.audit.rows(0, 10)
    assert (row.entry.actor, row.entry.subject, row.entry.detail) == ("policy", message.id, {"state": "held"})


async def test_one_process_links_at_a_time(store: Store, store_url: str, clock: Clock) -> None:
    """A second process links nothing meanwhile, and there is one chain."""
    async with open_store(store_url, clock=clock) as beside:
        done = 0
        async with asyncio.timeout(60):
            for number in range(1, 11):
                await asyncio.gather(
                    *([store, beside][at % 2].audit.record([entry(number * 10 + at)]) for at in range(6))
                )
                done += sum(await asyncio.gather(*([store, beside][at % 2].audit.link(4) for at in range(4))))
            while linked := await store.audit.link(4):
                done += linked
    rows = await store.audit.rows(0, 1000)
    assert done == len(rows) == 60
    assert verify(rows) is None


async def test_backlog_has_the_age_of_the_oldest_unlinked_entry(store: Store, clock: Clock) -> None:
    """Measured from when they were written."""
    await store.audit.record([AuditEntry(NOON - 1e6, "kim", "login")])
    clock.now += 61
    assert (await store.lookups.backlog()).unlinked_for == 61
    await store.audit.link(10)
    assert (await store.lookups.backlog()).unlinked_for == 0


@pytest.mark.parametrize(
    ("touch", "where"),
    [
        ("UPDATE audit SET detail = '{}' WHERE number = 2", 2),
        ("UPDATE audit SET at = at + 1 WHERE number = 3", 3),
        ("DELETE FROM audit WHERE number = 2", 2),
        ("UPDATE audit SET number = CASE number WHEN 2 THEN 102 ELSE 103 END WHERE number IN (2, 3)", 2),
        ("DELETE FROM audit WHERE number > 3", 4),
        ("DELETE FROM audit", 1),
        ("UPDATE audit SET detail = 'no JSON' WHERE number = 4", 4),
        ("UPDATE audit SET detail = '{\"x\": 1e999}' WHERE number = 4", 4),
    ],
)
async def test_changes_of_the_log_are_detected(store: Store, store_url: str, touch: str, where: int) -> None:
    await store.audit.record([entry(number) for number in range(5)])
    await store.audit.link(10)
    if store_url.startswith("sqlite"):
        with sqlite3.connect(store_url.removeprefix("sqlite:///")) as file:
            file.execute(touch)
        file.close()
    else:
        with psycopg.connect(store_url) as server:
            server.execute(touch)  # type: ignore[call-overload]
    await store.audit.record([entry(9)])
    await store.audit.link(10)  # new entries do not take the numbers of missing ones
    walk = ChainVerifier(await store.audit.head())
    found = [walk.page(await store.audit.rows(walk.number, 2)) for _ in range(5)]
    broken = next(item for item in found if item is not None)
    assert broken.number == where
