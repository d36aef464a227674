"""Replays the stories of this folder and prints where the outcome is not what a principal would expect.

    python -m tests.stories.policy.more [NAME ...]

Returns 1 if anything differs. What the classifiers say of single texts changes with every model, so these stories are
not part of the tests: look at each difference before a model is released.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import tomllib
from pathlib import Path

from gateway.assembly.replay import replay
from gateway.commands.policy.replay import classifier_reader, load_story, replay_rules
from gateway.core.policy.decision import Action
from gateway.settings.model import load
from tests.stories.policy.test_stories import config

FOLDER = Path(__file__).parent


def main(names: list[str]) -> int:
    """Replay stories. Returns 1 if one comes to something else."""
    expected = tomllib.loads((FOLDER / "expected.toml").read_text("utf-8"))
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        rules = replay_rules(load(config(Path(folder)), {}))
        read = classifier_reader("", rules.roster)
        for name in names or sorted(expected):
            raised, either = expected[name]["raised"], set(expected[name]["either"])
            found = asyncio.run(replay(load_story(FOLDER / f"{name}.jsonl", rules.time_zone), rules, read))
            for message in found:
                wanted = raised.get(str(message.line))
                is_raised = message.action is not Action.RELEASE
                same = is_raised == (wanted is not None) and set(wanted or ()) <= set(message.clauses)
                if message.line not in either and not same:
                    wrong += 1
                    print(f"{name}, line {message.line}: {message.action}, not {wanted}: {'; '.join(message.reasons)}")
    print(f"{wrong} lines differ")
    return int(wrong > 0)


sys.exit(main(sys.argv[1:]))
