"""Messages are followed from the first sign of them to their result."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.demo.folder import DOMAINS, NOTICES, read_sample_district
from gateway.demo.mailboxes import Mailboxes, serve_mailboxes
from gateway.demo.message_status import StatusLookup
from gateway.demo.playback import send_samples
from gateway.demo.tracked_message import DemoCounts, DemoResult, LaterResult, TrackedMessage
from gateway.demo.tracker import MessageTracker
from gateway.demo.traffic import sample_mails
from gateway.ports.messages import StoreDown
from tests.demo.fake_gateway import DANA, LIAM, TITLES, FakeGateway, by_subject, until
from tests.demo.test_sample_district import DISTRICT

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("temporary_folders_here", "handlers_as_before")]


class Recorder:
    """A display that records what it was given."""

    def __init__(self) -> None:
        self.shown: list[tuple[DemoResult, str]] = []
        self.changes: list[tuple[LaterResult, tuple[str, ...]]] = []

    def show(self, message: TrackedMessage, result: DemoResult) -> None:
        self.shown.append((result, message.subject or message.id))

    def show_change(self, message: TrackedMessage, result: LaterResult, recipients: Any, at: datetime) -> None:
        self.changes.append((result, tuple(recipients)))

    def show_counts(self, counts: DemoCounts) -> None:
        pass


def clock() -> datetime:
    return datetime(2026, 2, 3, 9, 30, tzinfo=UTC)


@asynccontextmanager
async def following(fake: FakeGateway) -> AsyncIterator[tuple[MessageTracker, Recorder]]:
    recorder = Recorder()
    tracker = MessageTracker(StatusLookup(fake, TITLES), recorder, clock, NOTICES)
    await tracker.begin()
    task = asyncio.create_task(tracker.run())
    try:
        yield tracker, recorder
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


CONTENT = b"From: x@x.example\r\nSubject: between us\r\nMessage-ID: <9@x>\r\n\r\ntext\r\n"


async def test_messages_held_before_the_start_are_shown_when_decided() -> None:
    fake = FakeGateway(by_subject({}), {})
    id = fake.take(DANA, [LIAM], CONTENT, [LIAM])
    async with following(fake) as (tracker, recorder):
        assert tracker.counts.still_held == 1
        fake.kept[id]["states"][LIAM] = "rejected"
        await until(lambda: recorder.changes)
        assert recorder.shown == []
        assert recorder.changes == [(LaterResult.REJECTED, (LIAM,))]
        assert tracker.counts.still_held == 0


async def test_other_held_mail_is_noticed_once() -> None:
    fake = FakeGateway(by_subject({}), {})
    async with following(fake) as (_, recorder):
        fake.take(DANA, [LIAM], CONTENT, [LIAM])
        fake.take(DANA, [LIAM], CONTENT.replace(b"<9@x>", b"<8@x>"), [LIAM])
        await until(lambda: len(recorder.shown) == 2)
        fake.take(DANA, [LIAM], CONTENT.replace(b"<9@x>", b"<7@x>"), [LIAM])
        await until(lambda: len(recorder.shown) == 3)
        assert {kind for kind, _ in recorder.shown} == {DemoResult.HELD}


async def test_notices_are_not_counted_as_messages(tmp_path: Path) -> None:
    fake = FakeGateway(by_subject({}), {})
    mailboxes = Mailboxes(tmp_path)
    async with following(fake) as (tracker, recorder):
        mailboxes.report_to(tracker.delivered)
        notice = (
            f"From: Chaperone <{NOTICES}>\r\nSubject: A student asks for help\r\nMessage-ID: <n@x>\r\n\r\n".encode()
        )
        await mailboxes.deliver("", [f"safety@{DOMAINS[0]}"], notice)
        await mailboxes.deliver(
            "", [DANA], notice.replace(NOTICES.encode(), b"mailer-daemon@far.example").replace(b"n@x", b"b@x")
        )
        await until(lambda: len(recorder.shown) == 2)
        assert sorted(kind for kind, _ in recorder.shown) == [DemoResult.NOTICE, DemoResult.PASSED]
        assert tracker.counts.messages == 1


async def test_a_store_that_is_down_is_queried_again() -> None:
    class Down(FakeGateway):
        down = True

        async def held(self) -> Any:
            if self.down:
                raise StoreDown
            return await super().held()

    fake = Down(by_subject({}), {})
    async with following(fake) as (_, recorder):
        fake.take(DANA, [LIAM], CONTENT, [LIAM])
        fake.down = False
        await until(lambda: recorder.shown)
        assert recorder.shown[0][0] is DemoResult.HELD


async def test_samples_are_sent_in_order_and_refusals_are_shown(tmp_path: Path) -> None:
    mails = sample_mails(read_sample_district(DISTRICT).names, "x")
    expected = {mail.subject: mail.expect[0] for mail in mails}
    mailboxes = Mailboxes(tmp_path)
    async with serve_mailboxes(mailboxes, 0, "mail.test") as hop:
        fake = FakeGateway(by_subject(expected), {"*": hop})
        async with following(fake) as (tracker, recorder), serve_fake(fake) as smtp:
            mailboxes.report_to(tracker.delivered)
            await send_samples(mails, smtp, tracker, clock, iter([0.0] * len(mails)))
            assert [title for _, title in recorder.shown] == [mail.subject for mail in mails]
            kinds = {DemoResult(action) for action in expected.values()}
            assert {kind for kind, _ in recorder.shown} == kinds
            assert [kind for kind, _ in recorder.shown] == [DemoResult(expected[mail.subject]) for mail in mails]
            fake.refuse = "452 4.3.1 full"
            await send_samples(sample_mails({}, "y")[:1], smtp, tracker, clock, iter([0.0]))
            assert recorder.shown[-1][0] is DemoResult.REFUSED


@asynccontextmanager
async def serve_fake(fake: FakeGateway) -> AsyncIterator[str]:
    """Serve the fake gateway on a free port; what it accepts is delivered at once."""

    class Inbox(Mailboxes):
        async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 aiosmtpd's name
            reply = await fake.handle_DATA(server, session, envelope)
            await fake.deliver()
            return reply

    async with serve_mailboxes(Inbox(Path()), 0, "gateway.test") as address:
        yield address
