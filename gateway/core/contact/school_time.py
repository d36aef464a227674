"""School time: due times and waits counted in school hours of the district's calendar.

A whole day of a period is a school day, and the rest of it counts in school hours: a message held for four hours on a
Friday at 15:00 is due on Monday morning. Without bell times, school hours are those of an office.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo

from gateway.core.contact.calendar import DAY_MINUTES, SchoolCalendar, local_minute

OFFICE_HOURS = (7 * 60, 17 * 60)
"""The hours that count without bell times, in minutes of the local day."""
_DAY = 86400.0
_MAX_DAYS = 400
"""Days that are searched for a school day. A calendar without any counts every hour."""


def is_school_day(at: float, calendar: SchoolCalendar, zone: tzinfo) -> bool:
    """Whether a time falls on a school day."""
    return _is_school_day(local_minute(at, zone) // DAY_MINUTES, calendar)


def school_due(at: float, seconds: float, calendar: SchoolCalendar, zone: tzinfo) -> float:
    """The time at which a period that starts at `at` ends, counted in school days and school hours."""
    first, last = _hours(calendar)
    days, left = divmod(seconds, _DAY)
    minute, left = _minute(at, zone), left / 60
    day, minute = divmod(minute, DAY_MINUTES)
    found = _school_day(int(day), calendar)
    if found is None:
        return at + seconds
    if found > day or minute >= last:
        following = found if found > day else _school_day(found + 1, calendar)
        if following is None:
            return at + seconds
        found, minute = following, first
    minute = max(minute, first)
    while left > last - minute:
        left -= last - minute
        following = _school_day(found + 1, calendar)
        if following is None:
            return at + seconds
        found, minute = following, first
    for _ in range(int(days)):
        following = _school_day(found + 1, calendar)
        if following is None:
            return at + seconds
        found = following
    return _time(found, minute + left, zone)


def school_seconds(start: float, end: float, calendar: SchoolCalendar, zone: tzinfo) -> float:
    """How many seconds of school hours are between two times."""
    first, last = _hours(calendar)
    begin, finish = _minute(start, zone), _minute(end, zone)
    total = 0.0
    for day in range(int(begin // DAY_MINUTES), min(int(finish // DAY_MINUTES), int(begin // DAY_MINUTES) + 4000) + 1):
        if _is_school_day(day, calendar):
            midnight = day * DAY_MINUTES
            total += max(min(finish, midnight + last) - max(begin, midnight + first), 0.0)
    return total * 60


def _hours(calendar: SchoolCalendar) -> tuple[int, int]:
    return OFFICE_HOURS if (calendar.start, calendar.end) == (0, DAY_MINUTES) else (calendar.start, calendar.end)


def _is_school_day(day: int, calendar: SchoolCalendar) -> bool:
    noon = day * DAY_MINUTES + (calendar.start + calendar.end) // 2
    return calendar.in_session(noon)


def _school_day(day: int, calendar: SchoolCalendar) -> int | None:
    """The number of the first school day from a day on, None if there is none soon."""
    return next((later for later in range(day, day + _MAX_DAYS) if _is_school_day(later, calendar)), None)


def _minute(at: float, zone: tzinfo) -> float:
    """The local minute of a time, with its fraction."""
    return local_minute(at, zone) + at % 60 / 60


def _time(day: int, minute: float, zone: tzinfo) -> float:
    local = datetime.fromordinal(day + 1) + timedelta(minutes=minute)
    return local.replace(tzinfo=zone).astimezone(UTC).timestamp()
