"""The policies that are or were in force."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from gateway.core.policy_versions.version import LEAD, NewPolicy
from gateway.ports.store import Store
from tests.contracts.messages import Clock
from tests.contracts.store.policy_versions.policy_rows import acts, entry


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


async def test_versions_follow_each_other_without_gap_or_overlap(store: Store, clock: Clock) -> None:
    versions = store.policy_versions
    assert (await versions.mark(), await versions.current(), await versions.periods()) == (0, [], [])
    first = await versions.publish(NewPolicy("aa", "a = 1", "file", lead=0, adopted="# Text", file_hash="aa"), 0, [])
    assert first is not None
    clock.now += 10
    second = await versions.publish(NewPolicy("bb", "b = 1", "ann", note="because"), 1, [entry("policy published")])
    assert second is not None
    assert (second.adopted, second.file_hash, second.period.since) == ("# Text", "aa", clock.now + LEAD)
    assert await versions.publish(NewPolicy("cc", "c = 1", "bob"), 1, [entry("lost")]) is None
    assert [version.period.number for version in await versions.current()] == [1, 2]
    third = await versions.publish(NewPolicy("aa", "a = 1", "file", lead=0), 2, [])
    assert third is not None
    assert third.period.since == second.period.since  # never before the version before it
    clock.now += LEAD
    assert [version.period.number for version in await versions.current()] == [3]
    newest, middle, oldest = await versions.periods()
    assert (oldest.until, middle.until, newest.until) == (middle.since, newest.since, None)
    assert await versions.published(2) == replace(second, period=middle)
    assert await versions.published(4) is None
    assert await versions.source("bb") == "b = 1"
    await versions.file_seen(3, "cc")
    assert (await versions.current())[0].file_hash == "cc"
    assert await acts(store) == ["policy published"]


async def test_of_two_that_publish_at_once_one_succeeds(store: Store) -> None:
    results = await asyncio.gather(
        *(store.policy_versions.publish(NewPolicy(name, "a = 1", name), 0, []) for name in ("aa", "bb", "cc"))
    )
    assert sum(result is not None for result in results) == 1
    assert await store.policy_versions.mark() == 1
