"""Notification: notices go to the recipients of their follow-up, and alerts are recorded in the audit log."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from gateway.bus.local import LocalBus
from gateway.core.messages.followup import Followup, FollowupKind
from gateway.core.messages.message import Message
from gateway.observability.events import EventLog
from gateway.ports.store import Store
from gateway.stages.notification import NoticeConfig, Notification
from gateway.stages.wakeup import Wakeup
from gateway.stages.work import WorkEngine
from gateway.store import open_store
from tests.console.district import MESSAGES, add_message, policy, roster, staff_address, student_address
from tests.contracts.messages import NOON, REST, STUDENTS, Clock

CONFIG = NoticeConfig(
    "chaperone@district.example", ("safety@district.example",), "https://c.example", "g.example", "Riverbend",
    "America/Chicago",
)  # fmt: skip
AT = "2030-03-17T17:46:40Z"
PEOPLE = roster()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_store(f"sqlite:///{tmp_path}/store.db", clock=Clock()) as opened:
        yield opened


async def written(store: Store, *followups: Followup, config: NoticeConfig = CONFIG) -> list[Message]:
    """The messages that the stage writes for follow-ups."""
    await store.reminders.remind([("m1", "test")], lambda steps: (followups, ()))
    wakeup, engine = Wakeup(), WorkEngine(store.work_failures, EventLog(CollectorRegistry()))
    async with LocalBus() as bus:
        stage = Notification(store.followups, store.outbox, store.lookups, store.clock, bus, engine, config, PEOPLE)
        running = asyncio.create_task(stage.run(wakeup))
        found: list[Message] = []
        async with asyncio.timeout(20):
            while len(found) < len(followups):
                await asyncio.sleep(0.01)
                found += [
                    claim.message for hop in (REST, STUDENTS) for claim in await store.delivery_queue.claim(hop, 10, 60)
                ]
        wakeup.stop()
        await running
    return found


def _recipients(notice: Message) -> list[str]:
    return [recipient.address for recipient in notice.envelope.recipients]


async def test_alert_goes_to_the_default_recipients_and_is_audited(store: Store) -> None:
    (notice,) = await written(store, Followup(FollowupKind.HELP_ALERT, "m1", {"received_at": AT, "at": AT}))
    assert _recipients(notice) == ["safety@district.example"]
    (entry,) = await store.audit_trail.entries_about("m1", 9)
    assert (entry.at, entry.actor, entry.act, entry.detail) == (
        NOON,
        "gateway",
        "alerted",
        {"to": ["safety@district.example"]},
    )


async def test_parties_get_no_alert_and_no_notice(store: Store) -> None:
    """The recipient of a call for help and the writer's mother are configured recipients, but get nothing."""
    config = replace(
        CONFIG, to=(staff_address("hollis.meyer"), staff_address("dana.okafor"), "safety@district.example")
    )
    sample = replace(MESSAGES["help"], sender=student_address("ngozi.okafor"))
    message = await add_message(store, sample, NOON, PEOPLE, policy())
    await store.followups.complete([followup.id for followup in await store.followups.claim_due(100, 60)])
    assert [len(await store.delivery_queue.claim(hop, 10, 6000)) for hop in (REST, STUDENTS)] == [
        1,
        0,
    ]  # the message itself is delivered
    body = {"received_at": AT, "at": AT, "recipients": [], "clauses": []}
    notices = await written(
        store,
        *(Followup(kind, message.id, body) for kind in (FollowupKind.HELP_ALERT, FollowupKind.LATE)),
        config=config,
    )
    notified = [address for notice in notices for address in _recipients(notice)]
    assert notified == ["safety@district.example"] * 2
    alerted = [entry.detail for entry in await store.audit_trail.entries_about(message.id, 9) if entry.act == "alerted"]
    assert alerted == [{"to": ["safety@district.example"]}]


async def test_author_of_a_rejected_text_is_notified_by_mail(store: Store) -> None:
    """A staff member at the roster's address, an unknown student at the only known address."""
    body = {
        "id": "m1", "channel": "sms", "received_at": AT, "at": AT, "recipients": ["+15155550901"], "clauses": ["7a"],
        "words": "Please write from the district's app.\n\nClause 7a says why.",
        "people": ["s-06", student_address("new.pupil")],
    }  # fmt: skip
    (notice,) = await written(store, Followup(FollowupKind.REJECTED_TEXT, "m1", body))
    assert _recipients(notice) == [
        staff_address("peter.lindgren"),
        student_address("new.pupil"),
    ]
    assert notice.envelope.sender == ""
    text = notice.content.decode()
    assert "Subject: Your text message was not delivered" in text
    for words in ("+15155550901", "Please write from the district's app.", "Clause 7a says why.", "/policy"):
        assert words in text


async def test_reminder_goes_to_its_recipients(store: Store) -> None:
    body = {"to": ["kim@district.example"], "at": AT, "items": [["m1", AT, 1]]}
    (notice,) = await written(store, Followup(FollowupKind.DUE, "", body))
    assert _recipients(notice) == ["kim@district.example"]
    assert b"https://c.example/messages/m1" in notice.content
    assert b"Subject: One held message waiting past the due time" in notice.content
    assert await store.audit_trail.entries_about("m1", 9) == []
    assert await store.audit_trail.entries_about("", 9) == []
