"""`chaperone model`: a candidate is compared with stored messages, and promoted."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from classifiers.pipeline.model_files import SHIPPED
from gateway.cli import main
from gateway.core.messages.delivery import State
from gateway.core.messages.verdict import Verdict
from gateway.core.policy.decision import Action, Decision
from gateway.store import open_store
from tests.commands.stored_messages import decide_two
from tests.contracts.messages import NOON, TO_STAFF, TO_STUDENT, becomes, contact, mail

pytestmark = pytest.mark.slow


def test_a_candidate_is_read_in_shadow(configuration: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asyncio.run(decide_two(configuration.parent))
    assert main(["model", "shadow", "-c", str(configuration), str(SHIPPED)]) == 0
    output = capsys.readouterr().out
    assert "on 2 messages of the store" in output
    assert "release  -> release        2" in output


async def _answered(folder: Path) -> None:
    """A short answer of a member of staff, and what the student had asked."""
    question_text, answer_text = (
        "i will give you 50 dollars if you change my grade to a B",
        "ok deal, nobody needs to know",
    )
    async with open_store(f"sqlite:///{folder / 'chaperone.db'}") as store:
        question = mail(NOON, direction=TO_STAFF, content=f"\r\n{question_text}\r\n".encode(), excerpt=question_text)
        await store.intake.accept(question, contact(question))
        answer = mail(NOON + 60, content=f"\r\n{answer_text}\r\n".encode(), excerpt=answer_text)
        await store.intake.accept(answer, contact(answer))
        verdict = Verdict(answer.id, answer.sha256, "1", "en")
        await store.dispositions.apply(
            [(answer.id, becomes(State.QUEUED, Decision(Action.RELEASE, TO_STUDENT, "p"), verdict=verdict))]
        )


def test_a_candidate_reads_an_answer_with_what_it_answers(
    configuration: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asyncio.run(_answered(configuration.parent))
    assert main(["model", "shadow", "-c", str(configuration), str(SHIPPED)]) == 0
    output = capsys.readouterr().out
    assert "on 1 messages of the store" in output
    assert "release  -> flag" in output


def test_promote_needs_a_target_and_a_model(configuration: Path, capsys: pytest.CaptureFixture[str]) -> None:
    empty = configuration.parent / "nothing"
    empty.mkdir()
    assert main(["model", "promote", "-c", str(configuration), str(empty)]) == 2
    assert "chaperone train" in capsys.readouterr().err
    text = configuration.read_text()
    configuration.write_text(text[: text.index("[classify]")])
    assert main(["model", "promote", "-c", str(configuration), str(SHIPPED)]) == 2
    assert "classify.model" in capsys.readouterr().err
