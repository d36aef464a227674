"""Reports: rates with their denominators, weeks, and the same as rows of a table."""

from __future__ import annotations

from collections import Counter

import pytest

from gateway.core.review.daily_counts import Tally
from gateway.core.review.report import build_report, report_rows, weeks_of

TOTAL = Tally(1000, 40, 10, 2, 8, 2, 20, 5, Counter({2: 8}))
TALLIES = {
    ("all", ""): TOTAL, ("clause", "7a"): Tally(8, 0, 8, 0, 8, 2), ("clause", "4"): Tally(42, 40, 2, 0),
    ("channel", "mail"): Tally(990, 40, 10, 2), ("channel", "sms"): Tally(10),
}  # fmt: skip


def test_rates_have_their_denominators() -> None:
    found = build_report(TALLIES, {"o-high": Tally(400, 20, 6)}, {"2026-11-30": TOTAL})
    assert found.total.held.value == pytest.approx(0.01)
    assert found.by["clause"]["7a"].held.value == pytest.approx(0.008)  # of all messages, not of those with the clause
    assert found.by["building"]["o-high"].held.value == pytest.approx(6 / 400)
    assert found.total.overturned.value == pytest.approx(0.25)
    assert found.total.fine.value == pytest.approx(0.25)
    assert found.total.waiting == 2
    assert found.by["channel"]["sms"].held.small
    assert list(found.by["clause"]) == ["4", "7a"]
    assert found.volume == {
        ("mail", "release"): 938, ("mail", "flag"): 40, ("mail", "hold"): 10, ("mail", "alert"): 2,
        ("sms", "release"): 10,
    }  # fmt: skip


def test_rows_have_the_counts_of_the_report() -> None:
    rows = report_rows(build_report(TALLIES, {}, {}))
    assert rows[0][0] == "by"
    assert ("delivered or held", "mail hold", 10) in rows
    total = next(row for row in rows if row[0] == "all")
    assert total[:8] == ("all", "", 10, 8, 2, 2, 210, 1000)
    assert total[10] == 10.0
    assert {len(row) for row in rows if row[0] != "delivered or held"} == {len(rows[0])}


def test_weeks_end_on_the_last_day() -> None:
    days = {"2026-11-30": Tally(5), "2026-11-24": Tally(7), "2026-11-23": Tally(11), "2026-10-01": Tally(99)}
    weeks = weeks_of(days, "2026-11-30", 2)
    assert [(week.first, week.tally.messages) for week in weeks] == [("2026-11-17", 11), ("2026-11-24", 12)]
