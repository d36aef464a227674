"""A pair's contact since a time, in numbers and words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date

from gateway.core.contact import measures, words
from gateway.core.contact.calendar import DAY_MINUTES, WEEK_MINUTES, date_of
from gateway.core.contact.history import DAY, SIX_WEEKS, WEEK, ContactRow, Usual
from gateway.core.contact.limits import ContactRules
from gateway.core.contact.measures import Counts

WINDOWS = (("day", DAY), ("week", WEEK), ("six_weeks", SIX_WEEKS))


@dataclass(frozen=True, slots=True)
class ContactReport:
    """A pair's contact. `rows` are its counted messages since `since`, `total` all of them, class mail included.

    `findings`: time, clause, text, whether it flagged, and message id of each. Windows end with the last row.
    """

    staff: str
    student: str
    since: float
    rows: tuple[ContactRow, ...]
    total: int
    rules: ContactRules
    usual: Usual | None = None
    findings: tuple[tuple[float, str, str, bool, str], ...] = ()


def report_row(report: ContactReport) -> dict[str, object]:
    """The report as JSON values."""
    rules, rows = report.rules, report.rows
    found = measures.exchanges(rows)
    return {
        "staff": report.staff,
        "student": report.student,
        "messages": report.total,
        "one_to_one": sum(row.alone for row in rows),
        "class_mail": report.total - len(rows),
        "windows": {
            name: _counts(measures.within(rows, seconds), rules) for name, seconds in (*WINDOWS, ("all", float("inf")))
        },
        "by_channel": dict(sorted(Counter(row.channel for row in rows).items())),
        "by_hour": [sum(row.local % DAY_MINUTES // 60 == hour for row in rows) for hour in range(24)],
        "by_day": dict(sorted(Counter(str(date_of(row.local)) for row in rows).items())),
        "by_week": {str(_monday(week)): number for week, number in sorted(measures.weekly_counts(rows).items())},
        "purposes": dict(sorted(Counter(row.purpose for row in rows if row.purpose).items())),
        "exchanges": {
            "count": len(found),
            "begun_by_staff": sum(exchange.begun_by_staff for exchange in found),
            "longest": max((len(exchange.rows) for exchange in found), default=0),
        },
        "usual": _usual(report.usual),
        "moving": _moving(report),
        "findings": [
            {"at": at, "clause": clause, "text": text, "flags": flags, "message": id_}
            for at, clause, text, flags, id_ in report.findings
        ],
        "words": list(report_words(report)),
    }


def report_words(report: ContactReport) -> Iterator[str]:
    """The report in sentences."""
    rows, rules = report.rows, report.rules
    messages, class_mail = words.counted(report.total, "message"), report.total - len(rows)
    yield f"{messages}: {len(rows)} one-to-one or over personal accounts, {class_mail} class mail"
    if not rows:
        return
    for name, seconds in WINDOWS:
        window = f"last {name.replace('_', ' ')} up to {words.moment(rows[-1])}"
        yield f"{window}: {_window_words(measures.count(measures.within(rows, seconds), rules.night, rules.calendar))}"
    found = measures.exchanges(rows)
    begun = sum(exchange.begun_by_staff for exchange in found)
    longest = words.counted(max(len(exchange.rows) for exchange in found), "message")
    yield f"{words.counted(len(found), 'exchange')}, {begun} begun by staff, the longest of {longest}"
    told = (words.usual_of_staff(report.usual) + words.usual_of_school(report.usual)).removeprefix("; ")
    if told:
        yield told
    change = measures.find_change(rows, rules.night, rules.calendar)
    rate, usual, spread = (words.decimal(number) for number in (change.rate, change.usual, change.spread))
    yield f"last two weeks: {rate} messages a week; the four before: {usual} (median, deviation {spread})"
    moving = measures.find_moving(rows)
    if moving is not None:
        agreed = f"agreed to move to the school account on {words.moment(moving.agreed)}"
        outside, district = len(moving.outside), len(moving.district)
        yield f"{agreed}; since then {outside} over personal accounts, {district} over the district account"


def _window_words(counted: Counts) -> str:
    messages, days = words.counted(counted.messages, "message"), words.counted(counted.days, "day")
    nights, outside_days = words.counted(counted.nights, "night"), words.counted(counted.outside_days, "day")
    return (
        f"{messages} on {days}, {counted.by_staff} by staff; {counted.night} at night on {nights}, {counted.off_hours} "
        f"outside school hours; {counted.outside} over personal accounts on {outside_days}; {counted.personal} of "
        f"{counted.read} without an educational purpose"
    )


def _counts(rows: Sequence[ContactRow], rules: ContactRules) -> dict[str, int]:
    return asdict(measures.count(rows, rules.night, rules.calendar))


def _usual(usual: Usual | None) -> dict[str, float] | None:
    return None if usual is None else asdict(usual)


def _moving(report: ContactReport) -> dict[str, object] | None:
    moving = measures.find_moving(report.rows)
    if moving is None:
        return None
    return {"agreed_at": moving.agreed.at, "outside_since": len(moving.outside), "district_since": len(moving.district)}


def _monday(week: int) -> date:
    return date_of(week * WEEK_MINUTES)
