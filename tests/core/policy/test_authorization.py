"""Which messages an account may see, and who gets no notice because they are a party."""

from __future__ import annotations

import pytest

from gateway.core.accounts.account import AccountRole, User
from gateway.core.messages.parties import Direction, Pair
from gateway.core.policy.authorization import addresses_without_parties, is_party
from tests.console.district import roster, staff_address, student_address

PEOPLE = roster()
MEYER, KESSLER, OKAFOR = staff_address("hollis.meyer"), staff_address("marian.kessler"), staff_address("dana.okafor")
TO_MEYER = (Pair(MEYER, "s-09", "k-03", Direction.STUDENT_TO_STAFF),)
CALL = (student_address("ngozi.okafor"), MEYER)
"""A student writes to the counselor; her mother teaches at the same school."""


@pytest.mark.parametrize(
    ("candidates", "allowed"),
    [
        ((KESSLER, "safety@elsewhere.example"), (KESSLER, "safety@elsewhere.example")),
        ((MEYER, KESSLER), (KESSLER,)),  # the recipient
        ((OKAFOR, KESSLER), (KESSLER,)),  # the mother of the sender
        ((MEYER.upper(), OKAFOR), ()),
        (("peter.lindgren@prairiemail.example",), ("peter.lindgren@prairiemail.example",)),
    ],
)
def test_addresses_without_parties(candidates: tuple[str, ...], allowed: tuple[str, ...]) -> None:
    assert addresses_without_parties(candidates, TO_MEYER, CALL, PEOPLE) == allowed


def test_personal_account_of_a_party_gets_no_notice() -> None:
    pairs = (Pair(student_address("maya.lindqvist"), "s-06", "k-02", Direction.STAFF_TO_STUDENT),)
    addresses = (staff_address("peter.lindgren"), student_address("maya.lindqvist"))
    assert addresses_without_parties(["peter.lindgren@prairiemail.example", KESSLER], pairs, addresses, PEOPLE) == (
        KESSLER,
    )


def test_other_members_of_a_group_get_the_notice() -> None:
    candidates = addresses_without_parties(["all-staff@riverbend.example"], TO_MEYER, CALL, PEOPLE)
    assert KESSLER in candidates
    assert not {MEYER, OKAFOR, "all-staff@riverbend.example"} & set(candidates)
    assert addresses_without_parties(["all-staff@riverbend.example"], (), ("x@one.example",), PEOPLE) == (
        "all-staff@riverbend.example",
    )


def test_unknown_recipient_gets_no_notice() -> None:
    assert addresses_without_parties(["Desk@one.example", KESSLER], TO_MEYER, (*CALL, "desk@one.example"), PEOPLE) == (
        KESSLER,
    )


def test_account_named_by_address_belongs_to_that_person() -> None:
    """The account has no person; its address identifies one."""
    director = User(OKAFOR, AccountRole.TECHNOLOGY_DIRECTOR)
    assert is_party(director, TO_MEYER, CALL, PEOPLE)
    assert not is_party(User(KESSLER, AccountRole.TECHNOLOGY_DIRECTOR), TO_MEYER, CALL, PEOPLE)
    assert not is_party(User("okafor", AccountRole.TECHNOLOGY_DIRECTOR), TO_MEYER, CALL, PEOPLE)
