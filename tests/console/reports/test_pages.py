"""Reports as a page, as a table and by the API."""

from __future__ import annotations

import csv
import io
from zoneinfo import ZoneInfo

from gateway.stages.reports.daily_counts import CountingRules, count_round
from tests.console.district import DIRECTOR, HELD, HIGH, MIDDLE
from tests.console.running_console import RunningConsole
from tests.console.test_browser import BOTH


async def count(console: RunningConsole) -> None:
    """Count the messages of the district, as a gateway does each minute."""
    rules = CountingRules(ZoneInfo("America/Chicago"), console.people.buildings_of, 730)
    await count_round(console.store.reports, console.clock(), rules, every=0)


@BOTH
async def test_report_counts_own_buildings(console: RunningConsole) -> None:
    async with console.api_client(DIRECTOR) as program:
        await program.post(f"/api/v1/messages/{console.id('high')}/release", json={"reason": ""})
        await program.post(f"/api/v1/messages/{console.id('own')}/reject", json={"reason": ""})
        await count(console)
        found = (await program.get("/api/v1/reports", params={"days": 7})).json()
        one = (await program.get("/api/v1/reports", params={"days": 7, "building": "o-middle"})).json()
        assert (await program.get("/api/v1/reports", params={"building": "o-nowhere"})).status_code == 404
    total = found["total"]
    assert (total["messages"], total["held"], total["flagged"], total["help"]) == (10, len(HELD), 1, 1)
    assert (total["decided"], total["overturned"], total["waiting"]) == (2, 1, len(HELD) - 2)
    assert total["held_rate"]["whole"] == 10
    assert total["held_rate"]["low"] < total["held_rate"]["value"] < total["held_rate"]["high"]
    assert total["held_rate"]["small"]
    assert total["overturned_rate"]["value"] == 0.5
    assert total["median_seconds"] > 60
    assert {item["value"]: item["held"] for item in found["by"]["building"]}["o-middle"] == 2
    assert one["total"]["held"] == 2
    assert found["volume"] == {
        "mail hold": len(HELD) - 1,
        "sms hold": 1,
        "mail flag": 1,
        "mail alert": 1,
        "mail release": 1,
    }
    clauses = {item["value"]: item for item in found["by"]["clause"]}
    assert clauses["7a"]["held_rate"]["whole"] == total["messages"]
    async with console.api_client(MIDDLE) as program:
        theirs = (await program.get("/api/v1/reports")).json()
        assert theirs["total"]["held"] == 2
        assert {item["value"] for item in theirs["by"]["building"]} == {"o-middle"}
        assert (await program.get("/api/v1/reports", params={"building": "o-high"})).status_code == 404


async def test_report_page_and_csv(console: RunningConsole) -> None:
    await count(console)
    async with console.signed_in(HIGH) as browser:
        page = await browser.get("/reports?days=90")
        assert "few messages" in page.text
        assert "Riverbend High School" in page.text
        assert "Riverbend Middle School" not in page.text
        answer = await browser.get("/reports.csv?days=90")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.reader(io.StringIO(answer.text)))
    assert rows[0][:3] == ["by", "value", "held"]
    assert {row[0] for row in rows[1:]} >= {"all", "clause", "building", "language", "day"}
    assert not [row for row in rows if any("@" in cell or "Lindgren" in cell for cell in row)]
    assert (await console.store.audit_trail.entries_about("90 days", 1))[0].act == "report exported"
