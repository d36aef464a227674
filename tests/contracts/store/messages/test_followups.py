"""Follow-ups."""

from __future__ import annotations

import asyncio

from sqlalchemy import select, update

from gateway.core.messages.followup import Followup, FollowupKind
from gateway.core.policy.decision import AuditEntry, Transition
from gateway.ports.store import Store
from gateway.store import open_store
from gateway.store.engine.dialects import BatchStatement, Statement
from gateway.store.engine.group_commit import Write
from gateway.store.schema import messages as schema
from tests.contracts.messages import NOON, REST, Clock, mail, ours


async def followed_up(store: Store, count: int) -> None:
    """A message with `count` numbered follow-ups."""
    message = mail()
    await store.intake.accept(message)
    bodies = [{"number": at, "nested": {"a": [1, None]}} for at in range(count)]
    followups = tuple(Followup(FollowupKind.LATE, message.id, body) for body in bodies)
    await store.dispositions.apply([(message.id, lambda seen: Transition(followups=followups))])


async def test_followups_are_claimed_in_order_with_a_lease(store: Store, clock: Clock) -> None:
    await followed_up(store, 5)
    first = await store.followups.claim_due(3, 60)
    assert [outgoing.body for outgoing in first] == [{"number": at, "nested": {"a": [1, None]}} for at in range(3)]
    assert {outgoing.attempts for outgoing in first} == {1}
    assert [followup.body["number"] for followup in await store.followups.claim_due(3, 60)] == [3, 4]
    assert list(await store.followups.claim_due(3, 60)) == []
    clock.now += 60
    again = await store.followups.claim_due(10, 60)
    assert len(again) == 5
    assert {item.attempts for item in again} == {2}


async def test_completed_followup_is_deleted(store: Store, clock: Clock) -> None:
    await followed_up(store, 3)
    due = await store.followups.claim_due(10, 60)
    await store.followups.complete([due_message.id for due_message in due[:2]])
    clock.now += 60
    assert [followup.id for followup in await store.followups.claim_due(10, 60)] == [due[2].id]


async def test_postponed_followup_waits(store: Store, clock: Clock) -> None:
    await followed_up(store, 2)
    first, second = await store.followups.claim_due(10, 3600)
    await store.followups.postpone([first.id], 30)
    clock.now += 29
    assert list(await store.followups.claim_due(10, 60)) == []
    clock.now += 1
    assert [followup.id for followup in await store.followups.claim_due(10, 60)] == [first.id]
    assert second.attempts == 1


async def test_own_message_is_queued_when_its_followup_completes(store: Store) -> None:
    """Once: a second process finds the follow-up completed."""
    await followed_up(store, 1)
    (due,) = await store.followups.claim_due(10, 60)
    first, second = ours(), ours()
    await asyncio.gather(store.followups.complete([due.id], first), store.followups.complete([due.id], first))
    await store.followups.complete([due.id], second)
    (claim,) = await store.delivery_queue.claim(REST, 10, 60)
    assert claim.message == first
    assert await store.delivery_queue.claim(REST, 10, 60) == ()


async def test_followup_is_claimed_by_one_process(store: Store, store_url: str, clock: Clock) -> None:
    await followed_up(store, 40)
    async with open_store(store_url, clock=clock) as beside:
        taken = await asyncio.gather(*([store, beside][at % 2].followups.claim_due(5, 60) for at in range(16)))
        rest = await store.followups.claim_due(40, 60)
    ids = [item.id for some in (*taken, rest) for item in some]
    assert len(ids) == len(set(ids)) == 40


def entry(what: str, subject: str) -> AuditEntry:
    return AuditEntry(NOON, "ann", what, subject)


async def test_completing_a_followup_writes_its_audit_entries(store: Store) -> None:
    await store.reminders.remind([("m1", "x")], lambda steps: ([Followup(FollowupKind.HELP_AGAIN, "m1", {})], []))
    (due,) = await store.followups.claim_due(10, 60)
    await store.followups.complete([due.id], ours(), entries=[entry("alerted", "m1")])
    await store.followups.complete([due.id], ours(), entries=[entry("alerted", "m1")])
    assert [entry.act for entry in await store.audit_trail.entries_about("m1", 9)] == ["alerted"]


async def test_kind_of_a_newer_version_is_left_alone(store: Store, clock: Clock) -> None:
    """It waits for a process that knows it, whatever stands around it, and is in nobody's way."""
    followups = (Followup(FollowupKind.DUE, "m1", {}), Followup(FollowupKind.LATE, "m2", {}))
    await store.reminders.remind([("m1", "test")], lambda steps: (followups, ()))
    newer = BatchStatement(
        lambda sql, value: update(schema.followups).where(schema.followups.c.message_id == value("id")).values(
            kind=schema.lit("of_tomorrow")
        ),
        id=schema.TEXT,
    )  # fmt: skip
    await store.followups._writer.write(Write(lambda db, ids: [db.batch(newer, [{"id": id_}]) for id_ in ids]), "m1")
    for _ in range(3):
        assert [followup.message for followup in await store.followups.claim_due(10, 60)] == ["m2"]
        clock.now += 61
    (row,) = await store.followups._readers.read(
        lambda db: db.rows(Statement(lambda sql: select(schema.followups.c.kind).where(
            schema.followups.c.message_id == schema.lit("m1")
        )))
    )  # fmt: skip
    assert row == ("of_tomorrow",)
