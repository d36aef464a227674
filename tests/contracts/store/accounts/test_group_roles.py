"""Accounts whose role comes from groups."""

from __future__ import annotations

from dataclasses import replace

from gateway.core.accounts.account import AccountRole, User
from gateway.core.policy.decision import AuditEntry
from gateway.ports.store import Store
from tests.contracts.messages import NOON, Clock

ENTRY = AuditEntry(NOON, "tests", "act", "ann")
ANN = User("ann", AccountRole.AUDITOR, person="T1", subject="service 1", by_groups=True)


async def test_account_is_claimed_for_checking_by_one_process(store: Store, clock: Clock) -> None:
    assert await store.identities.recognize(ANN, ENTRY)
    assert await store.identities.recognize(replace(ANN, name="bob", subject="service 2", by_groups=False), ENTRY)
    await store.group_roles.record_check("ann", "one")
    await store.group_roles.record_check("bob", "two")
    assert not await store.group_roles.claim_due(NOON, 60.0, 9)
    clock.now += 100
    asked = await store.group_roles.claim_due(NOON + 1, 60.0, 9)
    assert [(item.user.name, item.vouched_at, item.again) for item in asked] == [("ann", NOON, "one")]
    assert not await store.group_roles.claim_due(NOON + 1, 60.0, 9)
    clock.now += 61
    assert len(await store.group_roles.claim_due(NOON + 1, 60.0, 9)) == 1
    await store.group_roles.record_check("ann", "three")
    clock.now += 100
    await store.group_roles.stop_checking("ann")
    assert not await store.group_roles.claim_due(clock.now, 60.0, 9)
