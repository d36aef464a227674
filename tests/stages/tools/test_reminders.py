"""Reminders of tools: requests to directors, ends and reviews to owners too, each step once."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from gateway.core.messages.followup import Followup, FollowupKind
from gateway.core.notices.notice import notice_content
from gateway.core.policy.tool_changes import ToolDraft, register_tool, remove_tool, request_tool
from gateway.core.serialization.wire import rfc3339
from tests.stages.reminder_run import HOUR, LAST, NOON, ReminderRun, kessler

pytestmark = pytest.mark.slow

DAY = 24 * HOUR
DIRECTOR = "director@riverbend.example"


async def notified(run: ReminderRun) -> list[str]:
    return [to for _, to, _ in await run.notices(FollowupKind.TOOL)]


async def test_request_is_sent_to_directors_once(run: ReminderRun) -> None:
    await run.store.tools.change("quiz.example", request_tool(ToolDraft("quiz.example"), "lindgren", NOON))
    assert await notified(run) == [DIRECTOR]
    assert await notified(run) == []


async def test_end_and_review_are_announced_in_steps(run: ReminderRun) -> None:
    draft = ToolDraft("quiz.example", owner="s-01", administrator_access="R", until=NOON + 40 * DAY)
    await run.store.tools.change("quiz.example", register_tool(draft, "ann", NOON))
    everybody = sorted((DIRECTOR, kessler(run), LAST))
    for days, expected in ((0, []), (11, everybody), (12, []), (34, everybody), (41, everybody), (42, [])):
        run.now = NOON + days * DAY
        assert await notified(run) == expected, days
    again = ToolDraft("quiz.example", until=NOON + 400 * DAY, review_at=NOON + 50 * DAY)
    await run.store.tools.change("quiz.example", register_tool(again, "ann", run.now))
    assert await notified(run) == everybody
    await run.store.tools.change("quiz.example", remove_tool("ann", run.now))
    run.now = NOON + 51 * DAY
    assert await notified(run) == []


@pytest.mark.parametrize(
    ("about", "past", "says"),
    [
        ("requested", True, "please register this tool"), ("until", False, "ends soon"), ("until", True, "has ended"),
        ("review", False, "to be reviewed"),
    ],
)  # fmt: skip
def test_notice_says_which_tool_and_where(about: str, past: bool, says: str) -> None:
    body = {
        "to": [LAST],
        "at": rfc3339(NOON),
        "domain": "quiz.example",
        "about": about,
        "on": rfc3339(NOON),
        "past": past,
    }
    content = notice_content(
        Followup(FollowupKind.TOOL, "", body), [LAST], sender="c@riverbend.example", console_url="https://c.example",
        hostname="g.example", district="Riverbend", time_zone=str(ZoneInfo("America/Chicago")), name="n", at=NOON,
    ).decode()  # fmt: skip
    assert "quiz.example" in content
    assert says in content
    assert "https://c.example/tools" in content
