"""What is known of calls for help: the kinds that their words ask for, and what people say of the alerts."""

from __future__ import annotations

from dataclasses import replace

from gateway.core.messages.delivery import State
from gateway.core.messages.verdict import Finding
from gateway.core.policy.decision import Action, AuditEntry
from gateway.ports.store import Store
from tests.contracts.messages import NOON, becomes, decision, mail, verdict_on


async def alerted(store: Store, *found: Finding) -> str:
    message = mail()
    await store.intake.accept(message)
    verdict = replace(verdict_on(message, "6", 0.1), findings=found)
    await store.dispositions.apply([(message.id, becomes(State.QUEUED, decision(Action.ALERT), verdict=verdict))])
    return message.id


def act(id_: str) -> AuditEntry:
    return AuditEntry(NOON, "ann", "said", id_)


async def test_kinds_of_help_the_surest_first_each_once(store: Store) -> None:
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


async def test_what_was_said_last_of_an_alert_counts(store: Store) -> None:
    one, two = sorted([await alerted(store), await alerted(store)])
    await store.help_alerts.save_judgment(one, True, act(one))
    await store.help_alerts.save_judgment(two, True, act(two))
    await store.help_alerts.save_judgment(two, False, act(two))
    assert list(await store.help_alerts.judgments("", 9)) == [(one, True), (two, False)]
    assert list(await store.help_alerts.judgments(one, 9)) == [(two, False)]
    assert list(await store.help_alerts.judgments("", 1)) == [(one, True)]
    assert [each.act for each in await store.audit_trail.entries_about(two, 9)][:2] == ["said", "said"]
