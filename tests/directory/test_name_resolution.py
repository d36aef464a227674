"""Which person a name in a message resolves to, over a roster read from files."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.directory.name_resolution import MAX_CLASSMATES
from gateway.directory.roster import Roster
from gateway.directory.roster_image import HashIndexBuilder
from tests.directory.sample_district import (
    STAFF,
    STUDENTS,
    district_with_classes,
    load_district,
    user,
    write_table,
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


SEVERAL = "several"
"""Stands for a name that fits several people."""


@pytest.mark.parametrize(
    ("name", "id_"),
    [
        ("Avery", "s1"),  # the other Avery shares no class
        ("Avery Lindqvist", "s1"),
        ("Lindqvist, Avery", "s1"),
        ("AVERY LINDQVIST", "s1"),
        ("Mary Ann", "s4"),
        ("Jordan P.", SEVERAL),  # two people match
        ("Jordan", SEVERAL),
        ("Jordan Petrakis", "s7"),
        ("Jordan Pacheco", "s5"),  # a classmate, not the one of another building
        ("Avery Novak", "s6"),  # of the building
        ("Riley Chen", "s8"),  # the one of the building
        ("Riley", ""),  # first names match classmates only
        ("Tobi Oyelaran", "s3"),
        ("Tobi", ""),
        ("Petrakis", ""),
        ("Ms. Whitfield", "t1"),
        ("Mr. Oyelaran", "t2"),
        ("Mr. Petrakis", ""),  # titles match staff only
        ("Ingrid", ""),
        ("Geometry", ""),
        ("", ""),
        ("’", ""),
        ("Tobias Oyelaran", "s3"),  # by a nickname
        (f"alindqvist@{STUDENTS}", "s1"),
        ("s1", "s1"),
        ("s999", ""),
    ],
)
def test_name_resolves_to_the_only_person_nearby(roster: Roster, name: str, id_: str) -> None:
    assert roster.resolve_names([name], ["t1", "s1"]) == ({name: "" if id_ is SEVERAL else id_} if id_ else {})


def test_parties_count_as_classmates(roster: Roster) -> None:
    assert roster.resolve_names(["Riley", "Avery"], ["t1", "s8"]) == {"Riley": "s8", "Avery": "s1"}
    assert roster.resolve_names(["Riley"], ["nobody", "x@elsewhere.example"]) == {}


def test_name_with_too_many_candidates_is_not_resolved(tmp_path: Path) -> None:
    made = district_with_classes()
    for number in range(HashIndexBuilder.MAX_PER_KEY):
        made.users.append(user(f"x{number}", "student", "Riley", "Chen", f"x{number}@{STUDENTS}", orgSourcedIds="ms"))
    made.more["enrollments"] += [
        {"sourcedId": f"f{number}", "classSourcedId": "all", "userSourcedId": f"y{number}", "role": "student"}
        for number in range(MAX_CLASSMATES)
    ] + [{"sourcedId": "f", "classSourcedId": "all", "userSourcedId": "s1", "role": "student"}]
    for number in range(MAX_CLASSMATES):
        made.users.append(user(f"y{number}", "student", f"Given{number}", "Family", ""))
    roster = load_district(made.written(tmp_path / "or")).roster
    assert roster.resolve_names(["Riley Chen", "Avery", "Avery Lindqvist"], ["t1", "s1"]) == {
        "Riley Chen": "",
        "Avery Lindqvist": "s1",
    }
    assert roster.resolve_names(["Avery"], ["t1"]) == {"Avery": "s1"}
    assert roster.resolve_names(["Avery"], ["t2"]) == {"Avery": "s6"}
