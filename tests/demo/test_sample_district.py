"""The sample district is consistent, and nothing in it could belong to a real person."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import gateway.demo
from gateway.demo.folder import DOMAINS

DISTRICT = Path(gateway.demo.__file__).parent / "district"
PHONE = re.compile(r"\b\d{3}[-. ]?\d{3}[-. ]?\d{4}\b")


def rows(name: str) -> list[dict[str, str]]:
    with (DISTRICT / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_district_is_consistent() -> None:
    users = {row["sourcedId"]: row for row in rows("oneroster/users.csv")}
    orgs = {row["sourcedId"] for row in rows("oneroster/orgs.csv")}
    classes = {row["sourcedId"]: row for row in rows("oneroster/classes.csv")}
    courses = {row["sourcedId"] for row in rows("oneroster/courses.csv")}
    terms = {row["sourcedId"] for row in rows("oneroster/academicSessions.csv")}
    addresses = {row["email"] for row in users.values()}
    assert len(addresses) == len(users)
    for row in users.values():
        assert set(row["orgSourcedIds"].split(",")) <= orgs
        assert set(filter(None, row["agentSourcedIds"].split(","))) <= set(users)
        assert (row["email"].endswith("@" + DOMAINS[1])) == (row["role"] == "student")
    for row in classes.values():
        assert {row["courseSourcedId"]} <= courses
        assert set(row["termSourcedIds"].split(",")) <= terms
    for row in rows("oneroster/enrollments.csv"):
        assert row["classSourcedId"] in classes
        assert users[row["userSourcedId"]]["role"] == row["role"]
    assert {row["member"] for row in rows("groups.csv")} <= addresses
    assert {row["person"] for row in rows("contacts.csv")} <= set(users)


def test_a_teacher_is_the_guardian_of_a_student() -> None:
    users = {row["sourcedId"]: row for row in rows("oneroster/users.csv")}
    own = [(row, users[agent]) for row in users.values() for agent in row["agentSourcedIds"].split(",") if agent]
    assert "Ngozi" in {child["givenName"] for child, parent in own if parent["role"] == "teacher"}


def test_no_address_or_number_could_be_real() -> None:
    files = [*DISTRICT.rglob("*.csv"), DISTRICT.parent / "traffic.toml"]
    text = "\n".join(path.read_text(encoding="utf-8") for path in files)
    assert len(files) > 8
    assert {m[0] for m in re.finditer(r"@[\w.-]+\.(\w+)", text)} == {
        m[0] for m in re.finditer(r"@[\w.-]+\.example\b", text)
    }
    numbers = [re.sub(r"\D", "", number) for number in PHONE.findall(text)]
    assert len(numbers) > 10
    assert all(re.fullmatch(r"51555501\d\d", number) for number in numbers)
