"""A student's confidential information, sent to people who may have it and people who may not.

Messages are classified and decided; no name of the text appears in records, logs or metrics.
"""

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
from classifiers.service.reading import staff_lane, student_lane
from classifiers.service.records import JobReader
from classifiers.service.template import WorkerTemplate
from gateway.bus.local import LocalBus
from gateway.core.messages.message import Message, OutgoingMessage
from gateway.core.messages.verdict import Verdict
from gateway.core.review.views import Trace
from gateway.core.serialization.wire import HEADER, message_record
from gateway.observability.events import EventLog
from gateway.ports.bus import Record
from gateway.ports.store import Store
from gateway.stages.disposition import Disposition, unchanging
from gateway.stages.wakeup import Wakeup
from gateway.stages.work import WorkEngine
from gateway.store import open_store
from tests.console.district import SampleMessage, build_message, policy, roster, staff_address, student_address
from tests.console.running_console import LogLines

NEWS = "Ngozi Okafor has a 62 in Algebra and an IEP meeting about ADHD medication on Monday."
UNKNOWN = "Zbigniew Okafor has a 62 in Algebra and an IEP meeting about ADHD medication on Monday."
HELP = "My stepdad hits me every night and I am scared to go home. Can we talk?"
LINDGREN, OKAFOR, NGOZI, MAYA = (
    staff_address("peter.lindgren"),
    staff_address("dana.okafor"),
    "ngozi.okafor",
    "maya.lindqvist",
)
SENT: Mapping[str, SampleMessage] = {
    "to herself": SampleMessage(LINDGREN, (student_address(NGOZI),), "News", NEWS),
    "to another": SampleMessage(LINDGREN, (student_address(MAYA),), "News", NEWS),
    "to both": SampleMessage(LINDGREN, (student_address(NGOZI), student_address(MAYA)), "News", NEWS),
    "about an unknown person": SampleMessage(LINDGREN, (student_address(NGOZI),), "News", UNKNOWN),
    "to her teacher": SampleMessage(student_address(MAYA), (OKAFOR,), "News", NEWS),
    "to another teacher": SampleMessage(student_address(MAYA), (LINDGREN,), "News", NEWS),
    "to the principal": SampleMessage(student_address(MAYA), (staff_address("denise.abara"),), "News", NEWS),
    "help": SampleMessage(student_address(MAYA), (LINDGREN,), "Hi", HELP),
}


class Results:
    """The messages of SENT after classification and decision."""

    def __init__(self, traces: Mapping[str, Trace], verdicts: Mapping[str, Verdict], output: str) -> None:
        self.traces, self.verdicts, self.output = traces, verdicts, output

    def held(self, name: str) -> Sequence[str]:
        """The recipients that a message is held for."""
        recipients = self.traces[name].recipients
        return [recipient.address.partition("@")[0] for recipient in recipients if recipient.state == "held"]


@pytest.fixture(scope="module", name="read")
def _read(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return asyncio.run(_decide_all(tmp_path_factory.mktemp("whose")))


async def _decide_all(folder: Path) -> Results:
    registry, people, lines = CollectorRegistry(), roster(), LogLines()
    event_log, log = EventLog(registry), logging.getLogger("chaperone")
    log.addHandler(lines)
    async with (
        open_store(f"sqlite:///{folder}/c.db") as store,
        LocalBus() as bus,
        WorkerTemplate(event_log=event_log) as template,
        ClassifierPool(template, 1, event_log=event_log, batch_seconds=240, message_seconds=240) as pool,
    ):
        ids = {name: await _accept(store, bus, build_message(said, time.time(), people)) for name, said in SENT.items()}
        disposition = Disposition(
            store.dispositions, store.outbox, store.clock, store.work_failures,
            WorkEngine(store.work_failures, event_log), policy=unchanging(policy()), shadow=False, verdict_timeout=600,
            relationships=people.relationships_to,
        )  # fmt: skip
        wakeup = Wakeup()
        async with asyncio.timeout(300), asyncio.TaskGroup() as group:
            jobs = JobReader(store.outbox, store.media, event_log)
            for lane in (
                staff_lane(bus, jobs, pool, event_log, people),
                student_lane(bus, jobs, pool, event_log, people, looks=pool),
            ):
                group.create_task(Consumer(bus, lane, event_log).run(wakeup))
            group.create_task(disposition.consume(bus, wakeup))
            while not all([await _is_decided(store, id_) for id_ in ids.values()]):
                await asyncio.sleep(0.05)
            wakeup.stop()
        traces = {name: (await store.lookups.trace(id=id_))[0] for name, id_ in ids.items()}
        details = {name: await store.lookups.detail(id_) for name, id_ in ids.items()}
        verdicts = {name: detail.verdict for name, detail in details.items() if detail is not None and detail.verdict}
        async with bus.subscribe("verdicts", "tests") as reader:
            records = [record.value.decode() for record in await reader.batch(100, 0.1)]
    log.removeHandler(lines)
    assert len(records) == len(verdicts) == len(SENT)
    return Results(traces, verdicts, "\n".join([*records, *lines.records, generate_latest(registry).decode()]))


async def _accept(store: Store, bus: LocalBus, message: Message) -> str:
    await store.intake.accept(message)
    key, value, header = message_record(OutgoingMessage(message), max_inline=1 << 20)
    await bus.publish([Record("messages", key, value, ((HEADER, header),))])
    return message.id


async def _is_decided(store: Store, id_: str) -> bool:
    return all(recipient.state != "received" for recipient in (await store.lookups.trace(id=id_))[0].recipients)


def about(verdict: Verdict) -> set[str]:
    return {finding.about for finding in verdict.findings if finding.clause == "8"}


def test_information_reaches_its_subject_and_no_other_student(read: Results) -> None:
    assert read.held("to herself") == []
    assert read.held("to another") == ["maya.lindqvist"]
    assert read.held("to both") == ["maya.lindqvist"]
    assert "8" not in read.traces["to herself"].clauses
    assert read.traces["to another"].clauses[:1] == ("8",)


def test_information_reaches_her_teacher_and_principal(read: Results) -> None:
    assert read.held("to her teacher") == read.held("to the principal") == []
    assert read.held("to another teacher") == []  # a student is flagged for it at most
    assert read.traces["to another teacher"].action == "flag"


def test_the_verdict_names_the_subject(read: Results) -> None:
    assert about(read.verdicts["to another"]) == about(read.verdicts["to her teacher"]) == {"k-03"}


def test_an_unknown_subject_counts(read: Results) -> None:
    assert about(read.verdicts["about an unknown person"]) == {""}
    assert read.held("about an unknown person") == ["ngozi.okafor"]


def test_no_name_is_in_records_logs_or_metrics(read: Results) -> None:
    assert "k-03" in read.output
    for name in ("Zbigniew", "Ngozi", "Okafor"):
        assert name not in read.output


def test_a_call_for_help_has_words_and_kinds(read: Results) -> None:
    cues = {finding.cue: finding for finding in read.verdicts["help"].findings if finding.clause == "help"}
    assert {"abuse", "fear"} <= cues.keys()
    assert [HELP[span.start : span.end] for span in cues["abuse"].spans] == ["My stepdad hits me every"]
    assert cues["abuse"].score == read.verdicts["help"].help
    assert read.traces["help"].action == "alert"
    assert 'chaperone_findings_total{clause="help"}' not in read.output
