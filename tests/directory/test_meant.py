"""Whom a name in a message means, and how its recipients stand to that person; over real files."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.core.policy.legitimate_interest import Relationship
from gateway.directory.name_resolution import MOST_NEAR
from gateway.directory.packed import IndexBuilder
from gateway.directory.roster import Roster
from tests.directory.made import STAFF, STUDENTS, District, loaded, user, write_table

SELF, GUARDIAN, TEACHER, LEADS = (
    Relationship.SELF,
    Relationship.GUARDIAN,
    Relationship.OWN_TEACHER,
    Relationship.ADMINISTRATOR,
)
ENROLLED = (
    ("c1", "t1", "teacher"), ("c1", "s1", "student"), ("c1", "s4", "student"), ("c1", "s5", "student"),
    ("c1", "s7", "student"), ("c2", "t2", "teacher"), ("c2", "s2", "student"), ("c2", "s6", "student"),
)  # fmt: skip


def district() -> District:
    """Two classes of two teachers; people of one name in one, in both, and in neither."""
    made = District()
    more = (
        ("s4", "Mary Ann", "Petrakis", "hs"), ("s5", "Jordan", "Pacheco", "hs"), ("s6", "Avery", "Novak", "hs"),
        ("s7", "Jordan", "Petrakis", "hs"), ("s8", "Riley", "Chen", "hs"), ("s9", "Riley", "Chen", "ms"),
    )  # fmt: skip
    for id_, given, family, org in more:
        made.users.append(user(id_, "student", given, family, f"{id_}@{STUDENTS}", orgSourcedIds=org))
    made.users.append(user("p2", "principal", "Lena", "Fontaine", f"p2@{STAFF}", orgSourcedIds="d"))
    made["t1"]["agentSourcedIds"] = ""
    made["s2"]["agentSourcedIds"] = "t1"
    made.more["enrollments"] = [
        {"sourcedId": f"e{number}", "classSourcedId": class_, "userSourcedId": who, "role": role}
        for number, (class_, who, role) in enumerate(ENROLLED)
    ]
    return made


@pytest.fixture(name="roster", params=["1.1", "1.2"])
def _roster(request: pytest.FixtureRequest, tmp_path: Path) -> Roster:
    made = district() if request.param == "1.1" else district().split()
    groups = write_table(
        tmp_path / "groups.csv",
        ["address", "member"],
        [[f"team@{STAFF}", "t1"], [f"team@{STAFF}", "t2"], [f"both@{STUDENTS}", "s1"], [f"both@{STUDENTS}", "s5"]],
    )
    return loaded(made.written(tmp_path / "or"), groups=groups).roster


@pytest.mark.parametrize(
    ("name", "id_"),
    [
        ("Avery", "s1"),  # another one is in no class of theirs
        ("Avery Lindqvist", "s1"),
        ("Lindqvist, Avery", "s1"),
        ("AVERY LINDQVIST", "s1"),
        ("Mary Ann", "s4"),
        ("Jordan P.", ""),  # two of them
        ("Jordan", ""),
        ("Jordan Petrakis", "s7"),
        ("Jordan Pacheco", "s5"),  # the one of the class, and not the one of another building
        ("Avery Novak", "s6"),  # of the building
        ("Riley Chen", "s8"),  # the one of the building
        ("Riley", ""),  # a first name means nobody beyond the classes
        ("Tobi Oyelaran", "s3"),
        ("Tobi", ""),
        ("Petrakis", ""),
        ("Ms. Whitfield", "t1"),
        ("Mr. Oyelaran", "t2"),
        ("Mr. Petrakis", ""),  # a student is no Mr.
        ("Ingrid", ""),
        ("Geometry", ""),
        ("", ""),
        ("’", ""),
    ],
)
def test_a_name_means_the_only_one_who_is_near(roster: Roster, name: str, id_: str) -> None:
    assert roster.meant([name], ["t1", "s1"]) == ({name: id_} if id_ else {})


def test_the_people_of_the_message_are_near_without_any_class(roster: Roster) -> None:
    assert roster.meant(["Riley", "Avery"], ["t1", "s8"]) == {"Riley": "s8", "Avery": "s1"}
    assert roster.meant(["Riley"], ["nobody", "x@elsewhere.example"]) == {}


def test_where_too_many_have_a_name_or_are_near_it_means_nobody(tmp_path: Path) -> None:
    made = district()
    for number in range(IndexBuilder.MOST):
        made.users.append(user(f"x{number}", "student", "Riley", "Chen", f"x{number}@{STUDENTS}", orgSourcedIds="ms"))
    made.more["enrollments"] += [
        {"sourcedId": f"f{number}", "classSourcedId": "all", "userSourcedId": f"y{number}", "role": "student"}
        for number in range(MOST_NEAR)
    ] + [{"sourcedId": "f", "classSourcedId": "all", "userSourcedId": "s1", "role": "student"}]
    for number in range(MOST_NEAR):
        made.users.append(user(f"y{number}", "student", f"Given{number}", "Family", ""))
    roster = loaded(made.written(tmp_path / "or")).roster
    assert roster.meant(["Riley Chen", "Avery", "Avery Lindqvist"], ["t1", "s1"]) == {"Avery Lindqvist": "s1"}
    assert roster.meant(["Avery"], ["t1"]) == {"Avery": "s1"}
    assert roster.meant(["Avery"], ["t2"]) == {"Avery": "s6"}


def stand(roster: Roster, recipient: str, about: str) -> dict[str, set[Relationship]]:
    return {id_: set(stands) for id_, stands in roster.standings(recipient, about)}


def test_how_recipients_stand_to_whose_information_it_is(roster: Roster) -> None:
    assert stand(roster, f"alindqvist@{STUDENTS}", "s1") == {"s1": {SELF}}
    assert stand(roster, f"ALindqvist+school@{STUDENTS}", "s5") == {"s1": set()}  # classmates are nothing to each other
    assert stand(roster, f"dwhitfield@{STAFF}", "s1") == {"t1": {TEACHER}}
    assert stand(roster, f"dwhitfield@{STAFF}", "s2") == {"t1": {GUARDIAN}}
    assert stand(roster, f"dwhitfield@{STAFF}", "t2") == {"t1": set()}
    assert stand(roster, f"moyelaran@{STAFF}", "s3") == {"t2": {GUARDIAN}}
    assert stand(roster, f"rcastellano@{STAFF}", "s1") == {"p1": {LEADS}}
    assert stand(roster, f"p2@{STAFF}", "s2") == {"p2": {LEADS}}  # of the district above the building
    assert stand(roster, "ingrid.l@home.example", "s1") == {"g1": {GUARDIAN}}


def test_groups_stand_as_everybody_in_them_and_strangers_as_nobody(roster: Roster) -> None:
    assert stand(roster, f"team@{STAFF}", "s1") == {"t1": {TEACHER}, "t2": set()}
    assert stand(roster, f"both@{STUDENTS}", "s1") == {"s1": {SELF}, "s5": set()}
    assert stand(roster, "someone@elsewhere.example", "s1") == {}
    assert stand(roster, f"dwhitfield@{STAFF}", "nobody") == {}
    assert stand(roster, f"new.kid@{STUDENTS}", f"new.kid@{STUDENTS}") == {}  # whom the roster does not know
