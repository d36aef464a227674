"""Help alerts."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from gateway.core.messages.delivery import State
from gateway.core.messages.verdict import Finding
from gateway.core.policy.decision import Action, AuditEntry
from gateway.ports.store import Store
from tests.contracts.messages import NOON, Clock, becomes, decision, mail, verdict_on


async def alerted(store: Store, *found: Finding) -> str:
    message = mail()
    await store.intake.accept(message)
    verdict = replace(verdict_on(message, "6", 0.1), findings=found)
    await store.dispositions.apply([(message.id, becomes(State.QUEUED, decision(Action.ALERT), verdict=verdict))])
    return message.id


def judgment_entry(id_: str) -> AuditEntry:
    return AuditEntry(NOON, "ann", "said", id_)


async def test_kinds_of_help_are_sorted_by_score_without_repetition(store: Store) -> None:
    told = (
        ("help", 0.7, "fear"),
        ("help", 0.9, "abuse"),
        ("7e", 0.99, "threat"),
        ("help", 0.8, ""),
        ("help", 0.6, "fear"),
    )
    id_ = await alerted(store, *(Finding(clause, score, "lexicon", cue=cue) for clause, score, cue in told))
    other = await alerted(store)
    assert await store.help_alerts.kinds_of([id_, other, "nothing"]) == {id_: ("abuse", "fear"), other: ()}
    assert await store.help_alerts.kinds_of([]) == {}


async def test_last_judgment_of_an_alert_counts(store: Store) -> None:
    one, two = sorted([await alerted(store), await alerted(store)])
    await store.help_alerts.save_judgment(one, True, judgment_entry(one))
    await store.help_alerts.save_judgment(two, True, judgment_entry(two))
    await store.help_alerts.save_judgment(two, False, judgment_entry(two))
    assert list(await store.help_alerts.judgments("", 9)) == [(one, True), (two, False)]
    assert list(await store.help_alerts.judgments(one, 9)) == [(two, False)]
    assert list(await store.help_alerts.judgments("", 1)) == [(one, True)]
    assert [entry.act for entry in await store.audit_trail.entries_about(two, 9)][:2] == ["said", "said"]


def entry(what: str, subject: str) -> AuditEntry:
    return AuditEntry(NOON, "ann", what, subject)


async def test_mark_changes_with_alerts(store: Store, clock: Clock) -> None:
    message, marks = mail(), [await store.help_alerts.mark()]
    await store.intake.accept(message)
    await store.dispositions.apply([(message.id, becomes(State.QUEUED, decision(Action.ALERT)))])
    marks.append(await store.help_alerts.mark())
    clock.now += 1
    await store.help_alerts.acknowledge(message.id, "ann", entry("call for help taken up", message.id))
    marks.append(await store.help_alerts.mark())
    assert await store.help_alerts.mark() == marks[-1]
    assert len({str(mark) for mark in marks}) == 3
    await store.help_alerts.give_back(message.id, "ann", entry("call for help given back", message.id))
    assert await store.help_alerts.mark() != marks[-1]  # other consoles must see it at once


async def test_alert_is_acknowledged_by_the_first_and_given_back(store: Store, clock: Clock) -> None:
    calls = []
    for _ in range(3):
        message = mail()
        await store.intake.accept(message)
        await store.dispositions.apply([(message.id, becomes(State.QUEUED, decision(Action.ALERT)))])
        calls.append(message.id)
        clock.now += 40 * 86400
    assert [listed.trace.id for listed in await store.help_alerts.waiting(10)] == calls
    assert [listed.trace.id for listed in await store.help_alerts.waiting(1)] == calls[:1]
    answers = await asyncio.gather(
        *(store.help_alerts.acknowledge(calls[0], by, entry("taken", calls[0])) for by in ("ann", "bea"))
    )
    first = "ann" if answers[0] is None else "bea"
    assert sorted(answers, key=str) == sorted([None, first], key=str)
    assert await store.help_alerts.acknowledged_by(calls[0]) == (first, clock.now)
    assert [listed.trace.id for listed in await store.help_alerts.waiting(10)] == calls[1:]
    assert not await store.help_alerts.give_back(calls[0], "cid", entry("given back", calls[0]))
    assert await store.help_alerts.give_back(calls[0], first, entry("given back", calls[0]))
    assert not await store.help_alerts.give_back(calls[0], None, entry("given back", calls[0]))
    assert await store.help_alerts.acknowledged_by(calls[0]) is None
    assert await store.help_alerts.acknowledge(calls[1], "bea", entry("taken", calls[1])) is None
    assert await store.help_alerts.give_back(calls[1], None, entry("given back", calls[1]))  # by anybody
    assert [listed.trace.id for listed in await store.help_alerts.waiting(10)] == calls
    assert [entry.act for entry in await store.audit_trail.changes_about(calls[0], 9)] == [
        "given back",
        "taken",
        "decide",
    ]
