"""`chaperone tools`: the register at the terminal, and that it decides."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.cli import main
from gateway.policies import SHIPPED

IN_FILE = """
[[tools]]
domain = "file.example.com"
name = "File"
owner = "D"
building = "o-high"
administrator_access = "R"
"""


def rows(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, object]]:
    """The rows that `tools list` prints."""
    capsys.readouterr()
    assert main(["tools", "list", *arguments, "--json"]) == 0
    found: list[dict[str, object]] = json.loads(capsys.readouterr().out)
    return found


def test_tool_is_added_listed_and_removed(configuration: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = ("-c", str(configuration))
    assert rows(capsys, *config) == []
    told = ("--name", "Quizzer", "--owner", "D. Whitfield", "--building", "o-high", "--administrator-access", "R. C.")
    assert main(["tools", "add", *config, "https://www.Quiz.example.com/", *told, "--until", "2099-06-30"]) == 0
    (row,) = rows(capsys, *config)
    wanted = {
        "domain": "quiz.example.com", "name": "Quizzer", "owner": "D. Whitfield", "building": "o-high",
        "administrator_access": "R. C.", "until": "2099-06-30", "state": "registered", "in_force": True,
    }  # fmt: skip
    assert {name: row[name] for name in wanted} == wanted
    assert main(["tools", "add", *config, "quiz.example.com", "--until", "2020-01-01"]) == 0
    assert [(row["name"], row["in_force"]) for row in rows(capsys, *config)] == [("Quizzer", False)]
    assert main(["tools", "remove", *config, "quiz.example.com"]) == 0
    assert rows(capsys, *config) == []
    assert [row["state"] for row in rows(capsys, *config, "--all")] == ["removed"]
    assert main(["tools", "remove", *config, "quiz.example.com"]) == 1
    assert "not in the register" in capsys.readouterr().err


def test_tool_without_administrator_access_is_requested(
    configuration: Path, capsys: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    assert main(["tools", "add", "-c", str(configuration), "quiz.example.com"]) == 0
    assert "--administrator-access" in capsys.readouterr().out
    assert [(row["state"], row["in_force"]) for row in rows(capsys, "-c", str(configuration))] == [("requested", False)]


def test_tools_of_the_policy_file_are_imported_once(configuration: Path, capsys: pytest.CaptureFixture[str]) -> None:
    policy = configuration.with_name("policy.toml")
    policy.write_text(SHIPPED.read_text("utf-8") + IN_FILE, "utf-8")
    configuration.write_text(configuration.read_text() + f'\n[policy]\nfile = "{policy}"\n')
    config = ("-c", str(configuration))
    assert [row["domain"] for row in rows(capsys, *config)] == ["file.example.com"]
    assert main(["tools", "remove", *config, "file.example.com"]) == 0
    assert rows(capsys, *config) == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [(("quiz",), "is not a domain"), (("quiz.example.com", "--until", "soon"), "is not a date")],
)
def test_wrong_values_are_refused(
    configuration: Path, arguments: tuple[str, ...], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["tools", "add", "-c", str(configuration), *arguments]) == 2
    assert says in capsys.readouterr().err
