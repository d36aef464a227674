"""Contact between one staff member and one student over time: conversations and their counters (clause 5, clause 9)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from gateway.core.messages.conversation import conversation
from gateway.core.messages.parties import Relation


@dataclass(frozen=True, slots=True)
class Counters:
    """What the store counts of one conversation up to a message, that message included.

    `day` and `week`: messages of the pair in the last 24 hours and 7 days; `night_week`: those at night by the
    district's clock; `alone_week`: those with no recipient outside the pair; `outside_week`: those to or from a known
    personal account; `sender_students_hour`: different students that this message's sender wrote to within an hour.
    """

    day: int = 0
    week: int = 0
    night_week: int = 0
    alone_week: int = 0
    outside_week: int = 0
    sender_students_hour: int = 0


@dataclass(frozen=True, slots=True)
class NightHours:
    """The hours that count as night by the district's clock, in minutes of the day; `start` may lie after `end`."""

    start: int = 21 * 60
    end: int = 6 * 60

    def covers(self, minute: int) -> bool:
        """Whether a minute of the day lies in the night; a night that ends when it starts never comes."""
        if self.start <= self.end:
            return self.start <= minute < self.end
        return minute >= self.start or minute < self.end


@dataclass(frozen=True, slots=True)
class ContactLimits:
    """How much contact is unremarkable; None is no limit.

    `day`, `week`, `night_week`, `outside_week` and `students_hour` are counts that may be reached and not exceeded.
    `night_share` and `alone_share` (0..1) are shares of a week's messages, looked at from `shares_from` messages on.
    """

    day: int | None = None
    week: int | None = None
    night_week: int | None = None
    outside_week: int | None = None
    night_share: float | None = None
    alone_share: float | None = None
    shares_from: int = 1
    students_hour: int | None = None


def over_limits(counters: Counters, limits: ContactLimits) -> tuple[str, ...]:
    """The limits that are exceeded, by their names."""
    counted = {
        "day": counters.day,
        "week": counters.week,
        "night_week": counters.night_week,
        "outside_week": counters.outside_week,
        "students_hour": counters.sender_students_hour,
    }
    over = [name for name, count in counted.items() if (most := getattr(limits, name)) is not None and count > most]
    if counters.week >= max(limits.shares_from, 1):
        shares = {"night_share": counters.night_week, "alone_share": counters.alone_week}
        over += [
            name
            for name, count in shares.items()
            if (most := getattr(limits, name)) is not None and count / counters.week > most
        ]
    return tuple(over)


@dataclass(frozen=True, slots=True)
class Contact:
    """One row of the contact log: one message of one conversation, written when the message is accepted."""

    conversation: str
    staff: str
    student: str
    night: bool
    alone: bool
    outside: bool


def contacts(
    relation: Relation,
    recipients: Sequence[str],
    received_at: float,
    time_zone: tzinfo,
    night: NightHours,
    *,
    sender: str = "",
) -> tuple[Contact, ...]:
    """The rows of the contact log for one message: one for each conversation that it belongs to.

    `recipients` are all of the envelope, also those without a pair. A conversation is alone where no recipient but the
    sender's own address stands for anybody outside the pair.
    """
    at = datetime.fromtimestamp(received_at, UTC).astimezone(time_zone)
    by_night = night.covers(at.hour * 60 + at.minute)
    people: dict[str, set[tuple[str, str]]] = {address: set() for address in recipients if address != sender}
    outside: dict[tuple[str, str], bool] = {}
    for pair in relation.pairs:
        people.setdefault(pair.recipient, set()).add((pair.staff, pair.student))
        outside[pair.staff, pair.student] = outside.get((pair.staff, pair.student), False) or pair.outside
    return tuple(
        Contact(
            conversation(staff, student),
            staff,
            student,
            by_night,
            alone=all(behind == {(staff, student)} for behind in people.values()),
            outside=beyond,
        )
        for (staff, student), beyond in outside.items()
    )
