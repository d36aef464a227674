"""`chaperone feedback`: decisions and judged alerts become labeled examples."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from classifiers.training.examples.labeled import read_examples
from gateway.cli import main
from gateway.core.messages.delivery import State
from gateway.core.messages.verdict import Verdict
from gateway.core.policy.decision import Action, AuditEntry, Decision
from gateway.store import open_store
from tests.commands.stored_messages import CONTENT, decide_two
from tests.contracts.messages import NOON, TO_STAFF, becomes, mail


def test_decisions_are_exported_as_examples(configuration: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asyncio.run(decide_two(configuration.parent))
    assert main(["feedback", "export", "-c", str(configuration)]) == 0
    output = capsys.readouterr()
    assert output.err == "2 decided messages\n"
    file = configuration.parent / "decided.jsonl"
    file.write_text(output.out)
    released, rejected = read_examples(file)
    assert (released.labels, rejected.labels) == (frozenset(), {"7a", "hold"})
    assert "6" not in released.known
    assert "chapters three" in released.text
    assert main(["audit", "export", "-c", str(configuration)]) == 0


async def _judged(folder: Path) -> None:
    """Three alerts: one judged once, one judged twice, one not judged."""
    says = Decision(Action.ALERT, TO_STAFF, "p")
    async with open_store(f"sqlite:///{folder / 'chaperone.db'}") as store:
        for at, judgments in enumerate(((True,), (True, False), ())):
            message = mail(NOON + at, content=CONTENT)
            await store.intake.accept(message)
            verdict = Verdict(message.id, message.sha256, "1", "en", help=0.9)
            await store.dispositions.apply([(message.id, becomes(State.QUEUED, says, verdict=verdict))])
            for is_right in judgments:
                await store.help_alerts.save_judgment(message.id, is_right, AuditEntry(NOON, "ann", "said", message.id))


def test_judged_alerts_are_exported_as_examples(configuration: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asyncio.run(_judged(configuration.parent))
    assert main(["feedback", "export", "-c", str(configuration)]) == 0
    output = capsys.readouterr()
    assert output.err == "0 decided messages, 2 calls for help\n"
    file = configuration.parent / "judged.jsonl"
    file.write_text(output.out)
    right, wrong = read_examples(file)
    assert (right.help, wrong.help) == (True, False)
    assert right.known == wrong.known == {"help"}
