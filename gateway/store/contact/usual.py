"""What is usual in a week between one staff member and one student, by staff member and school (robust statistics).

Computed once at the beginning of a week from the six weeks before it, so that all decisions of a week use the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, delete, func, select, text

from gateway.core.contact.calendar import WEEK_MINUTES
from gateway.core.contact.history import Usual
from gateway.store.engine.columns import storable
from gateway.store.engine.dialects import Database, Row, Statement, batch_insert
from gateway.store.schema import contact as contact_tables
from gateway.store.schema import messages as schema

PAST_WEEKS = 6
_x, _u = schema.contacts.c, contact_tables.contact_usual.c
_MINUTES_TO_TIME = 719162 * 1440
_DONE = Statement(lambda sql: select(_u.week).where(_u.staff == schema.lit(""), _u.week == bindparam("week")))
_WEEKLY = Statement(
    lambda sql: (
        select(
            _x.staff,
            _x.conversation,
            text(f"local / {WEEK_MINUTES}"),
            func.count(),
        )
        .where(
            text("alone + outside > 0"),
            _x.at >= bindparam("after"),
            _x.at < bindparam("before"),
            _x.local >= bindparam("first"),
            _x.local < bindparam("end"),
        )
        .group_by(text("1, 2, 3"))
    )
)
_DELETE = Statement(lambda sql: delete(contact_tables.contact_usual).where(_u.week <= bindparam("week")))
_DELETE_ALL = Statement(lambda sql: delete(contact_tables.contact_usual))
_INSERT = batch_insert(contact_tables.contact_usual, ignore_existing=True)


@dataclass(frozen=True, slots=True)
class UsualOfWeek:
    """The weeks before `week`: by staff member, how many pair-weeks had how many messages."""

    week: int
    weekly: Mapping[str, Counter[int]]
    schools: Callable[[str], Collection[str]]


def is_done(db: Database, week: int) -> bool:
    """Whether a week has been computed."""
    return bool(db.rows(_DONE, week=week))


def weekly_counts(db: Database, week: int) -> dict[str, Counter[int]]:
    """For each staff member: how many pair-weeks of the past six weeks had how many messages."""
    end = week * WEEK_MINUTES
    first = end - PAST_WEEKS * WEEK_MINUTES
    day = 86400.0  # local time and UTC differ by less than a day
    rows = db.rows(
        _WEEKLY, first=first, end=end,
        after=(first - _MINUTES_TO_TIME) * 60.0 - day, before=(end - _MINUTES_TO_TIME) * 60.0 + day,
    )  # fmt: skip
    found: dict[str, Counter[int]] = {}
    for staff, _, _, messages in rows:
        found.setdefault(staff, Counter())[int(messages)] += 1
    return found


def quantile(counts: Counter[int], share: float) -> float:
    """A quantile of counted numbers: the mean of the two in the middle where it falls between them."""
    total = sum(counts.values())
    if not total:
        return 0.0
    place = share * (total - 1)
    low, high = _at(counts, int(place)), _at(counts, min(int(place) + 1, total - 1))
    return low + (high - low) * (place - int(place))


def _at(counts: Counter[int], place: int) -> int:
    """The number at a place of the sorted numbers."""
    for number in sorted(counts):
        place -= counts[number]
        if place < 0:
            return number
    raise IndexError(place)


def write(db: Database, items: Sequence[UsualOfWeek]) -> list[None]:
    """Write what is usual, and delete weeks that no decision needs anymore."""
    for usual in items:
        db.change(_DELETE, week=usual.week - PAST_WEEKS)
        db.batch(_INSERT, _rows(usual))
    return [None] * len(items)


def _rows(usual: UsualOfWeek) -> list[dict[str, object]]:
    schools: dict[str, Counter[int]] = {}
    for staff, counts in usual.weekly.items():
        for school in usual.schools(staff) or ("",):
            schools.setdefault(school, Counter()).update(counts)
    figures = {school: _figures(counts) for school, counts in schools.items()}
    rows = [_row("", usual.week, (0, 0.0, 0.0), (0, 0.0, 0.0))]
    for staff, counts in sorted(usual.weekly.items()):
        of_schools = [figures[school] for school in usual.schools(staff) or ("",)]
        rows.append(_row(storable(staff), usual.week, _figures(counts), max(of_schools, key=lambda found: found[2])))
    return rows


def _figures(counts: Counter[int]) -> tuple[int, float, float]:
    return sum(counts.values()), quantile(counts, 0.5), quantile(counts, 0.9)


def _row(staff: str, week: int, own: tuple[int, float, float], school: tuple[int, float, float]) -> dict[str, object]:
    return {
        "staff": staff, "week": week, "weeks": own[0], "median": own[1], "high": own[2],
        "school_weeks": school[0], "school_median": school[1], "school_high": school[2],
    }  # fmt: skip


def forget(db: Database, items: Sequence[None]) -> list[None]:
    """Delete all of it."""
    db.change(_DELETE_ALL)
    return [None] * len(items)


def of_row(row: Row) -> Usual:
    """What is usual, from a row of its figures."""
    return Usual(*row)
