"""Lanes: no message of a student waits for one of staff, and a first look finds calls for help in what is not read."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import replace

import pytest
from prometheus_client import CollectorRegistry

from classifiers.pipeline.job import Job
from classifiers.service.consumer import Consumer, Lane
from classifiers.service.first_look import LINGER, PATIENCE, FirstLookLane, LookWorkers
from classifiers.service.pool import ClassifierPool
from classifiers.service.reading import GROUP, STUDENT_GROUP, staff_lane, student_lane
from classifiers.service.records import AnsweredRecords, JobReader, is_by_staff, is_by_student
from classifiers.service.template import WorkerTemplate
from classifiers.service.worker import LOOK, SCAN
from gateway.bus.local import LocalBus
from gateway.core.messages.message import OutgoingMessage
from gateway.core.messages.parties import Pair, Relation
from gateway.core.messages.verdict import Verdict
from gateway.core.serialization.wire import decode_verdict
from gateway.observability.events import EventLog
from gateway.ports.bus import Record, RecordPosition
from tests.classifiers.service.scripted_parts import QuickWakeup, Store
from tests.classifiers.service.test_consumer import STUDENT, message, record

ENTRY = "tests.classifiers.service.scripted_classifiers:load"
WITHIN = 60.0
NO_LOOKS = 600.0
"""Seconds before a first look, longer than these readings take. Its lane is cancelled at the end."""
HANGS = 1.5
"""Seconds that a reading may take where the verdicts of interest are of those that hang, and always one of staff."""


@pytest.fixture
def event_log() -> EventLog:
    return EventLog(CollectorRegistry())


class UnansweredStore(Store):
    """A store that knows no verdicts, and counts how often it is asked."""

    asked = 0

    async def unanswered(self, ids: Collection[str]) -> Collection[str]:
        self.asked += 1
        return ids


def by_student(number: int, text: str) -> OutgoingMessage:
    outgoing = message(number, text)
    relation = Relation((Pair("t@d.example", "t1", "s1", STUDENT),))
    return replace(outgoing, message=replace(outgoing.message, relation=relation))


@contextlib.asynccontextmanager
async def running_lanes(
    bus: LocalBus, event_log: EventLog, store: UnansweredStore, patience: float = 0.05, seconds: float = 3.0
) -> AsyncIterator[None]:
    """All three lanes, with one worker each."""
    answered = AnsweredRecords()
    jobs = JobReader(store, store, event_log)
    of_staff, of_students = ({"batch_seconds": limit + 1, "message_seconds": limit} for limit in (HANGS, seconds))
    wakeup = QuickWakeup()
    async with (
        WorkerTemplate(event_log=event_log, entry=ENTRY) as template,
        ClassifierPool(template, 1, event_log=event_log, **of_staff) as staff,  # type: ignore[arg-type]
        ClassifierPool(template, 1, event_log=event_log, **of_students) as students,  # type: ignore[arg-type]
        ClassifierPool(template, 1, event_log=event_log, kind=LOOK) as looks,
        ClassifierPool(template, 1, event_log=event_log, kind=SCAN) as scans,
    ):
        both = LookWorkers(scans, looks)
        lanes: list[Lane] = [
            staff_lane(bus, jobs, staff, event_log),
            student_lane(bus, jobs, students, event_log, looks=looks, answered=answered),
            FirstLookLane(bus, jobs, store, short=both, long=both, answered=answered, patience=patience),
        ]
        async with asyncio.TaskGroup() as group:
            running = [group.create_task(Consumer(bus, lane, event_log).run(wakeup)) for lane in lanes]
            try:
                yield
            finally:
                wakeup.stop()
                if patience == NO_LOOKS:
                    running[-1].cancel()


async def verdicts(bus: LocalBus, count: int) -> list[tuple[Verdict, float]]:
    """This many verdicts in order, first looks among them, and when each came."""
    found: list[tuple[Verdict, float]] = []
    async with asyncio.timeout(WITHIN), bus.subscribe("verdicts", "tests") as member:
        while len(found) < count:
            found += [(decode_verdict(each.value), time.monotonic()) for each in await member.batch(100, 0.1)]
    return found


def test_the_envelope_alone_tells_the_lane() -> None:
    sent = [record(message(1)), record(by_student(2, "x")), record(message(3, both=True))]
    assert [is_by_student(one) for one in sent] == [False, True, True]
    assert [is_by_staff(one) for one in sent] == [True, False, False]
    large = record(by_student(4, "x" * 200_000))
    assert not large.value
    assert is_by_student(large)
    assert is_by_staff(Record("messages", b"", b"", ())), "a record without an envelope becomes a dead letter there"


async def test_a_student_waits_for_no_message_of_staff(event_log: EventLog) -> None:
    bus = LocalBus()
    await bus.publish([record(message(n, "hang")) for n in range(2)])
    await bus.publish([record(by_student(100, "plain"))])
    async with running_lanes(bus, event_log, UnansweredStore(), patience=NO_LOOKS):
        ((verdict, _),) = await verdicts(bus, 1)
        assert (verdict.id, verdict.failed) == ("id-100", ()), "before every message of staff"


async def test_a_first_look_comes_before_the_readings_of_other_students(event_log: EventLog) -> None:
    bus = LocalBus()
    await bus.publish([record(by_student(n, f"hang {n}")) for n in range(3)])
    await bus.publish([record(by_student(100, "please help")), record(by_student(101, "plain"))])
    async with running_lanes(bus, event_log, UnansweredStore(), seconds=HANGS):
        found = [verdict for verdict, _ in await verdicts(bus, 6)]
    first = found[0]
    assert (first.id, first.first_look, first.help, first.failed) == ("id-100", True, 1.0, ())
    assert sorted(verdict.id for verdict in found[1:]) == ["id-0", "id-1", "id-100", "id-101", "id-2"]
    assert not any(verdict.first_look for verdict in found[1:])


@pytest.mark.parametrize(("how", "word"), [("crash", "crashed"), ("hang", "timeout")])
async def test_a_call_for_help_counts_where_the_reading_fails(how: str, word: str, event_log: EventLog) -> None:
    bus = LocalBus()
    await bus.publish([record(by_student(1, f"{how} help")), record(by_student(2, how)), record(message(3, "help"))])
    async with running_lanes(bus, event_log, UnansweredStore(), patience=NO_LOOKS, seconds=HANGS):
        found = {verdict.id: verdict for verdict, _ in await verdicts(bus, 3)}
    assert (found["id-1"].failed, found["id-1"].help) == ((word,), 1.0)
    assert (found["id-2"].failed, found["id-2"].help) == ((word,), 0.0)
    assert found["id-3"].help == 0.0


async def test_a_look_that_fails_hurts_no_other(event_log: EventLog) -> None:
    bus = LocalBus()
    texts = ["hang crash-look help", "hang help", "hang"]
    await bus.publish([record(by_student(n, text)) for n, text in enumerate(texts)])
    async with running_lanes(bus, event_log, UnansweredStore(), seconds=HANGS):
        found = [verdict for verdict, _ in await verdicts(bus, 4)]
    assert [verdict.id for verdict in found if verdict.first_look] == ["id-1"]


async def test_an_answered_message_needs_no_look(event_log: EventLog) -> None:
    bus, store = LocalBus(), UnansweredStore()
    places = await bus.publish([record(by_student(n, "help")) for n in range(20)])
    named = [place for place in places if place]
    async with running_lanes(bus, event_log, store, patience=1.0):
        found = await verdicts(bus, 20)
        async with asyncio.timeout(WITHIN):
            for group in (GROUP, STUDENT_GROUP, FirstLookLane.group):
                while set(await bus.positions("messages", group, named)) != {RecordPosition.PASSED}:
                    await asyncio.sleep(0.01)
    assert not any(verdict.first_look for verdict, _ in found)
    assert store.asked == 0


async def test_a_slow_message_blocks_only_its_worker(event_log: EventLog) -> None:
    bus = LocalBus()
    store = Store()
    lane_jobs = JobReader(store, store, event_log)
    wakeup = QuickWakeup()
    async with (
        WorkerTemplate(event_log=event_log, entry=ENTRY) as template,
        ClassifierPool(template, 2, event_log=event_log, message_seconds=40.0, batch_seconds=40.0) as pool,
    ):
        running = asyncio.create_task(Consumer(bus, staff_lane(bus, lane_jobs, pool, event_log), event_log).run(wakeup))
        await bus.publish([record(message(0, "hang"))])
        answered: Sequence[tuple[Verdict, float]] = ()
        async with bus.subscribe("verdicts", "tests") as member:
            for number in range(1, 7):  # one after the other, each in a round of its own
                await bus.publish([record(message(number))])
                answered = [*answered, *[(decode_verdict(one.value), 0.0) for one in await member.batch(10, 5.0)]]
        assert [verdict.id for verdict, _ in answered] == [f"id-{n}" for n in range(1, 7)]
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running


async def test_a_look_waits_longer_while_readings_go_on(event_log: EventLog) -> None:
    class NoLook:
        workers, free = 1, 1

        def __init__(self, looks: bool = True) -> None:
            self._looks = looks

        async def classify(self, batch: Sequence[Job]) -> list[Verdict]:
            return [Verdict(job.id, job.sha256, "none", first_look=self._looks) for job in batch]

    patience, store = 0.1, UnansweredStore()
    jobs, answered = JobReader(store, store, event_log), AnsweredRecords()
    both = LookWorkers(scans=NoLook(looks=False), looks=NoLook())
    lane = FirstLookLane(LocalBus(), jobs, store, short=both, long=both, answered=answered, patience=patience)
    started = time.monotonic()
    answered.add(replace(record(by_student(1, "plain")), offset=1))
    await lane.work([replace(record(by_student(2, "plain")), offset=2)])
    assert time.monotonic() - started >= (2 - LINGER / PATIENCE) * patience
    assert store.asked == 2, "it looks in the end"


@pytest.mark.parametrize("padding", ["", " padded" * 40_000], ids=["short", "long"])
async def test_a_scan_finds_a_plain_call_ahead_of_every_look(padding: str, event_log: EventLog) -> None:
    """The looks are at work on a message for as long as the test takes."""

    class Busy:
        workers, free = 1, 0

        async def classify(self, batch: Sequence[Job]) -> list[Verdict]:
            if batch:
                await asyncio.Event().wait()
            return []

    bus = LocalBus()
    async with (
        WorkerTemplate(event_log=event_log, entry=ENTRY) as template,
        ClassifierPool(template, 1, event_log=event_log, kind=SCAN) as scans,
    ):
        texts = [*["plain"] * 40, "please help", *["plain"] * 20]
        sent = [by_student(number, text + padding) for number, text in enumerate(texts)]
        store, workers = UnansweredStore(*sent), LookWorkers(scans, Busy())
        jobs, answered = JobReader(store, store, event_log), AnsweredRecords()
        lane = FirstLookLane(bus, jobs, store, short=workers, long=workers, answered=answered, patience=0.01)
        working = asyncio.create_task(lane.work([record(outgoing) for outgoing in sent]))
        ((look, _),) = await verdicts(bus, 1)
        working.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await working
    assert (look.id, look.first_look, look.help) == ("id-40", True, 1.0)
