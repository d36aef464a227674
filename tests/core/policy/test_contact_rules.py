"""The tables of a policy file about contact over time."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from gateway.core.contact.limits import RateLimits
from gateway.core.policy.policy import PolicyError, parse
from tests.core.samples import NO_VERDICT, shipped


def parsed(**tables: dict[str, Any]):
    """The rules of the shipped file with some tables changed; None removes a key."""
    document = shipped()
    for name, changes in tables.items():
        table = document.setdefault(name, {})
        for key, value in changes.items():
            table.pop(key, None)
            if value is not None:
                table[key] = value
    return parse(document, no_verdict=NO_VERDICT, source_hash="hash").contact_rules


def test_the_shipped_file_has_every_kind_of_limit():
    rules = parsed()
    limits = rules.limits
    assert (limits.day, limits.outside_week, limits.after_moving, limits.emergency) == (25, 3, 2, 12)
    assert limits.slide is not None
    assert rules.staff == RateLimits(400, None, 40)
    assert rules.student.copies == 8
    assert rules.outsider.people_hour == 8


def test_a_policy_of_before_has_no_new_limits():
    document = shipped()
    document["contact"] = {"transition": 0.5, "action": document["contact"]["action"], "day": 3}
    document["rate"] = {"students_hour": 4, "action": document["rate"]["action"]}
    del document["calendar"]
    rules = parse(document, no_verdict=NO_VERDICT, source_hash="hash").contact_rules
    assert (rules.limits.day, rules.limits.nights_week, rules.limits.slide) == (3, None, None)
    assert (rules.staff.people_hour, rules.student) == (4, RateLimits())
    assert rules.calendar.in_session(0)


def test_the_calendar_has_days_holidays_and_bells():
    rules = parsed(
        calendar={
            "school_days": ["mon", "sat"], "from": "08:00", "to": "15:30",
            "holidays": ["2026-11-26", "2026-12-21/2027-01-03"],
        }
    ).calendar  # fmt: skip
    assert (rules.days, rules.start, rules.end) == (frozenset({0, 5}), 480, 930)
    assert rules.holidays[1] == (date(2026, 12, 21), date(2027, 1, 3))


@pytest.mark.parametrize(
    ("tables", "key"),
    [
        ({"contact": {"nights_wek": 3}}, "contact.nights_wek"),
        ({"contact": {"day": "many"}}, "contact.day"),
        ({"contact": {"slide": {"messages": 6}}}, "contact.slide.before"),
        ({"rate": {"student": {"copy": 3}}}, "rate.student.copy"),
        ({"rate": {"outsider": 3}}, "rate.outsider"),
        ({"calendar": {"school_days": ["friday"]}}, "calendar.school_days"),
        ({"calendar": {"holidays": ["26 November"]}}, "calendar.holidays"),
        ({"calendar": {"holidays": ["2027-01-03/2026-12-21"]}}, "calendar.holidays"),
        ({"calendar": {"from": "08:00"}}, "calendar.from"),
        ({"calendar": {"from": "16:00", "to": "08:00"}}, "calendar.from"),
    ],
)
def test_a_wrong_key_is_named(tables: dict[str, Any], key: str):
    with pytest.raises(PolicyError) as raised:
        parsed(**tables)
    assert raised.value.key == key
