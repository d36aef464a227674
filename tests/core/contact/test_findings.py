"""Findings about contact: their figures against a recount, what they fall on, and what is innocent."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.contact.calendar import SchoolCalendar, local_minute
from gateway.core.contact.findings import contact_findings, rate_findings
from gateway.core.contact.history import MOVES, OCCASION, TOGETHER, ContactRow, PairHistory, SenderRates, Usual
from gateway.core.contact.limits import ContactLimits, ContactRules, SlideLimits
from gateway.core.contact.measures import exchanges, find_change, find_moving
from tests.core import samples
from tests.core.samples import CHICAGO

RULES = samples.policy().contact_rules
TIGHT = replace(
    RULES,
    limits=ContactLimits(
        day=2, week=4, night_week=1, nights_week=1, nights_six_weeks=1, personal_nights_week=1,
        personal_nights_six_weeks=1, outside_week=1, outside_six_weeks=2, outside_days=1, off_hours_week=1,
        after_moving=0, night_share=0.2, alone_share=0.5, shares_from=2, slide=SlideLimits(3, 1, 0.2, 0.1, 1),
    ),
)  # fmt: skip
START = datetime(2026, 10, 5, 16, 0, tzinfo=CHICAGO)


def row(days: float, hour: float, **more: object) -> ContactRow:
    """A one-to-one mail by staff, some days after a Monday, at an hour."""
    at = (START.replace(hour=0) + timedelta(days=days, hours=hour)).timestamp()
    fields: dict[str, object] = {"by_staff": True, "alone": True, "outside": False, "purpose": "notification"}
    return ContactRow(at, local_minute(at, CHICAGO), **(fields | more))  # type: ignore[arg-type]


def history(*rows: ContactRow, usual: Usual | None = None) -> PairHistory:
    """A history of rows, the last one being the message."""
    return PairHistory(rows, len(rows), rows[-1].at, SenderRates(), usual)


def found(*rows: ContactRow, rules: ContactRules = RULES, usual: Usual | None = None) -> dict[str, str]:
    """The texts of findings that flag, by limit."""
    return {item.limit: item.text for item in contact_findings(history(*rows, usual=usual), rules) if item.flags}


def told(*rows: ContactRow) -> dict[str, str]:
    """The texts of all findings, by limit."""
    return {item.limit: item.text for item in contact_findings(history(*rows), RULES)}


@settings(max_examples=300)
@given(st.lists(samples.contact_rows, min_size=1, max_size=25))
def test_every_figure_is_that_of_a_recount(gaps):
    """Recounted naively from the rows, by the local dates and hours of their times."""
    past = samples.history(gaps)
    rows, last = past.rows, past.rows[-1]
    texts = {item.limit: item.text for item in contact_findings(past, TIGHT)}
    here = [(item, datetime.fromtimestamp(item.at, CHICAGO)) for item in rows]

    def within(days):
        return [(item, local) for item, local in here if item.at > last.at - days * 86400]

    def at_night(local):
        return local.hour >= 21 or local.hour < 6

    def nights(items):
        return {(local - timedelta(hours=6)).date() for _, local in items if at_night(local)}

    def first(limit):
        return int(re.match(r"\D*?(\d+)", texts[limit])[1])

    week, six = within(7), within(42)
    if len(within(1)) > 2:
        assert first("day") == len(within(1))
    if len(week) > 4:
        assert first("week") == len(week)
    in_week = [item for item in week if at_night(item[1])]
    if at_night(here[-1][1]) and len(in_week) > 1:
        assert first("night_week") == len(in_week)
    begins = here[-1:] and nights(here[-1:]) != nights(here[:-1]) & nights(here[-1:])
    if at_night(here[-1][1]) and len(nights(six)) > 1 and begins:
        assert first("nights_six_weeks") == len(nights(six))
        assert f" {sum(at_night(local) for _, local in six)} messages at night" in texts["nights_six_weeks"]
    outside = [(item, local) for item, local in week if item.outside]
    if last.outside and len(outside) > 1:
        spanned = (outside[-1][1].date() - outside[0][1].date()).days + 1
        days = "1 day" if spanned == 1 else f"{spanned} days"
        assert re.match(rf"{len(outside)}(st|nd|rd|th) message in {days} ", texts["outside_week"])
        assert f"last at {here[-1][1]:%H:%M}" in texts["outside_week"]
    else:
        assert "outside_week" not in texts
    weekend = [local for _, local in week if local.weekday() > 4]
    if here[-1][1].weekday() > 4 and len(weekend) > 1:
        assert first("off_hours_week") == len(weekend)
    else:
        assert "off_hours_week" not in texts


def test_the_finding_of_the_issue_in_words():
    rows = [row(8, 20 + number / 2, outside=True, channel="mail", purpose="personal") for number in range(5)]
    last = row(9, 23 + 2 / 3, outside=True, channel="mail", purpose="personal")
    texts = found(*rows, last, usual=Usual(9, 1.0, 2.0, 40, 2.0, 5.0))
    assert texts["outside_week"] == (
        "6th message in 2 days from a personal address, last at 23:40; limit 3 a week; usual for this teacher: 1 a week"
    )


def test_an_open_invitation_of_an_outsider_is_told_without_a_flag():
    """A letter to several students at once about an occasion, and another one within a week of it."""
    invitation = row(0, 18, outside=True, marks=TOGETHER | OCCASION)
    later, alone = row(4, 18, outside=True, marks=TOGETHER), row(4, 18, outside=True)
    too_late = row(8, 18, outside=True, marks=TOGETHER)
    rates = SenderRates(by_staff=True, outsider=True, students=4, students_since=invitation.at)

    def flags(*rows):
        ((finding),) = rate_findings(replace(history(*rows), rates=rates), RULES)
        assert finding.text.startswith("4 students written to from one outside address")
        return finding.flags

    assert not flags(invitation)
    assert not flags(invitation, later)
    assert flags(invitation, alone)
    assert flags(invitation, too_late)


def test_class_mail_is_never_over_a_limit():
    assert contact_findings(PairHistory((), 500, 0.0), TIGHT) == ()


@pytest.mark.parametrize(
    "rows",
    [
        [row(day, hour) for day in range(5) for hour in (16, 16.5, 19, 19.5, 20, 20.5)],  # an exam week
        [row(day, 21.5 + part / 10) for day in range(4) for part in range(3)],  # a debate trip
        [row(7 * week + day, 15.5) for week in range(6) for day in range(5)],  # a counselor
        [row(7 * week + day, 20.8) for week in range(4) for day in (0, 2, 3)],  # a play's month
    ],
)  # fmt: skip
def test_ordinary_contact_raises_nothing(rows):
    ordered = sorted(rows, key=lambda item: item.at)
    for end in range(1, len(ordered) + 1):
        assert found(*ordered[:end]) == {}


def test_a_slide_is_told_with_its_past():
    before = [row(7 * week + day, 16) for week in range(4) for day in (1, 3)]
    now = [row(28 + day, 22.5, purpose="personal") for day in (0, 2, 5, 7, 9, 12)]
    texts = found(*before, *now)
    assert texts["slide"].startswith(
        "contact changed over six weeks: 3 one-to-one messages a week in the last two weeks"
    )
    assert "6 of 6 at night, before 0 of 8" in texts["slide"]
    assert "6 of 6 personal, before 0 of 8" in texts["slide"]
    assert "slide" not in found(*before, *(replace(item, purpose="notification") for item in now))


def test_an_agreement_to_move_is_followed():
    agreed = row(0, 18, outside=True, channel="sms", marks=MOVES)
    ending = row(0, 18.1, outside=True, channel="sms", by_staff=False)
    assert told(agreed) == {"agreed": "agreed to move to the school account on Mon 2026-10-05 18:00"}
    assert told(agreed, ending) == {}
    assert told(agreed, ending, row(1, 9))["moved"].endswith("; moved")
    assert told(agreed, ending, row(1, 9), row(1, 10)) == {}  # told once
    again = [row(1 + day, 18, outside=True, channel="sms") for day in range(3)]
    texts = told(agreed, *again)
    assert texts["after_moving"] == (
        "agreed to move to the school account on Mon 2026-10-05 18:00; did not move: 3 messages over a personal phone "
        "since"
    )
    assert "after_moving" in found(agreed, *again)
    assert "after_moving" not in found(agreed, *again[:2])


def test_a_later_agreement_counts_after_a_move():
    moving = find_moving((
        row(0, 18, outside=True, marks=MOVES), row(1, 9),
        row(5, 18, outside=True), row(5, 19, outside=True, marks=MOVES),
        row(9, 18, outside=True),
    ))  # fmt: skip
    assert moving is not None
    assert (moving.agreed.local % 1440, len(moving.outside), len(moving.district)) == (19 * 60, 1, 0)


def test_unusual_contact_is_more_than_all_that_is_usual():
    rows = [row(day, 12 + part / 10) for day in range(4) for part in range(12)]
    usual = Usual(20, 1.0, 3.0, 80, 2.0, 4.0)
    text = found(*rows[:46], usual=usual)["unusual_from"]
    assert text == (
        "46 one-to-one messages in 7 days; usual for this teacher: 1 a week; usual at this school: 2 a week; usual for "
        "this pair: 0 a week"
    )
    assert "unusual_from" not in found(*rows[:39], usual=usual)
    assert "unusual_from" not in found(*rows, usual=replace(usual, high=15.0))
    assert "unusual_from" not in found(*rows)


def test_exchanges_end_with_a_long_silence():
    rows = [row(0, 9), row(0, 10, by_staff=False), row(0, 14, by_staff=False), row(1, 9)]
    assert [(len(item.rows), item.begun_by_staff) for item in exchanges(rows)] == [(2, True), (1, False), (1, True)]


def test_change_uses_the_median_of_the_weeks_before():
    rows = [row(7 * week + day, 12) for week, days in enumerate([1, 1, 5, 1]) for day in range(days)]
    change = find_change([*rows, row(41, 12)], RULES.night, SchoolCalendar())
    assert (change.usual, change.spread) == (1.0, 0.0)


def test_bell_times_and_holidays():
    start = START.date()
    calendar = SchoolCalendar(frozenset(range(5)), ((start, start),), 8 * 60, 15 * 60)
    assert not calendar.in_session(row(0, 12).local)  # a holiday
    assert calendar.in_session(row(1, 8).local)
    assert not calendar.in_session(row(1, 15).local)
    assert not calendar.in_session(row(5, 12).local)
