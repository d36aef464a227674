"""`chaperone contact`: a pair in numbers and words, and counting again."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import pytest

from gateway.assembly.replay import Replay
from gateway.cli import main
from gateway.commands.policy.replay import replay_rules
from gateway.core.contact.story import StoryMessage
from gateway.core.messages.message import OutgoingMessage
from gateway.core.messages.verdict import Verdict
from gateway.settings.model import load
from gateway.store import open_store
from tests.stories.policy.test_stories import config

pytestmark = pytest.mark.slow

COACH, MAYA = "peter.lindgren@riverbend.example", "maya.lindqvist@students.riverbend.example"
PHONE, MAYAS = "+15155550142", "+15155550172"


def read(message: OutgoingMessage) -> Verdict:
    """A verdict without findings."""
    return Verdict(message.message.id, message.message.sha256, "test", purpose={"scheduling": 0.9, "personal": 0.1})


@pytest.fixture
def configured(tmp_path: Path) -> Path:
    """A configuration, and a store with a day of a coach and a student."""
    file = config(tmp_path)
    settings = load(file, {})
    rules = replay_rules(settings)
    now = time.time()
    lines = [(COACH, MAYA, "mail"), (MAYA, COACH, "mail"), *[(PHONE, MAYAS, "sms")] * 4, (COACH, MAYA, "mail")]
    texts = {5: "Please write to my school account from now on."}

    async def fill() -> None:
        async with open_store(settings.store.url) as store:
            stage = Replay(store, rules, read)
            for number, (sender, recipient, channel) in enumerate(lines):
                text = texts.get(number, f"Practice {number}")
                at = now - 6 * 3600 + 60 * number
                await stage.message(StoryMessage(number + 1, at, channel, sender, (recipient,), text))
            both = StoryMessage(9, now - 60, "mail", COACH, (MAYA, "jonas.stoltz@students.riverbend.example"), "Bus")
            await stage.message(both)

    asyncio.run(fill())
    return file


def test_a_pair_in_numbers(configured: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["contact", "show", "-c", str(configured), "s-06", MAYA, "--json"]) == 0
    row = json.loads(capsys.readouterr().out)
    assert (row["staff"], row["student"], row["messages"], row["one_to_one"], row["class_mail"]) == (
        "s-06",
        "k-02",
        8,
        7,
        1,
    )
    assert (row["windows"]["week"]["messages"], row["windows"]["week"]["outside"]) == (7, 4)
    assert (row["by_channel"], sum(row["by_hour"]), row["purposes"]) == ({"mail": 3, "sms": 4}, 7, {"scheduling": 7})
    assert (row["moving"]["outside_since"], row["moving"]["district_since"]) == (0, 1)
    limits = [finding["text"] for finding in row["findings"]]
    assert any(text.startswith("4th message in 1 day from a personal phone") for text in limits) or len(limits) > 1
    assert row["words"][0] == "8 messages: 7 one-to-one or over personal accounts, 1 class mail"


def test_a_pair_in_words(configured: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["contact", "show", "-c", str(configured), COACH, "k-02"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("Peter Lindgren and Maya Lindqvist, the last 60d\n8 messages: ")
    assert "agreed to move to the school account on " in out


def test_counting_again_changes_nothing(configured: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["contact", "rebuild", "-c", str(configured)]) == 0
    assert capsys.readouterr().out.startswith("ok 8 messages counted again, 0 rows changed")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["s-06", "nobody@x.example"], 1),
        (["k-02", "s-06"], 1),
        (["s-06", "k-02", "--since", "soon"], 2),
    ],
)
def test_wrong_people_and_periods_are_refused(arguments: list[str], code: int, tmp_path: Path) -> None:
    assert main(["contact", "show", "-c", str(config(tmp_path)), *arguments]) == code
