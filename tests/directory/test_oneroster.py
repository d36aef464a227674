"""OneRoster as it really comes: oddities mended with a warning, breaks one clear line, no content in either."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.core.parties import Role
from gateway.directory.oddities import RosterError
from gateway.directory.roster import Roster
from tests.directory.made import HEADS, NOW, STAFF, STUDENTS, District, loaded, said, user, write_table, zipped

DAY = 86_400


def rewrite(path: Path, change: Callable[[str], str], encoding: str = "utf-8") -> None:
    """Change a file's text; written back in another encoding where asked."""
    path.write_bytes(change(path.read_text(encoding="utf-8")).replace("\n", "\r\n").encode(encoding, "replace"))


def same_people(roster: Roster) -> None:
    assert sorted(person.id for person in roster) == ["g1", "p1", "s1", "s2", "s3", "t1", "t2"]
    dana = roster.person(f"dwhitfield@{STAFF}")
    assert dana is not None
    assert (dana.id, dana.name, dana.roles) == ("t1", "Dana Whitfield", {Role.STAFF})
    tobi = roster.person(f"toyelaran@{STUDENTS}")
    assert tobi is not None
    assert tobi.roles == {Role.STUDENT}
    marcus = roster.by_id("t2")
    assert marcus is not None
    assert marcus.children == {"s3"}


@pytest.mark.parametrize("inside", ["", "export 2026/"])
def test_a_zip(tmp_path: Path, inside: str) -> None:
    result = loaded(zipped(District().written(tmp_path / "or"), tmp_path / "or.zip", inside))
    same_people(result.roster)
    assert result.warnings == ()


def columns_turned(text: str) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([*row[5:], *row[:5]] for row in csv.reader(io.StringIO(text)))
    return out.getvalue()


def one_column_more(text: str, name: str) -> str:
    head, *rows = text.splitlines()
    return "\n".join([f'{head},"{name}"', *(f'{row},"7"' for row in rows)]) + "\n"


def put(old: str, new: str) -> Callable[[str], str]:
    def change(text: str) -> str:
        assert old in text
        return text.replace(old, new)

    return change


ODD: dict[str, tuple[str, Callable[[str], str], str]] = {
    "byte order mark": ("users", lambda text: "\ufeff" + text, ""),
    "another order": ("users", columns_turned, "columns are in another order"),
    "agents": ("users", put("agentSourcedIds", "agents"), "agents: is taken for agentSourcedIds"),
    "case": ("users", put("givenName", "GivenName"), "GivenName: is taken for givenName"),
    "spaces": ("users", lambda text: text.replace('"email"', '" email "').replace('"t1"', '" t1 "'), ""),
    "metadata": ("users", lambda text: one_column_more(text, "metadata.bus"), ""),
    "unknown column": ("users", lambda text: one_column_more(text, "bus"), "column bus: an unknown column"),
    "column twice": ("users", lambda text: one_column_more(text, "email"), "column email: is there twice"),
    "semicolons": ("users", put('","', '";"'), "separated by semicolons"),
    "tabs": ("users", put('","', '"\t"'), "separated by tabs"),
    "NULL": ("users", put('""', '"NULL"'), "the word NULL stands for nothing ("),
    "status active": ("users", put('"t1",""', '"t1","active"'), ""),
    "status odd": ("users", put('"t1",""', '"t1","enrolled"'), "line 2, column status: is no status"),
    "empty lines": ("users", put("\n", "\n\n"), ""),
    "short record": ("users", put(',"","secret-of-t1"', ""), "line 2: has too few cells"),
    "long record": ("users", put('"secret-of-t1"', '"secret-of-t1","more","still"'), "line 2: has too many"),
    "line end in a field": ("users", put('"secret-of-t1"', '"secret\nof-t1"'), "line 2: a field goes over several"),
    "quotes inside": ("users", put('"t1","","","true"', '"t1","","","tr"u"e"'), ""),
    "role in capitals": ("users", put('"teacher"', '"Teacher"'), ""),
    "unquoted": ("users", lambda text: text.replace('"', "").replace("t2,g1", "t2").replace("hs,ms", "hs"), ""),
    "no such org": ("users", put('"hs,ms"', '"hs,xx"'), "line 4, column orgSourcedIds: names an org"),
    "no sourcedId": ("users", lambda text: text + "," * 17 + "x\n", "line 9, column sourcedId: is no sourcedId"),
    "version": ("manifest", put('"1.1"', '"1.0"'), "is neither 1.1 nor 1.2"),
    "mode": ("manifest", put('"file.users","bulk"', '"file.users","full"'), "column users: is taken as bulk"),
    "in capitals": ("manifest", put('"file.users","bulk"', '"file.users","BULK"'), ""),
    "named and missing": ("manifest", put('"file.roles","absent"', '"file.roles","bulk"'), "names roles.csv, and it"),
    "absent and there": ("manifest", put('"file.orgs","bulk"', '"file.orgs","absent"'), "says that orgs.csv is absent"),
}


@pytest.mark.parametrize("oddity", ODD)
def test_oddities_are_mended_and_named(tmp_path: Path, oddity: str) -> None:
    table, change, warning = ODD[oddity]
    folder = District().written(tmp_path / "or")
    rewrite(folder / f"{table}.csv", change)
    result = loaded(folder)
    same_people(result.roster)
    assert warning in said(result)
    assert bool(warning) == bool(result.warnings)
    for each in result.warnings:
        assert str(each).startswith(f"{folder}/")
        for content in ("Whitfield", "dwhitfield", "@", "secret", "5155550"):
            assert content not in str(each)


def test_an_oddity_is_counted_once_for_each_kind(tmp_path: Path) -> None:
    folder = District().written(tmp_path / "or")
    rewrite(folder / "users.csv", lambda text: text.replace('""', '"NULL"'))
    sms = [each for each in loaded(folder).warnings if each.column == "sms"]
    assert [(each.line, each.count) for each in sms] == [(3, 5)]


def test_a_person_called_null_keeps_the_name(tmp_path: Path) -> None:
    district = District()
    district.users.append(user("n", "student", "Jennifer", "Null", f"jnull@{STUDENTS}"))
    result = loaded(district.written(tmp_path / "or"))
    assert [person.id for person in result.roster.namesakes("Jennifer Null")] == ["n"]
    assert result.warnings == ()


@pytest.mark.parametrize(("encoding", "warning"), [("cp1252", "windows-1252"), ("utf-16", "UTF-16")])
def test_other_encodings(tmp_path: Path, encoding: str, warning: str) -> None:
    district = District()
    district.users.append(user("j", "student", "José", "Peña", f"jp@{STUDENTS}"))
    folder = district.written(tmp_path / "or")
    rewrite(folder / "users.csv", lambda text: text, encoding)
    result = loaded(folder)
    found = result.roster.by_id("j")
    assert found is not None
    assert found.name == "José Peña"
    assert warning in said(result)


def test_utf8_is_recognised_over_block_boundaries(tmp_path: Path) -> None:
    district = District()
    district.users += [user(f"x{n}", "student", "é" * 60, "ñ" * 61, f"x{n}@{STUDENTS}") for n in range(6_000)]
    result = loaded(district.written(tmp_path / "or"))
    assert "UTF-8" not in said(result)
    found = result.roster.by_id("x5999")
    assert found is not None
    assert found.name == f"{'é' * 60} {'ñ' * 61}"


def test_numbers_and_addresses_in_the_wrong_column(tmp_path: Path) -> None:
    district = District()
    district["t1"].update({"email": "5155550110", "sms": f"dwhitfield@{STAFF}"})
    district["s1"].update({"sms": "", "phone": "515.555.0120"})
    district["s2"].update({"email": "not an address", "phone": "none", "username": f"jp2@{STUDENTS}"})
    result = loaded(district.written(tmp_path / "or"))
    for address, id_ in (
        ("+15155550110", "t1"), (f"dwhitfield@{STAFF}", "t1"), ("+15155550120", "s1"), (f"jp2@{STUDENTS}", "s2"),
    ):  # fmt: skip
        found = result.roster.person(address)
        assert found is not None
        assert found.id == id_
    text = said(result)
    assert "line 2, column email: holds a number" in text
    assert "line 2, column sms: holds a mail address" in text
    assert "line 6, column email: is no mail address" in text
    assert "line 6, column phone: is no phone number" in text
    jordan = result.roster.by_id("s2")
    assert jordan is not None
    assert jordan.address == f"jp2@{STUDENTS}"


def test_no_manifest_and_no_orgs(tmp_path: Path) -> None:
    folder = District().written(tmp_path / "or")
    (folder / "manifest.csv").unlink()
    (folder / "orgs.csv").unlink()
    result = loaded(folder)
    same_people(result.roster)
    assert "manifest.csv line 1: is missing" in said(result)
    assert "buildings have no names" in said(result)


def test_who_is_gone(tmp_path: Path) -> None:
    district = District()
    district["t1"]["status"] = "tobedeleted"
    district["s1"]["status"] = "inactive"
    result = loaded(district.written(tmp_path / "or"))
    assert result.roster.by_id("t1") is None
    assert result.roster.by_id("s1") is None
    assert "says tobedeleted in a bulk file" in said(result)
    assert "line 5, column status: says inactive" in said(result)


def test_the_same_sourced_id_twice_is_one_person_with_both_roles(tmp_path: Path) -> None:
    district = District()
    district.users.append(user("t1", "parent", "Dana", "Whitfield", "dana@home.example", orgSourcedIds="ms"))
    district["s2"]["agentSourcedIds"] = "t1"
    result = loaded(district.written(tmp_path / "or"))
    person = result.roster.person("dana@home.example")
    assert person is not None
    assert (person.id, person.roles, person.children) == ("t1", {Role.STAFF, Role.GUARDIAN}, {"s2"})
    assert person.buildings == ("hs", "ms")
    assert len(result.roster) == 7
    assert "line 9, column sourcedId: is there more than once" in said(result)


@pytest.mark.parametrize(("column", "value"), [("email", f"moyelaran@{STAFF}"), ("phone", "515-555-0111")])
def test_a_guardian_with_a_staff_members_address_is_only_proposed(tmp_path: Path, column: str, value: str) -> None:
    district = District()
    district.users.append(user("g2", "parent", "M.", "Oyelaran", "", **{column: value} if column == "phone" else {}))
    district["g2"][column] = value
    district["s2"]["agentSourcedIds"] = "g2"
    result = loaded(district.written(tmp_path / "or"))
    behind = result.roster.person(value)
    assert behind is not None
    assert (behind.id, behind.children) == ("t2", {"s3"})
    text = said(result)
    assert f"line 9, column {column}: a guardian has the same {column} as the staff member of line 3" in text
    assert "agentSourcedIds of their children" in text


def test_the_same_user_master_identifier_is_only_proposed(tmp_path: Path) -> None:
    district = District().split()
    district["g1"]["userMasterIdentifier"] = district["t1"]["userMasterIdentifier"] = "m-1"
    district["s1"]["userMasterIdentifier"] = district["s2"]["userMasterIdentifier"] = "m-2"
    result = loaded(district.written(tmp_path / "or"))
    dana = result.roster.by_id("t1")
    assert dana is not None
    assert dana.children == frozenset()
    assert "line 8, column userMasterIdentifier: a guardian has the same" in said(result)
    assert "line 6, column userMasterIdentifier: is somebody else's too" in said(result)


def test_a_shared_number_counts_for_staff_before_students_and_a_switchboard_for_nobody(
    tmp_path: Path,
) -> None:
    district = District()
    district["s3"]["phone"] = "(515) 555-0111"  # the parent's, who teaches
    district["g1"]["phone"] = "5155550120"  # the guardian gives the child's number
    for row in district.users:
        row["sms"] = row.get("sms", "") or "515-555-0000"
    district.users += [user(f"x{n}", "student", "A", "B", "", phone="5155550000") for n in range(9)]
    result = loaded(district.written(tmp_path / "or"))
    ids = [getattr(result.roster.person(number), "id", None) for number in ("5155550111", "5155550120", "5155550000")]
    assert ids == ["t2", "s1", None]
    assert "more than 8 people have this number" in said(result)


def test_agents_in_every_direction(tmp_path: Path) -> None:
    district = District()
    district["g1"]["agentSourcedIds"] = "s2"
    district["p1"]["agentSourcedIds"] = "s1"  # a staff member's row grants nothing
    district["s1"]["agentSourcedIds"] = "g1,nobody,s2"
    result = loaded(district.written(tmp_path / "or"))
    children = {person.id: person.children for person in result.roster if person.children}
    assert children == {"g1": {"s1", "s2", "s3"}, "t2": {"s3"}}
    assert "line 5, column agentSourcedIds: names nobody of this file" in said(result)
    assert "line 4, column agentSourcedIds: a student is named as agent of somebody who is no guardian" in said(result)


def test_the_counsellor_of_many_students_is_not_their_parent(tmp_path: Path) -> None:
    district = District()
    district.users += [user(f"x{n}", "student", "A", "B", "", agentSourcedIds="p1,g1") for n in range(20)]
    result = loaded(district.written(tmp_path / "or"))
    counsellor, guardian = result.roster.by_id("p1"), result.roster.by_id("g1")
    assert counsellor is not None
    assert guardian is not None
    assert counsellor.children == frozenset()
    assert len(guardian.children) == 22
    assert "line 4, column agentSourcedIds: is named as agent by more than" in said(result)


# 1.2


@pytest.mark.parametrize(
    ("begin", "end", "counts"),
    [
        ("", "", True),
        ("2026-08-01", "2027-06-05", True),
        ("2026-11-25", "", True),  # it is that day somewhere already
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
    result = loaded(district.written(tmp_path / "or"))
    person = result.roster.by_id("t1")
    assert person is not None
    assert (person.roles == {Role.STAFF}) == counts
    assert ("is not written as YYYY-MM-DD" in said(result)) == (begin[:2] == "8/")
    assert ("is no date" in said(result)) == (begin == "sometime")


def test_a_role_ends_as_time_goes_by(tmp_path: Path) -> None:
    district = District().split()
    district.roles[0]["endDate"] = "2026-11-30"
    folder = district.written(tmp_path / "or")
    for later, roles in ((0, {Role.STAFF}), (30 * DAY, set())):
        person = loaded(folder, now=NOW + later).roster.by_id("t1")
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
    result = loaded(district.written(tmp_path / "or"))
    person = result.roster.by_id("n")
    assert person is not None
    assert person.roles == {counts_as}
    assert ("is no role of OneRoster" in said(result)) == role.startswith("ext:")


def test_second_accounts_and_preferred_names(tmp_path: Path) -> None:
    district = District().split()
    district["s2"].update({"preferredGivenName": "Jo", "username": "jpacheco"})
    district.more["userProfiles"] = [
        {"sourcedId": "u1", "userSourcedId": "s2", "username": f"jo.p@{STUDENTS}", "password": "secret-of-s2"},
        {"sourcedId": "u2", "userSourcedId": "s1", "username": "not-a-mail-address"},
    ]
    district.manifest["file.userProfiles"] = "bulk"
    result = loaded(district.written(tmp_path / "or"))
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
    result = loaded(district.written(tmp_path / "or"))
    dana, marcus = result.roster.by_id("t1"), result.roster.by_id("t2")
    assert dana is not None
    assert marcus is not None
    assert dana.buildings == ("d", "hs", "ms")
    assert marcus.buildings == ("hs",)


def test_demographics_are_never_opened(tmp_path: Path) -> None:
    folder = District().written(tmp_path / "or")
    (folder / "demographics.csv").mkdir()  # opening it would fail
    assert loaded(folder).warnings == ()


# the district's own lists


def test_odd_contacts(tmp_path: Path) -> None:
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
    result = loaded(District().written(tmp_path / "or"), contacts=contacts)
    assert [(each.line, each.column) for each in result.warnings] == [
        (2, "person"),
        (3, "kind"),
        (4, "value"),
        (5, "value"),
    ]
    assert "home.example" not in said(result)
    person = result.roster.person("dana@home.example")
    assert person is not None
    assert person.id == "t1"


def test_contacts_win_over_the_rosters_own_columns(tmp_path: Path) -> None:
    rows = [["t1", "district_phone", "5155550120"]]
    contacts = write_table(tmp_path / "contacts.csv", ["person", "kind", "value"], rows)
    person = loaded(District().written(tmp_path / "or"), contacts=contacts).roster.person("5155550120")
    assert person is not None
    assert person.id == "t1"


def test_odd_groups(tmp_path: Path) -> None:
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
    result = loaded(District().written(tmp_path / "or"), groups=groups)
    members = result.roster.members(f"g@{STAFF}")
    assert members is not None
    assert [person.id for person in members] == ["s1"]
    assert [(each.line, each.column, each.count) for each in result.warnings] == [
        (1, "", 1), (2, "address", 1), (3, "member", 1), (4, "member", 2),
    ]  # fmt: skip


# what is refused


def broken(change: Callable[[Path], object], tmp_path: Path, path: str = "or") -> RosterError:
    District().written(tmp_path / "or")
    change(tmp_path / "or")
    with pytest.raises(RosterError) as caught:
        loaded(tmp_path / path)
    text = str(caught.value)
    assert "\n" not in text
    assert "; " in text
    assert "@" not in text
    return caught.value


def changed(table: str, *changes: Callable[[str], str]) -> Callable[[Path], object]:
    def change(folder: Path) -> None:
        for each in changes:
            rewrite(folder / f"{table}.csv", each)

    return change


OPEN = "a quote is opened and never closed"
BROKEN: dict[str, tuple[Callable[[Path], object], str]] = {
    "no users": (lambda folder: (folder / "users.csv").unlink(), "users.csv: is missing"),
    "users absent": (changed("manifest", put('"file.users","bulk"', '"file.users","absent"')), "users.csv: is absent"),
    "delta": (
        changed("manifest", put('"file.users","bulk"', '"file.users","delta"')),
        "users.csv: is a delta, and there is no roster that it could change",
    ),
    "nothing in it": (lambda folder: (folder / "users.csv").write_text(""), "users.csv line 1: has no header row"),
    "no sourcedId": (
        changed("users", lambda text: text.replace("sourcedId", "id", 1)),
        "users.csv line 1: has no column sourcedId",
    ),
    "header only": (changed("users", lambda text: text.splitlines()[0] + "\n"), "users.csv: has no people"),
    "open quote": (changed("users", put('"Ruth"', '"Ruth')), f"users.csv line 4: {OPEN}"),
    "open quote at the end": (changed("users", put('"secret-of-p1"', '"secret-of-p1')), f"users.csv line 4: {OPEN}"),
    "endless field": (changed("users", put('"Ruth"', f'"{"R" * 200_000}')), f"users.csv line 4: {OPEN}"),
    "no roles": (changed("users", put('"role"', '"job"')), "users.csv: nobody has a role"),
    "no addresses": (
        changed("users", put('"email"', '"e"'), put('"sms"', '"s"'), put('"phone"', '"p"')),
        "users.csv: nobody has a mail address",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_rosters(tmp_path: Path, case: str) -> None:
    change, line = BROKEN[case]
    assert str(broken(change, tmp_path)).startswith(f"{tmp_path}/or/{line}")


def test_paths_that_are_nothing(tmp_path: Path) -> None:
    assert "is not there" in str(broken(lambda folder: None, tmp_path, "elsewhere"))
    (tmp_path / "or.zip").write_text("PK, but no zip")
    assert "is neither a folder nor a whole zip" in str(broken(lambda folder: None, tmp_path, "or.zip"))


def test_a_damaged_zip(tmp_path: Path) -> None:
    district = District()
    district.users += [
        user(f"x{n}", "student", f"A{n * 7919}", f"B{n * 104729}", f"x{n}@{STUDENTS}") for n in range(300)
    ]
    path = zipped(district.written(tmp_path / "whole"), tmp_path / "or.zip")
    with zipfile.ZipFile(path) as file:
        start = file.getinfo("users.csv").header_offset
    content = bytearray(path.read_bytes())
    content[start + 600 : start + 700] = bytes(100)
    path.write_bytes(content)
    assert "users.csv: cannot be unpacked" in str(broken(lambda folder: None, tmp_path, "or.zip"))


def test_missing_lists_name_their_key(tmp_path: Path) -> None:
    folder = District().written(tmp_path / "or")
    with pytest.raises(RosterError, match=r"nowhere.csv: cannot be read .*directory.groups"):
        loaded(folder, groups=tmp_path / "nowhere.csv")
    with pytest.raises(RosterError, match=r"nowhere.csv: cannot be read .*directory.contacts"):
        loaded(folder, contacts=tmp_path / "nowhere.csv")
    write_table(tmp_path / "bad.csv", ["name", "thing"], [])
    with pytest.raises(RosterError, match=r"bad.csv line 1: has no column address"):
        loaded(folder, groups=tmp_path / "bad.csv")


def test_a_roster_without_students_says_that_nothing_will_be_in_scope(tmp_path: Path) -> None:
    district = District()
    district.users = [row for row in district.users if row["role"] != "student"]
    assert "there are no students: no message will be in scope" in said(loaded(district.written(tmp_path / "or")))


def test_the_secret_columns_are_not_among_those_read() -> None:
    assert "password" in HEADS["users"]
    from gateway.directory.tables import COLUMNS, SECRET

    assert not SECRET & {column for columns in COLUMNS.values() for column in columns.split()}
    assert "demographics" not in COLUMNS
