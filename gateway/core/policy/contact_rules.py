"""The tables of a policy file about contact over time: [contact], [rate], [night] and [calendar]."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TypeVar

from gateway.core.contact.calendar import DAY_MINUTES, WEEKDAYS, NightHours, SchoolCalendar
from gateway.core.contact.limits import ContactLimits, ContactRules, RateLimits, SlideLimits
from gateway.core.policy.toml_table import TomlTable

T = TypeVar("T")
_UNUSUAL_TIMES = 4
_COUNTS = (
    "day", "week", "night_week", "nights_week", "nights_six_weeks", "personal_nights_week",
    "personal_nights_six_weeks", "outside_week", "outside_six_weeks", "outside_days", "off_hours_week", "after_moving",
    "unusual_from",
)  # fmt: skip


def read_contact_rules(top: TomlTable, contact: TomlTable, rate: TomlTable, night: TomlTable) -> ContactRules:
    """The rules of a policy file. Everything but the night hours may be left out. Raises PolicyError."""
    return ContactRules(
        limits=_limits(contact),
        staff=_rates(rate, "students_hour"),
        student=_inner_rates(rate, "student"),
        outsider=_inner_rates(rate, "outsider"),
        night=NightHours(night.clock("from"), night.clock("to")),
        calendar=_calendar(top.table("calendar")) if top.has("calendar") else SchoolCalendar(),
    )


def _limits(contact: TomlTable) -> ContactLimits:
    slide = contact.table("slide") if contact.has("slide") else None
    return ContactLimits(
        **{name: _optional(contact, name, contact.count) for name in _COUNTS},
        emergency=_optional(contact, "emergency", contact.count) or 0,
        night_share=_optional(contact, "night_share", contact.share),
        alone_share=_optional(contact, "alone_share", contact.share),
        shares_from=_optional(contact, "shares_from", contact.count) or 1,
        unusual_times=_optional(contact, "unusual_times", contact.count) or _UNUSUAL_TIMES,
        slide=_slide(slide) if slide is not None else None,
    )


def _slide(table: TomlTable) -> SlideLimits:
    slide = SlideLimits(
        table.count("messages"), table.count("before"), table.share("share"), table.share("rise"), table.count("signs")
    )
    table.done()
    return slide


def _inner_rates(rate: TomlTable, name: str) -> RateLimits:
    if not rate.has(name):
        return RateLimits()
    table = rate.table(name)
    limits = _rates(table, "people_hour")
    table.done()
    return limits


def _rates(table: TomlTable, people: str) -> RateLimits:
    return RateLimits(
        people_hour=_optional(table, people, table.count),
        copies=_optional(table, "copies", table.count),
        flood=_optional(table, "flood", table.count),
        students=_optional(table, "students", table.count) if people == "people_hour" else None,
    )


def _calendar(table: TomlTable) -> SchoolCalendar:
    days = table.words("school_days", WEEKDAYS)
    holidays = tuple(_holiday(table, text) for text in (table.texts("holidays") if table.has("holidays") else ()))
    start = _optional(table, "from", table.clock)
    end = _optional(table, "to", table.clock)
    if (start is None) != (end is None):
        raise table.error("from", "and to come together: the first and the last bell")
    if start is not None and end is not None and start >= end:
        raise table.error("from", "must be before to: the first and the last bell of a day")
    table.done()
    return SchoolCalendar(
        frozenset(map(WEEKDAYS.index, days or WEEKDAYS[:5])),
        holidays,
        0 if start is None else start,
        DAY_MINUTES if end is None else end,
    )


def _holiday(table: TomlTable, text: str) -> tuple[date, date]:
    first, _, last = text.partition("/")
    try:
        begin = date.fromisoformat(first)
        end = date.fromisoformat(last) if last else begin
    except ValueError:
        hint = f"has {text!r}; write a date such as 2026-11-26, or the first and last such as 2026-12-21/2027-01-03"
        raise table.error("holidays", hint) from None
    if end < begin:
        raise table.error("holidays", f"has {text!r}, which ends before it begins")
    return begin, end


def _optional(table: TomlTable, name: str, read: Callable[[str], T]) -> T | None:
    return read(name) if table.has(name) else None
