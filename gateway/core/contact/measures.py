"""What a pair's history amounts to within a window: counts, nights, exchanges, and what has changed over six weeks.

Everything is a pure function of the rows, so that any figure can be counted again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

from gateway.core.contact.calendar import NightHours, SchoolCalendar, day_of, week_of
from gateway.core.contact.history import MOVES, WEEK, ContactRow

PERSONAL_PURPOSES = frozenset({"personal", "other"})
"""Purposes that are not educational."""
EXCHANGE_SECONDS = 3 * 3600.0
"""A longer silence ends an exchange."""
HOUR = 3600.0
RECENT, BEFORE = 2 * WEEK, 4 * WEEK
_MAD_TO_DEVIATION = 1.4826  # the median absolute deviation of a normal distribution, as a standard deviation


@dataclass(frozen=True, slots=True)
class Counts:
    """The counted messages of one window.

    `alone`: one-to-one. `outside`: over a personal account. `night`: at night, on `nights` different nights.
    `personal_nights`: nights with messages that have no educational purpose. `off_hours`: outside school hours.
    `days`, `outside_days`: different days. `personal`: messages without an educational purpose, of `read` whose purpose
    is known.
    """

    messages: int = 0
    by_staff: int = 0
    alone: int = 0
    outside: int = 0
    night: int = 0
    nights: int = 0
    personal_nights: int = 0
    off_hours: int = 0
    days: int = 0
    outside_days: int = 0
    read: int = 0
    personal: int = 0


def within(rows: Sequence[ContactRow], seconds: float) -> Sequence[ContactRow]:
    """The rows of the last `seconds` before the last row, with it."""
    if not rows:
        return rows
    since = rows[-1].at - seconds
    start = len(rows)
    while start and rows[start - 1].at > since:
        start -= 1
    return rows[start:]


def count(rows: Sequence[ContactRow], night: NightHours, calendar: SchoolCalendar) -> Counts:
    """The counts of some rows."""
    at_night = [row for row in rows if night.contains_local(row.local)]
    outside = [row for row in rows if row.outside]
    return Counts(
        messages=len(rows),
        by_staff=sum(row.by_staff for row in rows),
        alone=sum(row.alone for row in rows),
        outside=len(outside),
        night=len(at_night),
        nights=len({night.night_of(row.local) for row in at_night}),
        personal_nights=len({night.night_of(row.local) for row in at_night if row.purpose in PERSONAL_PURPOSES}),
        off_hours=sum(not calendar.in_session(row.local) for row in rows),
        days=len({day_of(row.local) for row in rows}),
        outside_days=len({day_of(row.local) for row in outside}),
        read=sum(bool(row.purpose) for row in rows),
        personal=sum(row.purpose in PERSONAL_PURPOSES for row in rows),
    )


def count_flood(rows: Sequence[ContactRow]) -> int:
    """The messages of the last hour that go the same way as the last one."""
    return sum(row.by_staff == rows[-1].by_staff for row in within(rows, HOUR)) if rows else 0


def with_purpose(rows: Sequence[ContactRow], purpose: str) -> tuple[ContactRow, ...]:
    """The rows, the last one with a purpose that is known now."""
    if not rows or not purpose or rows[-1].purpose == purpose:
        return tuple(rows)
    return (*rows[:-1], replace(rows[-1], purpose=purpose))


@dataclass(frozen=True, slots=True)
class Exchange:
    """Messages of a pair without a silence of more than three hours between two of them."""

    rows: tuple[ContactRow, ...]

    @property
    def begun_by_staff(self) -> bool:
        """Whether the staff member began it."""
        return self.rows[0].by_staff


def exchanges(rows: Sequence[ContactRow]) -> list[Exchange]:
    """The exchanges of some rows, oldest first."""
    found: list[list[ContactRow]] = []
    for row in rows:
        if found and row.at - found[-1][-1].at <= EXCHANGE_SECONDS:
            found[-1].append(row)
        else:
            found.append([row])
    return [Exchange(tuple(group)) for group in found]


def last_exchange(rows: Sequence[ContactRow]) -> Sequence[ContactRow]:
    """The rows of the exchange that the last row belongs to."""
    start = max(len(rows) - 1, 0)
    while start and rows[start].at - rows[start - 1].at <= EXCHANGE_SECONDS:
        start -= 1
    return rows[start:]


@dataclass(frozen=True, slots=True)
class Moving:
    """An agreement to move to the school account, and what was written since: over personal and district accounts."""

    agreed: ContactRow
    outside: tuple[ContactRow, ...]
    district: tuple[ContactRow, ...]


def find_moving(rows: Sequence[ContactRow]) -> Moving | None:
    """The first message of the latest series of agreements that nothing on the district account has followed yet.

    What follows within the same exchange on the personal account, such as "ok", is not counted as going on.
    """
    agreed: int | None = None
    for at, row in enumerate(rows):
        if row.outside and row.marks & MOVES:
            since = rows[agreed + 1 : at] if agreed is not None else ()
            if agreed is None or any(not other.outside for other in since):
                agreed = at
    if agreed is None:
        return None
    since, last = rows[agreed + 1 :], rows[agreed]
    later: list[ContactRow] = []
    for row in since:
        if row.outside and not later and row.at - last.at <= EXCHANGE_SECONDS:
            last = row  # the exchange is still ending
        else:
            later.append(row)
    return Moving(
        rows[agreed],
        tuple(row for row in later if row.outside),
        tuple(row for row in later if not row.outside),
    )


@dataclass(frozen=True, slots=True)
class Change:
    """The last two weeks of one-to-one contact beside the four before. `rate` and `usual` are messages a week.

    `personal_night`: recent messages at night without an educational purpose; `night_span`: the days that they span.
    """

    recent: Counts
    before: Counts
    rate: float
    usual: float
    spread: float
    personal_night: int
    night_span: int

    @property
    def more(self) -> bool:
        """Whether there are clearly more messages a week: three robust deviations and half as many again."""
        return self.rate > self.usual + 3 * max(self.spread, 0.5) and self.rate >= 1.5 * self.usual


def find_change(rows: Sequence[ContactRow], night: NightHours, calendar: SchoolCalendar) -> Change:
    """How contact changed within six weeks."""
    end = rows[-1].at
    recent = [row for row in rows if row.at > end - RECENT]
    before = [row for row in rows if end - RECENT - BEFORE < row.at <= end - RECENT]
    weekly = Counter(int((end - RECENT - row.at) // WEEK) for row in before)
    past = [weekly[number] for number in range(4)]
    usual = float(median(past))
    spread = _MAD_TO_DEVIATION * float(median(abs(number - usual) for number in past))
    nights = [night.night_of(row.local) for row in recent if _is_personal_night(row, night)]
    return Change(
        count(recent, night, calendar),
        count(before, night, calendar),
        len(recent) / 2,
        usual,
        spread,
        len(nights),
        max(nights) - min(nights) + 1 if nights else 0,
    )


def _is_personal_night(row: ContactRow, night: NightHours) -> bool:
    return row.purpose in PERSONAL_PURPOSES and night.contains_local(row.local)


def weekly_counts(rows: Sequence[ContactRow]) -> dict[int, int]:
    """The messages by number of the week."""
    return dict(Counter(week_of(row.local) for row in rows))


def share(part: int, whole: int) -> float:
    """A share, 0 of nothing."""
    return part / whole if whole else 0.0
