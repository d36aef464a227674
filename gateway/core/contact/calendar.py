"""Night hours and school hours, in minutes of local time.

A local minute counts minutes since the Monday of year 1: `day * 1440 + minute of the day`. Day 0 is a Monday, so weeks
start where `day % 7` is 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo

DAY_MINUTES = 1440
WEEK_MINUTES = 7 * DAY_MINUTES
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def local_minute(at: float, time_zone: tzinfo) -> int:
    """The local minute of a time in seconds since the epoch."""
    local = datetime.fromtimestamp(at, UTC).astimezone(time_zone)
    return (local.toordinal() - 1) * DAY_MINUTES + local.hour * 60 + local.minute


def day_of(local: int) -> int:
    """The number of the day of a local minute."""
    return local // DAY_MINUTES


def week_of(local: int) -> int:
    """The number of the week of a local minute; weeks start on Monday."""
    return local // WEEK_MINUTES


def date_of(local: int) -> date:
    """The date of a local minute."""
    return date.fromordinal(day_of(local) + 1)


def clock_of(local: int) -> str:
    """The time of day of a local minute, such as 23:40."""
    minute = local % DAY_MINUTES
    return f"{minute // 60:02}:{minute % 60:02}"


@dataclass(frozen=True, slots=True)
class NightHours:
    """The hours that count as night, in minutes of the local day. `start` may be after `end`."""

    start: int = 21 * 60
    end: int = 6 * 60

    def contains(self, minute: int) -> bool:
        """Whether a minute of the day is at night. A night that ends when it starts is empty."""
        if self.start <= self.end:
            return self.start <= minute < self.end
        return minute >= self.start or minute < self.end

    def contains_local(self, local: int) -> bool:
        """Whether a local minute is at night."""
        return self.contains(local % DAY_MINUTES)

    def night_of(self, local: int) -> int:
        """The number of the night of a local minute: that of the day on which it begins."""
        return day_of(local - self.end) if self.start > self.end else day_of(local)


@dataclass(frozen=True, slots=True)
class SchoolCalendar:
    """When school is in session. Without bell times, the whole of a school day is.

    `days` are weekdays from 0 (Monday). `holidays` are first and last dates. `start` and `end` are minutes of the day.
    """

    days: frozenset[int] = frozenset(range(5))
    holidays: tuple[tuple[date, date], ...] = ()
    start: int = 0
    end: int = DAY_MINUTES

    def in_session(self, local: int) -> bool:
        """Whether a local minute is within school hours."""
        if not self.start <= local % DAY_MINUTES < self.end or day_of(local) % 7 not in self.days:
            return False
        return not self.holidays or not any(first <= date_of(local) <= last for first, last in self.holidays)
