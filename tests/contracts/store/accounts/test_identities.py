"""Accounts of the sign-in service."""

from __future__ import annotations

from gateway.core.accounts.account import AccountRole, User
from gateway.core.policy.decision import AuditEntry
from gateway.ports.store import Store
from tests.contracts.messages import NOON

ENTRY = AuditEntry(NOON, "tests", "act", "ann")
ANN = User("ann", AccountRole.AUDITOR, person="T1", subject="service 1", by_groups=True)


async def test_account_belongs_to_one_subject(store: Store) -> None:
    assert await store.identities.recognize(ANN, ENTRY)
    other = User("ann", AccountRole.TECHNOLOGY_DIRECTOR, subject="service 2")
    assert not await store.identities.recognize(other, ENTRY)
    found = await store.identities.user_of_subject("service 1")
    assert found is not None
    assert (found.name, found.role, found.by_groups, found.person) == ("ann", AccountRole.AUDITOR, True, "T1")
    assert await store.identities.user_of_subject("service 2") is None
    assert await store.identities.user_of_subject("") is None
    assert [user.name for user in await store.identities.users_of_person("T1")] == ["ann"]
    assert len(await store.audit_trail.entries_about("ann", 10)) == 1


async def test_account_with_a_password_is_recognized_once(store: Store) -> None:
    await store.accounts.add(User("bob", AccountRole.SECURITY), "hash", ENTRY)
    assert await store.identities.user_of_subject("") is None
    assert await store.identities.recognize(User("bob", AccountRole.AUDITOR, subject="service 3"), ENTRY)
    found = await store.accounts.find("bob")
    assert found is not None
    assert (found[0].role, found[0].subject, found[1]) == (AccountRole.AUDITOR, "service 3", "hash")
