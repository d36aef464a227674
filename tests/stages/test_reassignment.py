"""Reassignment: messages and cases of accounts that can no longer decide are unassigned, and reviewers notified."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from prometheus_client import CollectorRegistry

from gateway.core.accounts.account import AccountRole, User
from gateway.core.cases.case import Assignment, CaseDraft, CaseFile
from gateway.core.messages.followup import Followup, FollowupKind
from gateway.core.messages.message import Message
from gateway.core.notices.notice import notice_content
from gateway.core.policy.decision import AuditEntry
from gateway.observability.events import EventLog
from gateway.ports.store import Store
from gateway.stages.reminders import Reminders, ReminderStores
from gateway.store import open_store
from tests.console.district import MESSAGES, add_message, policy, roster
from tests.contracts.messages import Clock

pytestmark = pytest.mark.slow

ZONE, NOW = ZoneInfo("America/Chicago"), 1.8e9
PEOPLE = roster()
GONE, HIGH, DIRECTOR = "gone@riverbend.example", "high@riverbend.example", "director@riverbend.example"
MIDDLE, LAST = "middle@riverbend.example", "safety@riverbend.example"
ADMINISTRATOR = AccountRole.BUILDING_ADMINISTRATOR
USERS = (
    User(GONE, ADMINISTRATOR, ("o-high",)), User(HIGH, ADMINISTRATOR, ("o-high",)),
    User(MIDDLE, ADMINISTRATOR, ("o-middle",)), User(DIRECTOR, AccountRole.TECHNOLOGY_DIRECTOR),
)  # fmt: skip


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_store(f"sqlite:///{tmp_path}/store.db", clock=Clock(NOW)) as opened:
        for user in USERS:
            await opened.accounts.add(user, "", AuditEntry(NOW, "tests", "account added", user.name))
        yield opened


async def held_message(store: Store, name: str) -> Message:
    """One of the district's held messages."""
    return await add_message(store, MESSAGES[name], NOW, PEOPLE, policy())


def reminders_of(store: Store) -> Reminders:
    """Reminders on a store."""
    return Reminders(
        ReminderStores.of(store), PEOPLE, policy, EventLog(CollectorRegistry()), fallback=[LAST], zone=ZONE,
        district="Riverbend",
    )  # fmt: skip


async def check(store: Store) -> list[Followup]:
    """The follow-ups of one check."""
    await reminders_of(store).check()
    due = await store.followups.claim_due(100, 60)
    await store.followups.complete([followup.id for followup in due])
    return [followup for followup in due if followup.kind is FollowupKind.FREE]


async def assign(store: Store, id_: str, to: str, by: str = DIRECTOR) -> None:
    """Assign a message to a user."""
    await store.claims.assign(id_, Assignment(to, by, NOW), None, AuditEntry(NOW, by, "assigned", id_, {"to": to}))


async def assignee(store: Store, id_: str) -> str:
    """The assignee of a message."""
    assignment = (await store.claims.review_state(id_)).assignment
    return assignment.user if assignment is not None else ""


async def case_of(store: Store, number: int) -> CaseFile:
    """One case."""
    file = await store.cases.find(number)
    assert file is not None
    return file


async def disable(store: Store, name: str = GONE) -> None:
    """Disable an account."""
    assert await store.accounts.disable(name, AuditEntry(NOW, "tests", "account disabled", name))


def notified(followups: Sequence[Followup]) -> dict[str, tuple[list[str], list[int]]]:
    """The messages and cases that each address is notified of."""
    return {
        str(to): ([id_ for id_, _ in followup.body["messages"]], list(followup.body["cases"]))  # type: ignore[attr-defined]
        for followup in followups
        for to in followup.body["to"]  # type: ignore[attr-defined]
    }


async def test_work_of_a_disabled_account_is_unassigned(store: Store) -> None:
    message, other = await held_message(store, "high"), await held_message(store, "text")
    for assigned, to in ((message, GONE), (other, HIGH)):
        await assign(store, assigned.id, to)
    mine = await store.cases.open(CaseDraft("Secrecy", assignee=GONE), DIRECTOR, [message.id], {})
    theirs = await store.cases.open(CaseDraft("Trip", assignee=HIGH), DIRECTOR, [message.id], {})
    assert await check(store) == []
    await disable(store)
    assert notified(await check(store)) == {HIGH: ([message.id], [mine])}
    assert (await assignee(store, message.id), await assignee(store, other.id)) == ("", HIGH)
    assert ((await case_of(store, mine)).assignee, (await case_of(store, theirs)).assignee) == ("", HIGH)
    (row,) = (entry for entry in await store.audit_trail.changes_about(message.id, 50) if entry.act == "given back")
    assert (row.actor, row.detail["from"], row.detail["told"]) == ("gateway", GONE, [HIGH])
    _, waiting = await store.audit_trail.of_subjects([f"case-{mine}"])
    (row,) = (entry for entry in waiting if entry.act == "case changed")
    assert (row.actor, row.detail["assignee"], row.detail["from"]) == ("gateway", "", GONE)
    assert await check(store) == []  # once


async def test_notice_escalates_if_the_building_has_no_reviewer(store: Store) -> None:
    message = await held_message(store, "high")
    await assign(store, message.id, GONE, GONE)
    await disable(store, HIGH)
    await disable(store)
    assert notified(await check(store)) == {DIRECTOR: ([message.id], [])}
    await assign(store, message.id, DIRECTOR)
    await disable(store, DIRECTOR)
    assert notified(await check(store)) == {LAST: ([message.id], [])}
    assert await assignee(store, message.id) == ""


async def test_repeated_checks_see_new_orphans(tmp_path: Path) -> None:
    """Within an hour they also see a message that is held again because a decision was undone."""
    clock = Clock(NOW)
    async with open_store(f"sqlite:///{tmp_path}/store.db", clock=clock) as store:
        for user in USERS:
            await store.accounts.add(user, "", AuditEntry(NOW, "tests", "account added", user.name))
        message, other = await held_message(store, "high"), await held_message(store, "text")
        await assign(store, message.id, GONE)
        reminders = reminders_of(store)
        await reminders.check()
        assert await assignee(store, message.id) == GONE
        await disable(store)
        await reminders.check()
        assert await assignee(store, message.id) == ""
        await assign(store, other.id, GONE)
        clock.now += 3601
        await reminders.check()
        assert await assignee(store, other.id) == ""


async def test_closed_case_keeps_its_assignee(store: Store) -> None:
    number = await store.cases.open(CaseDraft("Secrecy", assignee=GONE), DIRECTOR, [], {})
    assert await store.cases.set_outcome(
        number, "unfounded", GONE, AuditEntry(NOW, GONE, "case closed", f"case-{number}")
    )
    await disable(store)
    assert await check(store) == []
    assert (await case_of(store, number)).assignee == GONE


async def test_notice_of_a_case_without_messages_goes_to_its_opener(store: Store) -> None:
    number = await store.cases.open(CaseDraft("Rumours", assignee=GONE), HIGH, [], {})
    await disable(store)
    assert notified(await check(store)) == {HIGH: ([], [number])}


async def test_work_of_an_account_without_the_role_is_unassigned(store: Store) -> None:
    """For example if the sign-in service's groups no longer give the role."""
    message = await held_message(store, "high")
    await assign(store, message.id, GONE)
    staff = replace(USERS[0], role=AccountRole.STAFF, buildings=())
    assert await store.identities.recognize(staff, AuditEntry(NOW, "sign-in service", "role ended", GONE))
    assert notified(await check(store)) == {HIGH: ([message.id], [])}
    assert await assignee(store, message.id) == ""


async def test_parties_are_not_notified(store: Store) -> None:
    teacher = User("okafor", ADMINISTRATOR, ("o-high",), person="s-05")
    await store.accounts.add(teacher, "", AuditEntry(NOW, "tests", "account added", "okafor"))
    own, high = await held_message(store, "own"), await held_message(store, "high")
    number = await store.cases.open(CaseDraft("Both", assignee=GONE), DIRECTOR, [own.id, high.id], {})
    await assign(store, own.id, GONE)
    await assign(store, high.id, GONE)
    await disable(store)
    notices = notified(await check(store))
    assert {HIGH: {own.id, high.id}, "dana.okafor@riverbend.example": {high.id}} == {
        to: set(ids) for to, (ids, _) in notices.items()
    }
    assert {to: cases for to, (_, cases) in notices.items() if cases} == {HIGH: [number]}


def test_notice_names_nobody_and_links_to_the_pages() -> None:
    body = {"to": [HIGH], "at": "2026-11-24T18:00:00Z", "messages": [["m1", "2026-11-24T20:00:00Z"]], "cases": [7, 9]}
    notice = notice_content(
        Followup(FollowupKind.FREE, "", body), [HIGH], sender="c@riverbend.example", console_url="https://c.example/",
        hostname="g.example", district="Riverbend", time_zone="America/Chicago", name="n", at=NOW,
    ).decode()  # fmt: skip
    assert "Subject: One held message and 2 cases no longer assigned" in notice
    for link in ("https://c.example/messages/m1", "https://c.example/cases/7", "https://c.example/cases/9"):
        assert link in notice
    assert "2026-11-24 14:00 CST" in notice
    assert GONE not in notice
