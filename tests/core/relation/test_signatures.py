"""Letters of unknown outside addresses that are signed with a staff member's name."""

from __future__ import annotations

import pytest

from gateway.core.messages.parties import AccountBasis
from gateway.core.mime.headers import Mailbox
from gateway.core.relation.personal_accounts import PersonalAccounts
from gateway.core.relation.signatures import may_be_signed, signature_relation
from gateway.directory.roster import Roster
from tests.core.relation.lookalike_district import Someone, claims_of, generated_district

ADDRESS = "xk9@freemail.example"


@pytest.fixture(scope="module")
def district(tmp_path_factory: pytest.TempPathFactory) -> tuple[Roster, list[Someone]]:
    return generated_district(tmp_path_factory.mktemp("signatures"), 7)


def test_the_staff_of_the_students_school_are_meant(district: tuple[Roster, list[Someone]]) -> None:
    roster, people = district
    students = [person for person in people if person.id[0] == "s"]
    for teacher in (person for person in people if person.id[0] == "t"):
        for student in students[:20]:
            if student.family == teacher.family:
                continue
            names = ("see you", f"{teacher.given} {teacher.family}")
            relation = signature_relation(ADDRESS, claims_of(), [student.address], names, roster)
            expected = {(teacher.id, student.id)} if teacher.school == student.school else set()
            assert {(pair.staff, pair.student) for pair in relation.pairs} == expected
            for pair in relation.pairs:
                assert (pair.basis, pair.confidence, pair.claimed, pair.outside) == (
                    AccountBasis.SIGNATURE, 0.6, True, True,
                )  # fmt: skip
            assert {guess.person for guess in relation.guesses} == {staff for staff, _ in expected}


def test_a_refused_guess_is_not_made_again(district: tuple[Roster, list[Someone]]) -> None:
    roster, people = district
    teacher = people[0]
    student = next(person for person in people if person.id[0] == "s" and person.school == teacher.school)
    names = (f"{teacher.given} {teacher.family}",)
    roster.use_personal_accounts(PersonalAccounts(refused=frozenset({(ADDRESS, teacher.id)})))
    assert not signature_relation(ADDRESS, claims_of(), [student.address], names, roster)
    roster.use_personal_accounts(PersonalAccounts())
    assert signature_relation(ADDRESS, claims_of(), [student.address], names, roster)


def test_only_an_outsiders_own_mail_to_students_is_looked_at(district: tuple[Roster, list[Someone]]) -> None:
    roster, people = district
    teacher, student = people[0].address, people[-1].address
    assert may_be_signed(ADDRESS, claims_of(Mailbox(ADDRESS, "")), [student], roster)
    assert not may_be_signed(ADDRESS, claims_of(), [teacher], roster)
    assert not may_be_signed("", claims_of(), [student], roster)
    assert not may_be_signed(teacher, claims_of(), [student], roster)
    assert not may_be_signed(ADDRESS, claims_of(Mailbox(teacher, "")), [student], roster)
