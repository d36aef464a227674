"""`chaperone queue`: rows, filters, retries and expiry at the terminal."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from gateway.cli import main
from gateway.core.messages.delivery import State
from gateway.core.messages.work import WorkItem, WorkStage
from gateway.ports.store import Store
from gateway.store import open_store
from tests.contracts.messages import NOON, becomes, decision, mail

pytestmark = pytest.mark.slow

KEYS = ["id", "recipient", "state", "attempts", "next_attempt_at", "last_error", "next_hop", "stuck"]
ELSEWHERE, STUDENT = "a@one.example", "s1@students.riverbend.example"


@pytest.fixture
def filled(configuration: Path) -> tuple[Path, list[str]]:
    """Two queued mails, of which the second is stuck, and a third that waits for its verdict."""
    written = configuration.read_text().replace('"*" = ', '"students.example" = "127.0.0.1:2601"\n"*" = ')
    configuration.write_text(written)

    async def fill() -> list[str]:
        async with open_store(f"sqlite:///{configuration.parent / 'chaperone.db'}") as store:
            messages = [mail(NOON + at, others=[ELSEWHERE] if at == 0 else []) for at in range(3)]
            for message in messages:
                await store.intake.accept(message)
            for message in messages[:2]:
                await store.dispositions.apply([(message.id, becomes(State.QUEUED, decision()))])
            await stick(store, messages[1].id)
            return [message.id for message in messages]

    return configuration, asyncio.run(fill())


async def stick(store: Store, id_: str) -> None:
    """Let the delivery of a message get stuck."""
    item = WorkItem(WorkStage.DELIVERY, f"{id_}/0", id_)
    assert await store.work_failures.record([item], "KeyError at gateway/x.py:1", 1) == [True]


class Terminal:
    """Runs the command."""

    def __init__(self, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._config, self._capsys = config, capsys

    def __call__(self, *arguments: str, code: int = 0) -> str:
        """The output of a call, errors included."""
        assert main(["queue", *arguments, "-c", str(self._config)]) == code
        said = self._capsys.readouterr()
        return said.out + said.err

    def rows(self, *arguments: str) -> list[dict[str, object]]:
        """The rows of a call with --json."""
        return list(json.loads(self(*arguments, "--json")))


def test_rows_and_filters(filled: tuple[Path, list[str]], capsys: pytest.CaptureFixture[str]) -> None:
    config, (first, stuck, undecided) = filled
    queue = Terminal(config, capsys)
    rows = queue.rows("list")
    assert {(row["id"], row["recipient"], row["next_hop"], row["stuck"]) for row in rows} == {
        (first, "s1@students.example", "students.example", False),
        (first, ELSEWHERE, "*", False),
        (stuck, "s1@students.example", "students.example", True),
    }
    assert [list(row) for row in rows] == [KEYS] * 3
    (row,) = queue.rows("list", "--stuck")
    assert row == {
        "id": stuck, "recipient": "s1@students.example", "state": "queued", "attempts": 1, "next_attempt_at": None,
        "last_error": "KeyError at gateway/x.py:1", "next_hop": "students.example", "stuck": True,
    }  # fmt: skip
    assert [row["recipient"] for row in queue.rows("list", "--next-hop", "*")] == [ELSEWHERE]
    assert len(queue.rows("list", "--next-hop", "127.0.0.1:2601")) == 2
    assert len(queue.rows("list", first)) == 2
    assert queue.rows("list", undecided) == []
    assert [row["state"] for row in queue.rows("show", undecided)] == ["received"]
    assert "students.example, *" in queue("list", "--next-hop", "nowhere", code=2)
    assert "no message" in queue("show", "unknown", code=1)
    table = queue("list")
    assert first in table
    assert "queued, stuck" in table


def test_retry(filled: tuple[Path, list[str]], capsys: pytest.CaptureFixture[str]) -> None:
    config, (first, stuck, undecided) = filled
    queue = Terminal(config, capsys)
    assert "name an ID" in queue("retry", code=2)
    assert f"nothing of {undecided} was retried" in queue("retry", undecided, code=1)
    assert queue("retry", "--stuck") == f"retried {stuck}\n"
    assert queue.rows("list", "--stuck") == []
    assert queue("retry", "--stuck") == "nothing to retry\n"
    assert [row["id"] for row in queue.rows("retry", first)] == [first, first]
    assert queue("retry", "--next-hop", "students.example") == f"retried {first}, {stuck}\n"


def test_expire(filled: tuple[Path, list[str]], capsys: pytest.CaptureFixture[str]) -> None:
    config, (first, stuck, undecided) = filled
    queue = Terminal(config, capsys)
    assert f"nothing of {undecided} was expired" in queue("expire", undecided, code=1)
    assert queue("expire", stuck) == f"expired {stuck}\n"
    assert [row["state"] for row in queue.rows("show", stuck)] == ["bounced"]
    assert {row["state"] for row in queue.rows("expire", first)} == {"bounced"}
    assert queue.rows("list") == []
    assert queue("list") == "Nothing is queued.\n"


def test_stuck_follow_up_is_listed(configuration: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def fill() -> None:
        async with open_store(f"sqlite:///{configuration.parent / 'chaperone.db'}") as store:
            await store.work_failures.record([WorkItem(WorkStage.NOTIFICATION, "7")], "ValueError", 1)

    asyncio.run(fill())
    queue = Terminal(configuration, capsys)
    (row,) = queue.rows("list", "--stuck")
    assert (row["id"], row["recipient"], row["next_hop"], row["stuck"]) == ("notification-7", "", None, True)
    assert queue("retry", "notification-7") == "retried notification-7\n"
