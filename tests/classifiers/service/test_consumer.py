"""The consumer of messages: every message gets its verdict, whatever fails around it."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import logging
import secrets
import time
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from classifiers.pipeline.job import MIXED_DIRECTION, Job
from classifiers.service.consumer import Consumer
from classifiers.service.pool import ClassifierPool
from classifiers.service.reading import BATCH, GROUP, ReadingLane
from classifiers.service.records import JobReader
from classifiers.service.template import WorkerTemplate
from gateway.bus.kafka import KafkaBus
from gateway.bus.local import LocalBus
from gateway.core.channels.capabilities import SMS
from gateway.core.messages.media import MediaFile
from gateway.core.messages.message import (
    EarlierMessage,
    Envelope,
    Message,
    OutgoingMessage,
    Recipient,
    sha256_of,
)
from gateway.core.messages.parties import Direction, Pair, Relation
from gateway.core.messages.verdict import Verdict
from gateway.core.serialization.wire import HEADER, decode_verdict, message_record
from gateway.observability.events import EventLog
from gateway.ports.bus import Bus, BusDown, Record, RecordPosition
from gateway.stages.wakeup import Wakeup
from tests.classifiers.service.scripted_parts import QuickWakeup, ScriptedPool, Store, UnreliableBus
from tests.peers.kafka import KafkaServer

STAFF, STUDENT = Direction.STAFF_TO_STUDENT, Direction.STUDENT_TO_STAFF
WITHIN = 60.0


@pytest.fixture
def event_log() -> EventLog:
    return EventLog(CollectorRegistry())


def message(number: int, text: str = "plain", *, both: bool = False) -> OutgoingMessage:
    pairs = (Pair("s@d.example", "t1", "s1", STAFF), *((Pair("x@d.example", "t1", "s2", STUDENT),) if both else ()))
    content = text.encode()
    made = Message(
        f"id-{number}", SMS, Envelope("t@d.example", (Recipient("s@d.example"),)), content,
        sha256_of(content), 1000.0 + number, Relation(pairs),
    )  # fmt: skip
    return OutgoingMessage(made, (EarlierMessage("id-0", "s@d.example", 999.0, "earlier"),))


def record(outgoing: OutgoingMessage, *, max_inline: int = 100_000) -> Record:
    key, value, header = message_record(outgoing, max_inline=max_inline)
    return Record("messages", key, value, ((HEADER, header),))


def consumer(bus: Bus, store: Store, pool: object, event_log: EventLog) -> Consumer:
    """The consumer of a lane that takes every message."""
    jobs = JobReader(store, store, event_log)
    lane = ReadingLane(bus, jobs, pool, event_log, group=GROUP, takes=lambda _: True)  # type: ignore[arg-type]
    return Consumer(bus, lane, event_log)


@contextlib.asynccontextmanager
async def consuming(bus: Bus, store: Store, pool: object, event_log: EventLog) -> AsyncIterator[Wakeup]:
    """A running consumer, stopped in good order at the end."""
    wakeup = QuickWakeup()
    running = asyncio.create_task(consumer(bus, store, pool, event_log).run(wakeup))
    try:
        yield wakeup
    finally:
        wakeup.stop()
        async with asyncio.timeout(WITHIN):
            await running


async def verdicts(bus: Bus, count: int) -> dict[str, Verdict]:
    """This many verdicts, by message."""
    found: dict[str, Verdict] = {}
    end = time.monotonic() + WITHIN
    async with bus.subscribe("verdicts", secrets.token_hex(4)) as member:
        while len(found) < count:
            assert time.monotonic() < end, f"{len(found)} of {count} verdicts came"
            with contextlib.suppress(BusDown):
                for each in await member.batch(100, 0.1):
                    verdict = decode_verdict(each.value)
                    found[verdict.id] = verdict
    return found


async def dead_letters(bus: Bus, count: int) -> list[Record]:
    found: list[Record] = []
    async with asyncio.timeout(WITHIN), bus.subscribe("dead-letters", "tests") as member:
        while len(found) < count:
            found += await member.batch(100, 0.1)
    return found


async def wait_until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN):
        while not condition():
            await asyncio.sleep(0.01)


async def test_every_message_gets_a_verdict_and_is_committed(event_log: EventLog) -> None:
    bus, pool = LocalBus(), ScriptedPool()
    positions = await bus.publish([record(message(n)) for n in range(50)])
    async with consuming(bus, Store(), pool, event_log):
        found = await verdicts(bus, 50)
        named = [position for position in positions if position]
        async with asyncio.timeout(WITHIN):
            while set(await bus.positions("messages", GROUP, named)) != {RecordPosition.PASSED}:
                await asyncio.sleep(0.01)
    assert set(found) == {f"id-{n}" for n in range(50)}
    assert found["id-7"].sha256 == sha256_of(b"plain")
    assert max(map(len, pool.batches)) <= BATCH
    value = event_log.registry.get_sample_value
    assert value("chaperone_bus_lag", {"topic": "messages", "group": "classifiers"}) == 0
    assert (value("chaperone_consumer_progress_timestamp_seconds", {"group": "classifiers"}) or 0) > 0
    assert value("chaperone_classify_seconds_count") == 50


async def test_progress_counts_from_the_start_if_the_first_record_is_stuck(event_log: EventLog) -> None:
    bus, pool = LocalBus(), ScriptedPool()
    pool.gate.clear()
    await bus.publish([record(message(0))])
    progress = partial(
        event_log.registry.get_sample_value, "chaperone_consumer_progress_timestamp_seconds", {"group": GROUP}
    )
    began = time.time()
    async with consuming(bus, Store(), pool, event_log):
        await wait_until(lambda: bool(pool.batches))
        stuck_since = progress() or 0
        assert began <= stuck_since <= time.time()
        event_log.consuming(GROUP)  # a consumer that is restarted again and again makes no progress
        assert progress() == stuck_since
        pool.gate.set()


async def test_a_job_has_what_the_record_says(event_log: EventLog) -> None:
    bus, pool = LocalBus(), ScriptedPool()
    outgoing_message = message(1, "text", both=True)
    await bus.publish([record(outgoing_message), record(message(2))])
    async with consuming(bus, Store(), pool, event_log):
        await verdicts(bus, 2)
    first, second = sorted(pool.jobs, key=lambda job: job.id)
    assert first == Job(
        "id-1", sha256_of(b"text"), SMS, MIXED_DIRECTION, b"text", "t@d.example",
        outgoing_message.context, 1001.0, outgoing_message.message.relation.pairs,
    )  # fmt: skip
    assert second.direction == "staff_to_student"


async def test_a_verdict_has_the_key_of_its_conversation(event_log: EventLog) -> None:
    bus = LocalBus()
    outgoing_message = record(message(1))
    await bus.publish([outgoing_message])
    async with consuming(bus, Store(), ScriptedPool(), event_log), bus.subscribe("verdicts", "tests") as member:
        batch: Sequence[Record] = ()
        while not batch:
            batch = await member.batch(1, 1.0)
    assert batch[0].key == outgoing_message.key


async def test_media_come_from_the_store_as_published(event_log: EventLog) -> None:
    bus, pool, store = LocalBus(), ScriptedPool(), Store()
    vcard = MediaFile(1, "text/vcard", 4, sha256_of(b"card"))
    whole = dataclasses.replace(vcard, content=b"card")
    late_file = MediaFile(2, failed="timeout")
    store.files = {"id-1": [whole, dataclasses.replace(late_file, failed="", content=b"late")], "id-2": [late_file]}
    store.files["id-3"] = [dataclasses.replace(whole, content=b"other")]
    sent = [
        dataclasses.replace(message(n), media=media)
        for n, media in ((1, (vcard, late_file)), (2, (vcard,)), (3, (vcard,)))
    ]
    await bus.publish([record(each) for each in sent])
    async with consuming(bus, store, pool, event_log):
        found = await verdicts(bus, 3)
    assert {job.id: job.media for job in pool.jobs} == {"id-1": (whole,), "id-2": (), "id-3": ()}
    assert [found[f"id-{n}"].failed for n in (2, 3)] == [("unreadable",), ("unreadable",)]
    assert "timeout" in found["id-1"].failed


async def test_a_truncated_record_is_read_from_the_store(event_log: EventLog) -> None:
    bus, pool = LocalBus(), ScriptedPool()
    large = message(1, "x" * 2_000_000, both=True)
    sent = record(large)
    assert sent.value == b""
    await bus.publish([sent])
    async with consuming(bus, Store(large), pool, event_log):
        await verdicts(bus, 1)
    (job,) = pool.jobs
    assert job.content == large.message.content
    assert (job.context, job.pairs) == (large.context, large.message.relation.pairs)


async def test_large_contents_are_read_in_small_batches(event_log: EventLog) -> None:
    bus, pool = LocalBus(), ScriptedPool()
    await bus.publish([record(message(n, "x" * 5_000_000), max_inline=1 << 30) for n in range(5)])
    async with consuming(bus, Store(), pool, event_log):
        await verdicts(bus, 5)
    assert max(map(len, pool.batches)) <= 2


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda one: dataclasses.replace(one, headers=()), b"header"),
        (lambda one: dataclasses.replace(one, headers=((HEADER, b"{"),)), b"json"),
        (lambda one: dataclasses.replace(one, headers=((HEADER, one.headers[0][1].replace(b'"v":1', b'"v":2')),)),
         b"v"),
        (lambda one: dataclasses.replace(one, headers=((HEADER, one.headers[0][1].replace(b'"sms"', b'"fax"')),)),
         b"channel"),
        (lambda one: dataclasses.replace(one, value=b"another content"), b"sha256"),
    ],
)  # fmt: skip
async def test_an_invalid_record_becomes_a_dead_letter(
    damage: Callable[[Record], Record], reason: bytes, event_log: EventLog, caplog: pytest.LogCaptureFixture
) -> None:
    bus = LocalBus()
    damaged = damage(record(message(1, "a secret text")))
    await bus.publish([record(message(0)), damaged, record(message(2))])
    async with consuming(bus, Store(), ScriptedPool(), event_log):
        assert set(await verdicts(bus, 2)) == {"id-0", "id-2"}
        (dead_letter,) = await dead_letters(bus, 1)
        await wait_until(lambda: event_log.registry.get_sample_value("chaperone_dead_letters_total") == 1)
    headers = dict(dead_letter.headers[len(damaged.headers) :])
    assert (dead_letter.key, dead_letter.value, dead_letter.headers[: len(damaged.headers)]) == (
        damaged.key, damaged.value, damaged.headers
    )  # fmt: skip
    assert headers == {"topic": b"messages", "partition": headers["partition"], "offset": b"1", "error": reason}
    assert "secret" not in caplog.text


async def test_a_truncated_record_without_content_becomes_a_dead_letter(event_log: EventLog) -> None:
    bus = LocalBus()
    await bus.publish([record(message(1, "x" * 200_000))])
    async with consuming(bus, Store(), ScriptedPool(), event_log):
        (dead_letter,) = await dead_letters(bus, 1)
    assert dict(dead_letter.headers)["error"] == b"content_gone"


async def test_an_unavailable_store_blames_no_message(event_log: EventLog, caplog: pytest.LogCaptureFixture) -> None:
    bus, large = LocalBus(), message(1, "x" * 200_000)
    await bus.publish([record(message(0)), record(large), record(message(2))])
    async with consuming(bus, Store(large, down=3), ScriptedPool(), event_log):
        assert set(await verdicts(bus, 3)) == {"id-0", "id-1", "id-2"}
    assert "store_lost" in [each.message for each in caplog.records]
    assert not event_log.registry.get_sample_value("chaperone_dead_letters_total")


@pytest.mark.parametrize("silent", [False, True])
async def test_unconfirmed_verdicts_are_published_again(silent: bool, event_log: EventLog) -> None:
    local = LocalBus()
    bus = UnreliableBus(local, failures=2, silent=silent)
    positions = await local.publish([record(message(n)) for n in range(5)])
    async with consuming(bus, Store(), ScriptedPool(), event_log):  # type: ignore[arg-type]
        assert len(await verdicts(local, 5)) == 5
    assert set(await local.positions("messages", GROUP, [position for position in positions if position])) == {
        RecordPosition.PASSED
    }


async def test_nothing_is_committed_before_its_verdict(event_log: EventLog) -> None:
    bus, pool = LocalBus(), ScriptedPool()
    pool.gate.clear()
    (position,) = await bus.publish([record(message(1))])
    assert position
    async with consuming(bus, Store(), pool, event_log):
        await wait_until(lambda: bool(pool.batches))
        assert await bus.positions("messages", GROUP, [position]) == [RecordPosition.AHEAD]
        pool.gate.set()
        await verdicts(bus, 1)


async def test_stopping_finishes_the_current_batch(event_log: EventLog) -> None:
    bus, pool = LocalBus(), ScriptedPool()
    pool.gate.clear()
    (position,) = await bus.publish([record(message(1))])
    assert position
    async with consuming(bus, Store(), pool, event_log) as wakeup:
        await wait_until(lambda: bool(pool.batches))
        wakeup.stop()
        await asyncio.sleep(0)
        pool.gate.set()
    assert await bus.positions("messages", GROUP, [position]) == [RecordPosition.PASSED]
    assert len(await verdicts(bus, 1)) == 1


async def test_a_canceled_consumer_leaves_its_batch_to_the_next(event_log: EventLog) -> None:
    bus, stuck_pool = LocalBus(), ScriptedPool()
    stuck_pool.gate.clear()
    await bus.publish([record(message(n)) for n in range(3)])
    ended = asyncio.create_task(consumer(bus, Store(), stuck_pool, event_log).run(Wakeup()))
    await wait_until(lambda: bool(stuck_pool.batches))
    ended.cancel()
    with pytest.raises(asyncio.CancelledError):
        await ended
    async with consuming(bus, Store(), ScriptedPool(), event_log):
        assert len(await verdicts(bus, 3)) == 3


async def test_every_worker_gets_a_share(event_log: EventLog) -> None:
    bus, pool = LocalBus(), ScriptedPool(workers=3)
    await bus.publish([record(message(n)) for n in range(48)])
    async with consuming(bus, Store(), pool, event_log):
        await verdicts(bus, 48)
    assert [len(batch) for batch in pool.batches[:3]] == [16, 16, 16]


async def test_a_message_that_ends_its_worker_stops_no_other(event_log: EventLog, tmp_path: Path) -> None:
    bus = LocalBus()
    texts = ["one", "crash", f"crash-once {tmp_path / 'flag'}", "hang", "two"]
    await bus.publish([record(message(n, text)) for n, text in enumerate(texts)])
    entry = "tests.classifiers.service.scripted_classifiers:load"
    async with (
        WorkerTemplate(event_log=event_log, entry=entry) as template,
        ClassifierPool(template, 1, event_log=event_log, batch_seconds=3.0, message_seconds=2.0) as pool,
        consuming(bus, Store(), pool, event_log),
    ):
        found = await verdicts(bus, 5)
    assert [found[f"id-{n}"].failed for n in range(5)] == [(), ("crashed",), (), ("timeout",), ()]


@pytest.mark.peer("kafka")
async def test_consuming_survives_a_broker_restart(
    kafka: KafkaServer, event_log: EventLog, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "chaperone")
    prefix = f"consumer-{secrets.token_hex(4)}"
    opened = KafkaBus(kafka.bootstrap, prefix=prefix, retain_seconds=3600, event_log=event_log)
    async with opened as bus, consuming(bus, Store(), ScriptedPool(), event_log):
        await bus.publish([record(message(n)) for n in range(100)])
        await verdicts(bus, 50)
        await asyncio.to_thread(kafka.kill)
        try:
            await wait_until(lambda: not bus.connected())
        finally:
            await asyncio.to_thread(kafka.start)
        await wait_until(bus.connected)
        await bus.publish([record(message(n)) for n in range(100, 120)])
        found = await verdicts(bus, 120)
        lag = {"topic": "messages", "group": "classifiers"}
        await wait_until(lambda: event_log.registry.get_sample_value("chaperone_bus_lag", lag) == 0)
    assert set(found) == {f"id-{n}" for n in range(120)}
    assert not event_log.registry.get_sample_value("chaperone_dead_letters_total")
