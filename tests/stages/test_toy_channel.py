"""A third channel in one file: its record and its transport are here, and one message passes through every stage.

Pages are UTF-8 text. The paging service takes some numbers and refuses others, and the sender gets a page about those.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from classifiers.extract.extraction import extract_message
from gateway import policies
from gateway.bus.local import LocalBus
from gateway.core.channels.capabilities import ChannelCapabilities, DeliveryStatus, JsonObject
from gateway.core.channels.registry import CHANNELS, capabilities_of, register
from gateway.core.messages.delivery import Bounced, Claim, NextHop, Outcome, Sent, State
from gateway.core.messages.message import Envelope, Message, Recipient, derived_id, sha256_of
from gateway.core.messages.parties import Direction, Pair, Relation
from gateway.core.messages.verdict import Finding, Verdict
from gateway.core.mime.headers import HeaderSection
from gateway.core.mime.parts import Part, text_part
from gateway.core.policy.decision import Action
from gateway.core.serialization.wire import HEADER, decode_message, encode_verdict
from gateway.observability.events import EventLog
from gateway.ports.bus import Record
from gateway.ports.content import ReadHere, read_detail
from gateway.ports.store import Store
from gateway.stages import publication
from gateway.stages.delivery import Delivery
from gateway.stages.disposition import Disposition, unchanging
from gateway.stages.intake import MessageIntake
from gateway.stages.moderation import moderate
from gateway.stages.notification import NoticeConfig, Notification
from gateway.stages.wakeup import Wakeup
from gateway.stages.work import WorkEngine
from gateway.store import open_store
from tests.console.district import roster

PAGER = "pager"
TEACHER, STUDENT, GONE, HOP = "page:1", "page:2", "page:404", NextHop(PAGER, "paging", frozenset({"paging"}))
CONFIG = NoticeConfig("chaperone@d.example", (), "https://c.example", "g.example", "Riverbend", "UTC")
SENT_AND_BOUNCED = {STUDENT: State.SENT, GONE: State.BOUNCED}
POLICY = policies.read(None, {Direction.STAFF_TO_STUDENT: Action.HOLD, Direction.STUDENT_TO_STAFF: Action.FLAG})


# --- the channel: what a new channel must bring --------------------------------------------------------------------


def read_parts(content: bytes, _: HeaderSection | None) -> Iterator[Part]:
    return text_part(content)


def report_failure(message: Message, reports: Sequence[JsonObject], now: float) -> JsonObject | None:
    failed = [report["address"] for report in reports if report["action"] == "failed"]
    return {"channel": PAGER, "recipients": failed, "reply": reports[0]["reply"]} if failed else None


def write_status(message: Message, status: DeliveryStatus) -> Message:
    content = f"NOT PAGED {' '.join(status.recipients)}: {'rejected' if status.rejected else status.reply}".encode()
    envelope = Envelope("", (Recipient(message.envelope.sender),))
    id_ = derived_id(PAGER, message.id, content.decode())
    return Message(id_, PAGER, envelope, content, sha256_of(content), status.at, Relation())


PAGER_CHANNEL = ChannelCapabilities(
    name=PAGER, label="page", untitled="page", file_suffix="txt", delivery_lifetime=600.0, read_parts=read_parts,
    next_hop_key=lambda recipient: "paging", keeps_order=True, ids_sort_by_time=True, report_failure=report_failure,
    write_status=write_status,
)  # fmt: skip


class PagingService:
    """See gateway.ports.channels.Transport. Keeps what it delivered, and bounces what is for GONE."""

    def __init__(self) -> None:
        self.delivered: list[tuple[str, bytes]] = []

    async def deliver(
        self, hop: NextHop, claim: Claim, holds_claim: Callable[[], Awaitable[bool]]
    ) -> Mapping[str, Outcome]:
        outcomes: dict[str, Outcome] = {}
        for claimed in claim.recipients:
            address = claimed.recipient.address
            outcomes[address] = Bounced("550 no such pager") if address == GONE else Sent("250 paged")
            if address != GONE:
                self.delivered.append((address, claim.message.content))
        return outcomes


# --- the gateway ---------------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def pager() -> Iterator[None]:
    remove = register(PAGER_CHANNEL)
    yield
    remove()


async def accept(store: Store, log: EventLog, text: bytes) -> str:
    """A page from a teacher to a student and to a number that is gone; its id."""
    intake = MessageIntake(
        store.intake, store.secrets, roster(), log, policy=lambda: POLICY, time_zone=UTC, max_waiting=1 << 20,
        shadow=False,
    )  # fmt: skip
    pair = Pair(STUDENT, "T1", "S1", Direction.STAFF_TO_STUDENT)
    envelope = Envelope(TEACHER, (Recipient(STUDENT), Recipient(GONE)))
    return await intake.take(PAGER, envelope, text, Relation((pair,)), time.time())


async def classify(bus: LocalBus, *findings: Finding) -> None:
    """A verdict on each published page, by its text as classifiers read it."""
    async with bus.subscribe("messages", publication.GROUPS[0]) as subscription:
        records = await subscription.batch(10, 5.0)
        assert records
        for record in records:
            published = decode_message(record.value, dict(record.headers)[HEADER])
            assert published.channel == PAGER
            passages = extract_message(published.content, published.channel).passages
            assert [passage.text for passage in passages] == [published.content.decode()]
            verdict = Verdict(published.id, published.sha256, "toy", findings=findings)
            await bus.publish([Record("verdicts", b"key", encode_verdict(verdict))])
        await subscription.commit()


@asynccontextmanager
async def stages(store: Store, bus: LocalBus, log: EventLog, service: PagingService) -> AsyncIterator[None]:
    """Publication, disposition, delivery and notification."""
    wakeups = [Wakeup() for _ in range(4)]
    publisher, decider, deliverer, notifier = wakeups
    engine = WorkEngine(store.work_failures, log)
    disposition = Disposition(
        store.dispositions,
        store.outbox,
        store.clock,
        store.work_failures,
        engine,
        policy=unchanging(POLICY),
        shadow=False,
        verdict_timeout=60.0,
    )
    delivery = Delivery(HOP, service, store.delivery_queue, store.clock, engine, concurrency=4)
    notification = Notification(
        store.followups, store.outbox, store.lookups, store.clock, bus, engine, CONFIG, roster()
    )
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        group.create_task(publication.Publication(store.outbox, bus, engine, max_inline=1 << 16).run(publisher))
        group.create_task(disposition.consume(bus, decider))
        group.create_task(delivery.run(deliverer))
        group.create_task(notification.run(notifier))
        yield
        for wakeup in wakeups:
            wakeup.stop()


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    while not await condition():
        await asyncio.sleep(0.02)


async def test_a_page_is_delivered_and_its_failure_is_reported_as_a_page(tmp_path: Path) -> None:
    service, log = PagingService(), EventLog(CollectorRegistry())
    async with open_store(f"sqlite:///{tmp_path}/store.db") as store, LocalBus() as bus:
        id_ = await accept(store, log, b"The quiz is on Friday.")
        assert await store.intake.states(id_) == {STUDENT: State.RECEIVED, GONE: State.QUEUED}

        async def delivered() -> bool:
            return len(service.delivered) == 2 and await store.intake.states(id_) == SENT_AND_BOUNCED

        async with stages(store, bus, log, service):
            await classify(bus)
            await until(delivered)
        assert sorted(service.delivered) == [
            (TEACHER, b"NOT PAGED page:404: 550 no such pager"), (STUDENT, b"The quiz is on Friday."),
        ]  # fmt: skip


async def test_a_page_is_held_and_its_rejection_is_reported_as_a_page(tmp_path: Path) -> None:
    service, log = PagingService(), EventLog(CollectorRegistry())
    async with open_store(f"sqlite:///{tmp_path}/store.db") as store, LocalBus() as bus:
        id_ = await accept(store, log, b"Keep this secret.")

        async def held() -> bool:
            return (await store.intake.states(id_))[STUDENT] is State.HELD

        async def rejection_reported() -> bool:
            return (TEACHER, b"NOT PAGED page:2: rejected") in service.delivered

        async with stages(store, bus, log, service):
            await classify(bus, Finding("7a", 1.0, "toy"))
            await until(held)
            [row] = [message for message in await store.lookups.held() if message.id == id_]
            assert (row.channel, row.subject, row.clauses) == (PAGER, "", ("7a",))
            detail = await store.lookups.detail(id_)
            assert detail is not None
            detail = await read_detail(ReadHere(), detail)
            assert [part.text for part in detail.parts()] == ["Keep this secret."]
            assert (await store.lookups.backlog()).held == 1
            await moderate(store.dispositions, store.clock, id_, "reject", by="kim", reason="7a")
            await until(rejection_reported)
        assert (STUDENT, b"Keep this secret.") not in service.delivered


async def test_the_channel_is_registered_once_and_removed() -> None:
    assert capabilities_of(PAGER) is CHANNELS[PAGER]
    with pytest.raises(ValueError, match="registered already"):
        register(PAGER_CHANNEL)
