"""Messages that ask for attention: written with the decision, open until somebody has taken them."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from gateway.core.cases.case import Assignment
from gateway.core.messages.delivery import State
from gateway.core.policy.decision import Action, AuditEntry, PendingMessage, Transition
from gateway.core.policy.transitions import release
from gateway.core.policy.urgency import Attention, AttentionKind
from gateway.ports.store import Store
from tests.contracts.messages import NOON, Clock, becomes, decision, mail, verdict_on

URGENT, DISTRESS = AttentionKind.URGENT, AttentionKind.DISTRESS
THREAT = Attention(URGENT, ("7d",), "critical", True)


async def held(store: Store, *attention: Attention) -> str:
    """A held message that asks for attention."""
    message = mail()
    await store.intake.accept(message)
    rule = becomes(State.HELD, decision(Action.HOLD), verdict=verdict_on(message, "7d", 0.9))

    def with_attention(pending: PendingMessage) -> Transition:
        return replace(rule(pending), attention=attention)

    await store.dispositions.apply([(message.id, with_attention)])
    return message.id


def entry(id_: str) -> AuditEntry:
    return AuditEntry(NOON, "ann", "attention taken", id_)


async def open_ids(store: Store, kind: AttentionKind = URGENT) -> list[str]:
    return [message.listed.trace.id for message in await store.urgency.open(kind, 10)]


async def test_attention_is_written_once_and_read_back(store: Store) -> None:
    distress = Attention(DISTRESS, due_at=NOON + 60)
    id_ = await held(store, THREAT, distress)
    await held(store)
    assert await open_ids(store) == await open_ids(store, DISTRESS) == [id_]
    assert await store.urgency.of([id_, "nothing"], URGENT) == {id_: THREAT}
    assert await store.urgency.of([id_], DISTRESS) == {id_: distress}
    assert await store.urgency.of([], URGENT) == {}
    (queued,) = await store.lookups.held([id_])
    assert queued.urgent == "critical"


async def test_urgent_messages_stand_first_in_the_queue(store: Store) -> None:
    """Before those that are due earlier, as on the page."""
    ordinary, urgent, other = await held(store), await held(store, THREAT), await held(store)
    assert [message.id for message in await store.lookups.held()] == [urgent, ordinary, other]


async def test_first_one_takes_it_and_may_give_it_back(store: Store) -> None:
    id_ = await held(store, THREAT)
    answers = await asyncio.gather(*(store.urgency.take(id_, URGENT, name, entry(id_)) for name in ("ann", "bob")))
    assert set(answers) == {None, "ann"}
    assert await open_ids(store) == []
    (taken,) = await store.urgency.taken(URGENT, 0, 10)
    assert taken.taken_by == "ann"
    assert not await store.urgency.give_back(id_, URGENT, "bob", entry(id_))
    assert await store.urgency.give_back(id_, URGENT, "ann", entry(id_))
    assert await open_ids(store) == [id_]
    assert await store.urgency.take("nothing", URGENT, "ann", entry("nothing")) == ""


async def test_claim_and_decision_take_an_urgent_message(store: Store, clock: Clock) -> None:
    claimed, decided, left = [await held(store, THREAT) for _ in range(3)]
    clock.now += 30
    assert (await store.urgency.backlog()).count == 3
    await store.claims.assign(claimed, Assignment("ann", "ann", NOON), "", entry(claimed))
    await store.dispositions.apply([(decided, lambda pending: release(pending, "ann", "fine", NOON))])
    assert await open_ids(store) == [left]
    await store.claims.assign(claimed, Assignment("", "ann", NOON), "ann", entry(claimed))
    assert set(await open_ids(store)) == {claimed, left}, "it was given back"
    await store.claims.assign(claimed, Assignment("bob", "ann", NOON), "", entry(claimed))
    backlog = await store.urgency.backlog()
    assert (backlog.count, round(backlog.oldest)) == (1, 30)


async def test_mark_changes_with_everything(store: Store, clock: Clock) -> None:
    marks = [await store.urgency.mark()]
    id_ = await held(store, THREAT)
    marks.append(await store.urgency.mark())
    await store.urgency.take(id_, URGENT, "ann", entry(id_))
    marks.append(await store.urgency.mark())
    assert len(set(map(str, marks))) == 3
