"""What must follow is carried out: letters to those whom the followup names, alerts noted with whom they told."""

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
from gateway.store import open_store
from tests.console.district import SAID, policy, put, roster, staff, student
from tests.contracts.messages import NOON, REST, STUDENTS, Clock

OFFICE = NoticeConfig(
    "chaperone@district.example", ("safety@district.example",), "https://c.example", "g.example", "Riverbend",
    "America/Chicago",
)  # fmt: skip
AT = "2030-03-17T17:46:40Z"
PEOPLE = roster()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_store(f"sqlite:///{tmp_path}/store.db", clock=Clock()) as opened:
        yield opened


async def letters(store: Store, *followups: Followup, office: NoticeConfig = OFFICE) -> list[Message]:
    """What is written for followups, by the stage itself."""
    await store.reminders.remind([("m1", "test")], lambda steps: (followups, ()))
    wakeup = Wakeup()
    async with LocalBus() as bus:
        stage = Notification(
            store.followups, store.outbox, store.lookups, bus, EventLog(CollectorRegistry()), office, PEOPLE
        )
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


async def test_an_alert_goes_to_the_office_and_is_noted(store: Store) -> None:
    (letter,) = await letters(store, Followup(FollowupKind.HELP_ALERT, "m1", {"received_at": AT, "at": AT}))
    assert [each.address for each in letter.envelope.recipients] == ["safety@district.example"]
    (act,) = await store.audit_trail.entries_about("m1", 9)
    assert (act.at, act.actor, act.act, act.detail) == (NOON, "gateway", "alerted", {"to": ["safety@district.example"]})


async def test_who_has_a_part_in_it_gets_no_alert_and_no_notice(store: Store) -> None:
    """The recipient of a call for help, and a mother whose child wrote it, are on the list of those who are told."""
    office = replace(OFFICE, to=(staff("hollis.meyer"), staff("dana.okafor"), "safety@district.example"))
    said = replace(SAID["help"], sender=student("ngozi.okafor"))
    message = await put(store, said, NOON, PEOPLE, policy())
    await store.followups.complete([each.id for each in await store.followups.claim_due(100, 60)])
    assert [len(await store.delivery_queue.claim(hop, 10, 6000)) for hop in (REST, STUDENTS)] == [
        1,
        0,
    ]  # it goes its own way
    body = {"received_at": AT, "at": AT, "recipients": [], "clauses": []}
    written = await letters(
        store,
        *(Followup(kind, message.id, body) for kind in (FollowupKind.HELP_ALERT, FollowupKind.LATE)),
        office=office,
    )
    told = [each.address for letter in written for each in letter.envelope.recipients]
    assert told == ["safety@district.example"] * 2
    alerted = [each.detail for each in await store.audit_trail.entries_about(message.id, 9) if each.act == "alerted"]
    assert alerted == [{"to": ["safety@district.example"]}]


async def test_who_wrote_a_rejected_text_is_told_at_the_district_account(store: Store) -> None:
    """A member of staff by their roster's address, an unknown student by the address that is all that is known."""
    body = {
        "id": "m1", "channel": "sms", "received_at": AT, "at": AT, "recipients": ["+15155550901"], "clauses": ["7a"],
        "words": "Please write from the district's app.\n\nClause 7a says why.",
        "people": ["s-06", student("new.pupil")],
    }  # fmt: skip
    (letter,) = await letters(store, Followup(FollowupKind.REJECTED_TEXT, "m1", body))
    assert [each.address for each in letter.envelope.recipients] == [staff("peter.lindgren"), student("new.pupil")]
    assert letter.envelope.sender == ""
    text = letter.content.decode()
    assert "Subject: Your text message was not delivered" in text
    for words in ("+15155550901", "Please write from the district's app.", "Clause 7a says why.", "/policy"):
        assert words in text


async def test_a_reminder_goes_to_whom_it_names(store: Store) -> None:
    body = {"to": ["kim@district.example"], "at": AT, "items": [["m1", AT, 1]]}
    (letter,) = await letters(store, Followup(FollowupKind.DUE, "", body))
    assert [each.address for each in letter.envelope.recipients] == ["kim@district.example"]
    assert b"https://c.example/messages/m1" in letter.content
    assert b"Subject: One held message waiting past the due time" in letter.content
    assert await store.audit_trail.entries_about("m1", 9) == []
    assert await store.audit_trail.entries_about("", 9) == []
