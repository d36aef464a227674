"""Contact over time between a staff member and a student: counters and their limits (clauses 5 and 9)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from gateway.core.messages.conversation import conversation_id
from gateway.core.messages.parties import Relation


@dataclass(frozen=True, slots=True)
class ContactCounters:
    """What the store counts for one conversation up to and including a message.

    `day` and `week`: messages of the pair in the last 24 hours and 7 days. Of the week's messages: `night_week` at
    night (local time), `alone_week` without a recipient outside the pair, `outside_week` to or from a personal account.
    `sender_students_hour`: different students that the sender of the message wrote to within an hour.
    """

    day: int = 0
    week: int = 0
    night_week: int = 0
    alone_week: int = 0
    outside_week: int = 0
    sender_students_hour: int = 0


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


@dataclass(frozen=True, slots=True)
class ContactLimits:
    """The limits of ordinary contact; None is no limit.

    `day`, `week`, `night_week`, `outside_week` and `students_hour` are the highest allowed counts. `night_share` and
    `alone_share` (0..1) are the highest allowed shares of a week's messages, checked from `shares_from` messages on.
    """

    day: int | None = None
    week: int | None = None
    night_week: int | None = None
    outside_week: int | None = None
    night_share: float | None = None
    alone_share: float | None = None
    shares_from: int = 1
    students_hour: int | None = None


def exceeded_limits(counters: ContactCounters, limits: ContactLimits) -> tuple[str, ...]:
    """The names of the limits that are exceeded."""
    counted = {
        "day": counters.day,
        "week": counters.week,
        "night_week": counters.night_week,
        "outside_week": counters.outside_week,
        "students_hour": counters.sender_students_hour,
    }
    over = [name for name, count in counted.items() if (limit := getattr(limits, name)) is not None and count > limit]
    if counters.week >= max(limits.shares_from, 1):
        shares = {"night_share": counters.night_week, "alone_share": counters.alone_week}
        over += [
            name
            for name, count in shares.items()
            if (limit := getattr(limits, name)) is not None and count / counters.week > limit
        ]
    return tuple(over)


@dataclass(frozen=True, slots=True)
class ContactLogRow:
    """One row of the contact log: one message in one conversation, written when the message is accepted."""

    conversation: str
    staff: str
    student: str
    night: bool
    alone: bool
    outside: bool


def contact_log_rows(
    relation: Relation,
    recipients: Sequence[str],
    received_at: float,
    time_zone: tzinfo,
    night: NightHours,
    *,
    sender: str = "",
) -> tuple[ContactLogRow, ...]:
    """The rows of the contact log for one message: one per conversation that it belongs to.

    `recipients` are all recipients of the envelope. A pair is alone when no recipient, except the sender's own address,
    stands for anybody else. `received_at` is in seconds since the epoch.
    """
    at = datetime.fromtimestamp(received_at, UTC).astimezone(time_zone)
    at_night = night.contains(at.hour * 60 + at.minute)
    people: dict[str, set[tuple[str, str]]] = {address: set() for address in recipients if address != sender}
    outside: dict[tuple[str, str], bool] = {}
    for pair in relation.pairs:
        people.setdefault(pair.recipient, set()).add((pair.staff, pair.student))
        outside[pair.staff, pair.student] = outside.get((pair.staff, pair.student), False) or pair.outside
    return tuple(
        ContactLogRow(
            conversation_id(staff, student),
            staff,
            student,
            at_night,
            alone=all(pairs == {(staff, student)} for pairs in people.values()),
            outside=is_outside,
        )
        for (staff, student), is_outside in outside.items()
    )
