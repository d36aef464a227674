"""Disposition: whatever is on the topic of verdicts, what it changes is what it may change, and nobody waits for it."""

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
from gateway.observability.events import EventLog, JsonLines
from gateway.ports.bus import Record, RecordPosition
from gateway.ports.store import Store
from gateway.stages.disposition import GROUP, Disposition
from gateway.stages.wakeup import Wakeup
from gateway.store import open_store
from tests.contracts.messages import mail, verdict_on

POLICY = policies.read(None, {Direction.STAFF_TO_STUDENT: Action.HOLD, Direction.STUDENT_TO_STAFF: Action.FLAG})
MARK = "zebra4711@home.example"


class Deaf(LocalBus):
    """A bus that confirms no dead letter the first times."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times

    async def publish(self, records: Sequence[Record]) -> Sequence[str | None]:
        """Write records, or not."""
        if records[0].topic == "dead-letters" and self.times:
            self.times -= 1
            return [None, *await super().publish(records[1:])]
        return await super().publish(records)


class Room:
    """A store, a bus, a registry, and how to wait for what is on the bus."""

    def __init__(self, store: Store, bus: LocalBus) -> None:
        self.store, self.bus, self.registry = store, bus, CollectorRegistry()
        self.stage = Disposition(
            store.dispositions, store.outbox, store.clock, EventLog(self.registry), policy=lambda: POLICY, shadow=False, verdict_timeout=0.2,
        )  # fmt: skip

    async def accepted(self, **given) -> Message:
        """One message that waits for its verdict."""
        message = mail(time.time(), **given)
        await self.store.intake.accept(message)
        return message

    async def read(self, *values: bytes) -> None:
        """Put records on the topic; returns when they are committed, nothing else of the stage having ended."""
        places = [
            place for place in await self.bus.publish([Record("verdicts", b"k", each) for each in values]) if place
        ]
        wakeup = Wakeup()
        async with asyncio.timeout(20), asyncio.TaskGroup() as group:
            group.create_task(self.stage.consume(self.bus, wakeup))
            while set(await self.bus.positions("verdicts", GROUP, places)) != {RecordPosition.PASSED}:
                await asyncio.sleep(0.01)
            wakeup.stop()

    async def dead(self) -> list[tuple[bytes, str]]:
        """The dead letters, by value and error."""
        async with self.bus.subscribe("dead-letters", "reader") as reader:
            return [(each.value, dict(each.headers)["error"].decode()) for each in await reader.batch(100, 0.1)]


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with open_store(f"sqlite:///{tmp_path}/c.db") as store, LocalBus() as bus:
        yield Room(store, bus)


async def test_what_is_no_verdict_is_a_dead_letter_and_the_others_are_read(room: Room) -> None:
    message = await room.accepted()
    forged = encode_verdict(replace(verdict_on(message), sha256="0" * 64))
    nobody = encode_verdict(replace(verdict_on(message), id="0" * 26))
    newer = encode_verdict(verdict_on(message)).replace(b'"v":1', b'"v":2')
    nonsense = (b"\xff{", b"", b"[" * 100_000, b"null", b'{"v":1}', newer)
    await room.read(*nonsense, forged, nobody, encode_verdict(verdict_on(message)))
    dead = await room.dead()
    words = dict(dead)
    assert (words[forged], words[nobody], words[newer]) == ("sha256", "id", "v")
    assert {words[each] for each in nonsense[:4]} == {"json"}
    assert len(dead) == len(nonsense) + 2
    assert (await room.store.intake.states(message.id)) == {"s1@students.example": State.HELD}


async def test_a_dead_letter_that_was_not_confirmed_is_written_again(tmp_path: Path) -> None:
    async with open_store(f"sqlite:///{tmp_path}/c.db") as store, Deaf(times=1) as bus:
        room = Room(store, bus)
        await room.read(b"nonsense 1", b"nonsense 2")
        assert {value for value, _ in await room.dead()} == {b"nonsense 1", b"nonsense 2"}


async def test_what_a_person_decided_stands_and_is_told_once(room: Room) -> None:
    message = await room.accepted()
    verdict = encode_verdict(verdict_on(message))
    await room.read(verdict, verdict)
    await room.store.dispositions.apply([(message.id, lambda each: release(each, "kim", "fine", time.time()))])
    await room.read(verdict, encode_verdict(replace(verdict_on(message), findings=())))
    (trace,) = await room.store.lookups.trace(id=message.id)
    assert [(each.state, each.decided_by) for each in trace.recipients] == [(State.QUEUED, "kim")]
    assert trace.action == "hold"
    kinds = [each.kind for each in await room.store.followups.claim_due(10, 60)]
    assert kinds == ["decision", "decision"], "the policy's and the person's, each once"


async def test_nothing_that_a_record_says_is_a_label_or_a_word_of_the_log(
    room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever may write verdicts may make them say anything."""
    caplog.set_level(logging.DEBUG, "chaperone")
    message = await room.accepted()
    verdict = Verdict(
        message.id, message.sha256, MARK, MARK, (Finding(MARK, 0.9, MARK, cue=MARK), Finding("\ud800", 0.9, "x")),
        {MARK: 0.5}, 0.0, (MARK,), 1.0,
    )  # fmt: skip
    await room.read(encode_verdict(verdict), MARK.encode())
    lines = [JsonLines().format(each) for each in caplog.records]
    assert not any(MARK in each for each in lines)
    assert [each["reasons"] for each in map(json.loads, lines) if each["event"] == "decided"] == [["unknown"]]
    assert MARK not in generate_latest(room.registry).decode()
    (held,) = await room.store.lookups.held()
    assert held.id == message.id, "a word that is new to us is no better than no verdict"


@pytest.mark.parametrize(
    ("direction", "state", "then"),
    [
        (Direction.STAFF_TO_STUDENT, State.HELD, State.QUEUED),
        (Direction.STUDENT_TO_STAFF, State.QUEUED, State.QUEUED),
    ],
)
async def test_a_late_verdict_is_acted_on(room: Room, direction: Direction, state: State, then: State) -> None:
    """What is held only for want of a verdict is decided as if on time."""
    message = await room.accepted(direction=direction)
    wakeup = Wakeup()
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        group.create_task(room.stage.give_up_waiting(wakeup))
        while set((await room.store.intake.states(message.id)).values()) != {state}:
            await asyncio.sleep(0.02)
        wakeup.stop()
    await room.read(encode_verdict(replace(verdict_on(message), findings=())))
    (trace,) = await room.store.lookups.trace(id=message.id)
    assert [each.state for each in trace.recipients] == [then]
    assert (trace.action, trace.reasons) == ("release", ())
