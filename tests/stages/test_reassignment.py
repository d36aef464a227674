"""What somebody had who decides no more: it is free again, the audit log says so, and their building is told."""

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
from tests.console.district import SAID, policy, put, roster
from tests.contracts.messages import Clock

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


async def said(store: Store, name: str) -> Message:
    """A held message of the district."""
    return await put(store, SAID[name], NOW, PEOPLE, policy())


def reminders_of(store: Store) -> Reminders:
    """What looks, over a store."""
    return Reminders(
        ReminderStores.of(store), PEOPLE, policy, EventLog(CollectorRegistry()), fallback=[LAST], zone=ZONE, district="Riverbend"
    )  # fmt: skip


async def look(store: Store) -> list[Followup]:
    """What is to be written of it after one look."""
    await reminders_of(store).check()
    due = await store.followups.claim_due(100, 60)
    await store.followups.complete([each.id for each in due])
    return [each for each in due if each.kind is FollowupKind.FREE]


async def given(store: Store, id_: str, to: str, by: str = DIRECTOR) -> None:
    """Give a message to somebody."""
    await store.claims.assign(id_, Assignment(to, by, NOW), None, AuditEntry(NOW, by, "assigned", id_, {"to": to}))


async def holder(store: Store, id_: str) -> str:
    """Who has a message."""
    taken = (await store.claims.review_state(id_)).assignment
    return taken.user if taken is not None else ""


async def case_of(store: Store, number: int) -> CaseFile:
    """One case."""
    file = await store.cases.find(number)
    assert file is not None
    return file


async def disabled(store: Store, name: str = GONE) -> None:
    """Disable an account."""
    assert await store.accounts.disable(name, AuditEntry(NOW, "tests", "account disabled", name))


def told(letters: Sequence[Followup]) -> dict[str, tuple[list[str], list[int]]]:
    """The messages and the cases that everybody was told of, by their address."""
    return {
        str(to): ([id_ for id_, _ in each.body["messages"]], list(each.body["cases"]))  # type: ignore[attr-defined]
        for each in letters
        for to in each.body["to"]  # type: ignore[attr-defined]
    }


async def test_messages_and_cases_of_a_disabled_account_are_free_again(store: Store) -> None:
    message, other = await said(store, "high"), await said(store, "text")
    for each, to in ((message, GONE), (other, HIGH)):
        await given(store, each.id, to)
    mine = await store.cases.open(CaseDraft("Secrecy", assignee=GONE), DIRECTOR, [message.id], {})
    theirs = await store.cases.open(CaseDraft("Trip", assignee=HIGH), DIRECTOR, [message.id], {})
    assert await look(store) == []
    await disabled(store)
    assert told(await look(store)) == {HIGH: ([message.id], [mine])}
    assert (await holder(store, message.id), await holder(store, other.id)) == ("", HIGH)
    assert ((await case_of(store, mine)).assignee, (await case_of(store, theirs)).assignee) == ("", HIGH)
    (row,) = (each for each in await store.audit_trail.changes_about(message.id, 50) if each.act == "given back")
    assert (row.actor, row.detail["from"], row.detail["told"]) == ("gateway", GONE, [HIGH])
    _, waiting = await store.audit_trail.of_subjects([f"case-{mine}"])
    (row,) = (each for each in waiting if each.act == "case changed")
    assert (row.actor, row.detail["assignee"], row.detail["from"]) == ("gateway", "", GONE)
    assert await look(store) == []  # once


async def test_where_a_building_has_nobody_left_it_goes_up_the_chain(store: Store) -> None:
    message = await said(store, "high")
    await given(store, message.id, GONE, GONE)
    await disabled(store, HIGH)
    await disabled(store)
    assert told(await look(store)) == {DIRECTOR: ([message.id], [])}
    await given(store, message.id, DIRECTOR)
    await disabled(store, DIRECTOR)
    assert told(await look(store)) == {LAST: ([message.id], [])}
    assert await holder(store, message.id) == ""


async def test_one_that_looks_on_sees_who_is_disabled_meanwhile_and_what_comes_back(tmp_path: Path) -> None:
    """And within an hour what was decided by them and is held again, because somebody undid it."""
    clock = Clock(NOW)
    async with open_store(f"sqlite:///{tmp_path}/store.db", clock=clock) as store:
        for user in USERS:
            await store.accounts.add(user, "", AuditEntry(NOW, "tests", "account added", user.name))
        message, other = await said(store, "high"), await said(store, "text")
        await given(store, message.id, GONE)
        reminders = reminders_of(store)
        await reminders.check()
        assert await holder(store, message.id) == GONE
        await disabled(store)
        await reminders.check()
        assert await holder(store, message.id) == ""
        await given(store, other.id, GONE)
        clock.now += 3601
        await reminders.check()
        assert await holder(store, other.id) == ""


async def test_closed_cases_and_decided_messages_stay_as_they_ended(store: Store) -> None:
    number = await store.cases.open(CaseDraft("Secrecy", assignee=GONE), DIRECTOR, [], {})
    assert await store.cases.set_outcome(
        number, "unfounded", GONE, AuditEntry(NOW, GONE, "case closed", f"case-{number}")
    )
    await disabled(store)
    assert await look(store) == []
    assert (await case_of(store, number)).assignee == GONE


async def test_a_case_without_a_message_is_told_to_who_opened_it(store: Store) -> None:
    number = await store.cases.open(CaseDraft("Rumours", assignee=GONE), HIGH, [], {})
    await disabled(store)
    assert told(await look(store)) == {HIGH: ([], [number])}


async def test_who_lost_the_role_keeps_nothing_either(store: Store) -> None:
    """As where the sign-in service's groups give the role no more."""
    message = await said(store, "high")
    await given(store, message.id, GONE)
    staff = replace(USERS[0], role=AccountRole.STAFF, buildings=())
    assert await store.identities.recognize(staff, AuditEntry(NOW, "sign-in service", "role ended", GONE))
    assert told(await look(store)) == {HIGH: ([message.id], [])}
    assert await holder(store, message.id) == ""


async def test_nobody_is_told_of_what_they_have_a_part_in(store: Store) -> None:
    teacher = User("okafor", ADMINISTRATOR, ("o-high",), person="s-05")
    await store.accounts.add(teacher, "", AuditEntry(NOW, "tests", "account added", "okafor"))
    own, high = await said(store, "own"), await said(store, "high")
    number = await store.cases.open(CaseDraft("Both", assignee=GONE), DIRECTOR, [own.id, high.id], {})
    await given(store, own.id, GONE)
    await given(store, high.id, GONE)
    await disabled(store)
    letters = told(await look(store))
    assert {HIGH: {own.id, high.id}, "dana.okafor@riverbend.example": {high.id}} == {
        to: set(ids) for to, (ids, _) in letters.items()
    }
    assert {to: cases for to, (_, cases) in letters.items() if cases} == {HIGH: [number]}


def test_the_letter_names_nobody_and_links_to_the_pages() -> None:
    body = {"to": [HIGH], "at": "2026-11-24T18:00:00Z", "messages": [["m1", "2026-11-24T20:00:00Z"]], "cases": [7, 9]}
    letter = notice_content(
        Followup(FollowupKind.FREE, "", body), [HIGH], sender="c@riverbend.example", console_url="https://c.example/",
        hostname="g.example", district="Riverbend", time_zone="America/Chicago", name="n", at=NOW,
    ).decode()  # fmt: skip
    assert "Subject: One held message and 2 cases no longer assigned" in letter
    for link in ("https://c.example/messages/m1", "https://c.example/cases/7", "https://c.example/cases/9"):
        assert link in letter
    assert "2026-11-24 14:00 CST" in letter
    assert GONE not in letter
