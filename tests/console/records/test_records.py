"""Records requests: the file, who may ask for it, and what is on record."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import zipfile
from email import message_from_bytes
from email.policy import default
from typing import Any

import httpx

from gateway.console.records.service import FILE_SECONDS
from tests.console.district import DIRECTOR, HIGH, MESSAGES
from tests.console.running_console import RunningConsole, submit_form

MAYA = "maya.lindqvist@students.riverbend.example"
OTHERS = ("Lindgren", "Petrakis", "Okafor", "peter.lindgren", "nadia.petrakis", "s-06", "s-05")


async def _ready(program: httpx.AsyncClient, **body: object) -> dict[str, Any]:
    made = await program.post("/api/v1/records", json={"person": MAYA, **body})
    assert made.status_code == 201, made.text
    while True:
        row: dict[str, Any] = (await program.get(f"/api/v1/records/{made.json()['id']}")).json()
        if row["state"] != "running":
            assert row["state"] == "ready"
            return row
        await asyncio.sleep(0.02)


async def _files(program: httpx.AsyncClient, row: dict[str, Any]) -> dict[str, bytes]:
    answer = await program.get(f"/api/v1/records/{row['id']}/file")
    assert answer.headers["content-type"] == "application/zip"
    assert "maya" not in answer.headers["content-disposition"].lower()
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


async def test_full_copy_has_everything(console: RunningConsole) -> None:
    async with console.api_client(DIRECTOR) as program:
        row = await _ready(program, redact=False)
        files = await _files(program, row)
    for name in ("high", "both", "clean"):
        assert files[f"messages/{console.id(name)}.eml"] == console.messages[name].content
        record = json.loads(files[f"messages/{console.id(name)}.json"])
        assert record["kept"]["recipients"]
        assert record["audit"]
    assert f"messages/{console.id('middle')}.eml" not in files
    manifest = json.loads(files["manifest.json"])
    assert {name: entry["sha256"] for name, entry in manifest["files"].items()} == {
        name: hashlib.sha256(content).hexdigest() for name, content in files.items() if name != "manifest.json"
    }
    assert row["manifest"] == manifest["manifest"]
    assert json.loads(files["contact.json"])
    entry, exported = await console.store.audit_trail.entries_about("k-02", 2)
    assert (entry.act, exported.act, exported.actor) == ("records downloaded", "person exported", DIRECTOR)
    assert exported.detail["messages"] == 3


async def test_redacted_copy_names_nobody_else(console: RunningConsole) -> None:
    async with console.api_client(DIRECTOR) as program:
        row = await _ready(program)
        files = await _files(program, row)
    for name, content in files.items():
        text = content.decode()
        assert not [word for word in OTHERS if word.lower() in text.lower()], name
    mail = message_from_bytes(files[f"messages/{console.id('high')}.eml"], policy=default)
    assert (mail["To"], mail["Subject"]) == (MAYA, "After practice")
    assert "just between us" in mail.get_content()
    assert mail["From"].startswith('"Staff A"') or mail["From"].startswith("Staff A")


async def test_open_case_and_legal_hold_are_left_out_of_a_redacted_copy(console: RunningConsole) -> None:
    async with console.api_client(DIRECTOR) as program:
        await program.post("/api/v1/cases", json={"title": "Peter Lindgren", "messages": [console.id("high")]})
        await program.post(f"/api/v1/messages/{console.id('clean')}/legal-hold", json={"reason": "suit 12"})
        redacted = await _files(program, await _ready(program))
        whole = await _files(program, await _ready(program, redact=False))
    found = {item["what"]: item["category"] for item in json.loads(redacted["left_out.json"])["left_out"]}
    assert found[f"message {console.id('high')}"] == "ongoing_investigation"
    assert found[f"message {console.id('clean')}"] == "legal_hold"
    assert found["case 1"] == "ongoing_investigation"
    assert not [name for name in redacted if console.id("high") in name or console.id("clean") in name]
    assert f"messages/{console.id('high')}.eml" in whole
    assert json.loads(whole["cases.json"])[0]["title"] == "Peter Lindgren"
    assert not json.loads(whole["left_out.json"])["left_out"]


async def test_page_starts_an_export_and_its_file_expires(console: RunningConsole) -> None:
    async with console.signed_in(DIRECTOR) as browser:
        assert (await submit_form(browser, "/records", person="nobody-here")).status_code == 422
        assert (await submit_form(browser, "/records", person=MAYA)).status_code == 303
        while "Download" not in (page := (await browser.get("/records")).text):
            await asyncio.sleep(0.02)
        assert "redacted" in page
        link = page.split('href="/records/')[1].split('"')[0]
        assert (await browser.get(f"/records/{link}")).content[:2] == b"PK"
    console.clock.ahead += FILE_SECONDS + 1
    async with console.signed_in(DIRECTOR) as browser:
        assert (await browser.get(f"/records/{link}")).status_code == 409
        assert "Expired" in (await browser.get("/records")).text
    async with console.signed_in(HIGH) as browser:
        assert (await browser.get("/records")).status_code == 403
        assert (await browser.get(f"/records/{link}")).status_code == 403
    async with console.api_client(HIGH) as program:
        assert (await program.post("/api/v1/records", json={"person": MAYA})).status_code == 403


def test_sample_names_are_in_the_messages() -> None:
    """Otherwise the test of a redacted copy would show nothing."""
    assert MAYA in MESSAGES["both"].to
    assert "nadia.petrakis" in MESSAGES["both"].to[1]
