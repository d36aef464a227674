"""Reports as a page, as a table and by the API."""

from __future__ import annotations

import csv
import io

from tests.console.district import DIRECTOR, HELD, HIGH, MIDDLE
from tests.console.running_console import RunningConsole
from tests.console.test_browser import BOTH


@BOTH
async def test_report_counts_own_buildings(console: RunningConsole) -> None:
    async with console.api_client(DIRECTOR) as program:
        await program.post(f"/api/v1/messages/{console.id('high')}/release", json={"reason": ""})
        await program.post(f"/api/v1/messages/{console.id('own')}/reject", json={"reason": ""})
        found = (await program.get("/api/v1/reports", params={"days": 7})).json()
    copies = sum(len(console.messages[name].envelope.recipients) for name in HELD)
    assert found["total"] == {
        "value": "", "held": copies, "decided": 2, "overturned": 1, "waiting": copies - 2,
        "median_seconds": found["total"]["median_seconds"],
    }  # fmt: skip
    assert {item["value"]: item["held"] for item in found["by"]["building"]}["o-middle"] == 2
    assert found["volume"] == {
        "mail hold": copies - 1,
        "sms hold": 1,
        "mail flag": 1,
        "mail alert": 1,
        "mail release": 1,
    }
    async with console.api_client(MIDDLE) as program:
        theirs = (await program.get("/api/v1/reports")).json()
        assert theirs["total"]["held"] == 2
        assert {item["value"] for item in theirs["by"]["building"]} == {"o-middle"}
        assert theirs["volume"] == {}


async def test_report_page_and_csv(console: RunningConsole) -> None:
    async with console.signed_in(HIGH) as browser:
        page = await browser.get("/reports?days=90")
        assert "<svg" in page.text
        assert "Riverbend High School" in page.text
        assert "Riverbend Middle School" not in page.text
        answer = await browser.get("/reports.csv?days=90")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.reader(io.StringIO(answer.text)))
    assert rows[0][:3] == ["by", "value", "held"]
    assert {row[0] for row in rows[1:]} >= {"all", "clause", "building", "language", "day"}
    assert not [row for row in rows if any("@" in cell or "Lindgren" in cell for cell in row)]
    assert (await console.store.audit_trail.entries_about("90 days", 1))[0].act == "report exported"
