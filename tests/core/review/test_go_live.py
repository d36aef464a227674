"""The checklist to go live: each line is done or not for one fact."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.core.accounts.account import AccountRole, User
from gateway.core.review.go_live import GoLiveFacts, go_live_items, uncovered_buildings

NOW = 1_900_000_000.0
DIRECTOR = User("dee", AccountRole.TECHNOLOGY_DIRECTOR, person="s-1")
HIGH = User("hal", AccountRole.BUILDING_ADMINISTRATOR, ("o-high",), person="s-2")
READY = GoLiveFacts(
    False, (DIRECTOR, HIGH), {"o-high", "o-middle"}, ("safety@district.example",), "https://chaperone.district.example",
    NOW - 86400, 30, 20, True, 0, 0,
)  # fmt: skip


def missing(facts: GoLiveFacts) -> list[str]:
    return [item.what for item in go_live_items(facts, NOW) if not item.done]


def test_everything_is_done():
    assert missing(READY) == []


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"shadow": True}, "policy.mode"), ({"users": (DIRECTOR,)}, "Two accounts"),
        ({"users": (HIGH, replace(HIGH, name="hob"))}, "every building"),
        ({"users": (DIRECTOR, replace(HIGH, person=""))}, "its person"), ({"notify": ()}, "notify.to"),
        ({"public_url": "http://chaperone.district.example"}, "https"), ({"roster_at": NOW - 60 * 86400}, "roster"),
        ({"roster_at": 0.0}, "roster"), ({"holds": False}, "policy holds"), ({"practiced": 19}, "practiced"),
        ({"would_be_held": 0, "practiced": 0}, "practiced"), ({"help_waiting": 2}, "call for help"),
        ({"overdue_flags": 1}, "flagged"),
    ],
)  # fmt: skip
def test_one_fact_opens_one_line(change, word):
    (what,) = missing(replace(READY, **change))
    assert word in what


def test_few_would_be_holds_need_as_many_decisions():
    assert missing(replace(READY, would_be_held=3, practiced=3)) == []


def test_buildings_without_anybody():
    assert uncovered_buildings([HIGH], ["o-high", "o-middle"]) == ["o-middle"]
    assert uncovered_buildings([HIGH, DIRECTOR], ["o-high", "o-middle"]) == []
    assert uncovered_buildings([replace(DIRECTOR, disabled_at=NOW)], ["o-high"]) == ["o-high"]
