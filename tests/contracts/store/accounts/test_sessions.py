"""Sessions."""

from __future__ import annotations

from gateway.core.accounts.account import AccountRole, Token, User
from gateway.core.policy.decision import AuditEntry
from gateway.ports.store import Store
from tests.contracts.messages import NOON, Clock

ENTRY = AuditEntry(NOON, "tests", "act", "ann")


async def test_session_waits_for_its_second_step(store: Store) -> None:
    await store.accounts.add(User("ann", AccountRole.AUDITOR), "hash", ENTRY)
    await store.sessions.start("half", "ann", 60.0, "f", "c", None)
    await store.sessions.start("whole", "ann", 60.0, "f", "c", ENTRY)
    half, whole = await store.sessions.find("half"), await store.sessions.find("whole")
    assert half is not None
    assert whole is not None
    assert (half.waits, whole.waits) == (True, False)
    assert [await store.sessions.end_waiting(item) for item in ("half", "half", "whole")] == [True, False, False]
    assert await store.sessions.find("whole") is not None


async def test_sessions_of_an_account_are_listed_and_ended(store: Store, clock: Clock) -> None:
    await store.accounts.add(User("ann", AccountRole.AUDITOR), "hash", ENTRY)
    for digest, act in (("a" * 64, ENTRY), ("b" * 64, ENTRY), ("c" * 64, ENTRY), ("d" * 64, None)):
        await store.sessions.start(digest, "ann", 60.0, "f", "c", act, way="password" * bool(act), place="here")
    clock.now += 5
    await store.sessions.touch("b" * 64)
    found = await store.sessions.of_user("ann")
    assert [(item.id, item.way, item.place) for item in found] == [
        ("b" * 12, "password", "here"), ("a" * 12, "password", "here"), ("c" * 12, "password", "here"),
    ]  # fmt: skip
    assert not any(item.has_step for item in found)
    assert [await store.sessions.end_by_id(name, "a" * 12, ENTRY) for name in ("bob", "ann", "ann")] == [
        False,
        True,
        False,
    ]
    assert await store.sessions.end_all("ann", ENTRY, keep="b" * 64, way="sign-in service") == 0
    assert await store.sessions.end_all("ann", ENTRY, keep="b" * 64) == 2
    assert [session.id for session in await store.sessions.of_user("ann")] == ["b" * 12]
    await store.accounts.set_password("ann", "other", ENTRY, keep="b" * 64)
    assert len(await store.sessions.of_user("ann")) == 1
    await store.tokens.add("t" * 64, Token("t" * 12, "ann", True, NOON, NOON + 60, None), ENTRY)
    await store.accounts.set_password("ann", "other", ENTRY)
    assert not await store.sessions.of_user("ann")
    assert [token.revoked_at for token in await store.tokens.list_all()] == [None]
    await store.accounts.set_password("ann", "other", ENTRY, tokens=True)
    assert None not in [token.revoked_at for token in await store.tokens.list_all()]
