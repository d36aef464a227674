"""`chaperone policy check|diff|publish|versions|show` on a store of its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.cli import main
from gateway.policies import SHIPPED, hash_of
from tests.settings.test_model import LEAST

SHIPPED_TEXT = SHIPPED.read_text("utf-8")
CHANGED = SHIPPED_TEXT.replace("alert = 0.5", "alert = 0.45")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration without a store, and a changed policy beside it."""
    file = tmp_path / "chaperone.toml"
    file.write_text(LEAST)
    (tmp_path / "var").mkdir()
    (tmp_path / "new.toml").write_text(CHANGED)
    return file


def _policy(config: Path, action: str, *more: str) -> int:
    return main(["policy", action, "-c", str(config), *more])


def test_a_published_policy_is_listed_and_shown(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    new = ["--policy", str(config.parent / "new.toml")]
    assert _policy(config, "versions", "--json") == 0
    assert json.loads(capsys.readouterr().out) == []
    assert _policy(config, "diff", *new, "--json") == 0
    assert json.loads(capsys.readouterr().out) == [
        {"key": "help.alert", "about": "Calls for help", "change": "alert 0.45, was 0.50"}
    ]
    assert _policy(config, "publish", *new, "--note", "A try") == 0
    assert "version 2 is in force from" in capsys.readouterr().out
    assert _policy(config, "publish", *new) == 0
    assert "already" in capsys.readouterr().out
    assert _policy(config, "versions", "--json") == 0
    newest, first = json.loads(capsys.readouterr().out)
    assert (newest["version"], newest["hash"], newest["note"]) == (2, hash_of(CHANGED), "A try")
    assert newest["author"].startswith("terminal:")
    assert (first["author"], first["hash"], first["until"]) == ("file", hash_of(SHIPPED_TEXT), newest["time"])
    assert _policy(config, "versions") == 0
    assert hash_of(CHANGED) in capsys.readouterr().out


def test_two_people_are_asked_for(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config.write_text("policy.publish_by = 2\n" + config.read_text())
    assert _policy(config, "publish", "--policy", str(config.parent / "new.toml")) == 0
    assert "ok proposed as" in capsys.readouterr().out
    assert _policy(config, "versions", "--json") == 0
    assert len(json.loads(capsys.readouterr().out)) == 1


def test_check_names_line_key_and_what_to_do(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = config.parent / "new.toml"
    file.write_text(CHANGED.replace("day = 25 ", "day = 99 "))
    assert _policy(config, "check", "--policy", str(file)) == 0
    output = capsys.readouterr().out
    assert "contact.day" in output
    assert "warn line " in output
    file.write_text(CHANGED.replace("hold = 0.5 }", "hold = 1.2 }", 1))
    assert _policy(config, "check", "--policy", str(file)) == 2
    error = capsys.readouterr().err
    assert "new.toml, line " in error
    assert "staff_to_student.hold: must be a number from 0 to 1" in error
