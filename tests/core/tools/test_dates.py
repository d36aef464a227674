"""Dates of the register: a day counts to its last second in the district's time zone."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from gateway.core.tools.dates import day_of, end_of, start_of, written_end

ZONE = ZoneInfo("America/Chicago")


@pytest.mark.parametrize("day", ["2027-06-30", "2026-11-01", "2027-03-14", "2028-02-29"])
def test_day_is_read_and_written(day):
    assert written_end(end_of(day, ZONE), ZONE) == day
    assert day_of(start_of(day, ZONE), ZONE) == day_of(end_of(day, ZONE), ZONE) == day


def test_time_with_an_offset_is_kept():
    at = end_of("2027-06-30T12:00:00-05:00", ZONE)
    assert written_end(at, ZONE) == "2027-06-30T17:00:00.000Z"


@pytest.mark.parametrize("text", ["", "soon", "2027-13-01", "30.06.2027", "2027-06-30T12:00:00"])
def test_anything_else_is_refused(text):
    with pytest.raises(ValueError, match=r"time|iso|day|month"):
        end_of(text, ZONE)
