"""Disposition: only valid verdicts change messages, and invalid records block nothing."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from gateway import policies
from gateway.bus.local import LocalBus
from gateway.core.messages.delivery import State
from gateway.core.messages.message import Message
from gateway.core.messages.parties import Direction
from gateway.core.messages.verdict import Finding, Verdict
from gateway.core.policy.decision import Action
from gateway.core.policy.transitions import release
from gateway.core.serialization.wire import encode_verdict
from gateway.observability.events import EventLog
from gateway.observability.json_lines import JsonLines
from gateway.ports.bus import Record, RecordPosition
from gateway.ports.store import Store
from gateway.stages.disposition import GROUP, Disposition, unchanging
from gateway.stages.wakeup import Wakeup
from gateway.stages.work import WorkEngine
from gateway.store import open_store
from tests.contracts.messages import mail, verdict_on

pytestmark = pytest.mark.slow

POLICY = policies.read(None, {Direction.STAFF_TO_STUDENT: Action.HOLD, Direction.STUDENT_TO_STAFF: Action.FLAG})
MARK = "zebra4711@home.example"


class BusWithoutDeadLetters(LocalBus):
    """A bus that does not confirm the first dead letters."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times

    async def publish(self, records: Sequence[Record]) -> Sequence[str | None]:
        """See gateway.ports.bus.Bus."""
        if records[0].topic == "dead-letters" and self.times:
            self.times -= 1
            return [None, *await super().publish(records[1:])]
        return await super().publish(records)


class DispositionRun:
    """A disposition stage with its store, bus and metrics."""

    def __init__(self, store: Store, bus: LocalBus) -> None:
        self.store, self.bus, self.registry = store, bus, CollectorRegistry()
        self.stage = Disposition(
            store.dispositions, store.outbox, store.clock, store.work_failures,
            WorkEngine(store.work_failures, EventLog(self.registry)),
            policy=unchanging(POLICY), shadow=False, verdict_timeout=0.2,
        )  # fmt: skip

    async def accepted(self, **given) -> Message:
        """A stored message without a verdict."""
        message = mail(time.time(), **given)
        await self.store.intake.accept(message)
        return message

    async def read(self, *values: bytes) -> None:
        """Publish verdicts and run the stage until they are committed."""
        places = [
            place for place in await self.bus.publish([Record("verdicts", b"k", value) for value in values]) if place
        ]
        wakeup = Wakeup()
        async with asyncio.timeout(20), asyncio.TaskGroup() as group:
            group.create_task(self.stage.consume(self.bus, wakeup))
            while set(await self.bus.positions("verdicts", GROUP, places)) != {RecordPosition.PASSED}:
                await asyncio.sleep(0.01)
            wakeup.stop()

    async def dead(self) -> list[tuple[bytes, str]]:
        """The dead letters, with their errors."""
        async with self.bus.subscribe("dead-letters", "reader") as reader:
            return [(letter.value, dict(letter.headers)["error"].decode()) for letter in await reader.batch(100, 0.1)]


@pytest.fixture
async def run(tmp_path: Path) -> AsyncIterator[DispositionRun]:
    async with open_store(f"sqlite:///{tmp_path}/c.db") as store, LocalBus() as bus:
        yield DispositionRun(store, bus)


async def test_invalid_verdict_is_a_dead_letter(run: DispositionRun) -> None:
    message = await run.accepted()
    forged = encode_verdict(replace(verdict_on(message), sha256="0" * 64))
    nobody = encode_verdict(replace(verdict_on(message), id="0" * 26))
    newer = encode_verdict(verdict_on(message)).replace(b'"v":1', b'"v":2')
    nonsense = (b"\xff{", b"", b"[" * 100_000, b"null", b'{"v":1}', newer)
    await run.read(*nonsense, forged, nobody, encode_verdict(verdict_on(message)))
    dead = await run.dead()
    words = dict(dead)
    assert (words[forged], words[nobody], words[newer]) == ("sha256", "id", "v")
    assert {words[value] for value in nonsense[:4]} == {"json"}
    assert len(dead) == len(nonsense) + 2
    assert (await run.store.intake.states(message.id)) == {"s1@students.example": State.HELD}


async def test_unconfirmed_dead_letter_is_written_again(tmp_path: Path) -> None:
    async with open_store(f"sqlite:///{tmp_path}/c.db") as store, BusWithoutDeadLetters(times=1) as bus:
        run = DispositionRun(store, bus)
        await run.read(b"nonsense 1", b"nonsense 2")
        assert {value for value, _ in await run.dead()} == {b"nonsense 1", b"nonsense 2"}


async def test_reviewers_decision_stands(run: DispositionRun) -> None:
    message = await run.accepted()
    verdict = encode_verdict(verdict_on(message))
    await run.read(verdict, verdict)
    await run.store.dispositions.apply([(message.id, lambda pending: release(pending, "kim", "fine", time.time()))])
    await run.read(verdict, encode_verdict(replace(verdict_on(message), findings=())))
    (trace,) = await run.store.lookups.trace(id=message.id)
    assert [(copy.state, copy.decided_by) for copy in trace.recipients] == [(State.QUEUED, "kim")]
    assert trace.action == "hold"
    kinds = [followup.kind for followup in await run.store.followups.claim_due(10, 60)]
    assert kinds == ["decision", "urgent", "decision"], "the policy's and the reviewer's, each once"


async def test_words_of_a_record_reach_neither_log_nor_metrics(
    run: DispositionRun, caplog: pytest.LogCaptureFixture
) -> None:
    """Anyone who can write verdicts can put any words into them."""
    caplog.set_level(logging.DEBUG, "chaperone")
    message = await run.accepted()
    verdict = Verdict(
        message.id, message.sha256, MARK, MARK, (Finding(MARK, 0.9, MARK, cue=MARK), Finding("\ud800", 0.9, "x")),
        {MARK: 0.5}, 0.0, (MARK,), 1.0,
    )  # fmt: skip
    await run.read(encode_verdict(verdict), MARK.encode())
    lines = [JsonLines().format(record) for record in caplog.records]
    assert not any(MARK in line for line in lines)
    assert [line["reasons"] for line in map(json.loads, lines) if line["event"] == "decided"] == [["unknown"]]
    assert MARK not in generate_latest(run.registry).decode()
    (held,) = await run.store.lookups.held()
    assert held.id == message.id, "an unknown failure counts as no verdict"


@pytest.mark.parametrize(
    ("direction", "state", "then"),
    [
        (Direction.STAFF_TO_STUDENT, State.HELD, State.QUEUED),
        (Direction.STUDENT_TO_STAFF, State.QUEUED, State.QUEUED),
    ],
)
async def test_late_verdict_is_applied(run: DispositionRun, direction: Direction, state: State, then: State) -> None:
    """A message held only because it had no verdict is decided as if the verdict had been on time."""
    message = await run.accepted(direction=direction)
    wakeup = Wakeup()
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        group.create_task(run.stage.give_up_waiting(wakeup))
        while set((await run.store.intake.states(message.id)).values()) != {state}:
            await asyncio.sleep(0.02)
        wakeup.stop()
    await run.read(encode_verdict(replace(verdict_on(message), findings=())))
    (trace,) = await run.store.lookups.trace(id=message.id)
    assert [copy.state for copy in trace.recipients] == [then]
    assert (trace.action, trace.reasons) == ("release", ())
