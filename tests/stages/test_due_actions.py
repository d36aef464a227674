"""What a reminder says about the due time, and help alerts that reach nobody."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from prometheus_client import CollectorRegistry

from gateway.core.messages.followup import FollowupKind
from gateway.core.notices.reviewer_notices import reviewer_notice
from gateway.core.policy.review_rules import ClauseReviewRules
from gateway.core.serialization.wire import rfc3339
from gateway.observability.events import EventLog
from gateway.ports.store import Store
from gateway.stages.reminders import Reminders, ReminderStores
from gateway.store import open_store
from tests.console.district import MESSAGES, add_message, policy, roster
from tests.contracts.messages import Clock

ZONE = ZoneInfo("America/Chicago")
NOON, HOUR = 1795543200.0, 3600.0
URL, LAST = "https://c.example", "safety@riverbend.example"
PHRASES = {"hold": "Nothing is delivered until", "release": "policy delivers", "reject": "policy rejects"}


def reminders(store: Store, action: str, fallback: list[str], registry: CollectorRegistry) -> Reminders:
    """Reminders on a store, with a policy that takes this action at the due time of clause 7a."""
    shipped = policy()
    ends = replace(shipped.clauses["7a"], review_rules=ClauseReviewRules(at_due=action))
    made = replace(shipped, clauses={**shipped.clauses, "7a": ends})
    return Reminders(
        ReminderStores.of(store), roster(), lambda: made, EventLog(registry), fallback=fallback, zone=ZONE,
        district="Riverbend", decided=lambda: None,
    )  # fmt: skip


@pytest.mark.parametrize("action", list(PHRASES))
async def test_reminder_says_what_happens_at_the_due_time(tmp_path: Path, action: str) -> None:
    clock = Clock(NOON)
    async with open_store(f"sqlite:///{tmp_path}/store.db", clock=clock) as store:
        await add_message(store, MESSAGES["middle"], NOON, roster(), policy())
        clock.now = NOON + 1.9 * HOUR
        await reminders(store, action, [LAST], CollectorRegistry()).check()
        (due,) = [due for due in await store.followups.claim_due(100, 60) if due.kind is FollowupKind.DUE]
    subject, paragraphs = reviewer_notice(FollowupKind.DUE, due.body, URL, ZONE)
    assert subject == "One held message to decide soon"
    assert [name for name, words in PHRASES.items() if words in paragraphs[0]] == [action]
    assert ("unless somebody decides before" in paragraphs[1]) == (action != "hold")


def test_reminder_of_several_messages_says_what_happens_to_each() -> None:
    at = rfc3339(NOON)
    items = [["a", at, 0, "release"], ["b", at, 0, "hold"], ["c", at, 0]]
    _, paragraphs = reviewer_notice(FollowupKind.DUE, {"items": items}, URL, ZONE)
    assert paragraphs[0].startswith("What happens at each due time is listed below.")
    assert [line.partition("; ")[2].split()[0] for line in paragraphs[1:4]] == ["then", "it", "it"]
    _, paragraphs = reviewer_notice(FollowupKind.DUE, {"items": [*items, ["d", at, 2, "hold"]]}, URL, ZONE)
    assert "Nothing is delivered" not in paragraphs[0]
    assert paragraphs[4].endswith("CST")


@pytest.mark.parametrize("notified", [True, False])
async def test_help_alert_that_reaches_nobody_is_counted(tmp_path: Path, notified: bool) -> None:
    clock, registry = Clock(NOON), CollectorRegistry()
    async with open_store(f"sqlite:///{tmp_path}/store.db", clock=clock) as store:
        await add_message(store, MESSAGES["help"], NOON, roster(), policy())
        running = reminders(store, "hold", [LAST] if notified else [], registry)
        for count in (1, 2):
            await running.check()
            await running.check()
            assert registry.get_sample_value("chaperone_help_nobody_told_total") == (0 if notified else count)
            clock.now += 16 * 60
