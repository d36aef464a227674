"""Passkeys."""

from __future__ import annotations

from dataclasses import replace

from gateway.core.accounts.account import AccountRole, Passkey, User
from gateway.core.policy.decision import AuditEntry
from gateway.ports.store import Store
from tests.contracts.messages import NOON, Clock

ENTRY = AuditEntry(NOON, "tests", "act", "ann")


async def test_passkeys_are_added_used_and_removed(store: Store, clock: Clock) -> None:
    await store.accounts.add(User("ann", AccountRole.AUDITOR), "hash", ENTRY)
    await store.sessions.start("whole", "ann", 60.0, "f", "c", ENTRY)
    key = Passkey("id", "ann", "Laptop", b"\x00key", 3, NOON)
    assert [await store.passkeys.add(key, ENTRY), await store.passkeys.add(replace(key, user="bob"), ENTRY)] == [
        True,
        False,
    ]
    session = await store.sessions.find("whole")
    assert session is not None
    assert session.has_step
    clock.now += 7
    assert [await store.passkeys.record_use("id", was, 4) for was in (2, 3, 3)] == [False, True, False]
    assert await store.passkeys.of_user("ann") == [replace(key, count=4, used_at=NOON + 7)]
    assert await store.passkeys.find("id") == replace(key, count=4, used_at=NOON + 7)
    assert await store.passkeys.find("other") is None
    clock.now += 7  # a challenge from before its last use, or from that moment, is void
    asked = (NOON + 6, NOON + 7, NOON + 8, NOON + 8)
    assert [await store.passkeys.record_use("id", 4, 4, asked=at) for at in asked] == [False, False, True, False]
    assert [await store.passkeys.remove(name, "id", ENTRY) for name in ("bob", "ann", "ann")] == [False, True, False]
    assert not await store.passkeys.of_user("ann")
