"""People are told of due times, calls for help and the day: once of each step, more people each time, no content."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from prometheus_client import CollectorRegistry

from gateway.core.accounts.account import AccountRole, User
from gateway.core.cases.case import Assignment, CaseDraft
from gateway.core.messages.delivery import State
from gateway.core.messages.followup import Followup, FollowupKind
from gateway.core.messages.message import Message
from gateway.core.notices.notice import default_rejection_text, notice_content
from gateway.core.policy.decision import AuditEntry
from gateway.core.policy.policy import Policy
from gateway.core.policy.review_rules import ClauseReviewRules, GeneralReviewRules
from gateway.core.policy.transitions import by_verdict, without_verdict
from gateway.core.serialization.wire import rfc3339
from gateway.directory.roster import Roster
from gateway.observability.events import EventLog
from gateway.ports.store import Store
from gateway.stages.moderation import hold_longer
from gateway.stages.reminders import NOT_DECIDED, Reminders, ReminderStores
from gateway.store import open_store
from tests.console.district import SAID, SECRET, message_of, policy, put, roster, verdict_of
from tests.contracts.messages import Clock

ZONE = ZoneInfo("America/Chicago")
NOON = datetime(2026, 11, 24, 12, tzinfo=ZONE).timestamp()
HOUR, MINUTE = 3600.0, 60.0
LAST = "safety@riverbend.example"
USERS = (
    User("director@riverbend.example", AccountRole.TECHNOLOGY_DIRECTOR),
    User("kessler", AccountRole.BUILDING_ADMINISTRATOR, ("o-high",), person="s-01"),
    User("middle@riverbend.example", AccountRole.BUILDING_ADMINISTRATOR, ("o-middle",)),
    User("nobody-s-address", AccountRole.BUILDING_ADMINISTRATOR, ("o-high",)),
    User("auditor@riverbend.example", AccountRole.AUDITOR),
)


@dataclass
class Desk:
    """A store with accounts, and reminders over it."""

    store: Store
    people: Roster
    clock: Clock
    policy: Policy = field(default_factory=policy)
    decided: int = 0

    def __post_init__(self) -> None:
        self.reminders = Reminders(
            ReminderStores.of(self.store), self.people, lambda: self.policy, EventLog(CollectorRegistry()), fallback=[LAST], zone=ZONE,
            district="Riverbend", decided=self.count,
        )  # fmt: skip

    @property
    def now(self) -> float:
        """The time."""
        return self.clock.now

    @now.setter
    def now(self, at: float) -> None:
        self.clock.now = at

    def count(self) -> None:
        """Something was decided."""
        self.decided += 1

    async def put(self, name: str) -> Message:
        """One of the district's messages, decided by the policy now."""
        return await put(self.store, SAID[name], self.now, self.people, self.policy)

    async def letters(self, *kinds: FollowupKind) -> list[tuple[FollowupKind, str, int]]:
        """What is to be written after a look: kind, to whom, of how many messages."""
        await self.reminders.check()
        due = await self.store.followups.claim_due(100, 60)
        await self.store.followups.complete([each.id for each in due])
        told = []
        for each in due:
            if each.kind in kinds:
                to, items = each.body.get("to", []), each.body.get("items", [])
                told += [(each.kind, str(to_), len(items)) for to_ in to]  # type: ignore[attr-defined,arg-type]
        return sorted(told)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    clock = Clock(NOON)
    async with open_store(f"sqlite:///{tmp_path}/store.db", clock=clock) as store:
        made = Desk(store, roster(), clock)
        for user in USERS:
            await store.accounts.add(user, "", AuditEntry(NOON, "tests", "account added", user.name))
        yield made


def kessler(desk: Desk) -> str:
    person = desk.people.by_id("s-01")
    assert person is not None
    return person.address


async def test_a_due_time_goes_up_the_chain(desk: Desk) -> None:
    """Nobody at first, then the building, the director, and the end of the chain again and again; due in two hours."""
    message = await desk.put("high")
    building = kessler(desk)
    assert await desk.letters(FollowupKind.DUE) == []
    desk.now = NOON + 1.6 * HOUR
    assert await desk.letters(FollowupKind.DUE) == [(FollowupKind.DUE, building, 1)]
    assert await desk.letters(FollowupKind.DUE) == []
    desk.now = NOON + 2.1 * HOUR
    assert await desk.letters(FollowupKind.DUE) == [(FollowupKind.DUE, building, 1)]
    desk.now = NOON + 4.1 * HOUR
    assert await desk.letters(FollowupKind.DUE) == [
        (FollowupKind.DUE, "director@riverbend.example", 1),
        (FollowupKind.DUE, building, 1),
    ]
    for later in (6.1, 8.1):
        desk.now = NOON + later * HOUR
        assert {to for _, to, _ in await desk.letters(FollowupKind.DUE)} == {
            building,
            "director@riverbend.example",
            LAST,
        }
    acts = [each.act for each in await desk.store.audit_trail.entries_about(message.id, 20)]
    assert acts == ["escalated", "escalated", "escalated", "reminded", "reminded", "decided"]
    (trace,) = await desk.store.lookups.trace(id=message.id)
    assert [each.state for each in trace.recipients] == [State.HELD]


async def test_one_letter_names_all_that_is_due(desk: Desk) -> None:
    for name in ("high", "child", "laid-out"):
        await desk.put(name)
    desk.now = NOON + 2 * HOUR
    assert await desk.letters(FollowupKind.DUE) == [(FollowupKind.DUE, kessler(desk), 3)]


async def test_who_has_taken_it_is_told_alone(desk: Desk) -> None:
    message = await desk.put("high")
    taken = Assignment("director@riverbend.example", "x", NOON)
    await desk.store.claims.assign(message.id, taken, None, AuditEntry(NOON, "x", "assigned", message.id))
    desk.now = NOON + 2 * HOUR
    assert await desk.letters(FollowupKind.DUE) == [(FollowupKind.DUE, "director@riverbend.example", 1)]


async def test_who_has_a_part_in_it_is_told_nothing(desk: Desk) -> None:
    """The only administrator with an address wrote it: the director is told."""
    person = desk.people.person(SAID["high"].sender)
    assert person is not None
    writer = User("writer@riverbend.example", AccountRole.BUILDING_ADMINISTRATOR, ("o-high",), person=person.id)
    await desk.store.accounts.add(writer, "", AuditEntry(NOON, "tests", "account added", writer.name))
    await desk.store.accounts.disable("kessler", AuditEntry(NOON, "tests", "account disabled", "kessler"))
    await desk.put("high")
    desk.now = NOON + 2 * HOUR
    assert await desk.letters(FollowupKind.DUE) == [(FollowupKind.DUE, "director@riverbend.example", 1)]


async def test_the_end_of_the_chain_is_not_told_of_its_own(desk: Desk) -> None:
    """notify.to names the counselor whom a student wrote to: others are told, at every level."""
    counselor = "hollis.meyer@riverbend.example"
    desk.reminders = Reminders(
        ReminderStores.of(desk.store), desk.people, lambda: desk.policy, EventLog(CollectorRegistry()), fallback=[counselor, LAST], zone=ZONE,
        district="Riverbend",
    )  # fmt: skip
    await desk.put("help")
    assert {to for _, to, _ in await desk.letters(FollowupKind.HELP_ALERT)} == {kessler(desk)}
    desk.now += 16 * MINUTE
    told = {to for _, to, _ in await desk.letters(FollowupKind.HELP_AGAIN)}
    assert told == {kessler(desk), "director@riverbend.example", LAST}


async def test_held_longer_is_a_new_due_time(desk: Desk) -> None:
    message = await desk.put("high")
    desk.now = NOON + 2.1 * HOUR
    assert len(await desk.letters(FollowupKind.DUE)) == 1
    done = await hold_longer(
        desk.store.dispositions, desk.store.clock, message.id, 24 * HOUR, by="kessler", reason="a witness is away"
    )
    assert done is not None
    assert done.changed
    assert await desk.letters(FollowupKind.DUE) == []
    desk.now += 24 * HOUR - 10 * MINUTE
    assert len(await desk.letters(FollowupKind.DUE)) == 1
    assert (await desk.store.audit_trail.entries_about(message.id, 9))[1].detail["reason"] == "a witness is away"


@pytest.mark.parametrize(("deed", "state"), [("release", State.QUEUED), ("reject", State.REJECTED)])
async def test_the_policy_may_let_the_due_time_decide(desk: Desk, deed: str, state: State) -> None:
    clauses = {
        **desk.policy.clauses,
        "7a": replace(desk.policy.clauses["7a"], review_rules=ClauseReviewRules(at_due=deed)),
    }
    desk.policy = replace(desk.policy, clauses=clauses)
    message, other = await desk.put("child"), await desk.put("middle")
    desk.now = NOON + 1.9 * HOUR
    await desk.letters()
    assert desk.decided == 0
    desk.now = NOON + 2.1 * HOUR
    assert await desk.letters(FollowupKind.DUE) == []
    for each in (message, other):
        (trace,) = await desk.store.lookups.trace(id=each.id)
        assert [(to.state, to.decided_by) for to in trace.recipients] == [(state, "policy")]
    assert (await desk.store.audit_trail.entries_about(message.id, 1))[0].detail["reason"] == NOT_DECIDED


async def test_the_due_time_decides_only_what_is_due(desk: Desk) -> None:
    """One building holds its copy longer: the other copy goes at its due time, that one at its own."""
    clauses = {
        **desk.policy.clauses,
        "7a": replace(desk.policy.clauses["7a"], review_rules=ClauseReviewRules(at_due="release")),
    }
    desk.policy = replace(desk.policy, clauses=clauses)
    message = await desk.put("both")
    first, second = (each.address for each in message.envelope.recipients)
    await hold_longer(
        desk.store.dispositions,
        desk.store.clock,
        message.id,
        24 * HOUR,
        by="middle",
        reason="",
        may=lambda each: each.address == second,
    )
    for later, gone in ((2.1, {first}), (3.0, {first}), (24.1, {first, second})):
        desk.now = NOON + later * HOUR
        await desk.letters(FollowupKind.DUE)
        (trace,) = await desk.store.lookups.trace(id=message.id)
        assert {each.address for each in trace.recipients if each.state is State.QUEUED} == gone


async def test_the_sender_of_what_the_due_time_rejects_is_told_as_of_other_rejections(desk: Desk) -> None:
    """Clause, title and advice; but nobody is said to have looked at it."""
    rules = ClauseReviewRules(at_due="reject", advice="Write from the school account.")
    clauses = {**desk.policy.clauses, "7a": replace(desk.policy.clauses["7a"], review_rules=rules)}
    desk.policy = replace(desk.policy, clauses=clauses)
    await desk.put("high")
    desk.now = NOON + 2.1 * HOUR
    await desk.reminders.check()
    (told,) = [each for each in await desk.store.followups.claim_due(100, 60) if each.kind is FollowupKind.REJECTION]
    words = str(told.body["words"])
    assert f"(clause 7a: {clauses['7a'].title})" in words
    assert "What you can do: Write from the school account." in words
    assert "Nobody decided in the time" in words
    assert "has read it" not in words
    assert words.split("\n\n")[1:] == default_rejection_text("Riverbend", desk.policy, ["7a"]).split("\n\n")[1:]


async def test_a_call_for_help_is_told_until_somebody_takes_it_up(desk: Desk) -> None:
    """At once the building's administrators, beside notify.to; every quarter of an hour all, until it is taken."""
    message = await desk.put("help")
    building = kessler(desk)
    first = await desk.letters(FollowupKind.HELP_ALERT, FollowupKind.HELP_AGAIN)
    assert (FollowupKind.HELP_ALERT, building, 0) in first
    assert await desk.letters(FollowupKind.HELP_ALERT, FollowupKind.HELP_AGAIN) == []
    for quarter in (1, 2):
        desk.now = NOON + (15 * quarter + 1) * MINUTE
        again = await desk.letters(FollowupKind.HELP_ALERT, FollowupKind.HELP_AGAIN)
        assert {to for _, to, _ in again} == {building, "director@riverbend.example", LAST}
        assert {kind for kind, _, _ in again} == {FollowupKind.HELP_AGAIN}
    await desk.store.help_alerts.acknowledge(
        message.id, "kessler", AuditEntry(desk.now, "kessler", "taken up", message.id)
    )
    desk.now += HOUR
    assert await desk.letters(FollowupKind.HELP_ALERT, FollowupKind.HELP_AGAIN) == []


async def test_a_call_that_comes_late_escalates_however_long_nobody_takes_it_up(desk: Desk) -> None:
    """The verdict comes a day after the message was flagged for want of one; weeks later people are still told."""
    message = message_of(SAID["help"], NOON, desk.people)
    await desk.store.intake.accept(message)
    await desk.store.dispositions.apply([(message.id, lambda seen: without_verdict(seen, desk.policy, NOON))])
    desk.now = NOON + 24 * HOUR
    assert await desk.letters(FollowupKind.HELP_ALERT, FollowupKind.HELP_AGAIN) == []
    verdict = verdict_of(SAID["help"], message)
    await desk.store.dispositions.apply([(message.id, lambda seen: by_verdict(seen, verdict, desk.policy, desk.now))])
    assert (FollowupKind.HELP_ALERT, kessler(desk), 0) in await desk.letters(FollowupKind.HELP_ALERT)
    desk.now += 16 * MINUTE
    assert len(await desk.letters(FollowupKind.HELP_AGAIN)) == 3
    for _ in range(3):
        desk.now += 20 * 24 * HOUR
        assert len(await desk.letters(FollowupKind.HELP_AGAIN)) == 3
        desk.now += HOUR
        assert await desk.letters(FollowupKind.HELP_AGAIN) == []  # after a week once a day


async def test_a_call_that_was_given_back_is_told_again(desk: Desk) -> None:
    message = await desk.put("help")
    await desk.letters()
    await desk.store.help_alerts.acknowledge(
        message.id, "kessler", AuditEntry(desk.now, "kessler", "taken up", message.id)
    )
    desk.now += HOUR
    assert await desk.letters(FollowupKind.HELP_AGAIN) == []
    assert await desk.store.help_alerts.give_back(
        message.id, "kessler", AuditEntry(desk.now, "kessler", "given back", message.id)
    )
    assert len(await desk.letters(FollowupKind.HELP_AGAIN)) == 3


async def test_old_calls_do_not_keep_others_from_being_told(desk: Desk) -> None:
    """However many were taken up since, one that nobody has taken up is told."""
    waiting = await desk.put("help")
    await desk.letters()
    for _ in range(210):
        desk.now += 1
        each = await desk.put("help")
        await desk.store.help_alerts.acknowledge(
            each.id, "kessler", AuditEntry(desk.now, "kessler", "taken up", each.id)
        )
    desk.now = NOON + 16 * MINUTE
    await desk.reminders.check()
    again = [each for each in await desk.store.followups.claim_due(900, 60) if each.kind is FollowupKind.HELP_AGAIN]
    assert [each.message for each in again] == [waiting.id]


async def test_a_digest_once_a_day_counts_what_is_theirs(desk: Desk) -> None:
    for name in ("high", "middle", "flag", "help"):
        await desk.put(name)
    morning = datetime(2026, 11, 25, 7, 31, tzinfo=ZONE).timestamp()
    desk.now = morning - 2 * MINUTE
    assert await desk.letters(FollowupKind.DIGEST) == []
    desk.now = morning
    await desk.reminders.check()
    due = [each for each in await desk.store.followups.claim_due(100, 60) if each.kind is FollowupKind.DIGEST]
    counts = {each.body["to"][0]: (each.body["held"], each.body["overdue"], each.body["calls"]) for each in due}  # type: ignore[index]
    assert counts == {
        LAST: (2, 2, 1), "director@riverbend.example": (2, 2, 1), kessler(desk): (1, 1, 1),
        "middle@riverbend.example": (1, 1, 0),
    }  # fmt: skip
    await desk.store.followups.complete([each.id for each in due])
    desk.now += HOUR
    assert await desk.letters(FollowupKind.DIGEST) == []
    desk.now = morning + 24 * HOUR + 3 * HOUR  # the day's digest is not made up for in the afternoon
    assert await desk.letters(FollowupKind.DIGEST) == []


async def test_a_digest_tells_of_a_call_where_nothing_is_held(desk: Desk) -> None:
    await desk.put("help")
    desk.now = datetime(2026, 11, 25, 7, 31, tzinfo=ZONE).timestamp()
    await desk.reminders.check()
    found = [each for each in await desk.store.followups.claim_due(100, 60) if each.kind is FollowupKind.DIGEST]
    assert {str(each.body["to"]) for each in found} == {
        str([to]) for to in (kessler(desk), "director@riverbend.example", LAST)
    }
    content = notice_content(
        found[0], ["kim@riverbend.example"], sender="chaperone@riverbend.example", console_url="https://c.example",
        hostname="g.example", district="Riverbend", time_zone="America/Chicago", name="n", at=desk.now,
    ).decode()  # fmt: skip
    assert "Subject: 1 help alert that nobody has claimed" in content


async def test_a_case_is_told_of_when_it_is_due_until_it_is_closed(desk: Desk) -> None:
    """Who works on it; from a day later on the director as well, and nobody who has a part in it."""
    message = await desk.put("high")
    person = desk.people.person(SAID["high"].sender)
    assert person is not None
    writer = User("writer@riverbend.example", AccountRole.TECHNOLOGY_DIRECTOR, person=person.id)
    await desk.store.accounts.add(writer, "", AuditEntry(NOON, "tests", "account added", writer.name))
    draft = CaseDraft("Secrecy", "high", "kessler", NOON + 4 * HOUR)
    number = await desk.store.cases.open(draft, "kessler", [message.id], {})
    assert await desk.letters(FollowupKind.CASE) == []
    building, director = kessler(desk), "director@riverbend.example"
    for later, told in ((3.6, [building]), (3.7, []), (4.1, [building]), (28.1, [director, building]), (29, [])):
        desk.now = NOON + later * HOUR
        assert [to for _, to, _ in await desk.letters(FollowupKind.CASE)] == sorted(told), later
    acts = [each.act for each in await desk.store.audit_trail.entries_about(f"case-{number}", 9)]
    assert acts == ["escalated", "reminded", "reminded", "case opened"]
    await desk.store.cases.set_outcome(
        number, "unfounded", "kessler", AuditEntry(desk.now, "kessler", "case closed", f"case-{number}")
    )
    desk.now += 48 * HOUR
    assert await desk.letters(FollowupKind.CASE) == []


@pytest.mark.parametrize(("level", "says"), [(0, "Case 7 is due soon"), (1, "Case 7 is past its due time")])
def test_a_letter_about_a_case_says_whether_it_is_late(level: int, says: str) -> None:
    body = {"to": [LAST], "at": rfc3339(NOON), "case": 7, "due_at": rfc3339(NOON), "level": level}
    content = notice_content(
        Followup(FollowupKind.CASE, "case-7", body), [LAST], sender="chaperone@riverbend.example",
        console_url="https://c.example", hostname="g.example", district="Riverbend", time_zone="America/Chicago",
        name="n", at=NOON,
    ).decode()  # fmt: skip
    assert f"Subject: {says}\r\n" in content
    assert "2026-11-24 12:00 CST" in content


async def test_a_policy_without_a_digest_has_none(desk: Desk) -> None:
    desk.policy = replace(desk.policy, review=GeneralReviewRules(digest=None))
    await desk.put("high")
    desk.now = datetime(2026, 11, 25, 7, 31, tzinfo=ZONE).timestamp()
    assert await desk.letters(FollowupKind.DIGEST) == []


async def test_letters_say_nothing_of_a_message(desk: Desk) -> None:
    """No name, address, subject or word of it: counts, times and links to pages that ask to sign in."""
    ids = [(await desk.put(name)).id for name in ("high", "help")]
    desk.now = datetime(2026, 11, 25, 7, 31, tzinfo=ZONE).timestamp()
    await desk.reminders.check()
    due = [each for each in await desk.store.followups.claim_due(100, 60) if each.kind is not FollowupKind.DECISION]
    kinds = {FollowupKind.DUE, FollowupKind.DIGEST, FollowupKind.HELP_AGAIN}
    assert kinds <= {each.kind for each in due}
    for each in due:
        content = notice_content(
            each, ["kim@riverbend.example"], sender="chaperone@riverbend.example", console_url="https://c.example",
            hostname="g.example", district="Riverbend", time_zone="America/Chicago", name="n", at=desk.now,
        ).decode()  # fmt: skip
        assert "https://c.example/" in content
        for id_ in ids:
            content = content.replace(id_, "ID")  # it may hold any two characters
        for word in (SECRET, "Lindgren", "lindqvist", "After practice", "vandermeer", "can i come", "7a"):
            assert word not in content
        assert max(map(len, content.split("\r\n"))) <= 78
