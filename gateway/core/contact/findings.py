"""Findings about contact over time: which limits a message exceeds, each in words with its numbers.

A finding arises only for a message that is itself part of what its limit counts. Class mail from a district account
never exceeds a limit of one of its many pairs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gateway.core.contact import measures, words
from gateway.core.contact.history import (
    DAY,
    EMERGENCY,
    MOVES,
    OCCASION,
    SIX_WEEKS,
    TOGETHER,
    WEEK,
    ContactRow,
    PairHistory,
    SenderRates,
)
from gateway.core.contact.limits import ContactLimits, ContactRules, RateLimits, SlideLimits
from gateway.core.contact.measures import PERSONAL_PURPOSES, Change, Counts, share

STUDENTS_LIMIT = "students"
"""The limit of an outsider who writes to several students: contact over a personal account, not interference."""

_AT_ONCE = 5.0
"""Seconds between the look at the recipients of a message and its acceptance, at most."""


@dataclass(frozen=True, slots=True)
class ContactFinding:
    """One finding. `limit` is its key in the policy file. `flags`: it leads to the action; otherwise it is told."""

    limit: str
    text: str
    flags: bool = True


def contact_findings(history: PairHistory, rules: ContactRules, purpose: str = "") -> tuple[ContactFinding, ...]:
    """The findings about one pair at one message. `purpose` is the most likely purpose of that message."""
    if not history.rows:
        return ()
    rows = measures.with_purpose(history.rows, purpose)
    check = _Check(rows, history, rules)
    return (*check.frequency(), *check.nights(), *check.personal_accounts(), *check.moving(), *check.changes())


def has_moved_in_vain(history: PairHistory, limits: ContactLimits) -> bool:
    """Whether personal accounts were used further after an agreement to move, more often than allowed."""
    found = measures.find_moving(history.rows)
    return found is not None and limits.after_moving is not None and len(found.outside) > limits.after_moving


def is_emergency_exchange(history: PairHistory, limits: ContactLimits) -> bool:
    """Whether the message belongs to a short exchange about an emergency on a personal account."""
    outside = [row for row in measures.last_exchange(history.rows) if row.outside]
    return 0 < len(outside) <= limits.emergency and any(row.marks & EMERGENCY for row in outside)


def is_open_invitation(history: PairHistory) -> bool:
    """Whether an outsider writes to several students at once about an occasion, or again within a week of that."""
    if not history.rows or not history.rows[-1].marks & TOGETHER:
        return False
    return any(row.marks & OCCASION for row in measures.within(history.rows, WEEK))


def rate_findings(history: PairHistory, rules: ContactRules, threat: bool = False) -> tuple[ContactFinding, ...]:
    """The findings about the sender of a message. `threat`: its text has a threat or a hoax."""
    rates = history.rates
    limits = rules.outsider if rates.outsider else rules.staff if rates.by_staff else rules.student
    return tuple(_rates(history, rates, limits, threat))


def _rates(history: PairHistory, rates: SenderRates, limits: RateLimits, threat: bool) -> Iterator[ContactFinding]:
    people = "student" if rates.by_staff else "staff member"
    if limits.people_hour is not None and rates.readers_hour > limits.people_hour:
        text = f"{words.counted(rates.readers_hour, people)} written to within an hour; limit {limits.people_hour}"
        yield ContactFinding("people_hour", text)
    if limits.copies is not None and rates.copies > limits.copies:
        text = f"{_copies(history, rates, people)}; limit {limits.copies} a day"
        yield ContactFinding("copies", text)
    if limits.students is not None and rates.students > limits.students:
        seconds = history.at - rates.students_since
        within = f"within {words.duration(seconds)}" if seconds >= _AT_ONCE else "at once"
        text = (
            f"{words.counted(rates.students, 'student')} written to from one outside address {within}; "
            f"limit {limits.students} in 7 days"
        )
        yield ContactFinding(STUDENTS_LIMIT, text, flags=not is_open_invitation(history))
    flood = measures.count_flood(history.rows)
    if limits.flood is not None and flood > limits.flood:
        text = f"{words.ordinal(flood)} message to one person within an hour; limit {limits.flood}"
        yield ContactFinding("flood", text)
    if threat and (rates.copies > 1 or rates.readers_hour > 1):
        told = _copies(history, rates, people) if rates.copies > 1 else ""
        text = told or f"{words.counted(rates.readers_hour, people)} written to within an hour"
        yield ContactFinding("threat", f"a threat or hoax: {text}")


def _copies(history: PairHistory, rates: SenderRates, people: str) -> str:
    within = words.duration(history.at - rates.copies_since)
    return (
        f"nearly the same text in {words.counted(rates.copies, 'message')} "
        f"to {words.counted(rates.copy_readers, people)} within {within}"
    )


class _Check:
    """The checks of one message of one pair."""

    def __init__(self, rows: Sequence[ContactRow], history: PairHistory, rules: ContactRules) -> None:
        self.rows, self.history, self.rules = rows, history, rules
        self.limits, self.usual = rules.limits, history.usual
        self.last = rows[-1]
        self.week_rows = measures.within(rows, WEEK)
        self.week = self._count(self.week_rows)
        self.at_night = rules.night.contains_local(self.last.local)

    def _count(self, rows: Sequence[ContactRow]) -> Counts:
        return measures.count(rows, self.rules.night, self.rules.calendar)

    def _over(self, name: str, number: int) -> int | None:
        """The limit if a number exceeds it."""
        limit: int | None = getattr(self.limits, name)
        return limit if limit is not None and number > limit else None

    def frequency(self) -> Iterator[ContactFinding]:
        """Messages in a day and a week."""
        day = len(measures.within(self.rows, DAY))
        if (limit := self._over("day", day)) is not None:
            text = f"{words.ordinal(day)} one-to-one message in 24 hours, {words.last_at(self.rows)}; limit {limit}"
            yield self._finding("day", text)
        if (limit := self._over("week", self.week.messages)) is not None:
            text = f"{words.ordinal(self.week.messages)} one-to-one message in 7 days; limit {limit}"
            yield self._finding("week", text)
        off_hours = 0 if self.rules.calendar.in_session(self.last.local) else self.week.off_hours
        if (limit := self._over("off_hours_week", off_hours)) is not None:
            text = (
                f"{words.ordinal(off_hours)} message outside school hours in 7 days, of {self.week.messages}; "
                f"limit {limit}"
            )
            yield self._finding("off_hours_week", text)
        yield from self._shares()
        yield from self._unusual()

    def _shares(self) -> Iterator[ContactFinding]:
        total = self.history.week_total
        if total < max(self.limits.shares_from, 1):
            return
        night, alone = self.limits.night_share, self.limits.alone_share
        if night is not None and self.at_night and self.week.night / total > night:
            text = f"{self.week.night} of {total} messages in 7 days at night; limit {night:.0%}"
            yield self._finding("night_share", text)
        if alone is not None and self.last.alone and self.week.alone / total > alone:
            text = f"{self.week.alone} of {total} messages in 7 days one-to-one; limit {alone:.0%}"
            yield self._finding("alone_share", text)

    def _unusual(self) -> Iterator[ContactFinding]:
        limits, usual, number = self.limits, self.usual, self.week.messages
        if limits.unusual_from is None or number < limits.unusual_from or usual is None or not usual.weeks:
            return
        change = self._change()
        highest = max(usual.high, usual.school_high, change.usual + 3 * change.spread)
        if number > limits.unusual_times * highest:
            text = (
                f"{words.counted(number, 'one-to-one message')} in 7 days{words.usual_of_staff(usual)}"
                f"{words.usual_of_school(usual)}; usual for this pair: {words.decimal(change.usual)} a week"
            )
            yield self._finding("unusual_from", text, usual=False)

    def nights(self) -> Iterator[ContactFinding]:
        """Messages at night, and nights with messages."""
        if not self.at_night:
            return
        week = self.week
        if (limit := self._over("night_week", week.night)) is not None:
            text = f"{words.ordinal(week.night)} message at night in 7 days, {words.last_at(self.rows)}; limit {limit}"
            yield self._finding("night_week", text)
        personal = self.last.purpose in PERSONAL_PURPOSES
        begins = not any(self._same_night(row) for row in self.rows[:-1])
        if begins:  # one finding a night
            yield from self._nights_of("nights_week", week.nights, week.night, "7 days")
        if personal:
            yield from self._nights_of("personal_nights_week", week.personal_nights, week.night, "7 days")
        six = self._count(measures.within(self.rows, SIX_WEEKS))
        if begins:
            yield from self._nights_of("nights_six_weeks", six.nights, six.night, "six weeks")
        if personal:
            yield from self._nights_of("personal_nights_six_weeks", six.personal_nights, six.night, "six weeks")

    def _same_night(self, row: ContactRow) -> bool:
        night = self.rules.night
        return night.contains_local(row.local) and night.night_of(row.local) == night.night_of(self.last.local)

    def _nights_of(self, name: str, nights: int, messages: int, window: str) -> Iterator[ContactFinding]:
        if (limit := self._over(name, nights)) is not None:
            kind = "personal messages" if name.startswith("personal") else "one-to-one messages"
            text = (
                f"{words.ordinal(nights)} night with {kind} in {window}, {words.counted(messages, 'message')} at "
                f"night, {words.last_at(self.rows)}; limit {words.counted(limit, 'night')}"
            )
            yield self._finding(name, text)

    def personal_accounts(self) -> Iterator[ContactFinding]:
        """Messages over personal accounts."""
        if not self.last.outside:
            return
        week = [row for row in self.week_rows if row.outside]
        emergency = is_emergency_exchange(self.history, self.limits)
        if (limit := self._over("outside_week", len(week))) is not None:
            yield self._outside("outside_week", week, f"limit {limit} a week", flags=not emergency)
        elif emergency:
            yield self._outside("emergency", week, "in an emergency", flags=False)
        six_rows = [row for row in self.rows if row.outside]
        six = self._count(six_rows)
        if (limit := self._over("outside_six_weeks", six.outside)) is not None:
            yield self._outside("outside_six_weeks", six_rows, f"limit {limit} in six weeks")
        if (limit := self._over("outside_days", six.outside_days)) is not None:
            text = (
                f"{words.ordinal(six.outside_days)} day with messages over {words.account(six_rows)} in six weeks, "
                f"{words.counted(six.outside, 'message')}; limit {words.counted(limit, 'day')}"
            )
            yield self._finding("outside_days", text)

    def _outside(self, name: str, rows: Sequence[ContactRow], limit: str, *, flags: bool = True) -> ContactFinding:
        preposition = "from" if all(row.by_staff for row in rows) else "over"
        text = (
            f"{words.ordinal(len(rows))} message {words.in_days(rows)} {preposition} {words.account(rows)}, "
            f"{words.last_at(rows)}; {limit}"
        )
        return self._finding(name, text, flags=flags)

    def moving(self) -> Iterator[ContactFinding]:
        """An agreement to move to the school account, and whether the exchange then moved."""
        found = measures.find_moving(self.rows)
        if found is None:
            return
        agreed = f"agreed to move to the school account on {words.moment(found.agreed)}"
        if self.last.outside and found.outside:
            number = len(found.outside)
            told = (
                f"{agreed}; did not move: {words.counted(number, 'message')} over {words.account(found.outside)} since"
            )
            if found.district:
                told += f", {len(found.district)} over the district account"
            over = self._over("after_moving", number) is not None
            yield ContactFinding("after_moving", told, flags=over)
        elif not self.last.outside and found.district and found.district[0] is self.last and not found.outside:
            yield ContactFinding("moved", f"{agreed}; moved", flags=False)
        elif self.last is found.agreed or self.last.marks & MOVES:
            yield ContactFinding("agreed", agreed, flags=False)

    def changes(self) -> Iterator[ContactFinding]:
        """A slide over six weeks, in more than one respect."""
        slide = self.limits.slide
        if slide is None or not (self.at_night or self.last.outside or self.last.purpose in PERSONAL_PURPOSES):
            return
        change = self._change()
        if change.recent.messages < slide.messages or change.before.messages < slide.before:
            return
        signs = list(_signs(change, slide))
        if len(signs) + change.more >= slide.signs and signs:
            rate = (
                f"{words.decimal(change.rate)} one-to-one messages a week in the last two weeks, usual for this pair "
                f"before: {words.decimal(change.usual)}"
            )
            yield self._finding("slide", f"contact changed over six weeks: {'; '.join([rate, *signs])}")

    def _change(self) -> Change:
        return measures.find_change(self.rows, self.rules.night, self.rules.calendar)

    def _finding(self, name: str, text: str, *, flags: bool = True, usual: bool = True) -> ContactFinding:
        return ContactFinding(name, text + (words.usual_of_staff(self.usual) if usual else ""), flags)


def _signs(change: Change, slide: SlideLimits) -> Iterator[str]:
    recent, before = change.recent, change.before

    def risen(part: int, whole: int, part_before: int, whole_before: int) -> bool:
        now = share(part, whole)
        return now >= slide.share and now >= share(part_before, whole_before) + slide.rise

    is_personal = 2 * change.personal_night >= recent.night and change.night_span > 4  # not a trip or a show
    if risen(recent.night, recent.messages, before.night, before.messages) and is_personal:
        yield f"{recent.night} of {recent.messages} at night, before {before.night} of {before.messages}"
    if recent.read and risen(recent.personal, recent.read, before.personal, before.read) and recent.personal >= 3:
        yield f"{recent.personal} of {recent.read} personal, before {before.personal} of {before.read}"
    if recent.outside >= 2 and risen(recent.outside, recent.messages, before.outside, before.messages):
        yield (
            f"{recent.outside} of {recent.messages} over personal accounts, before {before.outside} of "
            f"{before.messages}"
        )
