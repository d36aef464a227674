"""Conflict of interest: an account learns nothing of messages that its person or their child sent or received."""

from __future__ import annotations

from dataclasses import replace

import httpx

from gateway.core.accounts.account import AccountRole, User
from gateway.core.cases.case import CaseDraft, note_entry
from gateway.core.policy.decision import AuditEntry
from tests.console.district import (
    DIRECTOR,
    HELD,
    HIGH,
    MESSAGES,
    OKAFOR,
    PASSWORD_HASH,
    SampleMessage,
    staff_address,
    student_address,
)
from tests.console.running_console import RunningConsole

APART = ("own", "child")
"""A message that okafor sent, and one that her child received."""
LINDGREN_DIRECTS = "peter.lindgren@riverbend.example"
OF_LINDGREN = tuple(name for name in HELD if name not in ("middle", "own"))


async def _make_director(console: RunningConsole) -> None:
    """A director who is also a teacher; the account's name is the address of the person."""
    user = User(LINDGREN_DIRECTS, AccountRole.TECHNOLOGY_DIRECTOR)
    await console.store.accounts.add(
        user, PASSWORD_HASH, AuditEntry(console.clock(), "tests", "account added", user.name)
    )


async def _listed(browser: httpx.AsyncClient, console: RunningConsole) -> set[str]:
    page = (await browser.get("/")).text
    return {name for name in HELD if f'data-id="{console.id(name)}"' in page}


async def test_queue_leaves_out_own_messages(console: RunningConsole) -> None:
    async with (
        console.signed_in(OKAFOR) as teacher,
        console.signed_in(HIGH) as high,
        console.api_client(OKAFOR) as program,
    ):
        assert await _listed(high, console) - await _listed(teacher, console) == set(APART)
        page = (await teacher.get("/")).text
        assert "<title>4 held" in page
        assert "<title>6 held" in (await high.get("/")).text
        assert "Essay" not in (await teacher.get("/?clause=7a")).text
        rows = (await program.get("/api/v1/held")).json()["items"]
        assert {row["id"] for row in rows} == {console.id(name) for name in ("high", "both", "text", "laid-out")}
        assert len((await program.get("/api/v1/held", params={"clause": "7a"})).json()["items"]) == 4
        assert (await program.get("/api/v1/stats")).json()["held"] == 4


async def test_mail_to_a_group_is_a_conflict_for_its_members(console: RunningConsole) -> None:
    """Including messages that came after the queue was first read, and after they have left it."""
    said = SampleMessage(
        staff_address("peter.lindgren"),
        ("biology-2@riverbend.example",),
        "Party",
        "Bring the beer.\n",
        (("7b", 0.9, "beer"),),
    )
    async with console.api_client(OKAFOR) as program, console.api_client(HIGH) as high:
        before = (await program.get("/api/v1/stats")).json()["held"]
        for _ in range(2):
            id_ = (await console.add_message(said)).id
            assert (await high.get(f"/api/v1/messages/{id_}/content")).status_code == 200
            assert (await program.get("/api/v1/stats")).json()["held"] == before
            assert (await high.post(f"/api/v1/messages/{id_}/release", json={"reason": ""})).status_code == 200
            assert (await program.get("/api/v1/stats")).json()["held"] == before


async def test_delivered_copy_is_a_conflict_too(console: RunningConsole) -> None:
    """Her copy was delivered at once because she is staff. She may not see or decide the held copies."""
    to = (student_address("maya.lindqvist"), staff_address("dana.okafor"))
    id_ = (await console.add_message(replace(MESSAGES["high"], to=to))).id
    async with console.api_client(OKAFOR) as program:
        assert id_ not in (await program.get("/api/v1/held")).text
        assert (await program.post(f"/api/v1/messages/{id_}/release", json={"reason": "x"})).status_code == 403


async def test_delivered_and_decided_lists_leave_out_own_messages(console: RunningConsole) -> None:
    flagged = (await console.add_message(replace(MESSAGES["flag"], sender=staff_address("dana.okafor")))).id
    called = (await console.add_message(replace(MESSAGES["help"], sender=student_address("ngozi.okafor")))).id
    async with (
        console.api_client(DIRECTOR) as director,
        console.api_client(OKAFOR) as program,
        console.signed_in(OKAFOR) as own,
    ):
        await director.post(f"/api/v1/messages/{console.id('own')}/reject", json={"reason": "7a"})
        for path in ("delivered", "decided", "help"):
            listed = (await program.get(f"/api/v1/{path}")).text
            assert not any(id_ in listed for id_ in (flagged, called, console.id("own"))), path
            shown = (await own.get(f"/{path}")).text
            assert not any(id_ in shown for id_ in (flagged, called, console.id("own"))), path
        assert console.id("help") in (await program.get("/api/v1/help")).text
        assert called not in (await own.get("/")).text
        assert called in (await director.get("/api/v1/help")).text


async def test_own_message_cannot_be_read(console: RunningConsole) -> None:
    """Only where it is: not its content, why it is held, who claimed it, or comments about it."""
    await console.store.audit.record(
        [note_entry(console.clock(), HIGH, console.id("child"), "Asked Mr. Lindgren about it")]
    )
    async with console.signed_in(OKAFOR) as browser, console.api_client(OKAFOR) as program:
        for name in APART:
            id_ = console.id(name)
            page = await browser.get(f"/messages/{id_}")
            assert page.status_code == 200
            assert "somebody else must decide" in page.text
            for told in ("so pretty", "Come alone", ">7a<", "Asked Mr. Lindgren", "Essay", "Saturday", "Release"):
                assert told not in page.text, told
            for path in ("source", "html/1", "picture/1"):
                assert (await browser.get(f"/messages/{id_}/{path}")).status_code == 403, path
            for path in ("content", "history", "conversation", "review"):
                assert (await program.get(f"/api/v1/messages/{id_}/{path}")).status_code == 403, path
            row = (await program.get(f"/api/v1/messages/{id_}")).json()
            assert (row["subject"], row["clauses"], row["reasons"], row["decisions"]) == (None, [], [], [])
            assert (await program.get("/api/v1/trace", params={"id": id_})).json()["items"][0]["clauses"] == []
            assert (await program.get(f"/api/v1/mailings/{id_}")).status_code == 404
    refused = [
        entry.detail["to"]
        for entry in await console.store.audit_trail.changes_about(console.id("own"), 50)
        if entry.actor == OKAFOR
    ]
    assert "read source: has a part in it" in refused


async def test_conversation_leaves_out_own_messages(console: RunningConsole) -> None:
    both = SampleMessage(
        staff_address("peter.lindgren"),
        (student_address("maya.lindqvist"), student_address("ngozi.okafor")),
        "Lab",
        "To the lab at ten.\n",
    )
    id_ = (await console.add_message(both)).id
    async with console.api_client(OKAFOR) as program, console.api_client(HIGH) as high:
        path = f"/api/v1/messages/{console.id('high')}/conversation"
        assert id_ in (await high.get(path)).text
        assert id_ not in (await program.get(path)).text


async def test_audit_log_withholds_entries_about_own_messages(console: RunningConsole) -> None:
    await _make_director(console)
    number = await console.store.cases.open(CaseDraft("About a teacher"), DIRECTOR, [console.id("high")], {})
    await console.store.audit.record([note_entry(console.clock(), HIGH, console.id("high"), "Asked the girl about it")])
    await console.store.audit.record(
        [note_entry(console.clock(), HIGH, f"case-{number}", "The parents come on Monday")]
    )
    await console.store.audit.record([note_entry(console.clock(), HIGH, console.id("middle"), "Nothing of his")])
    while await console.store.audit.link(500):
        pass
    async with console.signed_in(LINDGREN_DIRECTS) as teacher, console.signed_in(DIRECTOR) as director:
        own, others = (await teacher.get("/audit")).text, (await director.get("/audit")).text
    async with console.api_client(LINDGREN_DIRECTS) as program:
        rows = (await program.get("/api/v1/audit", params={"limit": 500})).json()["items"]
    for told in ("Asked the girl", "parents come", "About a teacher"):
        assert told not in own
        assert told not in str(rows)
    assert "Asked the girl" in others
    assert "Nothing of his" in own
    assert "Withheld" in own
    about = {console.id(name) for name in OF_LINDGREN} | {f"case-{number}"}
    assert not about & {row["subject"] for row in rows}
    assert [row["number"] for row in rows] == list(range(1, len(rows) + 1))
    assert {row["act"] for row in rows if not row["subject"] and not row["actor"]} == {"withheld"}
