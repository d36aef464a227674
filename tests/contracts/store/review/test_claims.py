"""Claims and proposals."""

from __future__ import annotations

import asyncio

from gateway.core.cases.case import Assignment, Proposal
from gateway.core.messages.delivery import State
from gateway.core.policy.decision import Action, AuditEntry
from gateway.ports.review import ReviewState
from gateway.ports.store import Store
from tests.contracts.messages import NOON, Clock, becomes, decision, mail

HELD = becomes(State.HELD, decision(Action.HOLD, "7a", due_in=60.0))


async def held(store: Store) -> str:
    message = mail()
    await store.intake.accept(message)
    await store.dispositions.apply([(message.id, HELD)])
    return message.id


def entry(what: str, subject: str) -> AuditEntry:
    return AuditEntry(NOON, "ann", what, subject)


async def test_message_is_assigned_once(store: Store, clock: Clock) -> None:
    id_ = await held(store)
    before = await store.lists.queue_mark()
    clock.now += 1
    ann, bea = (Assignment(name, name, clock.now) for name in ("ann", "bea"))
    answers = await asyncio.gather(*(store.claims.assign(id_, item, "", entry("taken", id_)) for item in (ann, bea)))
    assert sorted(answers, key=str) == sorted([None, "ann" if answers[0] is None else "bea"], key=str)
    assert await store.lists.queue_mark() != before
    holder = "ann" if answers[0] is None else "bea"
    assert (await store.claims.review_states()) == {id_: ReviewState(Assignment(holder, holder, clock.now))}
    assert await store.claims.assign(id_, Assignment("cid", "ann", clock.now), holder, entry("assigned", id_)) is None
    assert await store.claims.assign(id_, Assignment("dan", "dan", clock.now), "ann", entry("taken", id_)) == "cid"
    assert await store.claims.assign(id_, Assignment("", "cid", clock.now), None, entry("given back", id_)) is None
    assert (await store.claims.review_state(id_)).assignment == Assignment("", "cid", clock.now)
    assert [entry.act for entry in await store.audit_trail.entries_about(id_, 9)] == [
        "given back",
        "assigned",
        "taken",
        "decide",
    ]


async def test_decided_message_has_no_review_state(store: Store) -> None:
    id_ = await held(store)
    await store.claims.assign(id_, Assignment("ann", "ann", NOON), "", entry("taken", id_))
    await store.dispositions.apply([(id_, becomes(State.QUEUED))])
    assert await store.claims.review_states() == {}
    assert (await store.claims.review_state(id_)).assignment is not None
    assert await store.claims.review_state("nothing") == ReviewState()


async def test_first_proposal_stays(store: Store) -> None:
    id_ = await held(store)
    mine, theirs = Proposal("release", "ann", 0.0, "fine", ""), Proposal("reject", "bea", 0.0, "not fine", "words")
    first = await store.claims.propose(id_, mine, entry("proposed", id_))
    assert first == Proposal("release", "ann", NOON, "fine", "")
    assert await store.claims.propose(id_, theirs, entry("proposed", id_)) == first
    assert (await store.claims.review_states())[id_].proposal == first
    assert await store.claims.withdraw(id_, entry("proposal taken away", id_))
    assert not await store.claims.withdraw(id_, entry("proposal taken away", id_))
    assert (await store.claims.propose(id_, theirs, entry("proposed", id_))).words == "words"
    assert [entry.act for entry in await store.audit_trail.entries_about(id_, 9)].count("proposed") == 2
