"""Numbers and times in words, for findings that people read."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.core.contact.calendar import WEEKDAYS, clock_of, date_of, day_of
from gateway.core.contact.history import ContactRow, Usual


def ordinal(number: int) -> str:
    """A number as 1st, 2nd, 3rd, 4th, 11th."""
    suffix = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"


def counted(number: int, noun: str, plural: str = "") -> str:
    """A number with its noun."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def decimal(number: float) -> str:
    """A number with one decimal, if it is not whole."""
    return f"{number:.1f}".removesuffix(".0")


def days_spanned(rows: Sequence[ContactRow]) -> int:
    """The number of calendar days from the first to the last row, both included."""
    return day_of(rows[-1].local) - day_of(rows[0].local) + 1


def in_days(rows: Sequence[ContactRow]) -> str:
    """How many calendar days some rows span, such as "in 2 days"."""
    return f"in {counted(days_spanned(rows), 'day')}"


def last_at(rows: Sequence[ContactRow]) -> str:
    """The time of day of the last row."""
    return f"last at {clock_of(rows[-1].local)}"


def moment(row: ContactRow) -> str:
    """The day and time of a row, such as "Tue 2026-10-06 21:14"."""
    return f"{WEEKDAYS[day_of(row.local) % 7].capitalize()} {date_of(row.local)} {clock_of(row.local)}"


def account(rows: Sequence[ContactRow]) -> str:
    """The kind of personal account that some rows used."""
    channels = {row.channel for row in rows}
    if channels == {"sms"}:
        return "a personal phone"
    return "personal accounts" if "sms" in channels else "a personal address"


def usual_of_staff(usual: Usual | None) -> str:
    """What is usual for the staff member, as the end of a finding; "" if nothing is known."""
    if usual is None or not usual.weeks:
        return ""
    return f"; usual for this teacher: {decimal(usual.median)} a week"


def usual_of_school(usual: Usual | None) -> str:
    """What is usual at the school, as the end of a finding; "" if nothing is known."""
    if usual is None or not usual.school_weeks:
        return ""
    return f"; usual at this school: {decimal(usual.school_median)} a week"


def duration(seconds: float) -> str:
    """A duration in minutes, hours or days."""
    if seconds < 3600:
        return counted(max(round(seconds / 60), 1), "minute")
    if seconds < 2 * 86400:
        return counted(round(seconds / 3600), "hour")
    return counted(round(seconds / 86400), "day")
