"""Stories of the policy, replayed by the command with one start of the classifiers."""

from __future__ import annotations

import asyncio
import json
import subprocess
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from gateway.assembly.replay import ReadMessage, ReplayRules, replay
from gateway.commands.policy.replay import classifier_reader, load_story, replay_rules
from gateway.settings.model import load
from tests.stories.gateway import COMMAND, DISTRICT
from tests.stories.policy.stories import EXPECTED, FOLDER, STORIES, check


def config(folder: Path) -> Path:
    """A configuration with the demo's district."""
    file = folder / "chaperone.toml"
    file.write_text(
        f"""
[district]
domains = ["riverbend.example", "students.riverbend.example"]
[directory]
oneroster = "{DISTRICT / "oneroster"}"
contacts = "{DISTRICT / "contacts.csv"}"
groups = "{DISTRICT / "groups.csv"}"
[store]
url = "sqlite:///{folder / "store.db"}"
[smtp.next_hop]
"*" = "127.0.0.1:2600"
""",
        "utf-8",
    )
    return file


@cache
def parts(folder: Path) -> tuple[ReplayRules, ReadMessage]:
    """What all stories share: the policy and the roster, and the classifiers, loaded once."""
    settings = load(config(folder), {})
    rules = replay_rules(settings)
    return rules, classifier_reader("", rules.roster)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> tuple[ReplayRules, ReadMessage]:
    """The parts of a replay."""
    return parts(tmp_path_factory.mktemp("stories"))


def test_every_expectation_has_a_story() -> None:
    assert set(EXPECTED) <= set(STORIES)


@pytest.mark.parametrize("name", STORIES)
def test_story(name: str, shared: tuple[ReplayRules, ReadMessage]) -> None:
    rules, read = shared
    story = load_story(FOLDER / f"{name}.jsonl", rules.time_zone)
    check(name, asyncio.run(replay(story, rules, read)))


def test_a_notice_goes_to_those_who_get_notices(shared: tuple[ReplayRules, ReadMessage], tmp_path: Path) -> None:
    rules, read = shared
    file = tmp_path / "story.jsonl"
    call = {
        "at": "2026-10-06T10:00:00-05:00", "channel": "mail", "from": "maya.lindqvist@students.riverbend.example",
        "to": ["dana.okafor@riverbend.example"], "text": "My stepdad hits me. I am scared to go home.",
    }  # fmt: skip
    file.write_text(json.dumps(call) + "\n", "utf-8")
    (outcome,) = asyncio.run(
        replay(load_story(file, rules.time_zone), replace(rules, notify=("safety@riverbend.example",)), read)
    )
    row = outcome.row()
    assert (row["action"], row["in_scope"], row["line"]) == ("alert", True, 1)
    assert row["notices"] == [{"kind": "help_alert", "to": ["safety@riverbend.example"]}]


def test_the_command_prints_a_row_for_each_message(tmp_path: Path) -> None:
    story = FOLDER / "innocent_retired_teacher.jsonl"
    done = subprocess.run(
        [COMMAND, "policy", "replay", "-c", str(config(tmp_path)), str(story), "--json"],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    keys = ["line", "in_scope", "action", "clauses", "reasons", "notices"]
    assert [list(row) for row in rows] == [keys] * 3
    assert not any(row["in_scope"] for row in rows)


def test_a_wrong_line_is_named(tmp_path: Path) -> None:
    (tmp_path / "story.jsonl").write_text("{\n", "utf-8")
    done = subprocess.run(
        [COMMAND, "policy", "replay", "-c", str(config(tmp_path)), str(tmp_path / "story.jsonl"), "--json"],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "story.jsonl, line 1: " in done.stderr
