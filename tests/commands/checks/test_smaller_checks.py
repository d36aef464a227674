"""Links, rules of the policy, secret files, roster, clock and room."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pytest

from gateway import policies
from gateway.commands.checks.clock import check_clock, check_time_zone
from gateway.commands.checks.links import check_public_url
from gateway.commands.checks.policy import check_rules
from gateway.commands.checks.roster import check_age, check_domains, check_people
from gateway.commands.checks.secret_files import check_secret_file, secret_files
from gateway.commands.checks.storage import check_room
from gateway.core.messages.parties import Direction, Role
from gateway.core.policy.decision import Action
from gateway.core.policy.policy import Clause, Policy, Thresholds

SHIPPED = policies.read(None, dict.fromkeys(Direction, Action.HOLD))


@pytest.mark.parametrize(
    ("url", "expected"),
    [("https://chaperone.riverbend.example", []), ("http://127.0.0.1:8025", ["warn"]), ("http://localhost", ["warn"]),
     ("http://[::1]:8025", ["warn"]), ("https://0.0.0.0", ["warn"]), ("http://chaperone.riverbend.example", ["warn"]),
     ("https://unknown.example", ["warn"]), ("http://unknown.example", ["warn", "warn"]),
     ("chaperone.example", ["error"]),
     ("https://", ["error"]), ("ftp://x.example", ["error"]), ("https://x.example:port", ["error"]), ("", ["error"])],
)  # fmt: skip
def test_links(url: str, expected: list[str]) -> None:
    lines = check_public_url("console.public_url", url, lambda host: host == "chaperone.riverbend.example")
    assert [line.level for line in lines] == expected


def _with(clause: str, **changes: object) -> Policy:
    changed: Clause = dataclasses.replace(SHIPPED.clauses[clause], **changes)  # type: ignore[arg-type]
    return dataclasses.replace(SHIPPED, clauses={**SHIPPED.clauses, clause: changed})


@pytest.mark.parametrize(
    ("policy", "word"),
    [(SHIPPED, ""), (_with("7a", thresholds={}, outside={}), "never fire"),
     (_with("7a", thresholds={Direction.STAFF_TO_STUDENT: Thresholds(flag=0.0)}), "every finding"),
     (_with("7a", thresholds={Direction.STAFF_TO_STUDENT: Thresholds(flag=1.0)}), "no score is above"),
     (_with("7a", thresholds={Direction.STAFF_TO_STUDENT: Thresholds(0.1, 0.4, 0.5)}), "hold_evasive"),
     (dataclasses.replace(SHIPPED, help_alert=1.0), "no call for help"),
     (dataclasses.replace(SHIPPED, clauses={}), "no clause ever holds")],
)  # fmt: skip
def test_rules_that_never_or_always_fire(policy: Policy, word: str) -> None:
    lines = list(check_rules(policy, "enforce", ()))
    assert all(line.level == "warn" for line in lines)
    assert any(word in line.found for line in lines) if word else not lines


def test_files_with_secrets(tmp_path: Path) -> None:
    written = {
        "bus": {"password_file": "a", "url": "x"},
        "smtp": {"accounts": {"s": {"password_file": "b"}}, "tls_key": "c"},
    }
    assert [key for key, _ in secret_files(written, tmp_path)] == [
        "bus.password_file", "smtp.accounts.s.password_file", "smtp.tls_key",
    ]  # fmt: skip
    file = tmp_path / "a"
    for text, mode, expected in (("s", 0o600, 0), ("s", 0o640, 0), ("s", 0o644, 1), ("s", 0o660, 1), ("", 0o600, 1)):
        file.write_text(text)
        file.chmod(mode)
        assert len(list(check_secret_file("bus.password_file", file))) == expected
    assert not list(check_secret_file("bus.password_file", tmp_path / "none"))


def test_roster() -> None:
    assert not list(check_people({Role.STAFF: 1, Role.STUDENT: 1}))
    assert [line.level for line in check_people({})] == ["error", "error"]
    assert not list(check_age(1000.0, 2000.0))
    assert [line.level for line in check_age(0.0, 60 * 86400.0)] == ["warn"]
    assert len(list(check_domains(["a.example", "b.example"], ["x@A.example"]))) == 1


def test_clock_and_time_zone() -> None:
    assert not list(check_clock(1000.0, {"f": 1200.0}, 1003.0))
    assert [line.level for line in check_clock(1000.0, {"f": 2000.0}, 1100.0)] == ["error", "warn"]
    summer = 1_783_000_000.0
    assert not list(check_time_zone("America/Chicago", False, 0.0, summer))
    assert not list(check_time_zone("America/Chicago", False, -5 * 3600.0, summer))
    assert not list(check_time_zone("America/Chicago", True, 3600.0, summer))
    assert [line.level for line in check_time_zone("America/Chicago", False, 3600.0, summer)] == ["warn"]


def test_room(tmp_path: Path) -> None:
    free = shutil.disk_usage(tmp_path).free
    assert not list(check_room(tmp_path / "var" / "chaperone.db", free // 2))
    assert [line.level for line in check_room(tmp_path / "var" / "chaperone.db", free * 2)] == ["warn"]
