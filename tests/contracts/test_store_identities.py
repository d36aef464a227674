"""Accounts that a sign-in service vouches for, the second step of signing in, and what is noted of the queue."""

from __future__ import annotations

from gateway.core.account import AccountRole, User
from gateway.core.decision import Act, Action
from gateway.core.delivery import State
from gateway.store import SqlStore
from tests.contracts.messages import NOON, Clock, becomes, decision, mail

ACT = Act(NOON, "tests", "act", "ann")
ANN = User("ann", AccountRole.AUDITOR, person="T1", subject="service 1", by_groups=True)


async def test_an_account_belongs_to_one_subject(store: SqlStore) -> None:
    assert await store.recognise(ANN, ACT)
    other = User("ann", AccountRole.TECHNOLOGY_DIRECTOR, subject="service 2")
    assert not await store.recognise(other, ACT)
    found = await store.user_of("service 1")
    assert found is not None
    assert (found.name, found.role, found.by_groups, found.person) == ("ann", AccountRole.AUDITOR, True, "T1")
    assert await store.user_of("service 2") is None
    assert await store.user_of("") is None
    assert [each.name for each in await store.users_of_person("T1")] == ["ann"]
    assert len(await store.acts_about("ann", 10)) == 1


async def test_an_account_with_a_password_is_recognised_once(store: SqlStore) -> None:
    await store.add_user(User("bob", AccountRole.SECURITY), "hash", ACT)
    assert await store.user_of("") is None
    assert await store.recognise(User("bob", AccountRole.AUDITOR, subject="service 3"), ACT)
    found = await store.user("bob")
    assert found is not None
    assert (found[0].role, found[0].subject, found[1]) == (AccountRole.AUDITOR, "service 3", "hash")


async def test_a_second_step(store: SqlStore, clock: Clock) -> None:
    assert await store.second_step("ann") is None
    await store.begin_second_step("ann", "one")
    await store.begin_second_step("ann", "two")
    step = await store.second_step("ann")
    assert step is not None
    assert (step.secret, step.since) == ("two", None)
    assert not await store.use_code("ann", 7)
    assert not await store.spend_recovery("ann", "a", ACT)
    assert await store.confirm_second_step("ann", 5, ["a", "b"], ACT)
    assert not await store.confirm_second_step("ann", 6, [], ACT)
    await store.begin_second_step("ann", "three")
    step = await store.second_step("ann")
    assert step is not None
    assert (step.secret, step.since, step.last, step.recovery) == ("two", NOON, 5, 2)
    assert [await store.use_code("ann", number) for number in (5, 4, 6, 6)] == [False, False, True, False]
    assert [await store.spend_recovery("ann", code, ACT) for code in ("a", "a", "c")] == [True, False, False]
    assert await store.drop_second_step("ann", ACT)
    assert await store.second_step("ann") is None


async def test_a_session_waits_for_its_second_step(store: SqlStore) -> None:
    await store.add_user(User("ann", AccountRole.AUDITOR), "hash", ACT)
    await store.sign_in("half", "ann", 60.0, "f", "c", None)
    await store.sign_in("whole", "ann", 60.0, "f", "c", ACT)
    half, whole = await store.session("half"), await store.session("whole")
    assert half is not None
    assert whole is not None
    assert (half.waits, whole.waits) == (True, False)
    assert [await store.end_waiting(each) for each in ("half", "half", "whole")] == [True, False, False]
    assert await store.session("whole") is not None


async def test_every_change_of_the_queue_is_noted(store: SqlStore) -> None:
    first = await store.held_mark()
    message = mail()
    await store.accept(message)
    assert await store.held_mark() == first
    await store.settle([(message.id, becomes(State.HELD, decision(Action.HOLD, "7a")))])
    second = await store.held_mark()
    assert second != first
    await store.settle([(message.id, becomes(State.QUEUED, by="ann"))])
    assert await store.held_mark() not in (first, second)
