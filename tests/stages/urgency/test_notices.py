"""Urgency: who is told, over which ways, again until somebody takes it; and nothing about the message is told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from gateway.bus.local import LocalBus
from gateway.core.cases.case import Assignment
from gateway.core.channels.capabilities import SMS
from gateway.core.messages.delivery import NextHop
from gateway.core.messages.followup import FollowupKind
from gateway.core.messages.message import Message
from gateway.core.messages.verdict import Finding
from gateway.core.notices.notice import notice_content
from gateway.core.notices.urgent_notice import urgent_text, webhook_body
from gateway.core.policy.decision import AuditEntry
from gateway.core.policy.transitions import by_verdict, release, urgent_notice
from gateway.core.policy.urgency import THREAT_CUES, Attention, AttentionKind, has_cue
from gateway.observability.events import EventLog
from gateway.ports.urgency import WebhookNotice
from gateway.stages.notification import NoticeConfig, Notification
from gateway.stages.urgency.notices import UrgentNotices, UrgentWays, urgent_reminder_count
from gateway.stages.wakeup import Wakeup
from gateway.stages.work import WorkEngine
from tests.console.district import SampleMessage, build_message, build_verdict, policy, staff_address, student_address
from tests.contracts.messages import REST, STUDENTS
from tests.stages.reminder_run import HOUR, LAST, MINUTE, ReminderRun, kessler

PROVIDER = NextHop(SMS, "provider", frozenset(), default=True)
DIRECTOR = "director@riverbend.example"
TEACHER = staff_address("peter.lindgren")
CANARIES = ("Xylophonia", "Quetzalcoatl", "zanzibarword")
THREAT = SampleMessage(
    student_address("maya.lindqvist"),
    (TEACHER,),
    CANARIES[0],
    f"{CANARIES[1]} {CANARIES[2]}",
    (("7d", 0.95, CANARIES[1]),),
)
WAYS = UrgentWays((LAST,), "https://c.example", "Riverbend", True, ("+15155550199",), "+15155550100")


@dataclass(frozen=True)
class Told:
    """Everything that left for people: mails, texts and notices for the webhook."""

    mails: list[Message]
    texts: list[Message]
    hooks: Sequence[WebhookNotice]

    @property
    def people(self) -> set[str]:
        """The addresses that got a mail."""
        return {to.address for mail in self.mails for to in mail.envelope.recipients}


async def add_threat(run: ReminderRun, sample: SampleMessage = THREAT, cue: str = "threat") -> Message:
    """Store a message that threatens, decided by the policy now."""
    message = build_message(sample, run.now, run.people)
    await run.store.intake.accept(message)
    verdict = build_verdict(sample, message)
    verdict = replace(verdict, findings=tuple(replace(found, cue=cue) for found in verdict.findings))
    await run.store.dispositions.apply(
        [(message.id, lambda pending: by_verdict(pending, verdict, run.policy, run.now))]
    )
    return message


async def told(run: ReminderRun, mails: int, before: Told | None = None) -> Told:
    """What notification writes: at least so many mails, and none of those from before."""
    config = NoticeConfig(
        "chaperone@district.example", (LAST,), "https://c.example", "g.example", "Riverbend", "America/Chicago"
    )
    urgent = UrgentNotices(run.store.accounts, run.store.lookups, run.people, WAYS)
    wakeup, engine = Wakeup(), WorkEngine(run.store.work_failures, EventLog(CollectorRegistry()))
    store = run.store
    found: list[Message] = []
    async with LocalBus() as bus:
        stage = Notification(
            store.followups, store.outbox, store.lookups, store.clock, bus, engine, config, run.people, urgent
        )
        running = asyncio.create_task(stage.run(wakeup))
        async with asyncio.timeout(20):
            while sum(message.channel != SMS for message in found) < mails:
                await asyncio.sleep(0.01)
                for hop in (REST, STUDENTS, PROVIDER):
                    claims = await store.delivery_queue.claim(hop, 10, 60)
                    found += [claim.message for claim in claims if _is_new(claim.message, before, hop)]
        wakeup.stop()
        await running
    found += [claim.message for claim in await store.delivery_queue.claim(PROVIDER, 10, 60)]
    return Told(
        [message for message in found if message.channel != SMS],
        [message for message in found if message.channel == SMS],
        await store.webhooks.claim_due(10, 60),
    )


def _is_new(message: Message, before: Told | None, hop: NextHop) -> bool:
    if before is not None and message.id in {old.id for old in (*before.mails, *before.texts)}:
        return False  # its lease has ended
    return hop is PROVIDER or not message.envelope.sender


async def urgent_followups(run: ReminderRun) -> int:
    """How many notices are due after one check of the reminders. They are done then."""
    await run.reminders.check()
    due = await run.store.followups.claim_due(100, 60)
    await run.store.followups.complete([followup.id for followup in due])
    return sum(followup.kind is FollowupKind.URGENT for followup in due)


async def test_building_and_fallback_are_told_at_once_over_every_way(run: ReminderRun) -> None:
    message = await add_threat(run)
    first = await told(run, 1)
    assert first.people == {kessler(run), LAST, *_party_directors(run)}
    ((notice,), (text,), (hook,)) = first.mails, first.texts, first.hooks
    link = f"https://c.example/messages/{message.id}"
    assert link in notice.content.decode()
    assert link in text.content.decode()
    body = json.loads(hook.body)
    assert (body["kind"], body["clauses"], body["severity"], body["threat"], body["level"], body["url"]) == (
        "urgent", ["7d"], "critical", True, 0, link,
    )  # fmt: skip
    assert body["buildings"] == ["Riverbend High"] or body["buildings"], "named for whoever reads it"
    assert body["id"] == hook.id
    for words in (notice.content.decode(), text.content.decode(), hook.body):
        for word in (*CANARIES, "lindgren", "lindqvist", "Lindgren", "Maya", "students.riverbend"):
            assert word not in words
    (entry,) = [
        entry for entry in await run.store.audit_trail.entries_about(message.id, 9) if entry.act == "urgent notice"
    ]
    assert set(entry.detail["to"]) == first.people


def _party_directors(run: ReminderRun) -> set[str]:
    """A threat is told to everybody who decides in the building, at once."""
    return {DIRECTOR}


async def test_it_is_repeated_to_more_people_until_somebody_takes_it(run: ReminderRun) -> None:
    message = await add_threat(run, cue="")
    first = await told(run, 1)
    assert first.people == {kessler(run), LAST}
    await run.reminders.check()
    assert await run.store.followups.claim_due(10, 0.001) == [], "not yet again"
    run.now += 5 * MINUTE + 1
    await asyncio.gather(*(run.reminders.check() for _ in range(3)))
    again = await told(run, 1, first)
    assert len(again.mails) == 1
    assert again.people == {kessler(run), DIRECTOR, LAST}
    levels = {hook.id: json.loads(hook.body)["level"] for hook in again.hooks}
    assert 1 in levels.values()
    entry = AuditEntry(run.now, "kessler", "taken", message.id)
    await run.store.claims.assign(message.id, Assignment("kessler", "kessler", run.now), "", entry)
    run.now += HOUR
    assert await urgent_followups(run) == 0
    await run.store.claims.assign(message.id, Assignment("", "kessler", run.now), "kessler", entry)
    assert await urgent_followups(run) == 1, "it was given back"
    await run.store.dispositions.apply([(message.id, lambda pending: release(pending, "kessler", "fine", run.now))])
    run.now += HOUR
    assert await urgent_followups(run) == 0


async def test_administrator_is_told_of_a_threat_to_herself(run: ReminderRun) -> None:
    await add_threat(run, replace(THREAT, to=(kessler(run),)))
    assert kessler(run) in (await told(run, 1)).people


async def test_party_is_not_told_without_a_threat_nor_of_an_own_one(run: ReminderRun) -> None:
    await add_threat(run, replace(THREAT, to=(kessler(run),)), cue="weapon")
    assert kessler(run) not in (await told(run, 1)).people
    await add_threat(run, replace(THREAT, sender=kessler(run), to=(student_address("maya.lindqvist"),)))
    assert kessler(run) not in (await told(run, 1)).people


async def test_flagged_threat_stays_open_until_it_is_taken(run: ReminderRun) -> None:
    message = await add_threat(run, replace(THREAT, found=(("7d", 0.35, CANARIES[1]),)))
    (waiting,) = await run.store.urgency.open(AttentionKind.URGENT, 10)
    assert waiting.listed.trace.action == "flag"
    run.now += 6 * MINUTE
    assert await urgent_followups(run) == 2, "the first, and one to more people"
    entry = AuditEntry(run.now, "kessler", "attention taken", message.id)
    await run.store.urgency.take(message.id, AttentionKind.URGENT, "kessler", entry)
    run.now += HOUR
    assert await urgent_followups(run) == 0


def test_repetition_slows_down() -> None:
    counts = [urgent_reminder_count(age, 5 * MINUTE) for age in (0, 299, 300, HOUR, 2 * HOUR, 25 * HOUR, 49 * HOUR)]
    assert counts == [0, 0, 1, 12, 13, 36, 37]


SHIPPED = policy()


@given(
    clauses=st.lists(st.sampled_from(sorted(SHIPPED.clauses)), min_size=1, max_size=3, unique=True),
    severity=st.sampled_from(["critical", "high"]), threat=st.booleans(), level=st.integers(0, 40),
    buildings=st.lists(st.sampled_from(["Riverbend High", "Riverbend Middle"]), unique=True),
)  # fmt: skip
def test_notices_have_nothing_but_clause_severity_building_and_link(
    clauses: list[str], severity: str, threat: bool, level: int, buildings: list[str]
) -> None:
    """Every word of a notice is one of the product's own, or a title of the policy, or the name of a building."""
    attention = Attention(AttentionKind.URGENT, tuple(clauses), severity, threat)
    followup = urgent_notice("01m00000000000000000000000", 1.9e9, 1.9e9, attention, SHIPPED, level)
    followup = replace(followup, body={**followup.body, "buildings": buildings})
    mail = notice_content(
        followup, ["kim@riverbend.example"], sender="chaperone@riverbend.example", console_url="https://c.example",
        hostname="g.example", district="Riverbend", time_zone="America/Chicago", name="n", at=1.9e9,
    ).decode()  # fmt: skip
    _, _, text = mail.partition("\r\n\r\n")
    assert max(map(len, mail.split("\r\n"))) < 200
    hook = json.loads(webhook_body(followup, name="n", url="https://c.example", district="Riverbend"))
    assert set(hook) == {
        "v", "id", "kind", "message", "at", "clauses", "severity", "threat", "level", "buildings", "district", "url",
    }  # fmt: skip
    for words in (text, urgent_text(followup, "https://c.example")):
        assert severity in words
        assert all(clause in words for clause in clauses)
        assert "@" not in words


@pytest.mark.parametrize("cue", ["threat:school", "direct_threat"])
def test_cues_of_threats(cue: str) -> None:
    assert has_cue([Finding("7d", 0.9, "lexicon", cue=cue).cue], THREAT_CUES)
