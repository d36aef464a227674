"""News of a student, to some who may have it and some who may not: read, named and decided, and no name on record."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from classifiers.service.consumer import Consumer
from classifiers.service.pool import ClassifierPool
from gateway.bus.local import LocalBus
from gateway.core.messages.message import Message, OutgoingMessage
from gateway.core.messages.verdict import Verdict
from gateway.core.review.views import Trace
from gateway.core.serialization.wire import HEADER, message_record
from gateway.observability.events import EventLog
from gateway.ports.bus import Record
from gateway.stages.disposition import Disposition
from gateway.stages.wakeup import Wakeup
from gateway.store import SqlStore, open_store
from tests.console.district import Said, message_of, policy, roster, staff, student
from tests.console.world import Lines

NEWS = "Ngozi Okafor has a 62 in Algebra and an IEP meeting about ADHD medication on Monday."
UNKNOWN = "Zbigniew Okafor has a 62 in Algebra and an IEP meeting about ADHD medication on Monday."
HELP = "My stepdad hits me every night and I am scared to go home. Can we talk?"
LINDGREN, OKAFOR, NGOZI, MAYA = staff("peter.lindgren"), staff("dana.okafor"), "ngozi.okafor", "maya.lindqvist"
SENT: Mapping[str, Said] = {
    "to herself": Said(LINDGREN, (student(NGOZI),), "News", NEWS),
    "to another": Said(LINDGREN, (student(MAYA),), "News", NEWS),
    "to both": Said(LINDGREN, (student(NGOZI), student(MAYA)), "News", NEWS),
    "of nobody known": Said(LINDGREN, (student(NGOZI),), "News", UNKNOWN),
    "to her teacher": Said(student(MAYA), (OKAFOR,), "News", NEWS),
    "to no teacher of hers": Said(student(MAYA), (LINDGREN,), "News", NEWS),
    "to the principal": Said(student(MAYA), (staff("denise.abara"),), "News", NEWS),
    "help": Said(student(MAYA), (LINDGREN,), "Hi", HELP),
}


class Read:
    """The messages of SENT after all of them were read and decided."""

    def __init__(self, traces: Mapping[str, Trace], verdicts: Mapping[str, Verdict], told: str) -> None:
        self.traces, self.verdicts, self.told = traces, verdicts, told

    def held(self, name: str) -> Sequence[str]:
        """Who does not get a message yet."""
        return [each.address.partition("@")[0] for each in self.traces[name].recipients if each.state == "held"]


@pytest.fixture(scope="module", name="read")
def _read(tmp_path_factory: pytest.TempPathFactory) -> Read:
    return asyncio.run(_decided(tmp_path_factory.mktemp("whose")))


async def _decided(folder: Path) -> Read:
    registry, people, lines = CollectorRegistry(), roster(), Lines()
    event_log, log = EventLog(registry), logging.getLogger("chaperone")
    log.addHandler(lines)
    async with (
        open_store(f"sqlite:///{folder}/c.db") as store,
        LocalBus() as bus,
        ClassifierPool(1, event_log=event_log, batch_seconds=240, message_seconds=240) as pool,
    ):
        ids = {name: await _accepted(store, bus, message_of(said, time.time(), people)) for name, said in SENT.items()}
        disposition = Disposition(
            store, store, store, event_log, policy=policy, shadow=False, verdict_timeout=600,
            relationships=people.relationships_to,
        )  # fmt: skip
        beat = Wakeup()
        async with asyncio.timeout(300), asyncio.TaskGroup() as group:
            group.create_task(Consumer(bus, store, pool, event_log, people).run(beat))
            group.create_task(disposition.consume(bus, beat))
            while not all([await _is_decided(store, each) for each in ids.values()]):
                await asyncio.sleep(0.05)
            beat.stop()
        traces = {name: (await store.lookups.trace(id=id_))[0] for name, id_ in ids.items()}
        explained = {name: await store.lookups.detail(id_) for name, id_ in ids.items()}
        verdicts = {name: each.verdict for name, each in explained.items() if each is not None and each.verdict}
        async with bus.subscribe("verdicts", "tests") as reader:
            records = [each.value.decode() for each in await reader.batch(100, 0.1)]
    log.removeHandler(lines)
    assert len(records) == len(verdicts) == len(SENT)
    return Read(traces, verdicts, "\n".join([*records, *lines.records, generate_latest(registry).decode()]))


async def _accepted(store: SqlStore, bus: LocalBus, message: Message) -> str:
    await store.intake.accept(message)
    key, value, header = message_record(OutgoingMessage(message), max_inline=1 << 20)
    await bus.publish([Record("messages", key, value, ((HEADER, header),))])
    return message.id


async def _is_decided(store: SqlStore, id_: str) -> bool:
    return all(each.state != "received" for each in (await store.lookups.trace(id=id_))[0].recipients)


def about(verdict: Verdict) -> set[str]:
    return {each.about for each in verdict.findings if each.clause == "8"}


def test_it_goes_to_whose_it_is_and_to_nobody_else_s(read: Read) -> None:
    assert read.held("to herself") == []
    assert read.held("to another") == ["maya.lindqvist"]
    assert read.held("to both") == ["maya.lindqvist"]
    assert "8" not in read.traces["to herself"].clauses
    assert read.traces["to another"].clauses[:1] == ("8",)


def test_it_goes_to_her_teacher_and_to_who_leads_her_school(read: Read) -> None:
    assert read.held("to her teacher") == read.held("to the principal") == []
    assert read.held("to no teacher of hers") == ["peter.lindgren"]


def test_the_verdict_says_whose_it_is(read: Read) -> None:
    assert about(read.verdicts["to another"]) == about(read.verdicts["to her teacher"]) == {"k-03"}


def test_what_the_directory_cannot_tell_counts(read: Read) -> None:
    assert about(read.verdicts["of nobody known"]) == {""}
    assert read.held("of nobody known") == ["ngozi.okafor"]


def test_no_name_of_a_text_is_in_a_record_a_log_or_a_metric(read: Read) -> None:
    assert "k-03" in read.told
    for name in ("Zbigniew", "Ngozi", "Okafor"):
        assert name not in read.told


def test_a_call_for_help_says_which_words_and_which_kind(read: Read) -> None:
    told = {each.cue: each for each in read.verdicts["help"].findings if each.clause == "help"}
    assert {"abuse", "fear"} <= told.keys()
    assert [HELP[span.start : span.end] for span in told["abuse"].spans] == ["My stepdad hits me every"]
    assert told["abuse"].score == read.verdicts["help"].help
    assert read.traces["help"].action == "alert"
    assert 'chaperone_findings_total{clause="help"}' not in read.told
