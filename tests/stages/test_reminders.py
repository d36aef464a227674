"""Reminders of due times, help alerts and the daily digest: once per step, to more people each time, no content."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from gateway.core.accounts.account import AccountRole, User
from gateway.core.cases.case import Assignment
from gateway.core.messages.delivery import State
from gateway.core.messages.followup import FollowupKind
from gateway.core.notices.notice import default_rejection_text, notice_content
from gateway.core.policy.decision import AuditEntry
from gateway.core.policy.review_rules import ClauseReviewRules, GeneralReviewRules
from gateway.core.policy.transitions import by_verdict, without_verdict
from gateway.observability.events import EventLog
from gateway.stages.moderation import hold_longer
from gateway.stages.reminders import NOT_DECIDED, Reminders, ReminderStores
from tests.console.district import MESSAGES, SECRECY_TEXT, add_message, build_message, build_verdict
from tests.stages.reminder_run import HOUR, LAST, MINUTE, NOON, ZONE, ReminderRun, kessler

pytestmark = pytest.mark.slow


async def test_due_time_escalates(run: ReminderRun) -> None:
    """Due in two hours: at first nobody is notified, then the building, the director, and the fallback repeatedly."""
    message = await run.add_message("high")
    building = kessler(run)
    assert await run.notices(FollowupKind.DUE) == []
    run.now = NOON + 1.6 * HOUR
    assert await run.notices(FollowupKind.DUE) == [(FollowupKind.DUE, building, 1)]
    assert await run.notices(FollowupKind.DUE) == []
    run.now = NOON + 2.1 * HOUR
    assert await run.notices(FollowupKind.DUE) == [(FollowupKind.DUE, building, 1)]
    run.now = NOON + 4.1 * HOUR
    assert await run.notices(FollowupKind.DUE) == [
        (FollowupKind.DUE, "director@riverbend.example", 1),
        (FollowupKind.DUE, building, 1),
    ]
    for later in (6.1, 8.1):
        run.now = NOON + later * HOUR
        assert {to for _, to, _ in await run.notices(FollowupKind.DUE)} == {
            building,
            "director@riverbend.example",
            LAST,
        }
    acts = [entry.act for entry in await run.store.audit_trail.entries_about(message.id, 20)]
    assert acts == ["escalated", "escalated", "escalated", "reminded", "reminded", "decided"]
    (trace,) = await run.store.lookups.trace(id=message.id)
    assert [copy.state for copy in trace.recipients] == [State.HELD]


async def test_one_notice_lists_all_due_messages(run: ReminderRun) -> None:
    for name in ("high", "child", "laid-out"):
        await run.add_message(name)
    run.now = NOON + 2 * HOUR
    assert await run.notices(FollowupKind.DUE) == [(FollowupKind.DUE, kessler(run), 3)]


async def test_only_the_assignee_is_notified(run: ReminderRun) -> None:
    message = await run.add_message("high")
    assignment = Assignment("director@riverbend.example", "x", NOON)
    await run.store.claims.assign(message.id, assignment, None, AuditEntry(NOON, "x", "assigned", message.id))
    run.now = NOON + 2 * HOUR
    assert await run.notices(FollowupKind.DUE) == [(FollowupKind.DUE, "director@riverbend.example", 1)]


async def test_parties_are_not_notified(run: ReminderRun) -> None:
    """The building's only administrator with an address wrote the message: the director is notified."""
    person = run.people.person(MESSAGES["high"].sender)
    assert person is not None
    writer = User("writer@riverbend.example", AccountRole.BUILDING_ADMINISTRATOR, ("o-high",), person=person.id)
    await run.store.accounts.add(writer, "", AuditEntry(NOON, "tests", "account added", writer.name))
    await run.store.accounts.disable("kessler", AuditEntry(NOON, "tests", "account disabled", "kessler"))
    await run.add_message("high")
    run.now = NOON + 2 * HOUR
    assert await run.notices(FollowupKind.DUE) == [(FollowupKind.DUE, "director@riverbend.example", 1)]


async def test_fallback_address_of_a_party_is_left_out(run: ReminderRun) -> None:
    """notify.to contains the counselor a student wrote to: others are notified at every level."""
    counselor = "hollis.meyer@riverbend.example"
    run.reminders = Reminders(
        ReminderStores.of(run.store), run.people, lambda: run.policy, EventLog(CollectorRegistry()),
        fallback=[counselor, LAST], zone=ZONE, district="Riverbend",
    )  # fmt: skip
    await run.add_message("help")
    assert {to for _, to, _ in await run.notices(FollowupKind.HELP_ALERT)} == {kessler(run)}
    run.now += 16 * MINUTE
    notified = {to for _, to, _ in await run.notices(FollowupKind.HELP_AGAIN)}
    assert notified == {kessler(run), "director@riverbend.example", LAST}


async def test_hold_longer_sets_a_new_due_time(run: ReminderRun) -> None:
    message = await run.add_message("high")
    run.now = NOON + 2.1 * HOUR
    assert len(await run.notices(FollowupKind.DUE)) == 1
    done = await hold_longer(
        run.store.dispositions, run.store.clock, message.id, 24 * HOUR, by="kessler", reason="a witness is away"
    )
    assert done is not None
    assert done.changed
    assert await run.notices(FollowupKind.DUE) == []
    run.now += 24 * HOUR - 10 * MINUTE
    assert len(await run.notices(FollowupKind.DUE)) == 1
    assert (await run.store.audit_trail.entries_about(message.id, 9))[1].detail["reason"] == "a witness is away"


@pytest.mark.parametrize(("action", "state"), [("release", State.QUEUED), ("reject", State.REJECTED)])
async def test_policy_can_decide_at_the_due_time(run: ReminderRun, action: str, state: State) -> None:
    clauses = {
        **run.policy.clauses,
        "7a": replace(run.policy.clauses["7a"], review_rules=ClauseReviewRules(at_due=action)),
    }
    run.policy = replace(run.policy, clauses=clauses)
    message, other = await run.add_message("child"), await run.add_message("middle")
    run.now = NOON + 1.9 * HOUR
    await run.notices()
    assert run.decided == 0
    run.now = NOON + 2.1 * HOUR
    assert await run.notices(FollowupKind.DUE) == []
    for decided in (message, other):
        (trace,) = await run.store.lookups.trace(id=decided.id)
        assert [(to.state, to.decided_by) for to in trace.recipients] == [(state, "policy")]
    assert (await run.store.audit_trail.entries_about(message.id, 1))[0].detail["reason"] == NOT_DECIDED


async def test_only_due_copies_are_decided(run: ReminderRun) -> None:
    """One building holds its copy longer: each copy is released at its own due time."""
    clauses = {
        **run.policy.clauses,
        "7a": replace(run.policy.clauses["7a"], review_rules=ClauseReviewRules(at_due="release")),
    }
    run.policy = replace(run.policy, clauses=clauses)
    message = await run.add_message("both")
    first, second = (recipient.address for recipient in message.envelope.recipients)
    await hold_longer(
        run.store.dispositions,
        run.store.clock,
        message.id,
        24 * HOUR,
        by="middle",
        reason="",
        may=lambda recipient: recipient.address == second,
    )
    for later, released in ((2.1, {first}), (3.0, {first}), (24.1, {first, second})):
        run.now = NOON + later * HOUR
        await run.notices(FollowupKind.DUE)
        (trace,) = await run.store.lookups.trace(id=message.id)
        assert {copy.address for copy in trace.recipients if copy.state is State.QUEUED} == released


async def test_rejection_at_the_due_time_notifies_the_sender(run: ReminderRun) -> None:
    """With clause, title and advice, but without saying that somebody has read the message."""
    rules = ClauseReviewRules(at_due="reject", advice="Write from the school account.")
    clauses = {**run.policy.clauses, "7a": replace(run.policy.clauses["7a"], review_rules=rules)}
    run.policy = replace(run.policy, clauses=clauses)
    await run.add_message("high")
    run.now = NOON + 2.1 * HOUR
    await run.reminders.check()
    (notice,) = [due for due in await run.store.followups.claim_due(100, 60) if due.kind is FollowupKind.REJECTION]
    words = str(notice.body["words"])
    assert f"(clause 7a: {clauses['7a'].title})" in words
    assert "What you can do: Write from the school account." in words
    assert "Nobody decided within the time" in words
    assert "has read it" not in words
    assert words.split("\n\n")[1:] == default_rejection_text("Riverbend", run.policy, ["7a"]).split("\n\n")[1:]


async def test_help_alert_repeats_until_acknowledged(run: ReminderRun) -> None:
    """At once to the building's administrators, besides notify.to; then to all every 15 minutes."""
    message = await run.add_message("help")
    building = kessler(run)
    first = await run.notices(FollowupKind.HELP_ALERT, FollowupKind.HELP_AGAIN)
    assert (FollowupKind.HELP_ALERT, building, 0) in first
    assert await run.notices(FollowupKind.HELP_ALERT, FollowupKind.HELP_AGAIN) == []
    for quarter in (1, 2):
        run.now = NOON + (15 * quarter + 1) * MINUTE
        again = await run.notices(FollowupKind.HELP_ALERT, FollowupKind.HELP_AGAIN)
        assert {to for _, to, _ in again} == {building, "director@riverbend.example", LAST}
        assert {kind for kind, _, _ in again} == {FollowupKind.HELP_AGAIN}
    await run.store.help_alerts.acknowledge(
        message.id, "kessler", AuditEntry(run.now, "kessler", "taken up", message.id)
    )
    run.now += HOUR
    assert await run.notices(FollowupKind.HELP_ALERT, FollowupKind.HELP_AGAIN) == []


async def test_late_help_alert_repeats_for_weeks(run: ReminderRun) -> None:
    """The verdict comes a day after the message was flagged without one; weeks later people are still notified."""
    message = build_message(MESSAGES["help"], NOON, run.people)
    await run.store.intake.accept(message)
    await run.store.dispositions.apply([(message.id, lambda seen: without_verdict(seen, run.policy, NOON))])
    run.now = NOON + 24 * HOUR
    assert await run.notices(FollowupKind.HELP_ALERT, FollowupKind.HELP_AGAIN) == []
    verdict = build_verdict(MESSAGES["help"], message)
    await run.store.dispositions.apply([(message.id, lambda seen: by_verdict(seen, verdict, run.policy, run.now))])
    assert (FollowupKind.HELP_ALERT, kessler(run), 0) in await run.notices(FollowupKind.HELP_ALERT)
    run.now += 16 * MINUTE
    assert len(await run.notices(FollowupKind.HELP_AGAIN)) == 3
    for _ in range(3):
        run.now += 20 * 24 * HOUR
        assert len(await run.notices(FollowupKind.HELP_AGAIN)) == 3
        run.now += HOUR
        assert await run.notices(FollowupKind.HELP_AGAIN) == []  # once a day after a week


async def test_help_alert_that_was_given_back_repeats(run: ReminderRun) -> None:
    message = await run.add_message("help")
    await run.notices()
    await run.store.help_alerts.acknowledge(
        message.id, "kessler", AuditEntry(run.now, "kessler", "taken up", message.id)
    )
    run.now += HOUR
    assert await run.notices(FollowupKind.HELP_AGAIN) == []
    assert await run.store.help_alerts.give_back(
        message.id, "kessler", AuditEntry(run.now, "kessler", "given back", message.id)
    )
    assert len(await run.notices(FollowupKind.HELP_AGAIN)) == 3


async def test_acknowledged_alerts_do_not_crowd_out_others(run: ReminderRun) -> None:
    """An alert repeats, however many later ones were acknowledged."""
    waiting = await run.add_message("help")
    await run.notices()
    for _ in range(210):
        run.now += 1
        later = await run.add_message("help")
        await run.store.help_alerts.acknowledge(
            later.id, "kessler", AuditEntry(run.now, "kessler", "taken up", later.id)
        )
    run.now = NOON + 16 * MINUTE
    await run.reminders.check()
    again = [due for due in await run.store.followups.claim_due(900, 60) if due.kind is FollowupKind.HELP_AGAIN]
    assert [followup.message for followup in again] == [waiting.id]


async def test_digest_counts_each_users_messages_once_a_day(run: ReminderRun) -> None:
    for name in ("high", "middle", "flag", "help"):
        await run.add_message(name)
    morning = datetime(2026, 11, 25, 7, 31, tzinfo=ZONE).timestamp()
    run.now = morning - 2 * MINUTE
    assert await run.notices(FollowupKind.DIGEST) == []
    run.now = morning
    await run.reminders.check()
    due = [item for item in await run.store.followups.claim_due(100, 60) if item.kind is FollowupKind.DIGEST]
    counts = {item.body["to"][0]: (item.body["held"], item.body["overdue"], item.body["calls"]) for item in due}  # type: ignore[index]
    assert counts == {
        LAST: (2, 2, 1), "director@riverbend.example": (2, 2, 1), kessler(run): (1, 1, 1),
        "middle@riverbend.example": (1, 1, 0),
    }  # fmt: skip
    await run.store.followups.complete([followup.id for followup in due])
    run.now += HOUR
    assert await run.notices(FollowupKind.DIGEST) == []
    run.now = morning + 24 * HOUR + 3 * HOUR  # a missed digest is not sent in the afternoon
    assert await run.notices(FollowupKind.DIGEST) == []


async def test_digest_with_only_a_help_alert(run: ReminderRun) -> None:
    await run.add_message("help")
    run.now = datetime(2026, 11, 25, 7, 31, tzinfo=ZONE).timestamp()
    await run.reminders.check()
    found = [item for item in await run.store.followups.claim_due(100, 60) if item.kind is FollowupKind.DIGEST]
    assert {str(item.body["to"]) for item in found} == {
        str([to]) for to in (kessler(run), "director@riverbend.example", LAST)
    }
    content = notice_content(
        found[0], ["kim@riverbend.example"], sender="chaperone@riverbend.example", console_url="https://c.example",
        hostname="g.example", district="Riverbend", time_zone="America/Chicago", name="n", at=run.now,
    ).decode()  # fmt: skip
    assert "Subject: 1 help alert that nobody has claimed" in content


async def test_digest_counts_flags_without_those_of_the_reader(run: ReminderRun) -> None:
    ruiz, own = MESSAGES["flag"], run.people.by_id("s-01")
    assert own is not None
    await run.add_message("flag")
    from_reader = replace(ruiz, sender=own.address)
    await add_message(run.store, from_reader, run.now, run.people, run.policy)
    run.now = datetime(2026, 12, 8, 7, 31, tzinfo=ZONE).timestamp()
    await run.reminders.check()
    found = [item for item in await run.store.followups.claim_due(100, 60) if item.kind is FollowupKind.DIGEST]
    assert {str(item.body["to"]): (item.body["flagged"], item.body["flags_overdue"]) for item in found} == {
        str([LAST]): (2, 2), str(["director@riverbend.example"]): (2, 2), str([kessler(run)]): (1, 1),
    }  # fmt: skip
    content = notice_content(
        found[0], ["kim@riverbend.example"], sender="chaperone@riverbend.example", console_url="https://c.example",
        hostname="g.example", district="Riverbend", time_zone="America/Chicago", name="n", at=run.now,
    ).decode()  # fmt: skip
    assert "flagged messages wait for a look" in content or "1 flagged message waits for a look" in content


async def test_policy_without_a_digest(run: ReminderRun) -> None:
    run.policy = replace(run.policy, review=GeneralReviewRules(digest=None))
    await run.add_message("high")
    run.now = datetime(2026, 11, 25, 7, 31, tzinfo=ZONE).timestamp()
    assert await run.notices(FollowupKind.DIGEST) == []


async def test_notices_reveal_nothing_about_a_message(run: ReminderRun) -> None:
    """No name, address, subject or text: only counts, times and links to pages that require sign-in.

    An urgent notice names clause and severity.
    """
    ids = [(await run.add_message(name)).id for name in ("high", "help")]
    run.now = datetime(2026, 11, 25, 7, 31, tzinfo=ZONE).timestamp()
    await run.reminders.check()
    due = [item for item in await run.store.followups.claim_due(100, 60) if item.kind is not FollowupKind.DECISION]
    kinds = {FollowupKind.DUE, FollowupKind.DIGEST, FollowupKind.HELP_AGAIN}
    assert kinds <= {item.kind for item in due}
    for item in due:
        content = notice_content(
            item, ["kim@riverbend.example"], sender="chaperone@riverbend.example", console_url="https://c.example",
            hostname="g.example", district="Riverbend", time_zone="America/Chicago", name="n", at=run.now,
        ).decode()  # fmt: skip
        assert "https://c.example/" in content
        for id_ in ids:
            content = content.replace(id_, "ID")  # an id may contain any two characters
        for word in (SECRECY_TEXT, "Lindgren", "lindqvist", "After practice", "vandermeer", "can i come", "7a"):
            assert word not in content or (word == "7a" and item.kind is FollowupKind.URGENT)
        assert max(map(len, content.split("\r\n"))) <= 78


async def test_help_is_repeated_although_other_reminders_fail(run: ReminderRun) -> None:
    """Reassignment fails for everything, and one of two alerts cannot be handled."""
    run.now = NOON
    good, bad = await run.add_message("help"), await run.add_message("help")
    remind = run.store.reminders.remind
    tried: list[Sequence[tuple[str, str]]] = []

    class Failing:
        """Reminders that fail with one message."""

        def __getattr__(self, name: str) -> Any:
            return getattr(run.store.reminders, name)

        async def remind(self, steps: Sequence[tuple[str, str]], notices: Any) -> Sequence[tuple[str, str]]:
            """See gateway.ports.review.ReminderStore."""
            tried.append(steps)
            if any(id_ == bad.id for id_, _ in steps):
                raise ZeroDivisionError
            return await remind(steps, notices)

    class NothingWorks:
        """Reassignment that fails."""

        async def check(self, *_: object) -> None:
            """Fail."""
            raise ZeroDivisionError

    run.reminders._stores = replace(run.reminders._stores, reminders=Failing())
    run.reminders._reassignment = NothingWorks()  # type: ignore[assignment]
    await run.reminders.check()
    due = await run.store.followups.claim_due(100, 60)
    assert good.id in {followup.message for followup in due if followup.kind is FollowupKind.HELP_ALERT}
    assert any(len(steps) > 1 for steps in tried)
