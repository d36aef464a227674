"""Dates of the register, as people write them: a day counts in the district's time zone and to its last second."""

from __future__ import annotations

from datetime import date, datetime, time, tzinfo

from gateway.core.serialization.json_fields import from_rfc3339, rfc3339

_LAST_SECOND = time(23, 59, 59)


def end_of(text: str, zone: tzinfo) -> float:
    """The end of a day such as 2027-06-30, or a time with its offset (RFC 3339). Raises ValueError."""
    return _read(text, zone, _LAST_SECOND)


def start_of(text: str, zone: tzinfo) -> float:
    """The start of a day, or a time with its offset (RFC 3339). Raises ValueError."""
    return _read(text, zone, time())


def _read(text: str, zone: tzinfo, of_day: time) -> float:
    written = text.strip()
    if len(written) > 10:
        return from_rfc3339(written)
    return datetime.combine(date.fromisoformat(written), of_day, zone).timestamp()


def day_of(at: float, zone: tzinfo) -> str:
    """The day of a time in the district's time zone, such as 2027-06-30."""
    return datetime.fromtimestamp(at, zone).date().isoformat()


def written_end(at: float, zone: tzinfo) -> str:
    """A day if the time is the end of one, and otherwise the time (RFC 3339)."""
    day = day_of(at, zone)
    return day if end_of(day, zone) == at else rfc3339(at)
