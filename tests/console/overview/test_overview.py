"""The overview: what waits for an account, the trend, and the health of the gateway."""

from __future__ import annotations

from gateway.console.overview.health import HealthFacts, health_lines
from gateway.core.review.views import Backlog
from gateway.ports.reports import Delayed, Health
from tests.console.district import AUDITOR, DIRECTOR, HELD, MIDDLE, SECURITY
from tests.console.reports.test_pages import count
from tests.console.running_console import RunningConsole
from tests.console.test_browser import BOTH


@BOTH
async def test_overview_shows_what_waits(console: RunningConsole) -> None:
    await count(console)
    async with console.signed_in(DIRECTOR) as browser:
        page = (await browser.get("/overview")).text
    assert f"<strong>{len(HELD)}</strong> <span>held messages" in page
    assert "<strong>1</strong> <span>call for help" in page
    assert page.count("<svg") == 4
    assert "Every next hop takes messages." in page
    assert "@" not in page.split("<main")[1]
    async with console.api_client(MIDDLE) as program:
        stats = (await program.get("/api/v1/stats")).json()
    assert (stats["held"], stats["help_unacknowledged"], stats["flagged_open"]) == (2, 0, 0)
    assert (stats["deferred_recipients"], len(stats["weeks"]), stats["period"]["held"]) == (None, 8, 2)


async def test_counts_need_no_content(console: RunningConsole) -> None:
    for name in (SECURITY, AUDITOR):
        async with console.signed_in(name) as browser:
            page = await browser.get("/overview")
        assert page.status_code == 200
        assert f"<strong>{len(HELD)}</strong> <span>held messages" in page.text


def test_health_in_plain_words() -> None:
    quiet = HealthFacts(1e6, Backlog(), {"delivery": 0}, Health("m-3"), 1e6 - 3600, shadow=False, policy="ab" * 32)
    assert all(line.good for line in health_lines(quiet))
    bad = HealthFacts(
        1e6, Backlog(overdue=3, oldest_overdue=600, unpublished=500, unanswered=500, unlinked_for=90),
        {"delivery": 2}, Health("", (Delayed("mail", "riverbend.example", 12, 1e6 - 7200), Delayed("sms", "", 1, 1e6))),
        1e6 - 20 * 86400, shadow=True, policy="",
    )  # fmt: skip
    lines = [line.text for line in health_lines(bad) if not line.good]
    assert len(lines) == 6
    assert any(
        "12 copies wait for the mail server of riverbend.example, the first since 2 hours" in line for line in lines
    )
    assert not any("text messages" in line for line in lines)  # a delay of a moment is ordinary
