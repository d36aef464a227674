"""What an administrator decided becomes labelled messages; a candidate model runs in shadow, and is put in force."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from classifiers.pipeline.model_files import SHIPPED
from classifiers.training.examples.labeled import read_examples
from gateway.cli import main
from gateway.core.messages.delivery import State
from gateway.core.messages.verdict import Verdict
from gateway.core.policy.decision import Action, AuditEntry, Decision
from gateway.store import open_store
from tests.contracts.messages import NOON, TO_STAFF, TO_STUDENT, becomes, contact, mail
from tests.stories.gateway import DISTRICT

CONTENT = b"Subject: Plan\r\nContent-Type: text/plain\r\n\r\nThe quiz covers chapters three and four.\r\n"


@pytest.fixture
def configuration(tmp_path: Path) -> Path:
    file = tmp_path / "chaperone.toml"
    file.write_text(
        f"""
        [district]
        domains = ["riverbend.example", "students.riverbend.example"]
        [directory]
        oneroster = "{DISTRICT / "oneroster"}"
        [smtp.next_hop]
        "*" = "127.0.0.1:2600"
        [store]
        url = "sqlite:///{tmp_path / "chaperone.db"}"
        [classify]
        model = "{tmp_path / "model"}"
        """
    )
    return file


async def _decided(folder: Path) -> None:
    """Two held messages with verdicts; one was released by a person, one rejected."""
    says = Decision(Action.HOLD, TO_STUDENT, "p", ("7a",))
    async with open_store(f"sqlite:///{folder / 'chaperone.db'}") as store:
        for at, state in enumerate((State.QUEUED, State.REJECTED)):
            message = mail(NOON + at, content=CONTENT)
            await store.accept(message)
            verdict = Verdict(message.id, message.sha256, "1", "en")
            await store.settle([(message.id, becomes(State.HELD, says, verdict=verdict))])
            await store.settle([(message.id, becomes(state, says, by="ann"))])


def test_decisions_are_exported_and_can_be_learned_from(
    configuration: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asyncio.run(_decided(configuration.parent))
    assert main(["feedback", "export", "-c", str(configuration)]) == 0
    said = capsys.readouterr()
    assert said.err == "2 decided messages\n"
    file = configuration.parent / "decided.jsonl"
    file.write_text(said.out)
    released, rejected = read_examples(file)
    assert (released.labels, rejected.labels) == (frozenset(), {"7a", "hold"})
    assert "6" not in released.known
    assert "chapters three" in released.text
    assert main(["audit", "export", "-c", str(configuration)]) == 0


async def _judged(folder: Path) -> None:
    """Two alerts of which people said something, one of them twice, and one of which nobody did."""
    says = Decision(Action.ALERT, TO_STAFF, "p")
    async with open_store(f"sqlite:///{folder / 'chaperone.db'}") as store:
        for at, said in enumerate(((True,), (True, False), ())):
            message = mail(NOON + at, content=CONTENT)
            await store.accept(message)
            verdict = Verdict(message.id, message.sha256, "1", "en", help=0.9)
            await store.settle([(message.id, becomes(State.QUEUED, says, verdict=verdict))])
            for each in said:
                await store.judge_call(message.id, each, AuditEntry(NOON, "ann", "said", message.id))


def test_what_was_said_of_alerts_is_exported_and_can_be_learned_from(
    configuration: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asyncio.run(_judged(configuration.parent))
    assert main(["feedback", "export", "-c", str(configuration)]) == 0
    said = capsys.readouterr()
    assert said.err == "0 decided messages, 2 calls for help\n"
    file = configuration.parent / "judged.jsonl"
    file.write_text(said.out)
    right, wrong = read_examples(file)
    assert (right.help, wrong.help) == (True, False)
    assert right.known == wrong.known == {"help"}


def test_a_candidate_is_read_in_shadow(configuration: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asyncio.run(_decided(configuration.parent))
    assert main(["model", "shadow", "-c", str(configuration), str(SHIPPED)]) == 0
    said = capsys.readouterr().out
    assert "on 2 messages of the store" in said
    assert "release  -> release        2" in said


async def _answered(folder: Path) -> None:
    """A short answer of a member of staff, and what the student had asked."""
    asked, said = "i will give you 50 dollars if you change my grade to a B", "ok deal, nobody needs to know"
    async with open_store(f"sqlite:///{folder / 'chaperone.db'}") as store:
        question = mail(NOON, direction=TO_STAFF, content=f"\r\n{asked}\r\n".encode(), excerpt=asked)
        await store.accept(question, contact(question))
        answer = mail(NOON + 60, content=f"\r\n{said}\r\n".encode(), excerpt=said)
        await store.accept(answer, contact(answer))
        verdict = Verdict(answer.id, answer.sha256, "1", "en")
        await store.settle(
            [(answer.id, becomes(State.QUEUED, Decision(Action.RELEASE, TO_STUDENT, "p"), verdict=verdict))]
        )


def test_a_candidate_reads_an_answer_with_what_it_answers(
    configuration: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asyncio.run(_answered(configuration.parent))
    assert main(["model", "shadow", "-c", str(configuration), str(SHIPPED)]) == 0
    said = capsys.readouterr().out
    assert "on 1 messages of the store" in said
    assert "release  -> flag" in said


def test_what_is_explained_with_a_configuration_is_asked_of_its_directory(
    configuration: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = configuration.read_text()
    configuration.write_text(text[: text.index("[classify]")])

    def clauses(student: str) -> list[str]:
        name = "Liam Whitcomb"
        file = configuration.parent / "message.eml"
        file.write_text(
            f"From: dana.okafor@riverbend.example\nTo: {student}\nSubject: Records\n\n"
            f"{name}'s IEP is here. {name} has a 42 percent in Algebra and was suspended.\n"
        )
        assert main(["classify", "--json", "-c", str(configuration), str(file)]) == 0
        return list(json.loads(capsys.readouterr().out)["clauses"])

    assert "8" in clauses("maya.lindqvist@students.riverbend.example")
    assert "8" not in clauses("liam.whitcomb@students.riverbend.example")


def test_a_candidate_needs_a_place_and_a_model(configuration: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nothing = configuration.parent / "nothing"
    nothing.mkdir()
    assert main(["model", "promote", "-c", str(configuration), str(nothing)]) == 2
    assert "chaperone train" in capsys.readouterr().err
    text = configuration.read_text()
    configuration.write_text(text[: text.index("[classify]")])
    assert main(["model", "promote", "-c", str(configuration), str(SHIPPED)]) == 2
    assert "classify.model" in capsys.readouterr().err
