"""Work of accounts that can no longer decide."""

from __future__ import annotations

import asyncio

from gateway.core.accounts.account import AccountRole, User
from gateway.core.cases.case import Assignment, CaseDraft
from gateway.core.messages.delivery import State
from gateway.core.messages.followup import Followup, FollowupKind
from gateway.core.policy.decision import Action, AuditEntry
from gateway.ports.accounts import OrphanedWork
from gateway.ports.store import Store
from tests.contracts.messages import NOON, becomes, decision, mail

HELD = becomes(State.HELD, decision(Action.HOLD, "7a", due_in=60.0))


async def held(store: Store) -> str:
    message = mail()
    await store.intake.accept(message)
    await store.dispositions.apply([(message.id, HELD)])
    return message.id


def entry(what: str, subject: str) -> AuditEntry:
    return AuditEntry(NOON, "ann", what, subject)


async def test_orphaned_work_is_unassigned_once(store: Store) -> None:
    """Of accounts that are disabled, unknown, or of another role; not what somebody else claimed meanwhile."""
    roles = ("ann", AccountRole.BUILDING_ADMINISTRATOR), ("bea", AccountRole.TECHNOLOGY_DIRECTOR), (
        "cid", AccountRole.STAFF
    )  # fmt: skip
    for name, role in roles:
        await store.accounts.add(User(name, role), "", entry("account added", name))
    ids = {name: await held(store) for name in ("ann", "bea", "cid", "nobody-known")}
    for name, id_ in ids.items():
        await store.claims.assign(id_, Assignment(name, name, NOON), "", entry("taken", id_))
    decided = await held(store)
    await store.claims.assign(decided, Assignment("cid", "cid", NOON), "", entry("taken", decided))
    await store.dispositions.apply([(decided, becomes(State.QUEUED))])
    case = await store.cases.open(CaseDraft("x", assignee="ann"), "bea", [], {})
    able = {AccountRole.BUILDING_ADMINISTRATOR.value, AccountRole.TECHNOLOGY_DIRECTOR.value}
    found = await store.reassignment.orphaned(able, 50)
    assert set(found.messages) == {(ids["cid"], "cid"), (ids["nobody-known"], "nobody-known")}
    assert found.cases == []
    assert await store.accounts.disable("ann", entry("account disabled", "ann"))
    found = await store.reassignment.orphaned(able, 50)
    assert (ids["ann"], "ann") in found.messages
    assert found.cases == [(case, "ann")]
    assert len((await store.reassignment.orphaned(able, 1)).messages) == 1
    await store.claims.assign(ids["cid"], Assignment("bea", "bea", NOON), None, entry("taken", ids["cid"]))
    before, asked = await store.lists.queue_mark(), []

    def left(free: OrphanedWork) -> tuple[list[Followup], list[AuditEntry]]:
        asked.append(free)
        return [Followup(FollowupKind.FREE, "", {"to": ["b@c.example"]})], [
            entry("given back", id_) for id_, _ in free.messages
        ]

    done = await asyncio.gather(store.reassignment.unassign(found, left), store.reassignment.unassign(found, left))
    (free,) = (applied for applied in done if applied)
    assert asked == [free]
    assert {id_ for id_, _ in free.messages} == {ids["ann"], ids["nobody-known"]}
    assert free.cases == [(case, "ann")]
    assert await store.lists.queue_mark() != before
    handled = await store.claims.review_states()
    assert {name: handled[id_].assignment for name, id_ in ids.items() if name != "bea"} == {
        "ann": Assignment("", "gateway", NOON), "cid": Assignment("bea", "bea", NOON),
        "nobody-known": Assignment("", "gateway", NOON),
    }  # fmt: skip
    file = await store.cases.find(case)
    assert file is not None
    assert file.assignee == ""
    assert [followup.kind for followup in await store.followups.claim_due(9, 60)].count(FollowupKind.FREE) == 1
    assert not await store.reassignment.orphaned(able, 50)
