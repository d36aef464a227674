"""Reports: counts of held messages, and the same as rows of a table."""

from __future__ import annotations

from collections import Counter
from zoneinfo import ZoneInfo

import pytest

from gateway.core.messages.delivery import State
from gateway.core.messages.parties import Direction, Pair
from gateway.core.review.report import HeldCopy, build_report, report_rows

PAIR = (Pair("a", "T", "S", Direction.STAFF_TO_STUDENT),)


def _held_copy(state: State, by: str, seconds: float | None = 60.0, clauses: tuple[str, ...] = ("7a",)) -> HeldCopy:
    decided = None if seconds is None else 1_900_000_000.0 + seconds
    return HeldCopy(1_900_000_000.0, decided, by, state, "mail", "staff_to_student", clauses, "en", PAIR)


def test_report_counts() -> None:
    found = build_report(
        [
            _held_copy(State.SENT, "ann", 60.0), _held_copy(State.REJECTED, "ann", 120.0, ("7a", "6")),
            _held_copy(State.HELD, "policy"), _held_copy(State.SENT, "policy"), _held_copy(State.QUEUED, "bob", 600.0),
        ],
        lambda pairs: ("o-high",), ZoneInfo("America/Chicago"),
    )  # fmt: skip
    total = found.total
    assert (total.held, total.decided, total.overturned, total.waiting, total.usual) == (5, 3, 2, 1, 120.0)
    assert total.share == pytest.approx(2 / 3)
    assert {name: line.held for name, line in found.by["clause"].items()} == {"7a": 5, "6": 1}
    assert list(found.by["building"]) == ["o-high"]
    assert list(found.by["day"]) == ["2030-03-17"]


def test_rows_have_the_counts_of_the_report() -> None:
    found = build_report([_held_copy(State.SENT, "ann")], lambda pairs: (), ZoneInfo("UTC"))
    rows = report_rows(found, Counter({("mail", "hold"): 3}))
    assert rows[1][:3] == ("delivered or held", "mail hold", 3)
    assert rows[2] == ("all", "", 1, 1, 1, 0, 60)
