"""What changes between two policies, in words."""

from __future__ import annotations

import copy
import datetime
import random
import tomllib
from typing import Any

import pytest

from gateway.core.policy_versions.differences import policy_differences
from gateway.policies import SHIPPED
from gateway.policies.checking import text_differences

SHIPPED_TEXT = SHIPPED.read_text("utf-8")
OVERRIDE = '\n[[overrides]]\nchannels = ["sms"]\n[overrides.clauses.7a]\nstaff_to_student = { hold = 0.4 }\n'


def _words(new: str, old: str = SHIPPED_TEXT) -> list[str]:
    return [str(item) for item in text_differences(old, new)]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("[clauses.7b]\n", "[clauses.7b]\nreason = ['release']\n",
         "7b Drugs and alcohol: a reason is required to release, was not set"),
        ("alert = 0.5", "alert = 0.45", "Calls for help: alert 0.45, was 0.50"),
        ("day = 25 ", "day = 30 ", "Contact over time: day 30, was 25"),
        ('"vk.com", ', "", "social networks: removes vk.com"),
        ('outside = { staff_to_student = "flag"', 'outside = { staff_to_student = "hold"',
         "4 District accounts only, staff to students: over personal accounts, the action is hold, was flag"),
        ("school_time = true", "school_time = false", "Review: school time no, was yes"),
    ],
)  # fmt: skip
def test_changes_in_words(old: str, new: str, words: str) -> None:
    assert _words(SHIPPED_TEXT.replace(old, new, 1)) == [words]


def test_thresholds_say_for_whom_and_from_when() -> None:
    begin = SHIPPED_TEXT.index("[clauses.7b]")
    text = SHIPPED_TEXT[:begin] + SHIPPED_TEXT[begin:].replace("hold = 0.5 }", "hold = 0.85, hold_evasive = 0.6 }", 1)
    assert _words(text) == [
        "7b Drugs and alcohol, staff to students: holds from 0.85, was 0.50",
        "7b Drugs and alcohol, staff to students: holds what evades from 0.60, was never",
    ]
    assert _words(SHIPPED_TEXT + OVERRIDE)[-1] == (
        "Override 1, 7a Sexual, flirtatious or grooming, staff to students: holds from 0.40, was as everywhere else"
    )


def test_comments_and_layout_change_nothing() -> None:
    assert _words("# new\n\n" + SHIPPED_TEXT.replace(" = ", "  =  ")) == []


def _places(values: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(values, dict):
        return [place for name, value in values.items() for place in _places(value, (*path, name))]
    return [path]


_OTHER: list[object] = [True, 0.123, 7, "other", ["other"], [], datetime.date(2026, 1, 2)]


def test_no_change_of_any_key_is_left_out() -> None:
    """Every key of the shipped file, changed or removed, gives one line about that key."""
    shipped, chance = tomllib.loads(SHIPPED_TEXT + OVERRIDE), random.Random(4)
    for place in _places(shipped):
        for remove in (False, True):
            changed = copy.deepcopy(shipped)
            table = changed
            for name in place[:-1]:
                table = table[name]
            if remove:
                del table[place[-1]]
            else:
                table[place[-1]] = chance.choice([value for value in _OTHER if value != table[place[-1]]])
            found = policy_differences(shipped, changed)
            assert found, place
            assert all(item.text and item.key for item in found)
            assert any(item.key.startswith(".".join(map(str, place[:2]))) for item in found), place
            assert not policy_differences(changed, changed)
