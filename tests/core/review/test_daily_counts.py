"""Counts of a day: each message once in the district and in each building, by its strictest action."""

from __future__ import annotations

from collections import defaultdict
from zoneinfo import ZoneInfo

from gateway.core.messages.delivery import State
from gateway.core.policy.decision import Action
from gateway.core.review.daily_counts import (
    CountedCopy,
    CountedMessage,
    Tally,
    TallyKey,
    add_message,
    day_bounds,
    days_before,
    local_day,
)

ZONE = ZoneInfo("America/Chicago")
BUILDINGS = {"T": ("high",), "S": ("high", "middle")}


def _count(*messages: CountedMessage) -> dict[TallyKey, Tally]:
    tallies = defaultdict[TallyKey, Tally](Tally)
    for message in messages:
        add_message(tallies, message, lambda id_: BUILDINGS.get(id_, ()))
    return tallies


def _message(*copies: CountedCopy, judged: bool | None = None) -> CountedMessage:
    return CountedMessage(1000.0, "mail", frozenset({"staff_to_student"}), "en", frozenset({"T", "S"}), copies, judged)


def test_message_counts_once_in_each_building() -> None:
    held = CountedCopy(Action.HOLD, State.HELD, "policy", 1001.0, ("7a", "6"))
    released = CountedCopy(Action.RELEASE, State.SENT, "policy", 1001.0)
    found = _count(_message(held, held, released), _message(released))
    for building in ("", "high", "middle"):
        total = found[building, "all", ""]
        assert (total.messages, total.held, total.decided) == (2, 1, 0)
        assert found[building, "clause", "6"].held == 1
    assert found["", "language", "en"].messages == 2


def test_decisions_of_people_count() -> None:
    def held(state: State, by: str) -> CountedCopy:
        return CountedCopy(Action.HOLD, state, by, 1090.0, ("7a",))

    found = _count(
        _message(held(State.SENT, "ann")), _message(held(State.REJECTED, "ann")), _message(held(State.SENT, "policy")),
        _message(held(State.SENT, "ann"), held(State.HELD, "policy")),
    )["", "all", ""]  # fmt: skip
    assert (found.held, found.decided, found.overturned, found.times) == (4, 2, 1, {1: 2})
    flag = CountedCopy(Action.FLAG, State.SENT, "policy", 1001.0, ("4",))
    judged = _count(_message(flag, judged=True), _message(flag, judged=False), _message(flag))["", "all", ""]
    assert (judged.flagged, judged.judged, judged.fine) == (3, 2, 1)


def test_local_days_follow_the_clock_changes() -> None:
    start, end = day_bounds("2026-11-01", ZONE)
    assert end - start == 25 * 3600
    assert (local_day(start, ZONE), local_day(end - 1, ZONE), local_day(end, ZONE)) == ("2026-11-01",) * 2 + (
        "2026-11-02",
    )
    assert days_before("2026-03-01", 3) == ["2026-02-27", "2026-02-28", "2026-03-01"]
