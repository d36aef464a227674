"""Content that is granted to auditors, until when; and the policy of a decision with the text of its time."""

from __future__ import annotations

import asyncio

from gateway.core.accounts.grant import Grant
from gateway.core.policy.decision import AuditEntry
from gateway.ports.store import Store
from tests.contracts.messages import NOON, Clock


def act(what: str, subject: str) -> AuditEntry:
    return AuditEntry(NOON, "director", what, subject)


def grant(user: str, subject: str, until: float) -> Grant:
    return Grant(user, subject, "director", "a sample", NOON, until)


async def test_a_grant_holds_until_its_end(store: Store, clock: Clock) -> None:
    first = await store.grants.add(grant("ann", "m1", NOON + 60), act("content granted", "m1"))
    second = await store.grants.add(grant("ann", "", NOON + 600), act("content granted", "ann"))
    other = await store.grants.add(grant("bea", "case-1", NOON + 60), act("content granted", "case-1"))
    assert [(each.id, each.subject) for each in await store.grants.active_for("ann")] == [(first, "m1"), (second, "")]
    assert [each.id for each in await store.grants.page(1 << 60, 10)] == [other, second, first]
    assert [each.id for each in await store.grants.page(second, 10)] == [first]
    clock.now += 61
    assert [each.id for each in await store.grants.active_for("ann")] == [second]
    assert not await store.grants.end(first, "director", act("content grant ended", "m1"))  # it is over
    ended = await asyncio.gather(*(store.grants.end(second, "director", act("ended", "ann")) for _ in range(2)))
    assert sorted(ended) == [False, True]
    assert await store.grants.active_for("ann") == []
    kept = await store.grants.find(second)
    assert kept is not None
    assert (kept.ended_at, kept.ended_by, kept.reason) == (clock.now, "director", "a sample")
    assert await store.grants.find(99) is None
    assert [each.act for each in await store.audit_trail.changes_about("ann", 9)] == ["ended", "content granted"]


async def test_a_policy_has_the_district_s_text_of_its_time(store: Store, clock: Clock) -> None:
    await store.policy_versions.record("aa", "title = 1", "# First")
    decided = clock.now
    for text in ("# Second", "# Third"):
        clock.now += 100
        await store.policy_versions.record("aa", "title = 1", text)
    await store.policy_versions.record("ab", "title = 2", "# Other")
    assert await store.policy_versions.texts("aa", decided) == ("title = 1", "# First")
    assert await store.policy_versions.texts("aa", decided + 150) == ("title = 1", "# Second")
    assert await store.policy_versions.texts("aa", None) == ("title = 1", "# Third")
    assert await store.policy_versions.texts("aa", decided - 50) == ("title = 1", "# First")  # what is known of it at all
    assert await store.policy_versions.texts("zz", None) == (None, "")
