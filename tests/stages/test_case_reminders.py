"""Reminders of due cases."""

from __future__ import annotations

import pytest

from gateway.core.accounts.account import AccountRole, User
from gateway.core.cases.case import CaseDraft
from gateway.core.messages.followup import Followup, FollowupKind
from gateway.core.notices.notice import notice_content
from gateway.core.policy.decision import AuditEntry
from gateway.core.serialization.wire import rfc3339
from tests.console.district import MESSAGES
from tests.stages.reminder_run import HOUR, LAST, NOON, ReminderRun, kessler


async def test_due_case_is_reminded_of_until_closed(run: ReminderRun) -> None:
    """The assignee is notified; after a day the director, too; parties never."""
    message = await run.add_message("high")
    person = run.people.person(MESSAGES["high"].sender)
    assert person is not None
    writer = User("writer@riverbend.example", AccountRole.TECHNOLOGY_DIRECTOR, person=person.id)
    await run.store.accounts.add(writer, "", AuditEntry(NOON, "tests", "account added", writer.name))
    draft = CaseDraft("Secrecy", "high", "kessler", NOON + 4 * HOUR)
    number = await run.store.cases.open(draft, "kessler", [message.id], {})
    assert await run.notices(FollowupKind.CASE) == []
    building, director = kessler(run), "director@riverbend.example"
    for later, expected in ((3.6, [building]), (3.7, []), (4.1, [building]), (28.1, [director, building]), (29, [])):
        run.now = NOON + later * HOUR
        assert [to for _, to, _ in await run.notices(FollowupKind.CASE)] == sorted(expected), later
    acts = [entry.act for entry in await run.store.audit_trail.entries_about(f"case-{number}", 9)]
    assert acts == ["escalated", "reminded", "reminded", "case opened"]
    await run.store.cases.set_outcome(
        number, "unfounded", "kessler", AuditEntry(run.now, "kessler", "case closed", f"case-{number}")
    )
    run.now += 48 * HOUR
    assert await run.notices(FollowupKind.CASE) == []


@pytest.mark.parametrize(("level", "says"), [(0, "Case 7 is due soon"), (1, "Case 7 is past its due time")])
def test_notice_of_a_case_says_whether_it_is_overdue(level: int, says: str) -> None:
    body = {"to": [LAST], "at": rfc3339(NOON), "case": 7, "due_at": rfc3339(NOON), "level": level}
    content = notice_content(
        Followup(FollowupKind.CASE, "case-7", body), [LAST], sender="chaperone@riverbend.example",
        console_url="https://c.example", hostname="g.example", district="Riverbend", time_zone="America/Chicago",
        name="n", at=NOON,
    ).decode()  # fmt: skip
    assert f"Subject: {says}\r\n" in content
    assert "2026-11-24 12:00 CST" in content
