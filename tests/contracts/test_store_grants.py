"""Content that is granted to auditors, until when; and the policy of a decision with the text of its time."""

from __future__ import annotations

import asyncio

from gateway.core.accounts.grant import Grant
from gateway.core.policy.decision import AuditEntry
from gateway.store import SqlStore
from tests.contracts.messages import NOON, Clock


def act(what: str, subject: str) -> AuditEntry:
    return AuditEntry(NOON, "director", what, subject)


def grant(user: str, subject: str, until: float) -> Grant:
    return Grant(user, subject, "director", "a sample", NOON, until)


async def test_a_grant_holds_until_its_end(store: SqlStore, clock: Clock) -> None:
    first = await store.grant(grant("ann", "m1", NOON + 60), act("content granted", "m1"))
    second = await store.grant(grant("ann", "", NOON + 600), act("content granted", "ann"))
    other = await store.grant(grant("bea", "case-1", NOON + 60), act("content granted", "case-1"))
    assert [(each.id, each.subject) for each in await store.granted_to("ann")] == [(first, "m1"), (second, "")]
    assert [each.id for each in await store.grants(1 << 60, 10)] == [other, second, first]
    assert [each.id for each in await store.grants(second, 10)] == [first]
    clock.now += 61
    assert [each.id for each in await store.granted_to("ann")] == [second]
    assert not await store.end_grant(first, "director", act("content grant ended", "m1"))  # it is over
    ended = await asyncio.gather(*(store.end_grant(second, "director", act("ended", "ann")) for _ in range(2)))
    assert sorted(ended) == [False, True]
    assert await store.granted_to("ann") == []
    kept = await store.granted(second)
    assert kept is not None
    assert (kept.ended_at, kept.ended_by, kept.reason) == (clock.now, "director", "a sample")
    assert await store.granted(99) is None
    assert [each.act for each in await store.done_about("ann", 9)] == ["ended", "content granted"]


async def test_a_policy_has_the_district_s_text_of_its_time(store: SqlStore, clock: Clock) -> None:
    await store.keep_policy("aa", "title = 1", "# First")
    decided = clock.now
    for text in ("# Second", "# Third"):
        clock.now += 100
        await store.keep_policy("aa", "title = 1", text)
    await store.keep_policy("ab", "title = 2", "# Other")
    assert await store.policy_text("aa", decided) == ("title = 1", "# First")
    assert await store.policy_text("aa", decided + 150) == ("title = 1", "# Second")
    assert await store.policy_text("aa", None) == ("title = 1", "# Third")
    assert await store.policy_text("aa", decided - 50) == ("title = 1", "# First")  # what is known of it at all
    assert await store.policy_text("zz", None) == (None, "")
