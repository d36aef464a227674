"""Whose message it is, and who is told nothing of it: sender, recipients, and the parents of any of them."""

from __future__ import annotations

import pytest

from gateway.core.accounts.account import AccountRole, User
from gateway.core.messages.parties import Direction, Pair
from gateway.core.policy.authorization import has_part, may_be_told
from tests.console.district import roster, staff, student

PEOPLE = roster()
MEYER, KESSLER, OKAFOR = staff("hollis.meyer"), staff("marian.kessler"), staff("dana.okafor")
TO_MEYER = (Pair(MEYER, "s-09", "k-03", Direction.STUDENT_TO_STAFF),)
CALL = (student("ngozi.okafor"), MEYER)
"""A student writes to the counselor; her mother teaches at the same school."""


@pytest.mark.parametrize(
    ("told", "left"),
    [
        ((KESSLER, "safety@elsewhere.example"), (KESSLER, "safety@elsewhere.example")),
        ((MEYER, KESSLER), (KESSLER,)),  # the recipient
        ((OKAFOR, KESSLER), (KESSLER,)),  # the mother of the sender
        ((MEYER.upper(), OKAFOR), ()),
        (("peter.lindgren@prairiemail.example",), ("peter.lindgren@prairiemail.example",)),
    ],
)
def test_who_can_be_told(told: tuple[str, ...], left: tuple[str, ...]) -> None:
    assert may_be_told(told, TO_MEYER, CALL, PEOPLE) == left


def test_a_personal_account_of_somebody_with_a_part_is_not_told() -> None:
    pairs = (Pair(student("maya.lindqvist"), "s-06", "k-02", Direction.STAFF_TO_STUDENT),)
    addresses = (staff("peter.lindgren"), student("maya.lindqvist"))
    assert may_be_told(["peter.lindgren@prairiemail.example", KESSLER], pairs, addresses, PEOPLE) == (KESSLER,)


def test_of_a_group_the_others_are_told() -> None:
    told = may_be_told(["all-staff@riverbend.example"], TO_MEYER, CALL, PEOPLE)
    assert KESSLER in told
    assert not {MEYER, OKAFOR, "all-staff@riverbend.example"} & set(told)
    assert may_be_told(["all-staff@riverbend.example"], (), ("x@one.example",), PEOPLE) == (
        "all-staff@riverbend.example",
    )


def test_an_address_of_nobody_that_it_was_sent_to_is_not_told() -> None:
    assert may_be_told(["Desk@one.example", KESSLER], TO_MEYER, (*CALL, "desk@one.example"), PEOPLE) == (KESSLER,)


def test_an_account_that_is_named_by_its_address_is_that_person_s() -> None:
    """Nobody said whose account it is: the address does."""
    director = User(OKAFOR, AccountRole.TECHNOLOGY_DIRECTOR)
    assert has_part(director, TO_MEYER, CALL, PEOPLE)
    assert not has_part(User(KESSLER, AccountRole.TECHNOLOGY_DIRECTOR), TO_MEYER, CALL, PEOPLE)
    assert not has_part(User("okafor", AccountRole.TECHNOLOGY_DIRECTOR), TO_MEYER, CALL, PEOPLE)
