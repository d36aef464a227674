"""Work on delivered messages: written with the decision, open until somebody says what the message is."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from gateway.core.cases.case import Assignment
from gateway.core.messages.delivery import State
from gateway.core.policy.decision import Action, AuditEntry, PendingMessage, Transition
from gateway.core.policy.urgency import Attention, AttentionKind
from gateway.core.policy.work_kinds import ReviewOutcome, ReviewWork, WorkKind
from gateway.ports.flags import Acknowledgment
from gateway.ports.store import Store
from tests.contracts.messages import (
    NOON,
    REST,
    STUDENTS,
    Clock,
    all_sent,
    becomes,
    contact,
    decision,
    mail,
    verdict_on,
)

FLAG, SAMPLE, SHADOW = WorkKind.FLAG, WorkKind.SAMPLE, WorkKind.SHADOW
ACTIONS = {FLAG: Action.FLAG, SAMPLE: Action.RELEASE, SHADOW: Action.HOLD}
FINE = Acknowledgment(ReviewOutcome.FINE, "ann", "a joke")


async def delivered(store: Store, kind: WorkKind = FLAG, at: float = NOON, **more) -> str:
    """A delivered message with work of a kind, due in a minute."""
    message = mail(at, others=("parent@home.example",))
    await store.intake.accept(message, contact(message))
    says = decision(ACTIONS[kind], *(() if kind is SAMPLE else ("6",)))
    student = message.envelope.recipients[0].address
    rule = becomes(State.QUEUED, says, only=[student], verdict=verdict_on(message, "6", 0.9))

    def with_work(pending: PendingMessage) -> Transition:
        return replace(rule(pending), work=(ReviewWork(kind, NOON + 60),), **more)

    await store.dispositions.apply([(message.id, with_work)])
    return message.id


def entry(id_: str, act: str = "acknowledged") -> AuditEntry:
    return AuditEntry(NOON, "ann", act, id_, {"outcome": "fine"})


async def open_ids(store: Store, kind: WorkKind = FLAG) -> list[str]:
    return [message.id for message in await store.flags.open_messages(kind)]


async def test_work_is_listed_by_kind_with_its_copies(store: Store) -> None:
    ids = {kind: await delivered(store, kind) for kind in WorkKind}
    for kind, id_ in ids.items():
        (message,) = await store.flags.open_messages(kind)
        assert (message.id, message.due_at) == (id_, NOON + 60)
        assert (message.recipients, message.others) == (("s1@students.example",), ("parent@home.example",))
        assert [found.id for found in await store.flags.open_messages(kind, [id_, "nothing"])] == [id_]
    assert await store.flags.open_messages(FLAG, [ids[SAMPLE]]) == []
    assert dict(await store.flags.backlog()) == {FLAG: 1, SAMPLE: 1, SHADOW: 1}
    assert (await store.lookups.backlog()).flagged == 1
    late = await store.lists.delivered("hold", 0, (NOON + 99, ""), 10)
    assert late == [], "what shadow mode delivered was not late"
    assert [message.trace.id for message in await store.lists.delivered("flag", 0, (NOON + 99, ""), 10)] == [ids[FLAG]]


async def test_first_answer_counts_and_is_on_record(store: Store) -> None:
    id_ = await delivered(store)
    second = Acknowledgment(ReviewOutcome.VIOLATION, "bob", clauses=("7b",))
    answers = await asyncio.gather(*(store.flags.acknowledge(id_, said, entry(id_)) for said in (FINE, second)))
    assert [answer.done for answer in answers].count((FLAG,)) == 1
    (item,) = await store.flags.of(id_)
    assert item.outcome is not None
    (first,) = [answer.first for answer in answers if not answer.done]
    assert first == item
    assert await open_ids(store) == []
    assert (await store.flags.acknowledge("nothing", FINE, entry("nothing"))).first is None
    entries = await store.audit_trail.changes_about(id_, 10)
    assert [found.detail["kinds"] for found in entries if found.act == "acknowledged"] == [["flag"]]


async def test_answer_takes_what_asks_for_attention(store: Store) -> None:
    attention = (Attention(AttentionKind.DISTRESS, due_at=NOON + 60), Attention(AttentionKind.URGENT, ("7d",), "high"))
    id_ = await delivered(store, attention=attention)
    (message,) = await store.flags.open_messages(FLAG)
    assert message.urgent == "high"
    await store.flags.acknowledge(id_, FINE, entry(id_))
    assert await store.urgency.open(AttentionKind.DISTRESS, 10) == []
    assert await store.urgency.open(AttentionKind.URGENT, 10) == []


async def test_answer_is_taken_back_by_its_author_or_anybody(store: Store) -> None:
    id_ = await delivered(store)
    assert not await store.flags.reopen(id_, "ann", entry(id_, "reopened"))
    for by in ("ann", None):
        await store.flags.acknowledge(id_, FINE, entry(id_))
        assert not await store.flags.reopen(id_, "bob", entry(id_, "reopened"))
        assert await store.flags.reopen(id_, by, entry(id_, "reopened"))
        (item,) = await store.flags.of(id_)
        assert (item.outcome, item.by, item.reason, item.closed_at) == (None, "", "", None)
    assert await open_ids(store) == [id_]


async def test_closed_work_is_listed_newest_first_in_pages(store: Store, clock: Clock) -> None:
    ids = []
    for _ in range(3):
        ids.append(await delivered(store))
        clock.now += 10
        await store.flags.acknowledge(ids[-1], FINE, entry(ids[-1]))
    first = await store.flags.closed_messages(FLAG, 0, (clock.now + 1, ""), 2)
    assert [message.id for message, _ in first] == [ids[2], ids[1]]
    message, item = first[-1]
    assert (item.by, item.reason, item.outcome, message.subject) == ("ann", "a joke", ReviewOutcome.FINE, "Plan")
    following = await store.flags.closed_messages(FLAG, 0, (item.closed_at or 0, message.id), 2)
    assert [message.id for message, _ in following] == [ids[0]]
    assert await store.flags.closed_messages(SAMPLE, 0, (clock.now + 1, ""), 2) == []
    everything = await store.flags.answered(("", ""), 2)
    assert [id_ for id_, _ in everything] == sorted(ids)[:2]
    rest = await store.flags.answered((everything[-1][0], everything[-1][1].kind.value), 2)
    assert [id_ for id_, _ in rest] == sorted(ids)[2:]


async def test_late_verdict_deletes_open_work_only(store: Store) -> None:
    open_, closed = [await delivered(store) for _ in range(2)]
    await store.flags.acknowledge(closed, FINE, entry(closed))
    for id_ in (open_, closed):
        await store.dispositions.apply([(id_, lambda pending: Transition(ended=(FLAG, SHADOW)))])
    assert await store.flags.of(open_) == ()
    assert len(await store.flags.of(closed)) == 1


async def test_facts_count_open_and_closed(store: Store) -> None:
    first, second = [await delivered(store, SHADOW) for _ in range(2)]
    await store.flags.acknowledge(first, replace(FINE, clauses=()), entry(first, "practice decision"))
    assert await store.flags.choose(first, True, entry(first, "chosen"))
    assert not await store.flags.choose(await delivered(store), True, entry(first, "chosen"))
    facts = {fact.message: fact for fact in await store.flags.facts(SHADOW, NOON - 1, NOON + 99, 10)}
    assert set(facts) == {first, second}
    assert (facts[first].outcome, facts[first].by, facts[first].chosen) == (ReviewOutcome.FINE, "ann", True)
    assert (facts[second].outcome, facts[second].clauses, facts[second].channel) == (None, ("6",), "mail")
    assert facts[second].pairs[0].student == "S1"
    assert len(await store.flags.facts(SHADOW, NOON - 1, NOON + 99, 1)) == 1
    assert await store.flags.facts(SHADOW, NOON + 99, NOON + 100, 10) == []
    assert [fact.message for fact in await store.flags.facts(SHADOW, NOON - 1, NOON + 99, 9, answered=True)] == [first]
    assert await store.flags.outcomes(SHADOW, NOON - 1, NOON + 99) == {ReviewOutcome.FINE: 1, None: 1}
    (pending,) = await store.flags.pending([first])
    assert (pending.id, pending.verdict is not None) == (first, True)


async def test_every_change_is_noted_for_consoles(store: Store) -> None:
    marks = [await store.lists.queue_mark()]
    id_ = await delivered(store)
    marks.append(await store.lists.queue_mark())
    await store.claims.assign(id_, Assignment("ann", "ann", NOON), "", entry(id_, "taken"))
    assert (await store.claims.review_states())[id_].assignment is not None
    marks.append(await store.lists.queue_mark())
    await store.flags.acknowledge(id_, FINE, entry(id_))
    marks.append(await store.lists.queue_mark())
    assert len(set(marks)) == len(marks)
    assert await store.claims.review_states() == {}, "nobody needs to look at it any more"
    assert id_ in {changed for _, changed in await store.lists.queue_changes(0)}


async def test_sampled_content_is_kept_until_somebody_looked(store: Store, clock: Clock) -> None:
    id_ = await delivered(store, SAMPLE)
    for hop in (STUDENTS, REST):
        for claim in await store.delivery_queue.claim(hop, 100, 60):
            await store.delivery_queue.record_outcomes(claim, all_sent(claim), ())
    clock.now += 2 * 86400
    assert await store.retention.expire(86400, 90 * 86400, 10, clock.now) == 0
    await store.flags.acknowledge(id_, FINE, entry(id_))
    assert await store.retention.expire(86400, 90 * 86400, 10, clock.now) == 1
