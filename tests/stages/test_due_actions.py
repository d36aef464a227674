"""What a reminder says of the due time, and that a call for help of which nobody can be told is counted."""

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
from tests.console.district import SAID, policy, put, roster
from tests.contracts.messages import Clock

ZONE = ZoneInfo("America/Chicago")
NOON, HOUR = 1795543200.0, 3600.0
URL, LAST = "https://c.example", "safety@riverbend.example"
SAYS = {"hold": "Nothing is delivered before", "release": "policy delivers", "reject": "policy rejects"}


def reminders(store: Store, deed: str, last: list[str], registry: CollectorRegistry) -> Reminders:
    """Reminders over a store, by a policy that does this at the due time of clause 7a."""
    shipped = policy()
    ends = replace(shipped.clauses["7a"], review_rules=ClauseReviewRules(at_due=deed))
    made = replace(shipped, clauses={**shipped.clauses, "7a": ends})
    return Reminders(
        ReminderStores.of(store), roster(), lambda: made, EventLog(registry), fallback=last, zone=ZONE, district="Riverbend",
        decided=lambda: None,
    )  # fmt: skip


@pytest.mark.parametrize("deed", list(SAYS))
async def test_a_reminder_says_what_the_policy_does_at_the_due_time(tmp_path: Path, deed: str) -> None:
    clock = Clock(NOON)
    async with open_store(f"sqlite:///{tmp_path}/store.db", clock=clock) as store:
        await put(store, SAID["middle"], NOON, roster(), policy())
        clock.now = NOON + 1.9 * HOUR
        await reminders(store, deed, [LAST], CollectorRegistry()).check()
        (due,) = [each for each in await store.followups.claim_due(100, 60) if each.kind is FollowupKind.DUE]
    subject, said = reviewer_notice(FollowupKind.DUE, due.body, URL, ZONE)
    assert subject == "One held message to decide soon"
    assert [each for each, words in SAYS.items() if words in said[0]] == [deed]
    assert ("unless somebody decides before" in said[1]) == (deed != "hold")


def test_a_reminder_of_messages_with_different_ends_says_it_of_each() -> None:
    at = rfc3339(NOON)
    items = [["a", at, 0, "release"], ["b", at, 0, "hold"], ["c", at, 0]]
    _, said = reviewer_notice(FollowupKind.DUE, {"items": items}, URL, ZONE)
    assert said[0].startswith("What happens to each at its due time stands below.")
    assert [each.partition("; ")[2].split()[0] for each in said[1:4]] == ["then", "it", "it"]
    _, said = reviewer_notice(FollowupKind.DUE, {"items": [*items, ["d", at, 2, "hold"]]}, URL, ZONE)
    assert "Nothing is delivered" not in said[0]
    assert said[4].endswith("CST")


@pytest.mark.parametrize("told", [True, False])
async def test_a_call_of_which_nobody_can_be_told_is_counted(tmp_path: Path, told: bool) -> None:
    clock, registry = Clock(NOON), CollectorRegistry()
    async with open_store(f"sqlite:///{tmp_path}/store.db", clock=clock) as store:
        await put(store, SAID["help"], NOON, roster(), policy())
        looking = reminders(store, "hold", [LAST] if told else [], registry)
        for often in (1, 2):
            await looking.check()
            await looking.check()
            assert registry.get_sample_value("chaperone_help_nobody_told_total") == (0 if told else often)
            clock.now += 16 * 60
