"""Look-alikes over a generated district: every usual way to write a name, in every place, in both directions."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.core.messages.parties import AccountBasis, Direction, Pair
from gateway.core.mime.headers import Mailbox
from gateway.core.relation.lookalikes import MAX_NAMESAKES
from gateway.core.relation.personal_accounts import PersonalAccounts
from gateway.core.relation.relate import relate_mail
from gateway.directory.roster import Roster
from tests.core.relation.lookalike_district import (
    STRANGER_FAMILY,
    STRANGER_GIVEN,
    Someone,
    claims_of,
    display_names,
    generated_district,
    initial_names,
    local_parts,
    partial_local_parts,
)
from tests.directory.sample_district import STAFF, STUDENTS, District, load_district, user

SEED = 20261130
OUTSIDE = "freemail.example"
TO_STUDENT, TO_STAFF = Direction.STAFF_TO_STUDENT, Direction.STUDENT_TO_STAFF


@pytest.fixture(scope="module")
def district(tmp_path_factory: pytest.TempPathFactory) -> tuple[Roster, list[Someone]]:
    return generated_district(tmp_path_factory.mktemp("lookalikes"), SEED)


def counterpart(person: Someone, people: list[Someone], *, family: bool = True) -> Someone:
    """Somebody of the other role at the same school, with another family name unless that does not matter."""
    return next(
        other
        for other in people
        if other.id[0] != person.id[0]
        and other.school == person.school
        and (not family or other.family != person.family)
    )


def named_ways(person: Someone, address: str, name: str) -> list[Callable[[Roster, Someone], tuple[Pair, ...]]]:
    """The places in which a name and an address can stand, as sender and as recipient."""
    box = Mailbox(address, name)

    def author(roster: Roster, other: Someone) -> tuple[Pair, ...]:
        return relate_mail(address, claims_of(box), [other.address], roster).pairs

    def reply_to(roster: Roster, other: Someone) -> tuple[Pair, ...]:
        sender = Mailbox("xk@relay.example", "Q")
        return relate_mail("xk@relay.example", claims_of(sender, box), [other.address], roster).pairs

    def recipient(roster: Roster, other: Someone) -> tuple[Pair, ...]:
        return relate_mail(other.address, claims_of(Mailbox(other.address), to=box), [address], roster).pairs

    return [author, reply_to, recipient]


def check(person: Someone, other: Someone, pairs: tuple[Pair, ...], bases: set[AccountBasis], *, sends: bool) -> None:
    staff, student = (person, other) if person.id[0] == "t" else (other, person)
    direction = TO_STUDENT if sends == (person is staff) else TO_STAFF
    assert [(pair.staff, pair.student, pair.direction) for pair in pairs] == [(staff.id, student.id, direction)]
    (pair,) = pairs
    assert pair.outside
    assert pair.basis in bases
    assert pair.claimed == sends
    assert 0 < pair.confidence < 1


def test_every_display_name_in_every_place(district: tuple[Roster, list[Someone]]) -> None:
    roster, people = district
    for person in people[::3]:
        other = counterpart(person, people)
        for name in display_names(person):
            for number, way in enumerate(named_ways(person, f"k7@{OUTSIDE}", name)):
                check(person, other, way(roster, other), {AccountBasis.NAME}, sends=number < 2)


def test_every_local_part_in_every_place(district: tuple[Roster, list[Someone]]) -> None:
    roster, people = district
    for person in people[::3]:
        other = counterpart(person, people)
        for local in local_parts(person):
            for number, way in enumerate(named_ways(person, f"{local}@{OUTSIDE}", "")):
                pairs = way(roster, other)
                assert pairs, local
                check(person, other, pairs, {AccountBasis.LOCAL_PART}, sends=number < 2)


def test_a_title_or_an_initial_is_a_teachers_only(district: tuple[Roster, list[Someone]]) -> None:
    roster, people = district
    same = Counter(person.family for person in people if person.id[0] == "t")
    for person in people:
        other = counterpart(person, people)
        for local in partial_local_parts(person):
            for number, way in enumerate(named_ways(person, f"{local}@{OUTSIDE}", "")):
                pairs = way(roster, other)
                if person.id[0] == "s":
                    assert person.id not in {pair.student for pair in pairs}, local
                elif same[person.family] == 1:
                    check(person, other, pairs, {AccountBasis.LOCAL_PART}, sends=number < 2)


def test_an_initial_beside_an_address_is_a_teachers_only(district: tuple[Roster, list[Someone]]) -> None:
    roster, people = district
    same = Counter(person.family for person in people if person.id[0] == "t")
    for person in people:
        other = counterpart(person, people)
        for name in initial_names(person):
            pairs = relate_mail(
                "xk9@x.example", claims_of(Mailbox("xk9@x.example", name)), [other.address], roster
            ).pairs
            if person.id[0] == "s":
                assert person.id not in {pair.student for pair in pairs}, name
            elif same[person.family] == 1:
                check(person, other, pairs, {AccountBasis.NAME}, sends=True)


def test_a_parent_with_a_teachers_family_name_is_nobody_else(district: tuple[Roster, list[Someone]]) -> None:
    """A parent writes to the child, or to the child's teacher, from a private address."""
    roster, people = district
    for student in (person for person in people if person.id[0] == "s"):
        teacher = counterpart(student, people, family=False)
        for given in ("Adele", "Vernon"):
            for local in (f"{given}.{student.family}", f"{given[0]}{student.family}", f"mr.{student.family}"):
                address = f"{local}@{OUTSIDE}"
                for name in (f"{given} {student.family}", f"Mr. {student.family}"):
                    claims = claims_of(Mailbox(address, name))
                    assert not relate_mail(address, claims, [student.address], roster), (name, address)
                    assert not relate_mail(address, claims, [teacher.address], roster), (name, address)
                    to = claims_of(Mailbox(teacher.address), to=Mailbox(address, name))
                    assert not relate_mail(teacher.address, to, [address], roster), (name, address)


def test_strangers_form_no_pair(district: tuple[Roster, list[Someone]]) -> None:
    roster, people = district
    chance, found = random.Random(SEED), 0
    strangers = [
        Someone(f"x{number}", given, "", family, "", "hs")
        for number, (given, family) in enumerate((g, f) for g in STRANGER_GIVEN for f in STRANGER_FAMILY)
    ]
    tried = 0
    for stranger in chance.sample(strangers, 150):
        other = chance.choice(people)
        for local in (*local_parts(stranger), *partial_local_parts(stranger)):
            tried += 1
            address = f"{local}@{OUTSIDE}"
            box = Mailbox(address, chance.choice(["", *display_names(stranger)]))
            found += bool(relate_mail(address, claims_of(box), [other.address], roster))
    assert tried > 5000
    assert found == 0


def test_common_local_parts_are_nobodys(district: tuple[Roster, list[Someone]]) -> None:
    roster, people = district
    for local in (
        "info",
        "office",
        "no-reply",
        "news",
        "admissions",
        "coach",
        "teacher",
        "mr",
        "contact.us",
        "a",
        "x1",
    ):
        for person in people[:60:7]:
            address = f"{local}@{OUTSIDE}"
            assert not relate_mail(address, claims_of(Mailbox(address)), [person.address], roster)


def test_a_family_name_of_more_than_five_teachers_is_nobodys(tmp_path: Path) -> None:
    many = District(users=[user("s1", "student", "Avery", "Lindqvist", f"s1@{STUDENTS}")])
    given = ("Ana", "Bo", "Cy", "Di", "Ed", "Flo", "Gus")
    for number in range(MAX_NAMESAKES):
        many.users.append(user(f"t{number}", "teacher", given[number], "Smith", f"t{number}@{STAFF}"))
    few = load_district(many.written(tmp_path / "few")).roster
    many.users.append(user("t9", "teacher", given[-1], "Smith", f"t9@{STAFF}"))
    roster = load_district(many.written(tmp_path / "many")).roster
    address = f"mr.smith@{OUTSIDE}"
    pairs = relate_mail(address, claims_of(Mailbox(address)), [f"s1@{STUDENTS}"], few).pairs
    assert len(pairs) == MAX_NAMESAKES
    assert not relate_mail(address, claims_of(Mailbox(address)), [f"s1@{STUDENTS}"], roster)


def test_what_an_administrator_refused_is_not_guessed_again(district: tuple[Roster, list[Someone]]) -> None:
    roster, people = district
    person = people[0]
    other = counterpart(person, people)
    address = f"{next(local_parts(person))}@{OUTSIDE}"
    for number, way in enumerate(named_ways(person, address, f"{person.given} {person.family}")):
        assert way(roster, other), number
        try:
            roster.use_personal_accounts(PersonalAccounts(refused=frozenset({(address, person.id)})))
            assert not way(roster, other)
            roster.use_personal_accounts(PersonalAccounts(confirmed={address: person.id}))
            (pair,) = way(roster, other)
            assert (pair.basis, pair.claimed, pair.confidence) == (AccountBasis.KNOWN, number == 1, 1.0)
            roster.use_personal_accounts(PersonalAccounts(organizations=frozenset({OUTSIDE})))
            assert not way(roster, other)
        finally:
            roster.use_personal_accounts(PersonalAccounts())
