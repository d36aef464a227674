"""Evidence packs: contents, integrity checks offline, and memory use."""

from __future__ import annotations

import gc
import io
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import tracemalloc
import zipfile
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Page, expect
from pytest_asyncio import fixture as async_fixture

from gateway.console.cases import verify_evidence as verify
from gateway.console.cases.zip_stream import ZipStream, large_file
from gateway.core.audit.chain import parse_entry as read_row
from gateway.core.audit.chain import verify as verify_chain
from gateway.core.messages.message import Message
from gateway.core.messages.parties import Direction
from gateway.core.policy.policy import Policy, Thresholds
from gateway.policies import SHIPPED
from tests.console.cases.test_service import CASES, open_case
from tests.console.district import HIGH, MESSAGES, build_content, policy
from tests.console.running_console import RunningConsole, sign_in_browser
from tests.console.running_console import running_console as open_console


async def pack(console: RunningConsole) -> tuple[bytes, str]:
    """The evidence of a case with a mail, a text message and an HTML mail; one of them was released."""
    await console.store.policy_versions.record(policy().hash, SHIPPED.read_text(), "")
    async with console.api_client(HIGH) as high:
        case = await open_case(high, console, "high", "text", "laid-out")
        await high.post(f"/api/v1/messages/{console.id('text')}/release", json={"reason": "seen with the parents"})
        await high.post(f"{CASES}/{case['id']}/notes", json={"text": "spoke with the counselor"})
        async with console.audit_linker():
            answer = await high.get(f"{CASES}/{case['id']}/evidence")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/zip"
    assert "case-1.zip" in answer.headers["content-disposition"]
    return answer.content, answer.headers["x-manifest-sha256"]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the verifier as a recipient does: without this project and without packages."""
    return subprocess.run(
        [sys.executable, "-I", "-S", *arguments], capture_output=True, text=True, check=False, timeout=60
    )


async def test_pack_contains_messages_decisions_and_audit_rows(console: RunningConsole) -> None:
    content, digest = await pack(console)
    files = {info.filename: zipfile.ZipFile(io.BytesIO(content)).read(info) for info in _infos(content)}
    high, text = console.messages["high"], console.messages["text"]
    assert files[f"messages/{high.id}.eml"] == high.content
    assert files[f"messages/{text.id}.txt"] == text.content
    record = json.loads(files[f"messages/{text.id}.json"])
    assert (record["decisions"][0]["by"], record["sha256"]) == (HIGH, text.sha256)
    assert record["verdict"]["model"] == "1.0.0"
    assert record["acts"][-1]["act"] == "viewed"
    assert "released" in [entry["act"] for entry in record["acts"]]
    assert files[f"policies/{policy().hash}.toml"] == SHIPPED.read_bytes()
    rows = [read_row(json.loads(line)) for line in files["audit.jsonl"].splitlines()]
    assert {"case opened", "released", "decided", "commented"} <= {row.entry.act for row in rows}
    for row in rows:
        assert verify_chain([row], after=None) is None or row.previous
    page = files["index.html"].decode()
    for words in ("Exhibit 3", "Peter Lindgren", "just between us", "seen with the parents", "spoke with the counselor",
                  "Sexual, flirtatious or grooming", high.sha256, "released"):  # fmt: skip
        assert words.lower() in page.lower(), words
    assert "<script" not in page
    assert "audit_not_linked_yet.jsonl" not in files
    manifest = json.loads(files["manifest.json"])
    assert manifest["manifest"] == digest
    assert set(manifest["files"]) == set(files) - {"manifest.json"}
    acts = await console.store.audit_trail.entries_about("case-1", 1)
    assert (acts[0].act, acts[0].detail["manifest"]) == ("evidence exported", digest)
    viewed = [entry for entry in await console.store.audit_trail.entries_about(high.id, 9) if entry.act == "viewed"]
    assert viewed[0].detail == {"what": "evidence of case 1"}


def changed() -> Policy:
    """A policy with other titles and thresholds than the one that decided the messages."""
    shipped = policy()
    limits = {item: Thresholds(hold=0.99) for item in Direction}
    other = replace(shipped.clauses["7a"], title="Renamed since", thresholds=limits)
    return replace(shipped, hash="f" * 64, clauses={**shipped.clauses, "7a": other})


@async_fixture(loop_scope="session")
async def later(sqlite_district: tuple[Path, Mapping[str, Message]], tmp_path: Path) -> AsyncIterator[RunningConsole]:
    """A console whose policy changed after the messages were decided."""
    file, messages = sqlite_district
    url = f"sqlite:///{shutil.copy(file, tmp_path)}"
    async with open_console(url, messages, in_force=changed) as running:
        yield running


async def test_page_and_pack_use_the_policy_of_the_decision(later: RunningConsole) -> None:
    await later.store.policy_versions.record(policy().hash, SHIPPED.read_text(), "# As adopted then")
    content, _ = await pack(later)
    await later.store.policy_versions.record(policy().hash, SHIPPED.read_text(), "# As adopted since")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        evidence = archive.read("index.html").decode()
        assert archive.read(f"policies/{policy().hash}.md") == b"# As adopted then"
        assert f"policies/{'f' * 64}.toml" not in archive.namelist()
    async with later.signed_in(HIGH) as browser:
        page = (await browser.get(f"/messages/{later.id('high')}")).text
    for shown in (page[page.index('aria-label="Why"') :], evidence):
        assert "Sexual, flirtatious or grooming" in shown
        assert "Below 50 % it would not have been held." in shown
        assert "Renamed since" not in shown
    assert "the policy has changed since" in page


async def test_missing_policy_file_gives_no_thresholds(later: RunningConsole) -> None:
    """Without the file of that time, thresholds of today are not shown as those of the decision."""
    async with later.signed_in(HIGH) as browser:
        page = (await browser.get(f"/messages/{later.id('high')}")).text
    assert "its thresholds are unknown" in page
    assert "99 %" not in page
    assert "just between us</mark>" in page.replace("<sup>7a</sup>", "")


async def test_pack_shows_decision_times_in_local_time(console: RunningConsole) -> None:
    """The time of the decision, not of the delivery, to the second and with the time zone."""
    zone = ZoneInfo("America/Chicago")
    id_ = console.id("high")
    async with console.api_client(HIGH) as high:
        case = await open_case(high, console, "high")
        await high.post(f"/api/v1/messages/{id_}/release", json={"reason": ""})
        decided = console.clock()
        assert id_ in await console.deliver(after=7200)
    async with console.api_client(HIGH) as high, console.audit_linker():
        content = (await high.get(f"{CASES}/{case['id']}/evidence")).content
        row = (await high.get(f"/api/v1/messages/{id_}")).json()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        record = json.loads(archive.read(f"messages/{id_}.json"))
        page = archive.read("index.html").decode()
    (told,) = record["decisions"]
    assert abs(datetime.fromisoformat(told["at"]).timestamp() - decided) < 60
    assert datetime.fromisoformat(told["since"]).timestamp() - decided > 7000
    assert row["decisions"][0]["at"] == told["at"]
    at = datetime.fromisoformat(told["at"]).astimezone(zone)
    assert f"decided by high, {at:%a %d %b %Y, %H:%M:%S %Z}" in page
    assert "(America/Chicago)" in page


async def test_text_of_attachments_is_in_the_pack(console: RunningConsole) -> None:
    words = b"{\\rtf1 Meet me at the lake, and tell nobody.}"
    said = replace(MESSAGES["high"], files=(("plan.rtf", "application/rtf", words),))
    id_ = (await console.add_message(said)).id
    async with console.api_client(HIGH) as high, console.audit_linker():
        case = (await high.post(CASES, json={"title": "x", "messages": [id_]})).json()["id"]
        content = (await high.get(f"{CASES}/{case}/evidence")).content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        page = archive.read("index.html").decode()
    assert "plan.rtf" in page
    assert "Meet me at the lake, and tell nobody." in page


async def test_large_pack_is_not_held_in_memory(console: RunningConsole, tmp_path: Path) -> None:
    large = b"".join(b"%064x\r\n" % number for number in range(30_000))  # 2 MB, 3 MB as base64
    content = build_content(replace(MESSAGES["high"], files=(("film.mp4", "video/mp4", large),)))
    ids = [(await console.add_message(replace(MESSAGES["high"], raw=content))).id for _ in range(24)]
    file = tmp_path / "pack.zip"
    async with console.api_client(HIGH) as high, console.audit_linker():
        case = (await high.post(CASES, json={"title": "x", "messages": ids})).json()["id"]
        tracemalloc.start()
        try:
            async with high.stream("GET", f"{CASES}/{case}/evidence", timeout=120) as answer:
                with file.open("wb") as out:
                    async for piece in answer.aiter_bytes():
                        out.write(piece)
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert int(answer.headers["content-length"]) == file.stat().st_size > 60 << 20
    assert most < 40 << 20, most
    assert run(str(Path(verify.__file__)), str(file)).returncode == 0


def _infos(content: bytes) -> list[zipfile.ZipInfo]:
    return zipfile.ZipFile(io.BytesIO(content)).infolist()


async def test_verifier_accepts_a_pack(console: RunningConsole, tmp_path: Path) -> None:
    content, digest = await pack(console)
    (tmp_path / "pack.zip").write_bytes(content)
    folder = tmp_path / "unpacked"
    zipfile.ZipFile(tmp_path / "pack.zip").extractall(folder)
    done = run(str(folder / "verify.py"))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Whole: ")
    assert digest in done.stdout
    assert run(str(folder / "verify.py"), str(tmp_path / "pack.zip")).returncode == 0
    assert run(str(folder / "verify.py"), str(tmp_path / "pack.zip"), "--expect", digest).returncode == 0
    wrong = run(str(folder / "verify.py"), str(tmp_path / "pack.zip"), "--expect", "0" * 64)
    assert wrong.returncode == 1
    assert "not the export that was expected" in wrong.stdout


async def test_verifier_finds_any_changed_byte(console: RunningConsole, tmp_path: Path) -> None:
    """In every file of the folder, and anywhere in the zip file: contents, names, times, after its end."""
    content, _ = await pack(console)
    files = verify.read_zip(content)
    assert verify.find_problems(files) == []
    for name, kept in files.items():
        at = len(kept) // 2
        changed = kept[:at] + bytes([kept[at] ^ 1]) + kept[at + 1 :]
        assert verify.find_problems({**files, name: changed}), name
    dice = random.Random(4)
    places = {0, 8, 10, 12, len(content) - 1, len(content) - 20, *dice.sample(range(len(content)), 120)}
    path = tmp_path / "pack.zip"
    for at in sorted(places):
        path.write_bytes(content[:at] + bytes([content[at] ^ 0x10]) + content[at + 1 :])
        assert verify.main([str(path)]) == 1, at
    for other in (content + b"x", content[:-1], content[1:], b"", b"PK"):
        path.write_bytes(other)
        assert verify.main([str(path)]) == 1


async def test_verifier_names_the_problems(console: RunningConsole, tmp_path: Path) -> None:
    content, _ = await pack(console)
    id_ = console.id("high")
    zipfile.ZipFile(io.BytesIO(content)).extractall(tmp_path)
    mail = tmp_path / "messages" / f"{id_}.eml"
    mail.write_bytes(mail.read_bytes().replace(b"day", b"bay"))
    (tmp_path / "note.txt").write_text("mine")
    (tmp_path / "README.txt").unlink()
    done = run(str(tmp_path / "verify.py"))
    assert done.returncode == 1
    for told in (
        f"messages/{id_}.eml: was changed", f"messages/{id_}.eml: is not the message that was taken in",
        "note.txt: was added", "README.txt: is missing", "NOT WHOLE",
    ):  # fmt: skip
        assert told in done.stdout


async def test_forged_manifest_does_not_hide_a_replaced_message(console: RunningConsole) -> None:
    """The hash recorded at acceptance and the one in the audit log reveal the change."""
    content, digest = await pack(console)
    files = verify.read_zip(content)
    name = f"messages/{console.id('high')}.eml"
    files[name] = files[name].replace(b"day", b"bay")
    files["audit.jsonl"] = files["audit.jsonl"].replace(b"spoke with", b"never saw ")
    head = {item: json.loads(files["manifest.json"])[item] for item in ("v", "case", "district")}
    rest = {file: kept for file, kept in files.items() if file != "manifest.json"}
    forged = {**rest, "manifest.json": verify.make_manifest(rest, head)}
    faults = verify.find_problems(forged, digest)
    assert any("not the message that was taken in" in item for item in faults)
    assert any(item.startswith("audit.jsonl: row") for item in faults)
    assert any("not the export that was expected" in item for item in faults)


@pytest.mark.peer("chromium")
async def test_case_and_evidence_in_a_browser(console: RunningConsole, page: Page, tmp_path: Path) -> None:
    await sign_in_browser(page, console, HIGH)
    await page.goto(f"{console.url}/messages/{console.id('high')}")
    await page.get_by_text("Make it a case").click()
    await page.get_by_label("Title of the case").fill("Secrecy after practice")
    await page.get_by_role("button", name="Open the case").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Case 1: Secrecy after practice")
    await page.get_by_label("Note").fill("spoke with the counselor")
    await page.get_by_role("button", name="Add the note").click()
    await expect(page.locator(".log")).to_contain_text("spoke with the counselor")
    async with console.audit_linker(), page.expect_download() as saved:
        await page.get_by_role("button", name="Export the evidence").click()
    file = tmp_path / "case.zip"
    await (await saved.value).save_as(file)
    folder = tmp_path / "case"
    zipfile.ZipFile(file).extractall(folder)
    assert run(str(folder / "verify.py")).returncode == 0
    other = await page.context.new_page()
    await other.goto((folder / "index.html").as_uri())
    await expect(other.get_by_role("heading", level=1)).to_contain_text("Secrecy after practice")
    await expect(other.locator("mark", has_text="just between us")).to_be_visible()
    await expect(other.locator("body")).to_contain_text("don't tell your mother")
    mail = next((folder / "messages").glob("*.eml"))
    mail.write_bytes(mail.read_bytes()[:-1] + b"?")
    assert run(str(folder / "verify.py")).returncode == 1
    await page.get_by_text("Close the case").first.click()
    await page.get_by_label("How it ended").select_option(label="Internal discipline")
    await page.get_by_label("What was done, and who was informed").fill("a warning, the parents were told")
    await page.get_by_role("button", name="Close the case").click()
    await expect(page.locator(".facts")).to_contain_text("Internal discipline")


def test_abandoned_pack_raises_no_error_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the client disconnects, closing the unfinished archive raises no error."""
    complaints: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", complaints.append)
    packing = ZipStream()
    packing.add("one.txt", b"one")
    packing.close()
    del packing
    gc.collect()
    assert not complaints


def test_pack_is_written_to_disk_or_tmpdir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def folder() -> Path:
        with large_file() as file:
            return Path(os.readlink(f"/proc/self/fd/{file.fileno()}").removesuffix(" (deleted)")).parent

    monkeypatch.setattr(tempfile, "tempdir", "/tmp")
    assert folder() == Path("/var/tmp")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert folder() == tmp_path
