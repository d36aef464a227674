"""Relationships of the people behind a recipient, over a roster read from files."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.core.policy.legitimate_interest import Relationship
from gateway.directory.roster import Roster
from tests.directory.sample_district import (
    STAFF,
    STUDENTS,
    district_with_classes,
    load_district,
    user,
    write_table,
)

SELF, GUARDIAN, TEACHER, ADMINISTRATOR = (
    Relationship.SELF,
    Relationship.GUARDIAN,
    Relationship.OWN_TEACHER,
    Relationship.ADMINISTRATOR,
)


@pytest.fixture(name="roster", params=["1.1", "1.2"])
def _roster(request: pytest.FixtureRequest, tmp_path: Path) -> Roster:
    made = district_with_classes() if request.param == "1.1" else district_with_classes().split()
    groups = write_table(
        tmp_path / "groups.csv",
        ["address", "member"],
        [[f"team@{STAFF}", "t1"], [f"team@{STAFF}", "t2"], [f"both@{STUDENTS}", "s1"], [f"both@{STUDENTS}", "s5"]],
    )
    return load_district(made.written(tmp_path / "or"), groups=groups).roster


def relationships(roster: Roster, recipient: str, about: str) -> dict[str, set[Relationship]]:
    return {id_: set(found) for id_, found in roster.relationships_to(recipient, about)}


def test_relationships_of_recipients(roster: Roster) -> None:
    assert relationships(roster, f"alindqvist@{STUDENTS}", "s1") == {"s1": {SELF}}
    assert relationships(roster, f"ALindqvist+school@{STUDENTS}", "s5") == {"s1": set()}  # classmates
    assert relationships(roster, f"dwhitfield@{STAFF}", "s1") == {"t1": {TEACHER}}
    assert relationships(roster, f"dwhitfield@{STAFF}", "s2") == {"t1": {GUARDIAN}}
    assert relationships(roster, f"dwhitfield@{STAFF}", "t2") == {"t1": set()}
    assert relationships(roster, f"moyelaran@{STAFF}", "s3") == {"t2": {GUARDIAN}}
    assert relationships(roster, f"rcastellano@{STAFF}", "s1") == {"p1": {ADMINISTRATOR}}
    assert relationships(roster, f"p2@{STAFF}", "s2") == {
        "p2": {ADMINISTRATOR}
    }  # administrator of the district above the building
    assert relationships(roster, "ingrid.l@home.example", "s1") == {"g1": {GUARDIAN}}


def test_group_has_relationships_of_every_member_and_stranger_has_none(roster: Roster) -> None:
    assert relationships(roster, f"team@{STAFF}", "s1") == {"t1": {TEACHER}, "t2": set()}
    assert relationships(roster, f"both@{STUDENTS}", "s1") == {"s1": {SELF}, "s5": set()}
    assert relationships(roster, "someone@elsewhere.example", "s1") == {}
    assert relationships(roster, f"dwhitfield@{STAFF}", "nobody") == {}
    assert relationships(roster, f"new.kid@{STUDENTS}", f"new.kid@{STUDENTS}") == {}  # not in the roster


def test_counselors_are_those_of_the_role_and_of_the_table(tmp_path: Path) -> None:
    made = district_with_classes()
    made["t2"]["role"] = "counselor"
    made.users.append(user("n1", "teacher", "Nell", "Nurse", f"nnurse@{STAFF}"))
    made.users.append(user("c1", "teacher", "Cal", "Case", f"ccase@{STAFF}"))
    made.users.append(user("h1", "teacher", "Hal", "House", f"hhouse@{STAFF}"))
    rows = [["n1", "nurse", "ms"], ["c1", "case manager", "s1"], ["h1", "psychologist", ""], ["nobody", "nurse", ""]]
    special = write_table(tmp_path / "special.csv", ["person", "role", "serves"], [*rows, ["n1", "nurse", "moon"]])
    loaded = load_district(made.written(tmp_path / "or"), special_staff=special)
    roster = loaded.roster
    assert [(warning.line, warning.column) for warning in loaded.warnings] == [(5, "person"), (6, "serves")]
    counsels = {Relationship.COUNSELOR}
    assert relationships(roster, f"moyelaran@{STAFF}", "s1") == {"t2": counsels}
    assert relationships(roster, f"moyelaran@{STAFF}", "s2") == {"t2": {TEACHER}}  # of another school
    assert relationships(roster, f"nnurse@{STAFF}", "s2") == {"n1": counsels}
    assert relationships(roster, f"nnurse@{STAFF}", "s1") == {"n1": set()}
    assert relationships(roster, f"ccase@{STAFF}", "s1") == {"c1": counsels}
    assert relationships(roster, f"ccase@{STAFF}", "s6") == {"c1": set()}
    assert relationships(roster, f"hhouse@{STAFF}", "s1") == {"h1": counsels}
    assert relationships(roster, f"hhouse@{STAFF}", "t1") == {"h1": set()}  # counselors are for students
