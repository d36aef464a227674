"""What only a real broker does: it stops and restarts, keeps the settings of topics, and has other clients."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import secrets
import subprocess
import time
from collections.abc import Callable, Collection

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic, RecordsToDelete
from aiokafka.structs import TopicPartition

from gateway.bus.kafka import KafkaBus
from gateway.core.fault import Fault
from gateway.ports.bus import REFUSED, BusDown, Record, RecordPosition, Subscription
from tests.contracts.conftest import OpenKafka
from tests.contracts.records import WITHIN, numbered, taken, values
from tests.peers.kafka import PASSWORD, USER, KafkaServer


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The events of the bus in the event log."""
    return [
        record.message for record in caplog.records if record.name == "chaperone" and record.message.startswith("bus_")
    ]


async def until(true: Callable[[], bool]) -> None:
    """Wait until a condition holds."""
    async with asyncio.timeout(WITHIN):
        while not true():
            await asyncio.sleep(0.02)


async def publish_all(bus: KafkaBus, records: list[Record]) -> None:
    """Publish as the publisher does: unconfirmed records are published again."""
    end = time.monotonic() + WITHIN
    while records:
        assert time.monotonic() < end, f"{len(records)} records were never confirmed"
        try:
            places = await bus.publish(records)
        except BusDown:
            await asyncio.sleep(0.1)
            continue
        records = [record for record, place in zip(records, places, strict=True) if place is None]


async def consume_all(member: Subscription, done: set[int], wanted: Collection[int]) -> None:
    """Consume as the classifiers do, through every outage, until all wanted records came."""
    while not done.issuperset(wanted):
        try:
            batch = await member.batch(16, 0.1)
            done.update(values(batch))
            await member.commit()
        except BusDown:
            await asyncio.sleep(0.1)
            with contextlib.suppress(BusDown):
                await member.rewind()


@pytest.mark.parametrize("how", ["stop", "kill"])
async def test_broker_restart(
    how: str, kafka: KafkaServer, open_kafka: OpenKafka, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "chaperone")
    done: set[int] = set()
    total = 400
    async with open_kafka() as bus, bus.subscribe("messages", "readers") as member, asyncio.TaskGroup() as tasks:
        await publish_all(bus, numbered(100))
        tasks.create_task(consume_all(member, done, range(total)))
        await until(lambda: len(done) >= 50)
        await asyncio.to_thread(getattr(kafka, how))
        try:
            await until(lambda: not bus.connected())
            async with asyncio.timeout(60):  # a caller that waits for a broker that is away would wait for seconds
                for _ in range(30):
                    with pytest.raises(BusDown):
                        await bus.publish(numbered(1))
                    with pytest.raises(BusDown):
                        await bus.positions("messages", "readers", ["a:0:0"])
            publishing = tasks.create_task(publish_all(bus, numbered(300, first=100)))
        finally:
            await asyncio.to_thread(kafka.start)
        await publishing
        async with asyncio.timeout(WITHIN):
            while len(done) < total:
                await asyncio.sleep(0.05)
        assert bus.connected()
    assert done == set(range(total))
    assert said(caplog) == ["bus_lost", "bus_found"]


async def test_records_in_flight_at_a_broker_crash_are_not_confirmed(kafka: KafkaServer, open_kafka: OpenKafka) -> None:
    async with open_kafka() as bus:
        confirmed: list[int] = []

        async def publish_for_ever() -> None:
            number = 0
            while True:
                places = await bus.publish(numbered(20, first=number))
                confirmed.extend(number + n for n, place in enumerate(places) if place)
                number += 20

        publishing = asyncio.create_task(publish_for_ever())
        await until(lambda: len(confirmed) > 200)
        await asyncio.to_thread(kafka.kill)
        try:
            async with asyncio.timeout(WITHIN):
                with pytest.raises(BusDown):
                    await publishing
        finally:
            await asyncio.to_thread(kafka.start)
        async with bus.subscribe("messages", "readers") as member:
            seen: set[int] = set()
            async with asyncio.timeout(WITHIN):
                await consume_all(member, seen, confirmed)
    assert set(confirmed) <= seen


async def test_broker_is_down_at_start(
    kafka: KafkaServer, open_kafka: OpenKafka, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "chaperone")
    await asyncio.to_thread(kafka.stop)
    try:
        async with open_kafka() as bus, bus.subscribe("messages", "readers") as member:
            with pytest.raises(BusDown):
                await bus.publish(numbered(1))
            with pytest.raises(BusDown):
                await member.batch(1, 0.1)
            await member.rewind()
            assert not bus.connected()
            assert said(caplog) == ["bus_lost"]
            await asyncio.to_thread(kafka.start)
            await publish_all(bus, numbered(3))
            assert sorted(values(await taken_through(member, 3))) == [0, 1, 2]
            assert said(caplog) == ["bus_lost", "bus_found"]
    finally:
        kafka.stop()
        kafka.start()


async def taken_through(member: Subscription, count: int) -> list[Record]:
    """Like `taken`, while the broker is still starting."""
    end = time.monotonic() + WITHIN
    while True:
        try:
            return await taken(member, count)
        except BusDown:
            assert time.monotonic() < end
            await asyncio.sleep(0.05)


async def test_closing_without_a_broker_is_fast(open_kafka: OpenKafka) -> None:
    async with asyncio.timeout(60):
        for _ in range(10):
            async with open_kafka(bootstrap="127.0.0.1:9") as bus, bus.subscribe("messages", "readers") as member:
                with pytest.raises(BusDown):
                    await member.batch(1, 0.2)


async def test_only_the_record_that_is_too_large_is_refused(
    open_kafka: OpenKafka, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_kafka(max_record=100_000) as bus:
        records = [Record("messages", b"k", b"1"), Record("messages", b"k", bytes(200_000)), *numbered(1)]
        places = await bus.publish(records)
        assert [place == REFUSED for place in places] == [False, True, False]
        assert await bus.publish([Record("messages", b"k", bytes(200_000))]) == [REFUSED]
        assert bus.connected()
    assert "record_refused" in [record.message for record in caplog.records]
    assert said(caplog) == []


async def test_records_deleted_by_retention_are_gone(kafka: KafkaServer, open_kafka: OpenKafka) -> None:
    async with open_kafka("retained") as bus:
        places = [place for place in await bus.publish(numbered(4, keys=1)) if place]
        _, partition, offset = places[2].split(":")
        async with admin_of(kafka) as admin:
            await admin.delete_records(
                {TopicPartition("retained.messages", int(partition)): RecordsToDelete(int(offset))}
            )
        expected = [RecordPosition.GONE, RecordPosition.GONE, RecordPosition.AHEAD, RecordPosition.AHEAD]
        assert await bus.positions("messages", "readers", places) == expected
        async with bus.subscribe("messages", "readers") as member:
            assert values(await taken(member, 2)) == [2, 3]
            assert await member.lag() == 0


@contextlib.asynccontextmanager
async def admin_of(kafka: KafkaServer):
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()


@pytest.mark.peer("kcat")
async def test_kcat_reads_the_topic(kafka: KafkaServer, open_kafka: OpenKafka) -> None:
    content = b"From: a@b.example\r\n\r\nHello\r\n"
    async with open_kafka("witness") as bus:
        await bus.publish([Record("messages", b"staff student", content, (("chaperone", b'{"v":1,"id":"x"}'),))])
    read = await asyncio.to_thread(
        subprocess.run,
        ["kcat", "-b", kafka.bootstrap, "-C", "-t", "witness.messages", "-o", "beginning", "-e", "-q", "-J"],
        check=True, capture_output=True, timeout=30,
    )  # fmt: skip
    record = json.loads(read.stdout)
    assert (record["key"], record["payload"].encode()) == ("staff student", content)
    assert record["headers"] == ["chaperone", '{"v":1,"id":"x"}']


@pytest.mark.peer("kcat")
async def test_records_written_by_kcat_are_read(kafka: KafkaServer, open_kafka: OpenKafka) -> None:
    async with open_kafka("stranger") as bus:
        await bus.publish(numbered(1, topic="verdicts"))
        await asyncio.to_thread(
            subprocess.run,
            ["kcat", "-b", kafka.bootstrap, "-P", "-t", "stranger.verdicts"],
            check=True, input=b"not a verdict\n", timeout=30,
        )  # fmt: skip
        async with bus.subscribe("verdicts", "readers") as member:
            came = await taken(member, 2)
    assert sorted(record.value for record in came) == [b"0", b"not a verdict"]
    assert b"" in [record.key for record in came], "a record without a key has the empty one"


async def test_topics_are_created_with_their_settings(open_kafka: OpenKafka, kafka: KafkaServer) -> None:
    async with open_kafka("made", retain_seconds=7200) as bus:
        await bus.publish(numbered(1))
        assert await bus.inspect() == []
    async with admin_of(kafka) as admin:
        topics = {topic["topic"]: len(topic["partitions"]) for topic in await admin.describe_topics()}
        made = {name: count for name, count in topics.items() if name.startswith("made.")}
    assert made == {"made.messages": 6, "made.verdicts": 6, "made.decisions": 3, "made.dead-letters": 3}
    # the same topics under a district that keeps content for less time
    problems = await open_kafka("made", retain_seconds=3600).inspect()
    assert len(problems) == 3
    for topic in ("messages", "verdicts", "dead-letters"):
        (problem,) = [problem for problem in problems if f"made.{topic} " in problem]
        assert problem.startswith("bus.retain:")
        assert "retention.ms" in problem


@pytest.mark.parametrize("made_by", ["us", "them"])
async def test_records_carry_no_time_of_their_sender(open_kafka: OpenKafka, kafka: KafkaServer, made_by: str) -> None:
    """A broker refuses records from a clock that is an hour ahead."""
    prefix = f"timed-{secrets.token_hex(4)}"
    async with admin_of(kafka) as admin:
        if made_by == "them":
            await admin.create_topics([NewTopic(f"{prefix}.messages", 1, 1)])
    async with open_kafka(prefix) as bus:
        await bus.publish(numbered(1))
    reader = AIOKafkaConsumer(f"{prefix}.messages", bootstrap_servers=kafka.bootstrap, auto_offset_reset="earliest")
    try:
        await reader.start()
        record = await reader.getone()
    finally:
        await reader.stop()
    assert (record.timestamp == -1) == (made_by == "them")
    assert record.timestamp_type == (1 if made_by == "us" else 0)


async def test_existing_topics_are_inspected(open_kafka: OpenKafka, kafka: KafkaServer) -> None:
    prefix = f"theirs-{secrets.token_hex(4)}"
    async with admin_of(kafka) as admin:
        await admin.create_topics(
            [
                NewTopic(f"{prefix}.messages", 1, 1, None, {"retention.ms": "-1"}),
                NewTopic(f"{prefix}.verdicts", 1, 1, None, {"retention.ms": "1000", "cleanup.policy": "compact"}),
                NewTopic(f"{prefix}.decisions", 1, 1, None, {"retention.ms": "-1"}),
            ]
        )
        async with asyncio.timeout(30):
            while sum(name.startswith(prefix) for name in await admin.list_topics()) < 3:
                await asyncio.sleep(0.05)
    problems = await open_kafka(prefix, max_record=2 << 20).inspect()
    text = "\n".join(problems)
    assert f"{prefix}.messages keeps content longer than 24 h (retention.ms is forever)" in text
    assert f"{prefix}.verdicts is compacted" in text
    assert f"{prefix}.messages accepts records of at most 1048588 bytes" in text
    assert "decisions keeps" not in text
    async with open_kafka(prefix) as bus:  # existing topics stay as they are, missing ones are created
        await bus.publish([*numbered(1), *numbered(1, topic="dead-letters")])


async def test_inspect_names_a_broker_that_does_not_answer(open_kafka: OpenKafka) -> None:
    (problem,) = await open_kafka(bootstrap="127.0.0.1:9").inspect()
    assert problem.startswith("bus.url: no Kafka broker answers at 127.0.0.1:9 (Connection")


async def test_sasl_over_tls(kafka: KafkaServer, open_kafka: OpenKafka) -> None:
    access = {"bootstrap": kafka.secure, "tls_ca": str(kafka.ca), "user": USER}
    async with open_kafka(**access, password=PASSWORD) as bus:
        await bus.publish(numbered(3))
        async with bus.subscribe("messages", "readers") as member:
            assert sorted(values(await taken(member, 3))) == [0, 1, 2]
        assert await bus.inspect() == []
    async with open_kafka(**access, password="wrong") as bus:
        with pytest.raises(BusDown):
            await bus.publish(numbered(1))
        (problem,) = await bus.inspect()
        assert "SaslAuthenticationFailed" in problem
        assert "wrong" not in problem
    async with open_kafka(bootstrap=kafka.secure, user=USER, password=PASSWORD) as bus:
        with pytest.raises(BusDown):
            await bus.publish(numbered(1))
        (problem,) = await bus.inspect()
        assert "SSLCertVerificationError" in problem, "the machine's certificates do not vouch for this broker"


async def test_unreadable_certificates(open_kafka: OpenKafka, tmp_path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    for name in ("ca.pem", "absent.pem"):
        with pytest.raises(Fault, match=r"bus\.tls_ca: .*name a PEM file"):
            open_kafka(tls_ca=str(tmp_path / name))


async def test_two_processes_share_a_prefix(open_kafka: OpenKafka) -> None:
    async with open_kafka() as one, open_kafka() as two:
        places = [place for place in await one.publish(numbered(10)) if place]
        async with two.subscribe("messages", "readers") as member:
            assert sorted(values(await taken(member, 10))) == list(range(10))
        assert await one.positions("messages", "readers", places) == [RecordPosition.PASSED] * 10


async def test_canceled_publication_leaves_nothing_behind(open_kafka: OpenKafka, kafka: KafkaServer) -> None:
    async with open_kafka() as bus:
        await bus.publish(numbered(1))
        await asyncio.to_thread(kafka.kill)
        try:
            publishing = asyncio.create_task(bus.publish(numbered(50)))
            await asyncio.sleep(0)
            publishing.cancel()
            with pytest.raises(asyncio.CancelledError):
                await publishing
        finally:
            await asyncio.to_thread(kafka.start)
        await until(bus.connected)
        await publish_all(bus, numbered(1))


async def test_records_that_together_exceed_the_request_size(open_kafka: OpenKafka) -> None:
    """The broker limits a batch like a record: no record is refused because of its neighbors."""
    async with open_kafka(max_record=100_000) as bus:
        for size, count in ((9_000, 60), (99_000, 3), (300, 900)):
            places = await bus.publish([Record("messages", b"k", bytes(size)) for _ in range(count)])
            assert all(places), f"{count} records of {size} bytes"


async def test_dead_letter_of_the_largest_record_fits(open_kafka: OpenKafka) -> None:
    """A dead letter is longer than its record, and a compressed record may be longer than the limit."""
    said = (("topic", b"messages"), ("partition", b"3"), ("offset", b"7"), ("error", b"json"))
    async with open_kafka(max_record=100_000) as bus, bus.subscribe("dead-letters", "readers") as member:
        whole = Record("dead-letters", b"k", bytes(99_900), (("chaperone", b"x" * 100), *said))
        longer = Record("dead-letters", b"k", bytes(300_000), (("chaperone", b"x" * 300_000), *said))
        assert all(await bus.publish([whole, longer]))
        came = {len(record.value): record.headers for record in await taken(member, 2)}
    assert came == {99_900: whole.headers, 0: (*said, ("bytes", b"300000"))}


async def test_topic_is_deleted_under_two_processes(open_kafka: OpenKafka, kafka: KafkaServer) -> None:
    """The publisher creates it again, and a reader in another process finds it with every new record."""
    prefix = f"deleted-{secrets.token_hex(4)}"
    async with (
        open_kafka(prefix) as writing,
        open_kafka(prefix) as reading,
        reading.subscribe("messages", "readers") as member,
    ):
        await publish_all(writing, numbered(20))
        assert set(values(await taken(member, 20))) == set(range(20))
        async with admin_of(kafka) as admin:
            await admin.delete_topics([f"{prefix}.messages"])
        done: set[int] = set()
        async with asyncio.timeout(2 * WITHIN), asyncio.TaskGroup() as tasks:
            tasks.create_task(consume_all(member, done, range(100, 105)))
            await publish_all(writing, numbered(5, first=100))
        assert done == set(range(100, 105))
