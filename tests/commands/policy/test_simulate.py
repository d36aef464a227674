"""`chaperone policy simulate`: a changed policy over past traffic. Prints figures and ids, no content."""

from __future__ import annotations

import asyncio
import json
import re
import time
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.cli import main
from gateway.core.messages.delivery import State
from gateway.core.policy.decision import PendingMessage, Transition
from gateway.policies import SHIPPED
from gateway.store import open_store
from tests.contracts.messages import becomes, contact, decision, mail, verdict_on
from tests.settings.test_model import LEAST

pytestmark = pytest.mark.slow

MARK = "zebra4711"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration whose store has three messages: two from today, one two weeks old."""
    file = tmp_path / "chaperone.toml"
    file.write_text(LEAST)
    (tmp_path / "var").mkdir()

    async def fill_store() -> None:
        async with open_store(f"sqlite:///{tmp_path}/var/chaperone.db") as store:
            for score, age in ((0.6, 60), (0.95, 120), (0.6, 14 * 86400)):
                content = f"Subject: {MARK}\r\n\r\n{MARK}\r\n".encode()
                message = mail(time.time() - age, sender=f"{MARK}@district.example", content=content)

                def rule(pending: PendingMessage, message=message, score=score) -> Transition:
                    return replace(becomes(State.HELD, decision())(pending), verdict=verdict_on(message, "7e", score))

                await store.intake.accept(message, contact(message))
                await store.dispositions.apply([(message.id, rule)])

    asyncio.run(fill_store())
    shipped = SHIPPED.read_text()
    start = shipped.index("[clauses.7e]")
    changed = re.sub(r"hold = [0-9.]+", "hold = 0.45", shipped[start:], count=1)
    (tmp_path / "new.toml").write_text(shipped[:start] + changed)
    return file


def test_simulation_prints_figures_and_no_content(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["policy", "simulate", "-c", str(config), "--policy", str(config.parent / "new.toml")]
    assert main([*command, "--json", "--since", "7d", "--minutes", "3"]) == 0
    row = json.loads(output := capsys.readouterr().out)
    assert MARK not in output
    assert (row["messages"], row["left_out"]) == (2, 0)
    quoted = 0.6  # the shipped policy's weight of quoted findings
    assert row["now"]["actions"]["hold"] == sum(score * quoted >= 0.5 for score in (0.6, 0.95))
    assert row["then"]["actions"]["hold"] == 1 == row["then"]["held_for"]["7e"]
    assert row["then"]["minutes"] == 3 + 3 / 4 * row["then"]["actions"]["flag"]
    assert main([*command, "--since", "30d"]) == 0
    output = capsys.readouterr().out
    assert MARK not in output
    assert "3 messages of the last 30d" in output


def test_words_of_the_district_are_found_in_past_messages(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    policy = config.parent / "words.toml"
    policy.write_text(SHIPPED.read_text() + f'\n[[words]]\nword = "{MARK}"\nclause = "7b"\nscore = 0.99\n')
    command = ["policy", "simulate", "-c", str(config), "--policy", str(policy)]
    assert main([*command, "--json", "--since", "7d"]) == 0
    row = json.loads(output := capsys.readouterr().out)
    assert MARK not in output
    assert row["read_again"] == row["messages"] == 2
    assert row["then"]["held_for"]["7b"] == 2 == row["then"]["actions"]["hold"]


@pytest.mark.parametrize("more", [["--since", "soon"], ["--minutes", "-1"], ["--policy", "nowhere.toml"]])
def test_wrong_usage_prints_one_line(config: Path, more: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "simulate", "-c", str(config), *more]) == 2
    output = capsys.readouterr()
    assert (output.out, len(output.err.splitlines())) == ("", 1)
