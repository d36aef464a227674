"""Reading OneRoster: accounts, guardians, roles, buildings and classes."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.core.messages.parties import Role
from tests.directory.sample_district import (
    NOW,
    STAFF,
    STUDENTS,
    District,
    load_district,
    user,
    warning_text,
)

DAY = 86_400


def test_numbers_and_addresses_in_the_wrong_column(tmp_path: Path) -> None:
    district = District()
    district["t1"].update({"email": "5155550110", "sms": f"dwhitfield@{STAFF}"})
    district["s1"].update({"sms": "", "phone": "515.555.0120"})
    district["s2"].update({"email": "not an address", "phone": "none", "username": f"jp2@{STUDENTS}"})
    result = load_district(district.written(tmp_path / "or"))
    for address, id_ in (
        ("+15155550110", "t1"), (f"dwhitfield@{STAFF}", "t1"), ("+15155550120", "s1"), (f"jp2@{STUDENTS}", "s2"),
    ):  # fmt: skip
        found = result.roster.person(address)
        assert found is not None
        assert found.id == id_
    text = warning_text(result)
    assert "line 2, column email: holds a number" in text
    assert "line 2, column sms: holds a mail address" in text
    assert "line 6, column email: is not a mail address" in text
    assert "line 6, column phone: is not a phone number" in text
    jordan = result.roster.by_id("s2")
    assert jordan is not None
    assert jordan.address == f"jp2@{STUDENTS}"


def test_deleted_records_are_ignored(tmp_path: Path) -> None:
    district = District()
    district["t1"]["status"] = "tobedeleted"
    district["s1"]["status"] = "inactive"
    result = load_district(district.written(tmp_path / "or"))
    assert result.roster.by_id("t1") is None
    assert result.roster.by_id("s1") is None
    assert "says tobedeleted in a bulk file" in warning_text(result)
    assert "line 5, column status: says inactive" in warning_text(result)


def test_the_same_sourced_id_twice_is_one_person_with_both_roles(tmp_path: Path) -> None:
    district = District()
    district.users.append(user("t1", "parent", "Dana", "Whitfield", "dana@home.example", orgSourcedIds="ms"))
    district["s2"]["agentSourcedIds"] = "t1"
    result = load_district(district.written(tmp_path / "or"))
    person = result.roster.person("dana@home.example")
    assert person is not None
    assert (person.id, person.roles, person.children) == ("t1", {Role.STAFF, Role.GUARDIAN}, {"s2"})
    assert person.buildings == ("hs", "ms")
    assert len(result.roster) == 7
    assert "line 9, column sourcedId: occurs more than once" in warning_text(result)


@pytest.mark.parametrize(("column", "value"), [("email", f"moyelaran@{STAFF}"), ("phone", "515-555-0111")])
def test_guardian_with_address_of_staff_causes_a_warning_only(tmp_path: Path, column: str, value: str) -> None:
    district = District()
    district.users.append(user("g2", "parent", "M.", "Oyelaran", "", **{column: value} if column == "phone" else {}))
    district["g2"][column] = value
    district["s2"]["agentSourcedIds"] = "g2"
    result = load_district(district.written(tmp_path / "or"))
    behind = result.roster.person(value)
    assert behind is not None
    assert (behind.id, behind.children) == ("t2", {"s3"})
    text = warning_text(result)
    assert f"line 9, column {column}: a guardian has the same {column} as the staff member of line 3" in text
    assert "agentSourcedIds of their children" in text


def test_same_user_master_identifier_causes_a_warning_only(tmp_path: Path) -> None:
    district = District().split()
    district["g1"]["userMasterIdentifier"] = district["t1"]["userMasterIdentifier"] = "m-1"
    district["s1"]["userMasterIdentifier"] = district["s2"]["userMasterIdentifier"] = "m-2"
    result = load_district(district.written(tmp_path / "or"))
    dana = result.roster.by_id("t1")
    assert dana is not None
    assert dana.children == frozenset()
    assert "line 8, column userMasterIdentifier: a guardian has the same" in warning_text(result)
    assert "line 6, column userMasterIdentifier: belongs to somebody else too" in warning_text(result)


def test_shared_number_identifies_staff_first_and_switchboard_nobody(
    tmp_path: Path,
) -> None:
    district = District()
    district["s3"]["phone"] = "(515) 555-0111"  # the number of a parent who teaches
    district["g1"]["phone"] = "5155550120"  # the guardian has the number of the child
    for row in district.users:
        row["sms"] = row.get("sms", "") or "515-555-0000"
    district.users += [user(f"x{n}", "student", "A", "B", "", phone="5155550000") for n in range(9)]
    result = load_district(district.written(tmp_path / "or"))
    ids = [getattr(result.roster.person(number), "id", None) for number in ("5155550111", "5155550120", "5155550000")]
    assert ids == ["t2", "s1", None]
    assert "more than 8 people have this number" in warning_text(result)


def test_agents_in_every_direction(tmp_path: Path) -> None:
    district = District()
    district["g1"]["agentSourcedIds"] = "s2"
    district["p1"]["agentSourcedIds"] = "s1"  # agents of staff are ignored
    district["s1"]["agentSourcedIds"] = "g1,nobody,s2"
    result = load_district(district.written(tmp_path / "or"))
    children = {person.id: person.children for person in result.roster if person.children}
    assert children == {"g1": {"s1", "s2", "s3"}, "t2": {"s3"}}
    assert "line 5, column agentSourcedIds: names nobody in this file" in warning_text(result)
    assert "line 4, column agentSourcedIds: a student is the agent of somebody who is not a guardian" in warning_text(
        result
    )


def test_counselor_of_many_students_is_not_their_parent(tmp_path: Path) -> None:
    district = District()
    district.users += [user(f"x{n}", "student", "A", "B", "", agentSourcedIds="p1,g1") for n in range(20)]
    result = load_district(district.written(tmp_path / "or"))
    counselor, guardian = result.roster.by_id("p1"), result.roster.by_id("g1")
    assert counselor is not None
    assert guardian is not None
    assert counselor.children == frozenset()
    assert len(guardian.children) == 22
    assert "line 4, column agentSourcedIds: is the agent of more than" in warning_text(result)


# 1.2


@pytest.mark.parametrize(
    ("begin", "end", "counts"),
    [
        ("", "", True),
        ("2026-08-01", "2027-06-05", True),
        ("2026-11-25", "", True),  # that day has begun in some time zones
        ("", "2026-11-23", True),
        ("2026-12-01", "", False),
        ("", "2026-11-01", False),
        ("8/1/2026", "6/5/2027", True),
        ("sometime", "never", True),
    ],
)
def test_roles_count_within_their_dates(tmp_path: Path, begin: str, end: str, counts: bool) -> None:
    district = District().split()
    for row in district.roles:
        if row["userSourcedId"] == "t1":
            row |= {"beginDate": begin, "endDate": end}
    result = load_district(district.written(tmp_path / "or"))
    person = result.roster.by_id("t1")
    assert person is not None
    assert (person.roles == {Role.STAFF}) == counts
    assert ("is not written as YYYY-MM-DD" in warning_text(result)) == (begin[:2] == "8/")
    assert ("is not a date" in warning_text(result)) == (begin == "sometime")


def test_role_ends_with_its_date(tmp_path: Path) -> None:
    district = District().split()
    district.roles[0]["endDate"] = "2026-11-30"
    folder = district.written(tmp_path / "or")
    for later, roles in ((0, {Role.STAFF}), (30 * DAY, set())):
        person = load_district(folder, now=NOW + later).roster.by_id("t1")
        assert person is not None
        assert person.roles == roles


@pytest.mark.parametrize(
    ("role", "counts_as"),
    [
        *[
            (each, Role.STAFF)
            for each in "aide counselor districtAdministrator principal proctor siteAdministrator".split()
        ],
        *[(each, Role.STAFF) for each in "systemAdministrator teacher administrator ext:coach".split()],
        *[(each, Role.GUARDIAN) for each in "guardian parent relative ext:stepparent".split()],
        *[(each, Role.STUDENT) for each in ("student", "ext:exchangeStudent")],
    ],
)
def test_every_role(tmp_path: Path, role: str, counts_as: Role) -> None:
    district = District().split()
    district.users.append({"sourcedId": "n", "givenName": "New", "familyName": "Person", "email": f"new@{STAFF}"})
    district.roles.append({"userSourcedId": "n", "role": role, "orgSourcedId": "hs"})
    result = load_district(district.written(tmp_path / "or"))
    person = result.roster.by_id("n")
    assert person is not None
    assert person.roles == {counts_as}
    assert ("is not a OneRoster role" in warning_text(result)) == role.startswith("ext:")


def test_second_accounts_and_preferred_names(tmp_path: Path) -> None:
    district = District().split()
    district["s2"].update({"preferredGivenName": "Jo", "username": "jpacheco"})
    district.more["userProfiles"] = [
        {"sourcedId": "u1", "userSourcedId": "s2", "username": f"jo.p@{STUDENTS}", "password": "secret-of-s2"},
        {"sourcedId": "u2", "userSourcedId": "s1", "username": "not-a-mail-address"},
    ]
    district.manifest["file.userProfiles"] = "bulk"
    result = load_district(district.written(tmp_path / "or"))
    person = result.roster.person(f"jo.p@{STUDENTS}")
    assert person is not None
    assert (person.id, person.name, person.address) == ("s2", "Jo Pacheco", f"jpacheco@{STUDENTS}")
    for shown in ("Jo Pacheco", "Jordan Pacheco"):
        assert [each.id for each in result.roster.namesakes(shown)] == ["s2"]
    assert result.warnings == ()


def test_people_of_the_district_office_are_in_the_buildings_of_their_classes(tmp_path: Path) -> None:
    district = District()
    district["t1"]["orgSourcedIds"] = "d"
    district.more["enrollments"] = [
        {"sourcedId": f"e-{user_}-{school}", "userSourcedId": user_, "schoolSourcedId": school, "role": "teacher"}
        for user_, school in (("t1", "hs"), ("t1", "ms"), ("t2", "ms"), ("t1", "hs"))
    ]
    result = load_district(district.written(tmp_path / "or"))
    dana, marcus = result.roster.by_id("t1"), result.roster.by_id("t2")
    assert dana is not None
    assert marcus is not None
    assert dana.buildings == ("d", "hs", "ms")
    assert marcus.buildings == ("hs",)


def test_two_people_are_in_a_class_together(tmp_path: Path) -> None:
    district = District()
    district.more["classes"] = [{"sourcedId": "c1", "title": "Biology,  period 2"}, {"sourcedId": "c2", "title": ""}]
    enrolled = (
        ("c1", "t1", "teacher", ""), ("c1", "s1", "student", ""), ("c2", "t1", "aide", ""), ("c2", "s1", "student", ""),
        ("c2", "s1", "student", ""), ("c1", "s2", "student", "2026-01-31"), ("c3", "t2", "teacher", ""),
        ("c1", "g1", "parent", ""), ("c1", "nobody", "student", ""), ("", "t2", "teacher", ""),
    )  # fmt: skip
    district.more["enrollments"] = [
        {"sourcedId": f"e{number}", "classSourcedId": class_, "userSourcedId": user_, "role": role, "endDate": end}
        for number, (class_, user_, role, end) in enumerate(enrolled)
    ]
    roster = load_district(district.written(tmp_path / "or")).roster
    assert roster.classes_of_both("t1", "s1") == ("Biology, period 2", "c2")
    assert roster.classes_of_both("s1", "t1") == ("Biology, period 2", "c2")
    for other in ("s2", "t2", "g1", "nobody"):  # left, in another class, not a student, unknown
        assert roster.classes_of_both("t1", other) == ()
    assert load_district(District().written(tmp_path / "without")).roster.classes_of_both("t1", "s1") == ()


def test_demographics_are_never_opened(tmp_path: Path) -> None:
    folder = District().written(tmp_path / "or")
    (folder / "demographics.csv").mkdir()  # opening it would fail
    assert load_district(folder).warnings == ()


def test_roster_without_students_warns_that_nothing_is_in_scope(tmp_path: Path) -> None:
    district = District()
    district.users = [row for row in district.users if row["role"] != "student"]
    assert "there are no students: no message will be in scope" in warning_text(
        load_district(district.written(tmp_path / "or"))
    )
