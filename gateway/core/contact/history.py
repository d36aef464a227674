"""What the store counts of a staff-student pair and of a sender, up to and including one message."""

from __future__ import annotations

from dataclasses import dataclass, field

DAY, WEEK, SIX_WEEKS = 86400.0, 7 * 86400.0, 42 * 86400.0
"""The windows, in seconds before a message."""

MOVES, EMERGENCY = 1, 2
"""Marks of a message on a personal account: it brings the exchange back to the school account; an emergency."""
TOGETHER, OCCASION = 4, 8
"""Marks of an outsider's message: to several students at once; about an occasion, such as a party or a game."""


@dataclass(frozen=True, slots=True)
class ContactRow:
    """One counted message of a pair: one-to-one, or over a personal account.

    `local` is its local minute (see gateway.core.contact.calendar). `marks` are those above. `purpose` is the
    most likely purpose, "" while no verdict is known.
    """

    at: float
    local: int
    by_staff: bool
    alone: bool
    outside: bool
    channel: str = "mail"
    marks: int = 0
    purpose: str = ""


@dataclass(frozen=True, slots=True)
class Usual:
    """What is usual in a week: of the messages that one staff member and one student exchange one-to-one.

    All figures are over the six weeks before the current one and only over weeks in which a pair wrote at all:
    `weeks` is their number, `median` and `high` (the 90th percentile) are messages. The `school_` figures are those of
    all staff of the school.
    """

    weeks: int = 0
    median: float = 0.0
    high: float = 0.0
    school_weeks: int = 0
    school_median: float = 0.0
    school_high: float = 0.0


@dataclass(frozen=True, slots=True)
class SenderRates:
    """What the sender of a message sent until then, to all people on the other side.

    `readers_hour`: different people within an hour. `copies` and `copy_readers`: messages within a day that say nearly
    the same as this one, this one included, and the people they went to; `copies_since`: when the first was sent.
    `by_staff`: the sender is staff. `outsider`: the sender is known by an address only. `students`: the different
    students that an outsider wrote to within a week; since `students_since` a mail went to each of them.
    """

    readers_hour: int = 0
    by_staff: bool = True
    outsider: bool = False
    copies: int = 0
    copy_readers: int = 0
    copies_since: float = 0.0
    students: int = 0
    students_since: float = 0.0


@dataclass(frozen=True, slots=True)
class PairHistory:
    """A pair's contact up to and including a message.

    `rows`: the counted messages of six weeks, oldest first. The last is the message itself; none if it is not counted:
    class mail from a district account. `week_total`: all messages of the pair in the last week, class mail included.
    `at`: the time of the message.
    """

    rows: tuple[ContactRow, ...] = ()
    week_total: int = 0
    at: float = 0.0
    rates: SenderRates = field(default_factory=SenderRates)
    usual: Usual | None = None
