"""The log of contact: conversations, night hours, one-to-one messages, authors and marks."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.contact.calendar import NightHours
from gateway.core.contact.history import EMERGENCY, MOVES
from gateway.core.contact.log import contact_log_rows
from gateway.core.messages.conversation import conversation_id
from gateway.core.messages.parties import Relation
from tests.core import samples
from tests.core.samples import NOW, OTHER, S2S, STUDENT, TEACHER, pair

CHICAGO = ZoneInfo("America/Chicago")
NIGHT = NightHours(21 * 60, 6 * 60)


def rows(*pairs, recipients=(), at=NOW, zone=CHICAGO, night=NIGHT, sender=TEACHER):
    addresses = recipients or tuple(dict.fromkeys(each.recipient for each in pairs))
    return contact_log_rows(Relation(pairs), addresses, at, zone, night, sender=sender)


def at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def test_conversation_ids_are_stable_and_unambiguous():
    assert conversation_id("t1", "s1") == "8666f531de34204c9f0fa3df97aa660f"
    assert (
        len(
            {
                conversation_id("a|", "b"),
                conversation_id("a", "|b"),
                conversation_id("b", "a"),
                conversation_id("a", "b"),
            }
        )
        == 4
    )


@pytest.mark.parametrize(
    ("time", "night"),
    [
        ("20:59", False),
        ("21:00", True),
        ("23:59", True),
        ("00:00", True),
        ("05:59", True),
        ("06:00", False),
        ("12:00", False),
    ],
)
def test_night_is_in_local_time_in_winter_and_summer(time, night):
    for day, offset in (("2026-11-24", "-06:00"), ("2026-07-01", "-05:00")):
        (row,) = rows(pair(), at=at(f"{day}T{time}:30{offset}"))
        assert row.night == night


def test_night_within_one_day_and_empty_night():
    assert NightHours(60, 120).contains(60)
    assert not NightHours(60, 120).contains(120)
    assert not any(NightHours(300, 300).contains(minute) for minute in range(1440))


def test_one_row_per_conversation():
    found = rows(pair(), pair(OTHER, student="s2"), pair("class@x.example", student="s1"))
    assert [(row.staff, row.student) for row in found] == [("t1", "s1"), ("t1", "s2")]
    assert found[0].conversation == conversation_id("t1", "s1")


def test_alone_without_other_recipients():
    assert rows(pair())[0].alone
    assert rows(pair(), recipients=(STUDENT, TEACHER))[0].alone  # a copy to the sender does not count
    assert not rows(pair(), recipients=(STUDENT, "ingrid@home.example"))[0].alone
    assert not any(row.alone for row in rows(pair(), pair(OTHER, student="s2")))
    assert not any(row.alone for row in rows(pair("class@x.example"), pair("class@x.example", student="s2")))
    assert rows(pair(), pair("again@x.example"))[0].alone  # two addresses of one student


def test_outside_when_any_pair_is():
    outside = replace(pair(OTHER), outside=True)
    assert rows(pair(), outside)[0].outside
    assert not rows(pair())[0].outside
    assert rows(outside, pair(direction=S2S))[0].outside


@given(st.lists(samples.pairs, min_size=1, max_size=5), st.floats(0, 4e9))
def test_rows_are_the_conversations_of_the_relation(pairs, time):
    found = rows(*pairs, at=time)
    assert {row.conversation for row in found} == {conversation_id(each.staff, each.student) for each in pairs}
    assert len({row.conversation for row in found}) == len(found)


def test_the_author_is_a_person_or_an_address_that_only_claims_to_be_one():
    assert rows(pair())[0].author == "t1"
    assert rows(pair(direction=S2S))[0].author == "s1"
    claimed = replace(pair(), claimed=True)
    assert rows(claimed, sender="Dana.W@Mail.example")[0].author == "dana.w@mail.example"
    assert rows(claimed, pair(OTHER))[0].author == "t1"


def test_marks_are_of_texts_on_personal_accounts():
    def marks(text: str, outside: bool = True) -> int:
        addressed = replace(pair(), outside=outside)
        return contact_log_rows(Relation((addressed,)), (STUDENT,), NOW, CHICAGO, NIGHT, text=text)[0].marks

    assert marks("Please write to my school account.") == MOVES
    assert marks("The bus broke down, everybody is fine.") == EMERGENCY
    assert marks("Emergency is over, let's continue on the school account") == MOVES | EMERGENCY
    assert marks("Please write to my school account.", outside=False) == 0
    assert marks("Practice is at four.") == 0
