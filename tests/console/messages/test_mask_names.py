"""Review with hidden names: nothing says whose message it is until a reviewer reveals the names with a reason."""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from pytest_asyncio import fixture as async_fixture

from gateway.core.accounts.grant import Grant
from gateway.core.cases.case import CaseDraft
from gateway.core.messages.message import Message
from gateway.core.policy.decision import AuditEntry
from tests.console.district import (
    AUDITOR,
    DIRECTOR,
    HELD,
    HIGH,
    LINDGREN,
    OKAFOR,
    SECURITY,
    SampleMessage,
    staff_address,
    student_address,
)
from tests.console.running_console import RunningConsole, form_secret, running_console

NAMES = re.compile(
    r"lindgren|lindqvist|maya|peter|pruitt|carolann|petrakis|nadia|whitcomb|liam|ngozi|dana\b|fontaine|camille"
    r"|5550142|5550901",
    re.IGNORECASE,
)
"""Whatever identifies a person of the district's held messages."""

NAMED = SampleMessage(
    staff_address("peter.lindgren"), (student_address("maya.lindqvist"),), "Maya, after practice",
    "Maya, Mr. Lindgren here. Write to peter.lindgren@riverbend.example or (515) 555-0142.\n"
    "Maya Lindqvist, this stays just between us, Peter\n",
    (("7a", 0.97, "between us, Peter"),),
    html="<p>Dear <b>Maya</b> <i>Lindqvist</i>, it is O&#39;Peter &lt;LINDGREN&gt;</p>",
    files=(("Maya.txt", "text/plain", b"for maya lindqvist"),),
)  # fmt: skip


@async_fixture(loop_scope="session")
async def masked_world(
    sqlite_district: tuple[Path, Mapping[str, Message]], tmp_path: Path
) -> AsyncIterator[RunningConsole]:
    """A console that hides names."""
    file, messages = sqlite_district
    async with running_console(f"sqlite:///{shutil.copy(file, tmp_path)}", messages, hide_names=True) as running:
        yield running


async def test_pages_contain_no_name(masked_world: RunningConsole) -> None:
    named = (await masked_world.add_message(NAMED)).id
    again = (await masked_world.add_message(NAMED)).id
    number = await masked_world.store.cases.open(CaseDraft("About Maya"), DIRECTOR, [named], {})
    paths = [
        "/", "/delivered", "/decided", "/cases", f"/cases/{number}", f"/together/{again}",
        *(f"/messages/{message}" for message in (named, *map(masked_world.id, HELD))), f"/messages/{named}/html/2",
    ]  # fmt: skip
    async with masked_world.signed_in(DIRECTOR) as browser:
        sent = {"form": form_secret(await browser.get("/trace")), "text": "practice"}
        paths.append((await browser.post("/search", data=sent)).headers["location"])
        for path in paths:
            page = await browser.get(path)
            assert page.status_code == 200, path
            assert not NAMES.search(page.text), (path, NAMES.search(page.text))
        assert "About Student A" in (await browser.get("/cases")).text
        message = (await browser.get(f"/messages/{named}")).text
        assert "<bdi>Staff A</bdi>" in message
        assert "Student A, Mr. Staff A here." in message
        assert "Staff A</mark>" in message.replace("<sup>7a</sup>", "")
        assert "Student A.txt" in message
        assert "/source" not in message
        assert (await browser.get(f"/messages/{named}/source")).status_code == 403
        assert "O&#x27;Staff A &lt;Staff A&gt;" in (await browser.get(f"/messages/{named}/html/2")).text


async def test_api_answers_contain_no_name(masked_world: RunningConsole) -> None:
    named = (await masked_world.add_message(NAMED)).id
    number = await masked_world.store.cases.open(CaseDraft("Secrecy"), DIRECTOR, [named], {})
    async with masked_world.api_client(DIRECTOR) as program:
        for path in ("held", "decided", "delivered", f"cases/{number}", f"messages/{named}", f"trace?id={named}",
                     f"messages/{named}/content", f"messages/{named}/history", f"messages/{named}/conversation",
                     f"messages/{named}/review"):  # fmt: skip
            answer = await program.get(f"/api/v1/{path}")
            assert answer.status_code == 200, path
            assert not NAMES.search(answer.text), (path, NAMES.search(answer.text))
        said = (await program.get(f"/api/v1/messages/{named}/content")).json()
        (span,) = said["findings"][0]["spans"]
        text = next(part["text"] for part in said["parts"] if part["part"] == span["part"])
        assert text[span["start"] : span["end"]] == "between us, Staff A"
        done = await program.post(f"/api/v1/messages/{named}/release", json={"reason": "known"})
        assert done.json()["recipients"] == ["Student A"]
        late = await program.post(f"/api/v1/messages/{named}/reject", json={"reason": "no"})
        assert late.status_code == 409
        assert not NAMES.search(late.text)


async def test_search_by_name_is_refused(masked_world: RunningConsole) -> None:
    async with masked_world.api_client(DIRECTOR) as program, masked_world.signed_in(HIGH) as browser:
        for word in ("lindgren", "peter.lindgren@riverbend.example", "maya"):
            assert (await program.post("/api/v1/held/search", json={"text": word})).json()["items"] == []
        assert (await program.post("/api/v1/held/search", json={"text": "after practice"})).json()["items"]
        asked = await program.get("/api/v1/trace", params={"address": "peter.lindgren@riverbend.example"})
        assert (asked.status_code, "Names are hidden" in asked.text) == (403, True)
        form = form_secret(await browser.get("/trace"))
        page = await browser.post("/trace", data={"form": form, "asked": "peter.lindgren@riverbend.example"})
        assert page.status_code == 403
        page = await browser.post("/trace", data={"form": form, "asked": "Peter Lindgren"})
        assert (page.status_code, "Names are hidden" in page.text) == (403, True)
        found = await browser.post("/trace", data={"form": form, "asked": masked_world.id("high")})
        assert masked_world.id("high") in found.text
        assert not NAMES.search(found.text)
    async with masked_world.api_client(SECURITY) as security:  # sees no content, so it may search
        found = await security.get("/api/v1/trace", params={"address": "peter.lindgren@riverbend.example"})
        assert masked_world.id("high") in found.text


async def test_decided_list_contains_no_name(masked_world: RunningConsole) -> None:
    """Auditors see none either; with a grant they reveal names like everybody else."""
    id_ = (await masked_world.add_message(NAMED)).id
    async with masked_world.api_client(DIRECTOR) as director, masked_world.api_client(AUDITOR) as auditor:
        assert (await director.post(f"/api/v1/messages/{id_}/reject", json={"reason": "no"})).status_code == 200
        paths = ("decided", f"messages/{id_}", f"trace?id={id_}")
        answers = [(await who.get(f"/api/v1/{path}")).text for who in (director, auditor) for path in paths]
    async with masked_world.signed_in(DIRECTOR) as browser, masked_world.signed_in(AUDITOR) as other:
        pages = [(await who.get(path)).text for who in (browser, other) for path in ("/decided", f"/messages/{id_}")]
        pages.append(
            (await other.post("/trace", data={"form": form_secret(await other.get("/trace")), "asked": id_})).text
        )
        for text in (*answers, *pages):
            assert id_ in text
            assert not NAMES.search(text), NAMES.search(text)
        by_name = {"form": form_secret(await other.get("/trace")), "asked": staff_address("peter.lindgren")}
        assert (await other.post("/trace", data=by_name)).status_code == 403
        now = masked_world.clock()
        act = AuditEntry(now, DIRECTOR, "content granted", id_, {"to": AUDITOR})
        await masked_world.store.grants.add(Grant(AUDITOR, id_, DIRECTOR, "for the yearly audit", now, now + 3600), act)
        granted = (await other.get(f"/messages/{id_}")).text
        assert "this stays just" in granted
        assert not NAMES.search(granted), NAMES.search(granted)
        sent = {"form": form_secret(await other.get("/trace")), "reason": "to compare with the file"}
        assert (await other.post(f"/messages/{id_}/names", data=sent)).status_code == 303
        assert "Peter Lindgren" in (await other.get(f"/messages/{id_}")).text


async def _put_entries(masked_world: RunningConsole) -> tuple[str, int]:
    """A message and a case, with audit entries of all kinds that name people."""
    named = (await masked_world.add_message(NAMED)).id
    number = await masked_world.store.cases.open(CaseDraft("About Maya"), DIRECTOR, [named], {"title": "About Maya"})
    async with masked_world.api_client(OKAFOR) as teacher, masked_world.api_client(DIRECTOR) as director:
        assert (await teacher.get(f"/api/v1/messages/{masked_world.id('own')}/content")).status_code == 403
        for path, sent in (
            (f"messages/{named}/comments", {"text": "Spoke with Mr. Lindgren and with Maya Lindqvist's mother"}),
            (f"messages/{named}/hold", {"for": "1h", "reason": "Peter is ill"}),
            (f"messages/{named}/legal-hold", {"reason": "Lindqvist v. Riverbend"}),
            (f"messages/{named}/reject", {"reason": "Lindgren knows better"}),
            (f"cases/{number}/notes", {"text": "maya.lindqvist@students.riverbend.example wrote back"}),
        ):
            assert (await director.post(f"/api/v1/{path}", json=sent)).status_code == 200, path
        granted = {"to": AUDITOR, "about": f"case-{number}", "for": "1d", "reason": "what Lindgren wrote"}
        assert (await director.post("/api/v1/grants", json=granted)).status_code == 201
    while await masked_world.store.audit.link(500):
        pass
    return named, number


@pytest.mark.parametrize("who", [DIRECTOR, AUDITOR])
async def test_audit_log_contains_no_name(masked_world: RunningConsole, who: str) -> None:
    """It does not tell either whose account was refused because of a conflict of interest."""
    named, number = await _put_entries(masked_world)
    async with masked_world.api_client(who) as program, masked_world.signed_in(who) as browser:
        told = (await program.get("/api/v1/audit", params={"limit": 500})).json()
        page = (await browser.get("/audit")).text
        grants = (await program.get("/api/v1/grants")).text + (await browser.get("/grants")).text
    assert told["next"] is None
    rows = {
        item["number"]: item for item in told["items"] if item["subject"] not in (masked_world.id("help"), LINDGREN)
    }
    an_account = f"<td[^>]*>{re.escape(LINDGREN)}</td>"  # which does not tell whose message it is
    page = re.sub(an_account, "", page)
    for row in rows.values():
        assert not NAMES.search(str(row)), row
    of = [row for row in rows.values() if row["subject"] == named]
    assert "Spoke with Mr. Staff A and with Student A's mother" in [item["detail"].get("text") for item in of]
    (opened_,) = (row for row in rows.values() if row["act"] == "case opened")
    assert (opened_["detail"]["title"], opened_["whole"]) == ("About Student A", False)
    assert [item["whole"] for item in of if item["act"] == "put into a case"] == [True]
    refused = [row for row in rows.values() if row["subject"] == masked_world.id("own") and "part in it" in str(row)]
    assert refused
    assert OKAFOR not in str(refused)
    assert f'"/cases/{number}"' in page
    for shown in (page, grants):
        assert not NAMES.search(shown), NAMES.search(shown)
    assert "what Staff A wrote" in grants


async def test_audit_log_names_people_of_help_alerts(masked_world: RunningConsole) -> None:
    async with masked_world.api_client(DIRECTOR) as program:
        about = {"text": "Tess is with her aunt"}
        assert (
            await program.post(f"/api/v1/messages/{masked_world.id('help')}/comments", json=about)
        ).status_code == 200
        while await masked_world.store.audit.link(500):
            pass
        assert "Tess is with her aunt" in (await program.get("/api/v1/audit", params={"limit": 500})).text


async def test_case_lists_and_changes_contain_no_name(masked_world: RunningConsole) -> None:
    named, number = await _put_entries(masked_world)
    async with masked_world.api_client(DIRECTOR) as program, masked_world.signed_in(DIRECTOR) as browser:
        answers = [await program.get("/api/v1/cases"), await browser.get("/cases")]
        made = {"title": "Maya and Peter", "messages": [named]}
        answers.append(await program.post("/api/v1/cases", json=made))
        assert answers[-1].json()["title"] == "Student A and Staff A"
        same = {"title": "About Student A", "severity": "high"}  # unchanged, as it was read
        answers.append(await program.patch(f"/api/v1/cases/{number}", json=same))
        for path in ("notes", "close"):
            sent = {"text": "Maya came"} if path == "notes" else {"outcome": "unfounded", "reason": "Maya said so"}
            answers.append(await program.post(f"/api/v1/cases/{number}/{path}", json=sent))
        answers.append(await program.get("/api/v1/cases", params={"closed": "true"}))
        answers.append(await program.post(f"/api/v1/cases/{number}/reopen", json={"reason": "Maya wrote again"}))
        answers.append(await program.get(f"/api/v1/cases/{number}"))
        for item in answers:
            assert item.status_code in (200, 201)
            assert not NAMES.search(item.text), (item.url, NAMES.search(item.text))
            assert "Student A" in item.text
        case = await masked_world.store.cases.find(number)
        assert case is not None
        assert (case.title, case.severity) == ("About Maya", "high")
        opening = await program.post(f"/api/v1/cases/{number}/names", json={"reason": "to write to the parents"})
        assert opening.json()["title"] == "About Maya"
        assert "About Maya" not in (await program.get("/api/v1/cases")).text  # lists keep names hidden


async def test_written_texts_are_masked_with_names_of_the_header(masked_world: RunningConsole) -> None:
    """On pages and in the API: for the message, its history, and its case."""
    mail = (
        b"From: Petey Lindgren <peter.lindgren@riverbend.example>\r\nTo: maya.lindqvist@students.riverbend.example\r\n"
        b"Subject: practice\r\n\r\nthis stays just between us, Petey\r\n"
    )
    id_ = (await masked_world.add_message(replace(NAMED, raw=mail))).id
    number = await masked_world.store.cases.open(CaseDraft("Secrecy"), DIRECTOR, [id_], {})
    async with masked_world.api_client(DIRECTOR) as program, masked_world.signed_in(DIRECTOR) as browser:
        text = {"text": "Petey is what friends call him"}
        assert (await program.post(f"/api/v1/messages/{id_}/comments", json=text)).status_code == 200
        while await masked_world.store.audit.link(500):
            pass
        shown = [(await browser.get(path)).text for path in (f"/messages/{id_}", f"/cases/{number}", "/audit")]
        for path in (f"messages/{id_}/history", f"cases/{number}", "audit?limit=500"):
            shown.append((await program.get(f"/api/v1/{path}")).text)
        called = await program.post("/api/v1/cases", json={"title": "Petey at practice", "messages": [id_]})
        at = f"/cases/{called.json()['id']}"
        note = {"text": "Petey was here"}
        assert (await program.post(f"/api/v1{at}/notes", json=note)).status_code == 200
        while await masked_world.store.audit.link(500):
            pass
        titles = [called.text, (await program.get("/api/v1/cases")).text, (await browser.get("/cases")).text]
        notes = [(await browser.get(path)).text for path in (at, "/audit")]
        notes += [(await program.get(f"/api/v1{path}")).text for path in (at, "/audit?limit=500")]
    for item in shown:
        assert "Staff A is what friends call him" in item
        assert "Petey" not in item
    for item in (*titles, *notes):
        assert "Petey" not in item
    assert all("Staff A at practice" in item for item in titles)
    assert all("Staff A was here" in item for item in notes)


async def test_names_are_revealed_with_a_reason_for_an_hour(masked_world: RunningConsole) -> None:
    high = masked_world.id("high")
    async with masked_world.signed_in(HIGH) as browser, masked_world.signed_in(DIRECTOR) as other:
        form = form_secret(await browser.get(f"/messages/{high}"))
        assert (await browser.post(f"/messages/{high}/names", data={"form": form, "reason": " "})).status_code == 422
        assert not NAMES.search((await browser.get(f"/messages/{high}")).text)
        done = await browser.post(f"/messages/{high}/names", data={"form": form, "reason": "to call the parents"})
        assert done.status_code == 303
        shown = (await browser.get(f"/messages/{high}")).text
        assert "Peter Lindgren" in shown
        assert "maya.lindqvist@students.riverbend.example" in shown
        assert (await browser.get(f"/messages/{high}/source")).status_code == 200
        assert not NAMES.search((await other.get(f"/messages/{high}")).text)
        assert not NAMES.search((await browser.get("/")).text)
        acts = await masked_world.store.audit_trail.entries_about(high, 50)
        (act,) = (entry for entry in acts if entry.act == "names opened")
        assert (act.actor, act.detail["reason"]) == (HIGH, "to call the parents")
        masked_world.clock.ahead += 3601
    async with masked_world.signed_in(HIGH) as browser:
        assert not NAMES.search((await browser.get(f"/messages/{high}")).text)


async def test_api_reveals_names(masked_world: RunningConsole) -> None:
    high = masked_world.id("high")
    async with masked_world.api_client(HIGH, reads_only=True) as program:
        assert (await program.post(f"/api/v1/messages/{high}/names", json={"reason": ""})).status_code == 422
        assert (await program.post(f"/api/v1/messages/{high}/names", json={"reason": "asked by the board"})).json() == {
            "id": high,
            "names": "open",
        }
        assert (await program.get(f"/api/v1/messages/{high}")).json()["sender"] == "peter.lindgren@riverbend.example"
    async with masked_world.api_client(SECURITY) as security:
        assert (await security.post(f"/api/v1/messages/{high}/names", json={"reason": "x"})).status_code == 403


async def test_evidence_needs_revealed_names(masked_world: RunningConsole) -> None:
    number = await masked_world.store.cases.open(CaseDraft("Secrecy"), DIRECTOR, [masked_world.id("high")], {})
    async with masked_world.api_client(DIRECTOR) as program:
        assert (await program.get(f"/api/v1/cases/{number}/evidence")).status_code == 403
        done = await program.post(f"/api/v1/cases/{number}/names", json={"reason": "for the board"})
        assert done.status_code == 200
        assert (await program.get(f"/api/v1/cases/{number}/evidence")).status_code == 200
    async with masked_world.signed_in(DIRECTOR) as browser:
        assert "Peter Lindgren" in (await browser.get(f"/cases/{number}")).text


async def test_unchanged_masked_title_keeps_its_names(masked_world: RunningConsole) -> None:
    number = await masked_world.store.cases.open(
        CaseDraft("About Maya"), DIRECTOR, [(await masked_world.add_message(NAMED)).id], {}
    )
    async with masked_world.signed_in(DIRECTOR) as browser:
        page = await browser.get(f"/cases/{number}")
        sent = dict(re.findall(r'name="(title|shown)"[^>]*? value="([^"]*)"', page.text))
        assert sent["title"] == "About Student A"
        sent |= {"form": form_secret(page), "severity": "high"}
        assert (await browser.post(f"/cases/{number}", data=sent)).status_code == 303
        (case,) = await masked_world.store.cases.page(closed=False, before=1 << 62, limit=9)
        assert (case.title, case.severity) == ("About Maya", "high")
        assert (await browser.post(f"/cases/{number}", data={**sent, "title": "Secrecy"})).status_code == 303
        (case,) = await masked_world.store.cases.page(closed=False, before=1 << 62, limit=9)
        assert case.title == "Secrecy"


async def test_help_alerts_are_never_hidden(masked_world: RunningConsole) -> None:
    async with masked_world.signed_in(HIGH) as browser:
        assert "Tess Vandermeer" in (await browser.get("/")).text
        assert "Tess Vandermeer" in (await browser.get(f"/messages/{masked_world.id('help')}")).text


@pytest.mark.parametrize("who", [DIRECTOR, HIGH])
async def test_events_contain_no_name(masked_world: RunningConsole, who: str) -> None:
    async with masked_world.signed_in(who) as browser, browser.stream("GET", "/events") as events:
        await masked_world.add_message(NAMED)
        told = ""
        async for line in events.aiter_lines():
            told += line
            if "changed" in line:
                break
    assert not NAMES.search(told)
