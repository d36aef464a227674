"""Accounts that a sign-in service vouches for, the second step of signing in, and what is noted of the queue."""

from __future__ import annotations

from dataclasses import replace

from gateway.core.accounts.account import AccountRole, Passkey, Token, User
from gateway.core.messages.delivery import State
from gateway.core.policy.decision import Action, AuditEntry
from gateway.ports.accounts import SECOND_STEP_SETUP_SECONDS
from gateway.ports.store import Store
from tests.contracts.messages import NOON, Clock, becomes, decision, mail

ACT = AuditEntry(NOON, "tests", "act", "ann")
ANN = User("ann", AccountRole.AUDITOR, person="T1", subject="service 1", by_groups=True)


async def test_an_account_belongs_to_one_subject(store: Store) -> None:
    assert await store.identities.recognize(ANN, ACT)
    other = User("ann", AccountRole.TECHNOLOGY_DIRECTOR, subject="service 2")
    assert not await store.identities.recognize(other, ACT)
    found = await store.identities.user_of_subject("service 1")
    assert found is not None
    assert (found.name, found.role, found.by_groups, found.person) == ("ann", AccountRole.AUDITOR, True, "T1")
    assert await store.identities.user_of_subject("service 2") is None
    assert await store.identities.user_of_subject("") is None
    assert [each.name for each in await store.identities.users_of_person("T1")] == ["ann"]
    assert len(await store.audit_trail.entries_about("ann", 10)) == 1


async def test_an_account_with_a_password_is_recognised_once(store: Store) -> None:
    await store.accounts.add(User("bob", AccountRole.SECURITY), "hash", ACT)
    assert await store.identities.user_of_subject("") is None
    assert await store.identities.recognize(User("bob", AccountRole.AUDITOR, subject="service 3"), ACT)
    found = await store.accounts.find("bob")
    assert found is not None
    assert (found[0].role, found[0].subject, found[1]) == (AccountRole.AUDITOR, "service 3", "hash")


async def test_a_second_step(store: Store, clock: Clock) -> None:
    assert await store.second_steps.find("ann") is None
    await store.second_steps.begin("ann", "one")
    await store.second_steps.begin("ann", "two")
    step = await store.second_steps.find("ann")
    assert step is not None
    assert (step.secret, step.since) == ("two", None)
    assert not await store.second_steps.use_code("ann", 7)
    assert not await store.second_steps.use_recovery_code("ann", "a", ACT)
    assert await store.second_steps.confirm("ann", 5, ["a", "b"], ACT)
    assert not await store.second_steps.confirm("ann", 6, [], ACT)
    await store.second_steps.begin("ann", "three")
    step = await store.second_steps.find("ann")
    assert step is not None
    assert (step.secret, step.since, step.last, step.recovery) == ("two", NOON, 5, 2)
    assert [await store.second_steps.use_code("ann", number) for number in (5, 4, 6, 6)] == [False, False, True, False]
    assert [await store.second_steps.use_recovery_code("ann", code, ACT) for code in ("a", "a", "c")] == [True, False, False]
    assert await store.second_steps.remove("ann", ACT)
    assert await store.second_steps.find("ann") is None


async def test_a_second_step_that_was_begun_and_never_confirmed_ends(store: Store, clock: Clock) -> None:
    """It is gone for whoever asks, and from the store with anybody's next sign-in."""
    await store.second_steps.begin("ann", "one")
    await store.second_steps.begin("eve", "two")
    assert await store.second_steps.confirm("eve", 5, ["a"], ACT)
    clock.now += SECOND_STEP_SETUP_SECONDS
    assert await store.second_steps.find("ann") is not None
    clock.now += 1
    assert await store.second_steps.find("ann") is None
    assert not await store.second_steps.confirm("ann", 5, [], ACT)
    assert await store.second_steps.remove("ann", ACT)
    await store.second_steps.begin("ann", "three")
    clock.now += SECOND_STEP_SETUP_SECONDS + 1
    await store.sessions.start("whole", "bob", 60.0, "f", "c", ACT)
    assert not await store.second_steps.remove("ann", ACT)
    step = await store.second_steps.find("eve")
    assert step is not None
    assert step.secret == "two"


async def test_a_session_waits_for_its_second_step(store: Store) -> None:
    await store.accounts.add(User("ann", AccountRole.AUDITOR), "hash", ACT)
    await store.sessions.start("half", "ann", 60.0, "f", "c", None)
    await store.sessions.start("whole", "ann", 60.0, "f", "c", ACT)
    half, whole = await store.sessions.find("half"), await store.sessions.find("whole")
    assert half is not None
    assert whole is not None
    assert (half.waits, whole.waits) == (True, False)
    assert [await store.sessions.end_waiting(each) for each in ("half", "half", "whole")] == [True, False, False]
    assert await store.sessions.find("whole") is not None


async def test_every_change_of_the_queue_is_noted(store: Store) -> None:
    first = await store.lists.queue_mark()
    message = mail()
    await store.intake.accept(message)
    assert await store.lists.queue_mark() == first
    await store.dispositions.apply([(message.id, becomes(State.HELD, decision(Action.HOLD, "7a")))])
    second = await store.lists.queue_mark()
    assert second != first
    await store.dispositions.apply([(message.id, becomes(State.QUEUED, by="ann"))])
    assert await store.lists.queue_mark() not in (first, second)


async def test_sessions_as_their_owner_sees_them(store: Store, clock: Clock) -> None:
    await store.accounts.add(User("ann", AccountRole.AUDITOR), "hash", ACT)
    for digest, act in (("a" * 64, ACT), ("b" * 64, ACT), ("c" * 64, ACT), ("d" * 64, None)):
        await store.sessions.start(digest, "ann", 60.0, "f", "c", act, way="password" * bool(act), place="here")
    clock.now += 5
    await store.sessions.touch("b" * 64)
    found = await store.sessions.of_user("ann")
    assert [(each.id, each.way, each.place) for each in found] == [
        ("b" * 12, "password", "here"), ("a" * 12, "password", "here"), ("c" * 12, "password", "here"),
    ]  # fmt: skip
    assert not any(each.has_step for each in found)
    assert [await store.sessions.end_by_id(name, "a" * 12, ACT) for name in ("bob", "ann", "ann")] == [False, True, False]
    assert await store.sessions.end_all("ann", ACT, keep="b" * 64, way="sign-in service") == 0
    assert await store.sessions.end_all("ann", ACT, keep="b" * 64) == 2
    assert [each.id for each in await store.sessions.of_user("ann")] == ["b" * 12]
    await store.accounts.set_password("ann", "other", ACT, keep="b" * 64)
    assert len(await store.sessions.of_user("ann")) == 1
    await store.tokens.add("t" * 64, Token("t" * 12, "ann", True, NOON, NOON + 60, None), ACT)
    await store.accounts.set_password("ann", "other", ACT)
    assert not await store.sessions.of_user("ann")
    assert [each.revoked_at for each in await store.tokens.list_all()] == [None]
    await store.accounts.set_password("ann", "other", ACT, tokens=True)
    assert None not in [each.revoked_at for each in await store.tokens.list_all()]


async def test_passkeys(store: Store, clock: Clock) -> None:
    await store.accounts.add(User("ann", AccountRole.AUDITOR), "hash", ACT)
    await store.sessions.start("whole", "ann", 60.0, "f", "c", ACT)
    key = Passkey("id", "ann", "Laptop", b"\x00key", 3, NOON)
    assert [await store.passkeys.add(key, ACT), await store.passkeys.add(replace(key, user="bob"), ACT)] == [True, False]
    session = await store.sessions.find("whole")
    assert session is not None
    assert session.has_step
    clock.now += 7
    assert [await store.passkeys.record_use("id", was, 4) for was in (2, 3, 3)] == [False, True, False]
    assert await store.passkeys.of_user("ann") == [replace(key, count=4, used_at=NOON + 7)]
    assert await store.passkeys.find("id") == replace(key, count=4, used_at=NOON + 7)
    assert await store.passkeys.find("other") is None
    clock.now += 7  # what was asked for before its last use, or just then, is worth nothing
    asked = (NOON + 6, NOON + 7, NOON + 8, NOON + 8)
    assert [await store.passkeys.record_use("id", 4, 4, asked=at) for at in asked] == [False, False, True, False]
    assert [await store.passkeys.remove(name, "id", ACT) for name in ("bob", "ann", "ann")] == [False, True, False]
    assert not await store.passkeys.of_user("ann")


async def test_one_process_asks_the_service_about_one_account(store: Store, clock: Clock) -> None:
    assert await store.identities.recognize(ANN, ACT)
    assert await store.identities.recognize(replace(ANN, name="bob", subject="service 2", by_groups=False), ACT)
    await store.group_roles.record_check("ann", "one")
    await store.group_roles.record_check("bob", "two")
    assert not await store.group_roles.claim_due(NOON, 60.0, 9)
    clock.now += 100
    asked = await store.group_roles.claim_due(NOON + 1, 60.0, 9)
    assert [(each.user.name, each.vouched_at, each.again) for each in asked] == [("ann", NOON, "one")]
    assert not await store.group_roles.claim_due(NOON + 1, 60.0, 9)
    clock.now += 61
    assert len(await store.group_roles.claim_due(NOON + 1, 60.0, 9)) == 1
    await store.group_roles.record_check("ann", "three")
    clock.now += 100
    await store.group_roles.stop_checking("ann")
    assert not await store.group_roles.claim_due(clock.now, 60.0, 9)


async def test_failures_are_counted_by_name_and_client(store: Store, clock: Clock) -> None:
    for name, client in (("n", "here"), ("n", "here"), ("n", "there"), ("other", "here")):
        await store.sign_in_failures.record(name, client, ACT)
    assert await store.sign_in_failures.count("n", "here", NOON - 1) == (2, 3, 3)
    assert await store.sign_in_failures.count("n", "elsewhere", NOON - 1) == (0, 3, 0)
