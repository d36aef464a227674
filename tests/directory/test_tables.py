"""OneRoster files with common mistakes: a warning or one clear error, and no content in either."""

from __future__ import annotations

import csv
import io
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.messages.parties import Role
from gateway.directory.roster import Roster
from gateway.directory.tables import COLUMNS, IGNORED_COLUMNS
from gateway.directory.validation import RosterError
from tests.directory.sample_district import (
    HEADERS,
    STAFF,
    STUDENTS,
    District,
    load_district,
    user,
    warning_text,
    zipped,
)


def rewrite(path: Path, change: Callable[[str], str], encoding: str = "utf-8") -> None:
    """Change the text of a file, and perhaps its encoding."""
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
    result = load_district(zipped(District().written(tmp_path / "or"), tmp_path / "or.zip", inside))
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


MISTAKES: dict[str, tuple[str, Callable[[str], str], str]] = {
    "byte order mark": ("users", lambda text: "\ufeff" + text, ""),
    "another order": ("users", columns_turned, "columns are not in the order"),
    "agents": ("users", put("agentSourcedIds", "agents"), "agents: is read as agentSourcedIds"),
    "case": ("users", put("givenName", "GivenName"), "GivenName: is read as givenName"),
    "spaces": ("users", lambda text: text.replace('"email"', '" email "').replace('"t1"', '" t1 "'), ""),
    "metadata": ("users", lambda text: one_column_more(text, "metadata.bus"), ""),
    "unknown column": ("users", lambda text: one_column_more(text, "bus"), "column bus: an unknown column"),
    "column twice": ("users", lambda text: one_column_more(text, "email"), "column email: occurs twice"),
    "semicolons": ("users", put('","', '";"'), "separated by semicolons"),
    "tabs": ("users", put('","', '"\t"'), "separated by tabs"),
    "NULL": ("users", put('""', '"NULL"'), "the word NULL is read as empty ("),
    "status active": ("users", put('"t1",""', '"t1","active"'), ""),
    "unknown status": ("users", put('"t1",""', '"t1","enrolled"'), "line 2, column status: is not a OneRoster status"),
    "empty lines": ("users", put("\n", "\n\n"), ""),
    "short record": ("users", put(',"","secret-of-t1"', ""), "line 2: has too few cells"),
    "long record": ("users", put('"secret-of-t1"', '"secret-of-t1","more","still"'), "line 2: has too many"),
    "line end in a field": ("users", put('"secret-of-t1"', '"secret\nof-t1"'), "line 2: a field spans several"),
    "quotes inside": ("users", put('"t1","","","true"', '"t1","","","tr"u"e"'), ""),
    "role in capitals": ("users", put('"teacher"', '"Teacher"'), ""),
    "unquoted": ("users", lambda text: text.replace('"', "").replace("t2,g1", "t2").replace("hs,ms", "hs"), ""),
    "no such org": ("users", put('"hs,ms"', '"hs,xx"'), "line 4, column orgSourcedIds: names an org"),
    "no sourcedId": ("users", lambda text: text + "," * 17 + "x\n", "line 9, column sourcedId: is not a sourcedId"),
    "version": ("manifest", put('"1.1"', '"1.0"'), "is neither 1.1 nor 1.2"),
    "mode": ("manifest", put('"file.users","bulk"', '"file.users","full"'), "column users: is read as bulk"),
    "in capitals": ("manifest", put('"file.users","bulk"', '"file.users","BULK"'), ""),
    "named and missing": ("manifest", put('"file.roles","absent"', '"file.roles","bulk"'), "names roles.csv, but it"),
    "absent and there": ("manifest", put('"file.orgs","bulk"', '"file.orgs","absent"'), "says that orgs.csv is absent"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_common_mistakes_are_tolerated_with_a_warning(tmp_path: Path, mistake: str) -> None:
    table, change, warning = MISTAKES[mistake]
    folder = District().written(tmp_path / "or")
    rewrite(folder / f"{table}.csv", change)
    result = load_district(folder)
    same_people(result.roster)
    assert warning in warning_text(result)
    assert bool(warning) == bool(result.warnings)
    for each in result.warnings:
        assert str(each).startswith(f"{folder}/")
        for content in ("Whitfield", "dwhitfield", "@", "secret", "5155550"):
            assert content not in str(each)


def test_warnings_of_one_kind_are_counted(tmp_path: Path) -> None:
    folder = District().written(tmp_path / "or")
    rewrite(folder / "users.csv", lambda text: text.replace('""', '"NULL"'))
    sms = [each for each in load_district(folder).warnings if each.column == "sms"]
    assert [(each.line, each.count) for each in sms] == [(3, 5)]


def test_a_person_called_null_keeps_the_name(tmp_path: Path) -> None:
    district = District()
    district.users.append(user("n", "student", "Jennifer", "Null", f"jnull@{STUDENTS}"))
    result = load_district(district.written(tmp_path / "or"))
    assert [person.id for person in result.roster.namesakes("Jennifer Null")] == ["n"]
    assert result.warnings == ()


@pytest.mark.parametrize(("encoding", "warning"), [("cp1252", "windows-1252"), ("utf-16", "UTF-16")])
def test_other_encodings(tmp_path: Path, encoding: str, warning: str) -> None:
    district = District()
    district.users.append(user("j", "student", "José", "Peña", f"jp@{STUDENTS}"))
    folder = district.written(tmp_path / "or")
    rewrite(folder / "users.csv", lambda text: text, encoding)
    result = load_district(folder)
    found = result.roster.by_id("j")
    assert found is not None
    assert found.name == "José Peña"
    assert warning in warning_text(result)


def test_utf8_is_recognized_across_blocks(tmp_path: Path) -> None:
    district = District()
    district.users += [user(f"x{n}", "student", "é" * 60, "ñ" * 61, f"x{n}@{STUDENTS}") for n in range(6_000)]
    result = load_district(district.written(tmp_path / "or"))
    assert "UTF-8" not in warning_text(result)
    found = result.roster.by_id("x5999")
    assert found is not None
    assert found.name == f"{'é' * 60} {'ñ' * 61}"


def test_no_manifest_and_no_orgs(tmp_path: Path) -> None:
    folder = District().written(tmp_path / "or")
    (folder / "manifest.csv").unlink()
    (folder / "orgs.csv").unlink()
    result = load_district(folder)
    same_people(result.roster)
    assert "manifest.csv line 1: is missing" in warning_text(result)
    assert "buildings have no names" in warning_text(result)


# what is refused


def broken(change: Callable[[Path], object], tmp_path: Path, path: str = "or") -> RosterError:
    District().written(tmp_path / "or")
    change(tmp_path / "or")
    with pytest.raises(RosterError) as caught:
        load_district(tmp_path / path)
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


_PIECES = [
    b'"',
    b",",
    b"\r",
    b"\n",
    b"\x00",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\x1f",
    b"NULL",
    b'","',
    b";",
    b"sourcedId",
]

OPEN = "a quote is opened and never closed"
BROKEN: dict[str, tuple[Callable[[Path], object], str]] = {
    "no users": (lambda folder: (folder / "users.csv").unlink(), "users.csv: is missing"),
    "users absent": (changed("manifest", put('"file.users","bulk"', '"file.users","absent"')), "users.csv: is absent"),
    "delta": (
        changed("manifest", put('"file.users","bulk"', '"file.users","delta"')),
        "users.csv: is a delta, and there is no roster to change",
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


_edits = st.lists(
    st.tuples(st.integers(0, 2_000), st.integers(0, 60), st.one_of(st.binary(max_size=6), st.sampled_from(_PIECES))),
    min_size=1, max_size=6,
)  # fmt: skip


@settings(deadline=None)
@given(st.sampled_from(["users", "roles", "orgs", "manifest", "userProfiles", "enrollments"]), _edits)
def test_damaged_file_is_read_or_refused(table: str, edits: list[tuple[int, int, bytes]]) -> None:
    district = District().split()
    district.more["userProfiles"] = [{"sourcedId": "u1", "userSourcedId": "s2", "username": f"jo.p@{STUDENTS}"}]
    district.more["enrollments"] = [
        {"sourcedId": f"e{each}", "classSourcedId": "c1", "userSourcedId": each, "beginDate": "2026-08-20"}
        for each in ("t1", "s1", "s2")
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = district.written(Path(folder)) / f"{table}.csv"
        content = bytearray(path.read_bytes())
        for at, length, new in edits:
            content[at : at + length] = new
        path.write_bytes(content)
        try:
            roster = load_district(Path(folder)).roster
        except RosterError:
            return
        assert len(list(roster)) == len(roster)
        for person in roster:
            assert roster.by_id(person.id) == person


def test_missing_paths(tmp_path: Path) -> None:
    assert "does not exist" in str(broken(lambda folder: None, tmp_path, "elsewhere"))
    (tmp_path / "or.zip").write_text("PK, but no zip")
    assert "is neither a folder nor a complete zip" in str(broken(lambda folder: None, tmp_path, "or.zip"))


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


def test_ignored_columns_are_never_read() -> None:
    assert "password" in HEADERS["users"]
    assert not IGNORED_COLUMNS & {column for columns in COLUMNS.values() for column in columns.split()}
    assert "demographics" not in COLUMNS
