"""Retention by action and by clause, and what it deletes on record."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from gateway.core.messages.delivery import State
from gateway.core.messages.message import Message
from gateway.core.policy.decision import Action, AuditEntry
from gateway.ports.store import Store
from tests.contracts.messages import Clock, becomes, decision, mail
from tests.contracts.store.maintenance.test_retention import DECIDED, DELIVERED, delivered, has_content


async def _entries(store: Store) -> Sequence[AuditEntry]:
    while await store.audit.link(100):
        pass
    return [row.entry for row in await store.audit.rows(0, 1000) if row.entry.act == "content deleted"]


async def _rejected(store: Store, message: Message, clause: str) -> None:
    await store.intake.accept(message)
    await store.dispositions.apply([(message.id, becomes(State.HELD, decision(Action.HOLD, clause)))])
    await store.dispositions.apply([(message.id, becomes(State.REJECTED, by="ann"))])


@pytest.mark.parametrize("name", ["held", "7a"])
async def test_some_contents_are_kept_longer(store: Store, clock: Clock, name: str) -> None:
    kept, ordinary = mail(), mail()
    await _rejected(store, kept, "7a")
    await delivered(store, ordinary, Action.FLAG)
    longer = {name: 3 * DECIDED, "alerted": 9 * DECIDED, "1": 1.0}
    clock.now += DECIDED
    assert await store.retention.expire(DELIVERED, DECIDED, 100, longer=longer) == 1
    assert await has_content(store, kept)
    clock.now += 2 * DECIDED - 1
    assert await store.retention.expire(DELIVERED, DECIDED, 100, longer=longer) == 0
    clock.now += 1
    assert await store.retention.expire(DELIVERED, DECIDED, 100, longer=longer) == 1


async def test_longest_period_counts_and_none_shortens(store: Store, clock: Clock) -> None:
    message = mail()
    await _rejected(store, message, "7a")
    clock.now += DECIDED - 1
    assert await store.retention.expire(DELIVERED, DECIDED, 100, longer={"7a": 1.0, "held": 2.0}) == 0
    clock.now += 1
    assert await store.retention.expire(DELIVERED, DECIDED, 100, longer={"7a": 2 * DECIDED, "held": 1.0}) == 0
    clock.now += DECIDED
    assert await store.retention.expire(DELIVERED, DECIDED, 100, longer={"7a": 2 * DECIDED, "held": 1.0}) == 1


async def test_purges_are_on_record_by_category(store: Store, clock: Clock) -> None:
    """One entry for a look, without addresses. What was not written at a crash is written at the next look."""
    for _ in range(2):
        await delivered(store, mail())
    await delivered(store, mail(), Action.FLAG)
    await _rejected(store, mail(), "7a")
    clock.now += DECIDED
    await store.retention.expire(DELIVERED, DECIDED, 2)
    await store.retention.expire(DELIVERED, DECIDED, 100)
    assert not await _entries(store)
    await store.retention.record_purges()
    await store.retention.record_purges()
    (entry,) = await _entries(store)
    assert entry.detail["contents"] == {"delivered": 2, "flagged": 1, "held": 1}
    assert entry.detail["clauses"]["7a"] >= 1  # type: ignore[index]
    assert (entry.actor, entry.subject) == ("gateway", "")
    assert "@" not in str(entry.detail)
