"""The second step of signing in."""

from __future__ import annotations

from gateway.core.policy.decision import AuditEntry
from gateway.ports.accounts import SECOND_STEP_SETUP_SECONDS
from gateway.ports.store import Store
from tests.contracts.messages import NOON, Clock

ENTRY = AuditEntry(NOON, "tests", "act", "ann")


async def test_second_step_lifecycle(store: Store, clock: Clock) -> None:
    assert await store.second_steps.find("ann") is None
    await store.second_steps.begin("ann", "one")
    await store.second_steps.begin("ann", "two")
    step = await store.second_steps.find("ann")
    assert step is not None
    assert (step.secret, step.since) == ("two", None)
    assert not await store.second_steps.use_code("ann", 7)
    assert not await store.second_steps.use_recovery_code("ann", "a", ENTRY)
    assert await store.second_steps.confirm("ann", 5, ["a", "b"], ENTRY)
    assert not await store.second_steps.confirm("ann", 6, [], ENTRY)
    await store.second_steps.begin("ann", "three")
    step = await store.second_steps.find("ann")
    assert step is not None
    assert (step.secret, step.since, step.last, step.recovery) == ("two", NOON, 5, 2)
    assert [await store.second_steps.use_code("ann", number) for number in (5, 4, 6, 6)] == [False, False, True, False]
    assert [await store.second_steps.use_recovery_code("ann", code, ENTRY) for code in ("a", "a", "c")] == [
        True,
        False,
        False,
    ]
    assert await store.second_steps.remove("ann", ENTRY)
    assert await store.second_steps.find("ann") is None


async def test_unconfirmed_setup_expires(store: Store, clock: Clock) -> None:
    """It is not found any more, and the next sign-in of anybody deletes it."""
    await store.second_steps.begin("ann", "one")
    await store.second_steps.begin("eve", "two")
    assert await store.second_steps.confirm("eve", 5, ["a"], ENTRY)
    clock.now += SECOND_STEP_SETUP_SECONDS
    assert await store.second_steps.find("ann") is not None
    clock.now += 1
    assert await store.second_steps.find("ann") is None
    assert not await store.second_steps.confirm("ann", 5, [], ENTRY)
    assert await store.second_steps.remove("ann", ENTRY)
    await store.second_steps.begin("ann", "three")
    clock.now += SECOND_STEP_SETUP_SECONDS + 1
    await store.sessions.start("whole", "bob", 60.0, "f", "c", ENTRY)
    assert not await store.second_steps.remove("ann", ENTRY)
    step = await store.second_steps.find("eve")
    assert step is not None
    assert step.secret == "two"
