"""Nobody to decide, nobody to tell, and addresses of notices."""

from __future__ import annotations

import pytest

from gateway.commands.checks.people import check_deciders, check_notices
from gateway.core.accounts.account import AccountRole, User
from tests.relays.smtp.harness import AVERY, PRINCIPAL, FakeDirectory

DIRECTOR = User("dir", AccountRole.TECHNOLOGY_DIRECTOR, person="p1")
BUILDING = User("b", AccountRole.BUILDING_ADMINISTRATOR, ("hs",), person="p2")
DOMAINS = ["riverbend.example", "students.riverbend.example"]


@pytest.mark.parametrize(
    ("users", "mode", "oidc", "expected"),
    [(None, "enforce", False, ["warn"]), ([], "enforce", False, ["warn"]), ([], "shadow", False, []),
     ([], "enforce", True, []),
     ([DIRECTOR], "enforce", False, ["ok"]), ([User("s", AccountRole.SECURITY)], "enforce", False, ["warn"]),
     ([User("d", AccountRole.TECHNOLOGY_DIRECTOR, person="p", disabled_at=1.0)], "enforce", False, ["warn"]),
     ([User("d", AccountRole.TECHNOLOGY_DIRECTOR)], "enforce", False, ["ok", "warn"]),
     ([BUILDING], "enforce", False, ["ok", "warn"]), ([BUILDING, DIRECTOR], "enforce", False, ["ok"]),
     ([User("b", AccountRole.BUILDING_ADMINISTRATOR, ("x",), person="p")], "enforce", False, ["ok", "warn", "warn"])],
)  # fmt: skip
def test_somebody_must_decide(users: list[User] | None, mode: str, oidc: bool, expected: list[str]) -> None:
    lines = list(check_deciders(users, mode, oidc=oidc, buildings={"hs", "ms"}))
    assert [line.level for line in lines] == expected


@pytest.mark.parametrize(
    ("to", "sender", "expected"),
    [([PRINCIPAL], "chaperone@riverbend.example", []), ([], "chaperone@riverbend.example", ["warn notify.to"]),
     (["safety"], "chaperone@riverbend.example", ["error notify.to"]),
     ([AVERY], "c@riverbend.example", ["warn notify.to"]),
     (["me@home.example"], "c@riverbend.example", ["warn notify.to"]),
     ([PRINCIPAL], "c@vendor.example", ["warn notify.from"]),
     ([PRINCIPAL], "chaperone", ["error notify.from"])],
)  # fmt: skip
def test_notices(to: list[str], sender: str, expected: list[str]) -> None:
    found = [f"{line.level} {line.what}" for line in check_notices(to, sender, DOMAINS, FakeDirectory())]
    assert found == expected


def test_no_line_names_a_person() -> None:
    for line in check_notices([AVERY, "me@home.example"], "c@riverbend.example", DOMAINS, FakeDirectory()):
        assert AVERY not in line.found
        assert "me@" not in line.found
