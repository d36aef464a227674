"""The policy file as an author of versions: a changed file wins, an unchanged one leaves what was published."""

from __future__ import annotations

import asyncio

from gateway.core.policy_versions.version import FILE, NewPolicy
from gateway.ports.store import Store
from gateway.stages.policy_versions.in_force import take_over_file


async def _start(store: Store, text: str, adopted: str = "") -> int:
    """Start a deciding process with a policy file. Returns the number of the newest version."""
    new = NewPolicy(f"hash of {text}", text, FILE, lead=0, adopted=adopted, file_hash=f"hash of {text}")
    await take_over_file(store.policy_versions, new)
    return await store.policy_versions.mark()


async def _newest(store: Store) -> tuple[str, str]:
    version = await store.policy_versions.published(await store.policy_versions.mark())
    assert version is not None
    return version.source, version.period.author


async def test_what_was_published_stays_over_restarts_until_the_file_changes(store: Store) -> None:
    assert await _start(store, "a") == 1
    assert await _start(store, "a") == 1
    assert await store.policy_versions.publish(NewPolicy("hash of b", "b", "ann", lead=0), 1, []) is not None
    assert await _start(store, "a") == 2
    assert await _newest(store) == ("b", "ann")
    assert await _start(store, "b") == 2  # the file says now what was published
    assert await _start(store, "b") == 2
    assert await _start(store, "a") == 3  # and is changed back
    assert await _newest(store) == ("a", FILE)


async def test_a_new_text_of_the_district_keeps_the_published_policy(store: Store) -> None:
    await _start(store, "a", "# Old")
    await store.policy_versions.publish(NewPolicy("hash of b", "b", "ann", lead=0), 1, [])
    assert await _start(store, "a", "# New") == 3
    assert await _newest(store) == ("b", FILE)
    version = await store.policy_versions.published(3)
    assert version is not None
    assert version.adopted == "# New"
    assert await _start(store, "c", "# Newer") == 4
    assert await _newest(store) == ("c", FILE)


async def test_processes_that_start_together_make_one_version(store: Store) -> None:
    await asyncio.gather(*(_start(store, "a", "# Text") for _ in range(4)))
    assert await store.policy_versions.mark() == 1
