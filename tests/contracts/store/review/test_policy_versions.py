"""The policies that are or were in force."""

from __future__ import annotations

from gateway.ports.store import Store
from tests.contracts.messages import Clock


async def test_policies_are_recorded(store: Store, clock: Clock) -> None:
    await store.policy_versions.record("aa", 'title = "one"', "")
    clock.now += 5
    await store.policy_versions.record("aa", 'title = "one"', "# Adopted")
    assert await store.policy_versions.source("aa") == 'title = "one"'
    assert await store.policy_versions.source("bb") is None


async def test_policy_has_the_adopted_text_of_its_time(store: Store, clock: Clock) -> None:
    await store.policy_versions.record("aa", "title = 1", "# First")
    decided = clock.now
    for text in ("# Second", "# Third"):
        clock.now += 100
        await store.policy_versions.record("aa", "title = 1", text)
    await store.policy_versions.record("ab", "title = 2", "# Other")
    assert await store.policy_versions.texts("aa", decided) == ("title = 1", "# First")
    assert await store.policy_versions.texts("aa", decided + 150) == ("title = 1", "# Second")
    assert await store.policy_versions.texts("aa", None) == ("title = 1", "# Third")
    assert await store.policy_versions.texts("aa", decided - 50) == (
        "title = 1",
        "# First",
    )  # the only text that is known
    assert await store.policy_versions.texts("zz", None) == (None, "")
