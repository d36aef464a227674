"""Refused sign-ins."""

from __future__ import annotations

from gateway.core.policy.decision import AuditEntry
from gateway.ports.store import Store
from tests.contracts.messages import NOON, Clock

ENTRY = AuditEntry(NOON, "tests", "act", "ann")


async def test_failures_are_counted_by_name_and_client(store: Store, clock: Clock) -> None:
    for name, client in (("n", "here"), ("n", "here"), ("n", "there"), ("other", "here")):
        await store.sign_in_failures.record(name, client, ENTRY)
    assert await store.sign_in_failures.count("n", "here", NOON - 1) == (2, 3, 3)
    assert await store.sign_in_failures.count("n", "elsewhere", NOON - 1) == (0, 3, 0)
