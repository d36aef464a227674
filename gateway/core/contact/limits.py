"""The limits of ordinary contact (clause 5) and of what one sender may send (clause 9). None is no limit."""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.core.contact.calendar import NightHours, SchoolCalendar


@dataclass(frozen=True, slots=True)
class SlideLimits:
    """When contact has changed over six weeks: the last two weeks compared with the four before.

    `messages` and `before`: one-to-one messages that are needed in the two and in the four weeks. `share` (0..1): the
    share of the messages at night, about personal matters, or over a personal account, from which it counts as a
    change; before, it must have been lower by at least `rise`. `signs`: how many changes are needed.
    """

    messages: int = 6
    before: int = 3
    share: float = 0.4
    rise: float = 0.3
    signs: int = 2


@dataclass(frozen=True, slots=True)
class ContactLimits:
    """The highest ordinary counts between one staff member and one student, in one-to-one messages.

    `day`, `week`: messages in 24 hours and in 7 days. `night_week`: messages at night in 7 days. `nights_week` and
    `nights_six_weeks`: nights with messages; `personal_nights_week` and `personal_nights_six_weeks`: nights with
    messages that are personal or of no educational purpose. `outside_week`, `outside_six_weeks`: messages over a
    personal account; `outside_days`: days with such messages in six weeks; `emergency`: such messages of an exchange
    about an emergency that do not count against `outside_week`. `off_hours_week`: messages outside school hours.
    `after_moving`: messages over a personal account after it was agreed to move to the school account.

    `night_share` and `alone_share` (0..1) are shares of all messages of a week, from `shares_from` messages on.
    `unusual_from` and `unusual_times`: the messages of a week are unusual from this number on if they are more than so
    many times the usual (the 90th percentile) of this staff member, of the school, and of the pair's own past.
    """

    day: int | None = None
    week: int | None = None
    night_week: int | None = None
    nights_week: int | None = None
    nights_six_weeks: int | None = None
    personal_nights_week: int | None = None
    personal_nights_six_weeks: int | None = None
    outside_week: int | None = None
    outside_six_weeks: int | None = None
    outside_days: int | None = None
    off_hours_week: int | None = None
    after_moving: int | None = None
    emergency: int = 0
    night_share: float | None = None
    alone_share: float | None = None
    shares_from: int = 1
    unusual_from: int | None = None
    unusual_times: int = 4
    slide: SlideLimits | None = None


@dataclass(frozen=True, slots=True)
class RateLimits:
    """The highest ordinary rates of one sender.

    `people_hour`: different people within an hour. `copies`: separate messages within a day that say nearly the same.
    `flood`: messages to one person within an hour. `students`: different students that an outsider writes to in 7 days.
    """

    people_hour: int | None = None
    copies: int | None = None
    flood: int | None = None
    students: int | None = None


@dataclass(frozen=True, slots=True)
class ContactRules:
    """Everything that a policy says about contact over time and rates."""

    limits: ContactLimits = field(default_factory=ContactLimits)
    staff: RateLimits = field(default_factory=RateLimits)
    student: RateLimits = field(default_factory=RateLimits)
    outsider: RateLimits = field(default_factory=RateLimits)
    night: NightHours = field(default_factory=NightHours)
    calendar: SchoolCalendar = field(default_factory=SchoolCalendar)
