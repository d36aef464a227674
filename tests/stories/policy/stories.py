"""Stories of the policy: files of dated messages, and what each must come to."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path

from gateway.assembly.replay import ReplayedMessage
from gateway.core.policy.decision import Action

FOLDER = Path(__file__).parent
STORIES = tuple(sorted(path.stem for path in FOLDER.glob("*.jsonl")))
EXPECTED = tomllib.loads((FOLDER / "expected.toml").read_text("utf-8"))


def check(name: str, replayed: Sequence[ReplayedMessage]) -> None:
    """Assert that a story came to what it must."""
    expected = EXPECTED.get(name, {})
    raised = {int(line): set(clauses) for line, clauses in expected.get("raised", {}).items()}
    told = {int(line): words for line, words in expected.get("told", {}).items()}
    for message in replayed:
        shown = f"{name}, line {message.line}: {message.action} {message.clauses} {message.reasons}"
        assert (message.action is not Action.RELEASE) == (message.line in raised), shown
        assert raised.get(message.line, set()) <= set(message.clauses), shown
        if message.line in told:
            assert any(told[message.line] in reason for reason in message.reasons), shown
    assert len(replayed) >= max(raised, default=1)
