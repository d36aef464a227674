"""The roster: people behind addresses, groups and names, over a roster read from files."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.core.messages.parties import Direction, Directory, Role
from gateway.core.relation.relate import relate
from gateway.directory.roster import AccountKind, Roster
from gateway.directory.show import describe_address
from tests.directory.sample_district import (
    ALIAS,
    STAFF,
    STUDENTS,
    District,
    load_district,
    user,
    warning_text,
    write_table,
)


@pytest.fixture(name="district", params=["1.1", "1.2"])
def _district(request: pytest.FixtureRequest) -> District:
    return District() if request.param == "1.1" else District().split()


@pytest.fixture(name="roster")
def _roster(district: District, tmp_path: Path) -> Roster:
    groups = write_table(
        tmp_path / "groups.csv",
        ["address", "member"],
        [
            [f"period2@{STAFF}", "t1"],
            [f"period2@{STAFF}", f"ALindqvist+x@{STUDENTS}"],
            [f"all@{STAFF}", f"period2@{ALIAS}"],
            [f"all@{STAFF}", f"staff@{STAFF}"],
            [f"staff@{STAFF}", "t1"],
            [f"staff@{STAFF}", "t2"],
            [f"staff@{STAFF}", f"all@{STAFF}"],
            [f"club@{STUDENTS}", f"new.kid@{STUDENTS}"],
            [f"club@{STUDENTS}", "s2"],
            [f"club@{STUDENTS}", "coach@elsewhere.example"],
        ],
    )
    contacts = write_table(
        tmp_path / "contacts.csv",
        ["person", "kind", "value"],
        [
            ["t1", "email", "D.Whitfield.Home@gmail.com"],
            ["t1", "district_phone", "+1 515 555 0199"],
            ["t1", "phone", "(515) 555-0177"],
            ["t2", "email", "5155550178@vtext.com"],
        ],
    )
    result = load_district(district.written(tmp_path / "oneroster"), groups=groups, contacts=contacts)
    assert result.warnings == ()
    return result.roster


def name(roster: Directory, address: str) -> str | None:
    person = roster.person(address)
    return None if person is None else person.id


@pytest.mark.parametrize(
    ("address", "id_"),
    [
        (f"dwhitfield@{STAFF}", "t1"),
        (f"DWhitfield+hw@{STAFF.upper()}.", "t1"),
        (f"dwhitfield@{ALIAS}", "t1"),
        ("+15155550110", "t1"),
        ("dwhitfieldhome@googlemail.com", "t1"),
        ("+15155550199", "t1"),
        ("+15155550177", "t1"),
        ("+15155550178", "t2"),
        ("5155550111", "t2"),
        ("+15155550120", "s1"),
        ("5155550120@txt.att.net", "s1"),
        ("ingrid.l@home.example", "g1"),
        ("vendor@paper.example", None),
        (f"nobody@{STAFF}", None),
        ("+15155550000", None),
        ("911", None),
        ("", None),
        (f"New.Kid+x@{STUDENTS}", f"new.kid@{STUDENTS}"),
        (f"club@{STUDENTS}", None),
    ],
)
def test_who_is_behind_an_address(roster: Roster, address: str, id_: str | None) -> None:
    for _ in range(2):  # first uncached, then cached
        assert name(roster, address) == id_


def test_person_has_all_fields(roster: Roster) -> None:
    assert len(roster) == 7
    principal, teacher, student = roster.by_id("p1"), roster.by_id("t2"), roster.by_id("s2")
    assert principal is not None
    assert teacher is not None
    assert student is not None
    assert (principal.name, principal.roles, principal.buildings) == (
        "Ruth Castellano", frozenset({Role.STAFF}), ("hs", "ms"),
    )  # fmt: skip
    assert teacher.children == {"s3"}
    assert teacher.roles == {Role.STAFF, Role.GUARDIAN}
    assert student.buildings == ("ms",)
    assert student.address == f"jpacheco@{STUDENTS}"
    assert roster.by_id("nobody") is None
    guardian = roster.by_id("g1")
    assert guardian is not None
    assert guardian.children == {"s1", "s3"}
    assert roster.counts() == {Role.STAFF: 3, Role.STUDENT: 3, Role.GUARDIAN: 2}
    stranger = roster.person(f"New.Kid@{STUDENTS}")
    assert stranger is not None
    assert (stranger.roles, stranger.name, stranger.address) == ({Role.STUDENT}, "", f"new.kid@{STUDENTS}")


def test_accounts_and_the_phone_to_reach_a_person(roster: Roster) -> None:
    kinds = {account.address: account.kind for account in roster.accounts("t1")}
    assert kinds == {
        f"dwhitfield@{STAFF}": AccountKind.OWN,
        "+15155550110": AccountKind.PHONE,
        "dwhitfieldhome@gmail.com": AccountKind.PERSONAL_MAIL,
        "+15155550199": AccountKind.DISTRICT_PHONE,
        "+15155550177": AccountKind.PERSONAL_PHONE,
    }
    assert roster.phone("t1") == "+15155550177"
    assert roster.phone("s1") == "+15155550120"
    assert roster.phone("p1") is None
    assert roster.accounts("nobody") == ()


@pytest.mark.parametrize(
    ("address", "internal"),
    [
        (f"x@{STAFF}", True),
        (f"x@{STUDENTS.upper()}", True),
        (f"x@{ALIAS}", True),
        (f"x@sub.{STAFF}", False),
        ("x@elsewhere.example", False),
        ("dwhitfieldhome@gmail.com", False),
        ("+15155550199", True),
        ("+15155550110", False),
        ("", False),
    ],
)
def test_internal(roster: Roster, address: str, internal: bool) -> None:
    assert roster.is_internal(address) is internal


def test_groups_include_nested_groups_and_survive_cycles(roster: Roster) -> None:
    def members(address: str) -> set[str] | None:
        found = roster.members(address)
        return None if found is None else {person.id for person in found}

    assert members(f"Period2+x@{STAFF}") == {"t1", "s1"}
    assert members(f"period2@{ALIAS}") == {"t1", "s1"}
    assert members(f"all@{STAFF}") == members(f"staff@{STAFF}") == {"t1", "t2", "s1"}
    assert members(f"club@{STUDENTS}") == {"s2", f"new.kid@{STUDENTS}"}
    assert members(f"dwhitfield@{STAFF}") is None
    assert members("vendor@paper.example") is None
    assert set(roster.groups_of("s1")) == {f"period2@{STAFF}", f"all@{STAFF}", f"staff@{STAFF}"}
    assert roster.groups_of("nobody") == ()


@pytest.mark.parametrize(
    "shown",
    [
        "Dana Whitfield",
        "DANA WHITFIELD",
        "Whitfield, Dana",
        "Whitfield Dana",
        "Dr. Dana Whitfield, Ph.D.",
        "Dana M. Whitfield",
        "Dana Marie Whitfield",
        "Whitfield, Dana Marie",
        "Dana “Dee” Whitfield",
        "Dana Whitfield (she/her)",
        "Dana Whitfield (personal)",
        "dana.whitfield",
        "Dаnа Whitfiеld",  # Cyrillic letters
        "Dana WhitfieId",  # a capital i
        "Dana Wh1tf1eld",
        "Dana Whitfield 99",
        "DanaWhitfield99",
        "Ｄａｎａ Whitfield",
        "Dàná Whitfíeld",
        "D\u200bana Whit\u00adfield",
        "Đana Whitfield",
        "ᴅᴀɴᴀ ᴡʜɪᴛꜰɪᴇʟᴅ",
        "Ɗana Whitƒield",
        "🅳🅰🅽🅰 Ⓦⓗⓘⓣⓕⓘⓔⓛⓓ",
        "Ꭰana Ꮃhitfield",
        "Dana Whitfield - Riverbend High",
        "Riverbend High | Dana Whitfield",
        "Ms. Whitfield • Algebra",
        "Ms. Whitfield",
        "COACH WHITFIELD",
        "Ms. Dana Whitfield",
        "Ms. D. Whitfield",
    ],
)
def test_namesakes(roster: Roster, shown: str) -> None:
    assert [person.id for person in roster.namesakes(shown)] == ["t1"]


@pytest.mark.parametrize(
    "shown",
    [
        "",
        "Dana",
        "Whitfield",
        "Ms.",
        "Ms. Dana",
        "D. W.",
        "Dana Whitfield via Google Docs",
        "Dana Whitfield (via Google Docs)",
        "Dana Whitfield (Classroom)",
        "Whitfield Paper Company",
        "Dana Castellano",
        "Dana - Whitfield Paper Company",
        "Ingrid Lindqvist",  # neither staff nor student
        "Ms. Lindqvist",  # a student's surname: titles match adults only
        "@@@ !!! 123",
    ],
)
def test_no_namesakes(roster: Roster, shown: str) -> None:
    assert roster.namesakes(shown) == ()


def test_title_with_a_common_surname_matches_nobody(tmp_path: Path) -> None:
    district = District()
    district.users += [
        user(each, "teacher", each, "Smith", f"{each}@{STAFF}") for each in ("Ana", "Bo", "Cy", "Di", "Ed", "Flo")
    ]
    roster = load_district(district.written(tmp_path / "or")).roster
    assert roster.namesakes("Mr. Smith") == ()
    assert [person.id for person in roster.namesakes("Cy Smith")] == ["Cy"]


def test_names_of_several_words(tmp_path: Path) -> None:
    district = District()
    district.users += [
        user("m", "student", "María José", "García Márquez", f"m@{STUDENTS}"),
        user("c", "student", "Mary Ann", "de la Cruz", f"c@{STUDENTS}"),
        user("b", "teacher", "Seán", "O’Brien-Łukasik", f"b@{STAFF}", middleName="Patrick"),
    ]
    roster = load_district(district.written(tmp_path / "or")).roster
    for shown, id_ in (
        ("Maria Jose Garcia Marquez", "m"),
        ("Maria Garcia", "m"),
        ("Maria Marquez", "m"),
        ("Mary Cruz", "c"),
        ("de la Cruz, Mary Ann", "c"),
        ("Sean OBrien Lukasik", "b"),
        ("Sean Patrick O'Brien-Lukasik", "b"),
        ("Mr. O'Brien-Lukasik", "b"),
        ("Mr Lukasik", "b"),
    ):
        assert [person.id for person in roster.namesakes(shown)] == [id_], shown
    assert roster.namesakes("Mary de") == ()


def test_a_relation_over_the_real_roster(roster: Roster) -> None:
    pairs = relate(f"moyelaran@{ALIAS}", (), [f"toyelaran@{STUDENTS}", f"club@{STUDENTS}"], roster).pairs
    assert [(pair.student, pair.direction, pair.own_child) for pair in pairs] == [
        ("s3", Direction.STAFF_TO_STUDENT, True),
        ("s2", Direction.STAFF_TO_STUDENT, False),
        (f"new.kid@{STUDENTS}", Direction.STAFF_TO_STUDENT, False),
    ]
    assert [pair.outside for pair in relate("+15155550110", (), ["+15155550120"], roster).pairs] == [True]
    assert [pair.outside for pair in relate("+15155550199", (), ["+15155550120"], roster).pairs] == [False]


def test_describe_address(roster: Roster) -> None:
    own = describe_address(roster, f"moyelaran@{STAFF}")
    assert own.status == "own"
    assert own.internal
    assert [child.id for child in own.children] == ["s3"]
    assert [org.name for org in own.buildings] == ["Riverbend High"]
    assert own.groups == (f"all@{STAFF}", f"staff@{STAFF}")
    assert describe_address(roster, "dwhitfieldhome@gmail.com").status == "personal_mail"
    assert describe_address(roster, "+15155550199").status == "district_phone"
    assert describe_address(roster, f"new@{STUDENTS}").status == "unknown_student"
    assert describe_address(roster, "x@elsewhere.example").status == "unknown"
    assert describe_address(roster, "s3").status == "sourced_id"
    assert {person.id for person in describe_address(roster, "s3").guardians} == {"t2", "g1"}
    assert {person.id for person in describe_address(roster, f"period2@{STAFF}").members} == {"t1", "s1"}
    rewritten = describe_address(roster, f"SRS0=HH=TT={STAFF}=dwhitfield@forwarder.example")
    assert rewritten.rewritten == (f"dwhitfield@{STAFF}",)
    assert rewritten.person == roster.by_id("t1")


def test_passwords_are_not_in_the_image(roster: Roster, tmp_path: Path) -> None:
    with (tmp_path / "image").open("w+b") as file:
        roster.image.write(file)
        file.seek(0)
        kept = file.read()
    assert b"Whitfield" in kept
    assert b"secret-of" not in kept


def test_a_group_that_is_also_a_persons_address(tmp_path: Path) -> None:
    groups = write_table(tmp_path / "groups.csv", ["address", "member"], [[f"dwhitfield@{STAFF}", "s1"]])
    result = load_district(District().written(tmp_path / "or"), groups=groups)
    members = result.roster.members(f"dwhitfield@{STAFF}")
    assert members is not None
    assert {person.id for person in members} == {"t1", "s1"}
    assert "groups.csv line 2, column address" in warning_text(result)
