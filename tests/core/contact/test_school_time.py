"""School time: due times and waits count school days and school hours."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.contact.calendar import SchoolCalendar
from gateway.core.contact.school_time import is_school_day, school_due, school_seconds

ZONE = ZoneInfo("America/Chicago")
CALENDAR = SchoolCalendar(start=8 * 60, end=15 * 60 + 30)
HOUR, DAY = 3600.0, 86400.0


def at(text: str) -> float:
    """A local time."""
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).timestamp()


@pytest.mark.parametrize(
    ("held", "seconds", "due"),
    [
        ("2026-11-24T09:00", 4 * HOUR, "2026-11-24T13:00"),
        ("2026-11-24T14:30", 4 * HOUR, "2026-11-25T11:00"),
        ("2026-11-27T15:00", 2 * HOUR, "2026-11-30T09:30"),  # over a weekend
        ("2026-11-28T03:00", 2 * HOUR, "2026-11-30T10:00"),  # in the night of a Saturday
        ("2026-11-24T06:00", 2 * HOUR, "2026-11-24T10:00"),
        ("2026-11-24T20:00", DAY, "2026-11-26T08:00"),  # a school day is a day
        ("2026-11-27T10:00", DAY, "2026-11-30T10:00"),
        ("2026-11-27T10:00", 2 * DAY, "2026-12-01T10:00"),
        ("2026-10-30T14:30", 4 * HOUR, "2026-11-02T11:00"),  # the clocks go back on that weekend
    ],
)
def test_due_times(held: str, seconds: float, due: str) -> None:
    assert school_due(at(held), seconds, CALENDAR, ZONE) == at(due)


def test_holidays_do_not_count() -> None:
    calendar = replace(CALENDAR, holidays=((date(2026, 12, 21), date(2027, 1, 3)),))
    assert school_due(at("2026-12-18T15:00"), HOUR, calendar, ZONE) == at("2027-01-04T08:30")
    assert not is_school_day(at("2026-12-24T10:00"), calendar, ZONE)
    assert is_school_day(at("2027-01-04T10:00"), calendar, ZONE)


def test_without_bell_times_the_hours_of_an_office_count() -> None:
    assert school_due(at("2026-11-24T22:00"), 4 * HOUR, SchoolCalendar(), ZONE) == at("2026-11-25T11:00")


def test_calendar_without_school_days_counts_every_hour() -> None:
    assert school_due(at("2026-11-24T22:00"), HOUR, SchoolCalendar(frozenset()), ZONE) == at("2026-11-24T23:00")


@given(
    start=st.floats(1.6e9, 1.9e9), hours=st.floats(0.01, 20),
    days=st.frozensets(st.integers(0, 6), min_size=1), bells=st.tuples(st.integers(0, 700), st.integers(730, 1440)),
)  # fmt: skip
def test_due_time_is_within_school_hours_after_exactly_that_time(
    start: float, hours: float, days: frozenset[int], bells: tuple[int, int]
) -> None:
    """The wait between both times, counted by the other function, is the period, but for a change of the clocks."""
    calendar = SchoolCalendar(days, (), *bells)
    due = school_due(start, hours * HOUR, calendar, ZONE)
    assert due >= start - 1
    local = datetime.fromtimestamp(due, ZONE)
    assert local.weekday() in days
    waited = school_seconds(start, due, calendar, ZONE)
    assert abs(waited - hours * HOUR) < 2 or abs(abs(waited - hours * HOUR) - HOUR) < 2
