"""Legal holds."""

from __future__ import annotations

from gateway.core.cases.case import LegalHold
from gateway.core.messages.delivery import State
from gateway.core.policy.decision import Action, AuditEntry
from gateway.ports.store import Store
from tests.contracts.messages import NOON, Clock, becomes, decision, mail


async def entries(store: Store, *subjects: str) -> list[tuple[str, str, str]]:
    linked, waiting = await store.audit_trail.of_subjects(subjects)
    return [(act.actor, act.act, act.subject) for act in (*(entry.entry for entry in linked), *waiting)]


async def test_legal_hold_keeps_content_until_it_is_lifted(store: Store, clock: Clock) -> None:
    message, free = mail(), mail(NOON + 1)
    for item in (message, free):
        await store.intake.accept(item)
        await store.dispositions.apply([(item.id, becomes(State.DISCARDED, decision(Action.HOLD, "7a")))])
    holds = [LegalHold(item, "suit 12", "kim", NOON) for item in (message.id, "nothing")]
    placed = [AuditEntry(NOON, "kim", "legal hold placed", hold.message) for hold in holds]
    assert await store.legal_holds.place(holds, placed) == (message.id,)
    assert await store.legal_holds.place(holds, placed) == ()
    assert await store.legal_holds.of_messages([message.id, free.id]) == {
        message.id: LegalHold(message.id, "suit 12", "kim", NOON)
    }
    clock.now += 400 * 86400
    assert await store.retention.expire(0.0, 0.0, 10) == 1
    lifted = [AuditEntry(clock.now, "kim", "legal hold lifted", message.id)]
    assert await store.legal_holds.lift([message.id, free.id], lifted) == (message.id,)
    assert await store.legal_holds.lift([message.id], lifted) == ()
    assert await store.retention.expire(0.0, 0.0, 10) == 1
    assert [act for _, act, _ in await entries(store, message.id)] == [
        "decide",
        "legal hold placed",
        "legal hold lifted",
    ]
    assert await entries(store, "nothing") == []
