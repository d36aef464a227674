"""Importing: bulk and delta sets merged completely or not at all, and the reported difference."""

from __future__ import annotations

import csv
import os
import stat
from pathlib import Path

import pytest

from gateway.core.messages.parties import Role
from gateway.directory.importing import ImportResult, import_roster
from gateway.directory.roster_difference import compare_rosters
from gateway.directory.validation import RemovalRefused, RosterError
from tests.directory.sample_district import NOW, STAFF, STUDENTS, District, load_district, user, zipped


def imported(source: Path, target: Path, *, max_removal: float = 0.2, dry_run: bool = False) -> ImportResult:
    return import_roster(
        source, target, max_removal=max_removal, dry_run=dry_run, domains=(STAFF, STUDENTS),
        student_domains=(STUDENTS,), now=NOW,
    )  # fmt: skip


def content(folder: Path) -> dict[str, bytes]:
    return {str(each.relative_to(folder)): each.read_bytes() for each in sorted(folder.rglob("*")) if each.is_file()}


def ids(target: Path) -> set[str]:
    return {person.id for person in load_district(target).roster}


def delta(folder: Path, *rows: dict[str, str], version: str = "1.1", **more: list[dict[str, str]]) -> Path:
    district = District(version, "delta", [], list(rows))
    district.more = dict(more)
    if not rows:
        district.manifest["file.users"] = "absent"
    return district.written(folder)


def gone(row: dict[str, str]) -> dict[str, str]:
    return {**row, "status": "tobedeleted", "dateLastModified": "2026-11-20T00:00:00Z"}


def active(row: dict[str, str]) -> dict[str, str]:
    return {**row, "status": "active", "dateLastModified": "2026-11-20T00:00:00Z"}


def test_first_bulk_import_creates_the_folder(tmp_path: Path) -> None:
    target = tmp_path / "var" / "oneroster"
    result = imported(District().written(tmp_path / "new"), target)
    assert len(result.difference.added) == 7
    assert (result.difference.before, result.difference.after) == (0, 7)
    assert ids(target) == {"t1", "t2", "p1", "s1", "s2", "s3", "g1"}
    assert load_district(target).warnings == ()
    assert [each.name for each in target.parent.iterdir()] == ["oneroster"]


def test_passwords_and_other_tables_are_not_kept(tmp_path: Path) -> None:
    district = District()
    district.more["demographics"] = [{"sourcedId": "s1", "birthDate": "2010-05-05", "sex": "female"}]
    target = tmp_path / "or"
    imported(district.written(tmp_path / "new"), target)
    assert sorted(content(target)) == ["manifest.csv", "orgs.csv", "users.csv"]
    assert b"secret-of" not in content(target)["users.csv"]
    assert b"password" not in content(target)["users.csv"]
    assert stat.S_IMODE(target.stat().st_mode) == 0o750


def test_difference_lists_people_with_roles(tmp_path: Path) -> None:
    old = District()
    imported(old.written(tmp_path / "old"), tmp_path / "or")
    new = District()
    new.users = [row for row in new.users if row["sourcedId"] != "s2"]
    new.users.append(user("t9", "teacher", "New", "Teacher", f"new@{STAFF}"))
    new["g1"]["familyName"] = "Lindqvist-Berg"
    new["s1"]["agentSourcedIds"] = ""
    found = imported(new.written(tmp_path / "new"), tmp_path / "or").difference
    assert found.added == {"t9": {Role.STAFF}}
    assert found.removed == {"s2": {Role.STUDENT}}
    assert found.changed == {"g1": {Role.GUARDIAN}}
    assert found.counts() == {"added": {"staff": 1}, "removed": {"student": 1}, "changed": {"guardian": 1}}
    assert (len(found), found.before, found.after) == (3, 7, 7)
    assert found.removal == pytest.approx(1 / 7)


@pytest.mark.parametrize(
    ("column", "value"),
    [("email", f"x@{STAFF}"), ("givenName", "X"), ("sms", ""), ("orgSourcedIds", "ms"), ("role", "student")],
)
def test_change_of_any_used_column_is_a_change(tmp_path: Path, column: str, value: str) -> None:
    before = load_district(District().written(tmp_path / "a")).roster
    district = District()
    district["t1"][column] = value
    assert set(compare_rosters(before, load_district(district.written(tmp_path / "b")).roster).changed) == {"t1"}


def test_order_of_records_is_not_a_change(tmp_path: Path) -> None:
    before = load_district(District().written(tmp_path / "a")).roster
    district = District()
    district.users.reverse()
    assert len(compare_rosters(before, load_district(district.written(tmp_path / "b")).roster)) == 0


def test_a_dry_run_changes_nothing(tmp_path: Path) -> None:
    target = tmp_path / "or"
    imported(District().written(tmp_path / "old"), target)
    before = content(tmp_path)
    new = District()
    new.users.append(user("t9", "teacher", "New", "Teacher", f"new@{STAFF}"))
    new.written(tmp_path / "new")
    assert set(imported(tmp_path / "new", target, dry_run=True).difference.added) == {"t9"}
    assert {name: text for name, text in content(tmp_path).items() if not name.startswith("new")} == before


def test_bulk_that_removes_too_many_people_is_refused(tmp_path: Path) -> None:
    target = tmp_path / "or"
    imported(District().written(tmp_path / "old"), target)
    before = content(target)
    new = District()
    new.users = [row for row in new.users if row["sourcedId"] not in ("s1", "s2")]
    new.written(tmp_path / "new")
    with pytest.raises(RemovalRefused, match=r"would remove 2 of 7 people.*directory\.max_removal") as caught:
        imported(tmp_path / "new", target)
    assert caught.value.exit_code == 1
    assert content(target) == before
    assert sorted(each.name for each in tmp_path.iterdir()) == ["new", "old", "or"]
    assert len(imported(tmp_path / "new", target, max_removal=0.3).difference.removed) == 2
    assert len(ids(target)) == 5


def test_bulk_without_any_staff_is_refused(tmp_path: Path) -> None:
    district = District()
    district.users += [user(f"x{n}", "student", "A", "B", f"x{n}@{STUDENTS}") for n in range(30)]
    imported(district.written(tmp_path / "old"), tmp_path / "or")
    district.users = [row for row in district.users if row["sourcedId"][0] not in "tp"]
    district.written(tmp_path / "new")
    with pytest.raises(RemovalRefused, match="nobody of the role staff"):
        imported(tmp_path / "new", tmp_path / "or", max_removal=0.9)
    imported(tmp_path / "new", tmp_path / "or", max_removal=1)


def test_delta_adds_changes_and_removes_people(tmp_path: Path) -> None:
    target = tmp_path / "or"
    imported(District().written(tmp_path / "old"), target)
    base = District()
    changes = (
        gone(base["s2"]),
        active({**base["t1"], "familyName": "Whitfield-Cole", "email": f"dcole@{STAFF}"}),
        active(user("s9", "student", "New", "Kid", f"nk@{STUDENTS}")),
        gone(user("never", "student", "Was", "Here", "")),
    )
    found = imported(delta(tmp_path / "delta", *changes), target).difference
    assert (set(found.added), set(found.removed), set(found.changed)) == ({"s9"}, {"s2"}, {"t1"})
    result = load_district(target)
    assert result.warnings == ()
    assert result.roster.person(f"dwhitfield@{STAFF}") is None
    person = result.roster.person(f"dcole@{STAFF}")
    assert person is not None
    assert person.name == "Dana Whitfield-Cole"
    again = imported(tmp_path / "delta", target).difference
    assert len(again) == 0


def test_delta_of_1_2_changes_roles(tmp_path: Path) -> None:
    target = tmp_path / "or"
    base = District().split()
    imported(base.written(tmp_path / "old"), target)
    district = District("1.2", "delta", [], [])
    district.roles = [
        gone(base.roles[0]),
        active({"sourcedId": "r-new", "userSourcedId": "t1", "role": "student", "orgSourcedId": "ms"}),
    ]
    district.manifest["file.users"] = "absent"
    imported(district.written(tmp_path / "delta"), target)
    person = load_district(target).roster.by_id("t1")
    assert person is not None
    assert (person.roles, person.buildings) == ({Role.STUDENT}, ("ms",))


def test_delta_of_other_tables_keeps_the_people(tmp_path: Path) -> None:
    target = tmp_path / "or"
    imported(District().written(tmp_path / "old"), target)
    orgs = [active({"sourcedId": "ms", "name": "Lincoln Middle School", "type": "school"})]
    assert len(imported(delta(tmp_path / "delta", orgs=orgs), target).difference) == 0
    assert load_district(target).roster.orgs["ms"].name == "Lincoln Middle School"


def test_a_delta_before_any_bulk_is_an_error(tmp_path: Path) -> None:
    source = delta(tmp_path / "delta", active(user("s9", "student", "New", "Kid", f"nk@{STUDENTS}")))
    with pytest.raises(RosterError, match=r"users\.csv: is a delta, and there is no bulk roster.*import a bulk"):
        imported(source, tmp_path / "or")
    assert not (tmp_path / "or").exists()


def test_a_delta_of_another_version_is_an_error(tmp_path: Path) -> None:
    imported(District().split().written(tmp_path / "old"), tmp_path / "or")
    source = delta(tmp_path / "delta", active(user("s9", "student", "New", "Kid", f"nk@{STUDENTS}")))
    with pytest.raises(RosterError, match=r"is a delta of OneRoster 1\.1, and the roster is 1\.2"):
        imported(source, tmp_path / "or")


def test_a_delta_without_status_is_an_error(tmp_path: Path) -> None:
    imported(District().written(tmp_path / "old"), tmp_path / "or")
    source = delta(tmp_path / "delta", active(user("s9", "student", "New", "Kid", f"nk@{STUDENTS}")))
    users = source / "users.csv"
    users.write_text(users.read_text().replace('"status"', '"state"'))
    with pytest.raises(RosterError, match=r"users\.csv line 1: has no column status"):
        imported(source, tmp_path / "or")


def test_a_new_version_in_bulk_replaces_the_old_tables(tmp_path: Path) -> None:
    target = tmp_path / "or"
    imported(District().split().written(tmp_path / "old"), target)
    assert len(imported(District().written(tmp_path / "new"), target).difference) == 0
    assert sorted(content(target)) == ["manifest.csv", "orgs.csv", "users.csv"]


def test_tables_missing_from_a_bulk_are_kept(tmp_path: Path) -> None:
    target = tmp_path / "or"
    imported(District().written(tmp_path / "old"), target)
    district = District(orgs=[])
    imported(district.written(tmp_path / "new"), target)
    assert set(load_district(target).roster.orgs) == {"d", "hs", "ms"}


def test_broken_set_changes_nothing(tmp_path: Path) -> None:
    target = tmp_path / "or"
    imported(District().written(tmp_path / "old"), target)
    before = content(target)
    source = District().written(tmp_path / "new")
    (source / "users.csv").write_text((source / "users.csv").read_text().replace('"Ruth"', '"Ruth'))
    with pytest.raises(RosterError, match=r"new/users\.csv line 4"):
        imported(source, target)
    assert content(target) == before


def test_bulk_replaces_a_broken_target(tmp_path: Path) -> None:
    target = tmp_path / "or"
    imported(District().written(tmp_path / "new"), target)
    (target / "users.csv").write_text("nothing of use")
    assert len(imported(tmp_path / "new", target).difference.added) == 7
    assert len(ids(target)) == 7


def test_a_zip_target_stays_a_zip(tmp_path: Path) -> None:
    target = tmp_path / "roster.zip"
    imported(zipped(District().written(tmp_path / "old"), tmp_path / "old.zip"), target)
    assert len(ids(target)) == 7
    target.chmod(0o600)
    imported(delta(tmp_path / "delta", gone(District()["s2"])), target)
    assert len(ids(target)) == 6
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


def test_other_files_in_the_folder_are_kept(tmp_path: Path) -> None:
    target = District().written(tmp_path / "or")
    (target / "groups.csv").write_text("address,member\n")
    (target / "README").write_text("from the SIS")
    imported(District().written(tmp_path / "new"), target)
    assert (target / "groups.csv").read_text() == "address,member\n"
    assert (target / "README").read_text() == "from the SIS"


def test_a_folder_with_folders_in_it_is_not_replaced(tmp_path: Path) -> None:
    target = District().written(tmp_path / "or")
    (target / "archive").mkdir()
    with pytest.raises(RosterError, match="holds the folder archive"):
        imported(District().written(tmp_path / "new"), target)
    assert (target / "archive").is_dir()
    assert len(ids(target)) == 7


def test_folder_behind_a_symlink_is_replaced_in_place(tmp_path: Path) -> None:
    real = District().written(tmp_path / "real")
    target = tmp_path / "or"
    target.symlink_to(real)
    district = District()
    district.users.append(user("s9", "student", "New", "Kid", f"nk@{STUDENTS}"))
    imported(district.written(tmp_path / "new"), target)
    assert target.is_symlink()
    assert "s9" in ids(real)


def test_the_source_may_be_the_target(tmp_path: Path) -> None:
    target = District().written(tmp_path / "or")
    assert len(imported(target, target).difference) == 0
    with (target / "users.csv").open(newline="") as file:
        assert "password" not in next(csv.reader(file))


def test_a_target_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RosterError, match="cannot be written"):
        imported(District().written(tmp_path / "new"), tmp_path / "file" / "or")


def test_import_warnings_name_its_files_and_no_content(tmp_path: Path) -> None:
    district = District()
    district["t1"]["phone"] = "none"
    result = imported(district.written(tmp_path / "new"), tmp_path / "or")
    assert [str(each).split(":")[0] for each in result.warnings] == [f"{tmp_path}/new, merged"]
    assert "users.csv line 2, column phone: is not a phone number" in str(result.warnings[0])
    assert os.fspath(tmp_path / "or") not in str(result.warnings[0])
