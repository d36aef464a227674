"""Grants."""

from __future__ import annotations

import asyncio

from gateway.core.accounts.grant import Grant
from gateway.core.policy.decision import AuditEntry
from gateway.ports.store import Store
from tests.contracts.messages import NOON, Clock


def entry(what: str, subject: str) -> AuditEntry:
    return AuditEntry(NOON, "director", what, subject)


def grant(user: str, subject: str, until: float) -> Grant:
    return Grant(user, subject, "director", "a sample", NOON, until)


async def test_grant_is_active_until_its_end(store: Store, clock: Clock) -> None:
    first = await store.grants.add(grant("ann", "m1", NOON + 60), entry("content granted", "m1"))
    second = await store.grants.add(grant("ann", "", NOON + 600), entry("content granted", "ann"))
    other = await store.grants.add(grant("bea", "case-1", NOON + 60), entry("content granted", "case-1"))
    assert [(grant.id, grant.subject) for grant in await store.grants.active_for("ann")] == [
        (first, "m1"),
        (second, ""),
    ]
    assert [grant.id for grant in await store.grants.page(1 << 60, 10)] == [other, second, first]
    assert [grant.id for grant in await store.grants.page(second, 10)] == [first]
    clock.now += 61
    assert [grant.id for grant in await store.grants.active_for("ann")] == [second]
    assert not await store.grants.end(first, "director", entry("content grant ended", "m1"))  # it has ended
    ended = await asyncio.gather(*(store.grants.end(second, "director", entry("ended", "ann")) for _ in range(2)))
    assert sorted(ended) == [False, True]
    assert await store.grants.active_for("ann") == []
    kept = await store.grants.find(second)
    assert kept is not None
    assert (kept.ended_at, kept.ended_by, kept.reason) == (clock.now, "director", "a sample")
    assert await store.grants.find(99) is None
    assert [entry.act for entry in await store.audit_trail.changes_about("ann", 9)] == ["ended", "content granted"]
