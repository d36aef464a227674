"""The district's own lists: contacts.csv and groups.csv."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.directory.validation import RosterError
from tests.directory.sample_district import (
    STAFF,
    District,
    load_district,
    warning_text,
    write_table,
)


def test_invalid_contacts(tmp_path: Path) -> None:
    contacts = write_table(
        tmp_path / "contacts.csv",
        ["person", "kind", "value"],
        [
            ["nobody", "email", "x@home.example"],
            ["t1", "pager", "1"],
            ["t1", "email", "5155550000000"],
            ["t1", "phone", "dana@home.example"],
            ["t1", "Email", "dana@home.example"],
        ],
    )
    result = load_district(District().written(tmp_path / "or"), contacts=contacts)
    assert [(each.line, each.column) for each in result.warnings] == [
        (2, "person"),
        (3, "kind"),
        (4, "value"),
        (5, "value"),
    ]
    assert "home.example" not in warning_text(result)
    person = result.roster.person("dana@home.example")
    assert person is not None
    assert person.id == "t1"


def test_contacts_win_over_the_rosters_own_columns(tmp_path: Path) -> None:
    rows = [["t1", "district_phone", "5155550120"]]
    contacts = write_table(tmp_path / "contacts.csv", ["person", "kind", "value"], rows)
    person = load_district(District().written(tmp_path / "or"), contacts=contacts).roster.person("5155550120")
    assert person is not None
    assert person.id == "t1"


def test_invalid_groups(tmp_path: Path) -> None:
    groups = write_table(
        tmp_path / "groups.csv",
        ["member", "address"],
        [
            ["t1", "no address"],
            ["", f"g@{STAFF}"],
            ["nobody", f"g@{STAFF}"],
            [f"nobody@{STAFF}", f"g@{STAFF}"],
            ["s1", f"G@{STAFF}"],
        ],
    )
    result = load_district(District().written(tmp_path / "or"), groups=groups)
    members = result.roster.members(f"g@{STAFF}")
    assert members is not None
    assert [person.id for person in members] == ["s1"]
    assert [(each.line, each.column, each.count) for each in result.warnings] == [
        (1, "", 1), (2, "address", 1), (3, "member", 1), (4, "member", 2),
    ]  # fmt: skip


def test_missing_lists_name_their_key(tmp_path: Path) -> None:
    folder = District().written(tmp_path / "or")
    with pytest.raises(RosterError, match=r"nowhere.csv: cannot be read .*directory.groups"):
        load_district(folder, groups=tmp_path / "nowhere.csv")
    with pytest.raises(RosterError, match=r"nowhere.csv: cannot be read .*directory.contacts"):
        load_district(folder, contacts=tmp_path / "nowhere.csv")
    write_table(tmp_path / "bad.csv", ["name", "thing"], [])
    with pytest.raises(RosterError, match=r"bad.csv line 1: has no column address"):
        load_district(folder, groups=tmp_path / "bad.csv")
