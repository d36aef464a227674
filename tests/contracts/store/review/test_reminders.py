"""Reminders."""

from __future__ import annotations

import asyncio

from gateway.core.messages.delivery import State
from gateway.core.messages.followup import Followup, FollowupKind
from gateway.core.policy.decision import Action, AuditEntry
from gateway.ports.store import Store
from tests.contracts.messages import NOON, Clock, becomes, decision, mail


def entry(what: str, subject: str) -> AuditEntry:
    return AuditEntry(NOON, "ann", what, subject)


async def test_step_is_sent_once(store: Store) -> None:
    """Two processes send the same steps: notices are made once, and only for new steps."""
    seen: list[list[tuple[str, str]]] = []

    def notices(steps):  # type: ignore[no-untyped-def]
        seen.append(list(steps))
        return [Followup(FollowupKind.DUE, "", {"to": ["a@b.example"]})], [entry("reminded", id_) for id_, _ in steps]

    steps = [("m1", "due:1"), ("m2", "due:1")]
    both = await asyncio.gather(*(store.reminders.remind(item, notices) for item in (steps, [*steps, ("m3", "due:1")])))
    assert sorted(step for item in both for step in item) == [*steps, ("m3", "due:1")]
    assert await store.reminders.remind(steps, notices) == []
    assert await store.reminders.reminded(["m1", "m3", "m4"]) == {("m1", "due:1"), ("m3", "due:1")}
    assert sum(map(len, seen)) == 3
    assert [followup.kind for followup in await store.followups.claim_due(10, 60)] == [FollowupKind.DUE] * len(seen)


async def test_due_messages_are_listed_latest_first(store: Store, clock: Clock) -> None:
    ids = []
    for due_in in (300.0, 60.0, 900.0):
        message = mail(others=["s2@students.example"])
        await store.intake.accept(message)
        await store.dispositions.apply([(message.id, becomes(State.HELD, decision(Action.HOLD, "7a", due_in=due_in)))])
        ids.append(message.id)
    assert [listed.id for listed in await store.reminders.due_before(NOON + 301, 10)] == [ids[0], ids[1]]
    assert [listed.id for listed in await store.reminders.due_before(NOON + 1e6, 10)] == [ids[2], ids[0], ids[1]]
    assert [listed.id for listed in await store.reminders.due_before(NOON + 1e6, 1)] == [ids[2]]
    assert await store.reminders.due_before(NOON, 10) == []
    (found,) = await store.reminders.due_before(NOON + 61, 10)
    assert found == next(held_message for held_message in await store.lookups.held() if held_message.id == ids[1])
