"""`chaperone flagged`: list delivered messages that people look at, acknowledge them, and what the answers teach."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest

from classifiers.training.examples.labeled import read_examples
from gateway.cli import main
from gateway.core.messages.delivery import State
from gateway.core.policy.decision import Action, PendingMessage, Transition
from gateway.core.policy.work_kinds import ReviewWork, WorkKind
from gateway.store import open_store
from tests.commands.stored_messages import CONTENT
from tests.contracts.messages import NOON, becomes, decision, mail, verdict_on


async def _flag(folder: Path) -> str:
    """A flagged message; its id."""
    message = mail(NOON, content=CONTENT)
    rule = becomes(State.QUEUED, decision(Action.FLAG, "6"), verdict=verdict_on(message, "6", 0.9))

    def with_work(pending: PendingMessage) -> Transition:
        return replace(rule(pending), work=(ReviewWork(WorkKind.FLAG, NOON + 60),))

    async with open_store(f"sqlite:///{folder / 'chaperone.db'}") as store:
        await store.intake.accept(message)
        await store.dispositions.apply([(message.id, with_work)])
    return message.id


def test_flag_is_listed_acknowledged_once_and_exported(
    configuration: Path, capsys: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    id_, config = asyncio.run(_flag(configuration.parent)), ["-c", str(configuration)]
    assert main(["flagged", "list", "--json", *config]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["id"], row["kind"], row["state"], row["clauses"]) == (id_, "flag", "open", ["6"])
    assert main(["flagged", "list", "--kind", "sample", *config]) == 0
    assert "Nothing waits." in capsys.readouterr().out
    assert main(["flagged", "acknowledge", id_, "--outcome", "fine", "--reason", "a joke", *config]) == 0
    assert f"acknowledged {id_} as fine" in capsys.readouterr().out
    assert main(["flagged", "acknowledge", id_, "--outcome", "violation", *config]) == 1
    assert "was acknowledged first by terminal:" in capsys.readouterr().err
    assert main(["flagged", "acknowledge", "0" * 26, "--outcome", "fine", *config]) == 1
    assert "is not flagged" in capsys.readouterr().err
    assert main(["feedback", "export", *config]) == 0
    output = capsys.readouterr()
    assert output.err == "0 decided messages, 1 acknowledged messages\n"
    file = configuration.parent / "answers.jsonl"
    file.write_text(output.out)
    (example,) = read_examples(file)
    assert (example.labels, example.known) == (frozenset(), {"6", "hold"})
