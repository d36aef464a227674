"""Cases: opened about messages, worked on, closed; evidence packs that prove themselves; legal holds."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import random
import shutil
import subprocess
import sys
import tracemalloc
import zipfile
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from playwright.async_api import Page, expect
from pytest_asyncio import fixture as async_fixture

from gateway.console import verify
from gateway.core.account import AccountRole, User
from gateway.core.audit import read as read_row
from gateway.core.audit import verify as verify_chain
from gateway.core.decision import Act
from gateway.core.followup import Follow, Followup
from gateway.core.message import Message
from gateway.core.notice import notice_content
from gateway.core.parties import Direction
from gateway.core.policy import Policy, Thresholds
from gateway.policies import SHIPPED
from gateway.stages.beat import Beat
from gateway.stages.upkeep import link_audit
from tests.console.district import DIRECTOR, HASH, HIGH, MIDDLE, OKAFOR, SAID, policy
from tests.console.world import World, enter
from tests.console.world import opened as open_console

CASES = "/api/v1/cases"


async def opened(program: httpx.AsyncClient, world: World, *names: str, **more: Any) -> dict[str, Any]:
    """A new case about messages of the district."""
    body = {"title": "Secrecy", "messages": [world.id(name) for name in names], **more}
    answer = await program.post(CASES, json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


@contextlib.asynccontextmanager
async def chained(world: World) -> AsyncIterator[None]:
    """The audit rows go into their chain meanwhile, as in a gateway."""
    beat = Beat()
    async with asyncio.TaskGroup() as work:
        work.create_task(link_audit(world.store, world.journal, beat))
        try:
            yield
        finally:
            beat.stop()


async def test_a_case_from_opening_to_its_end(world: World) -> None:
    async with world.program(HIGH) as high:
        case = await opened(high, world, "high", severity="high", due_at=1.9e9)
        path = f"{CASES}/{case['id']}"
        assert (case["assignee"], case["severity"], case["messages"]) == (HIGH, "high", [world.id("high")])
        assert (await high.post(f"{path}/messages", json={"messages": [world.id("text")]})).status_code == 200
        assert (await high.post(f"{path}/messages", json={"messages": [world.id("text")]})).status_code == 409
        assert (await high.post(f"{path}/notes", json={"text": "spoke with the counselor"})).status_code == 200
        changed = await high.patch(path, json={"assignee": DIRECTOR, "due_at": 0})
        assert (changed.json()["assignee"], changed.json()["due_at"]) == (DIRECTOR, None)
        assert (await high.patch(path, json={"assignee": MIDDLE})).status_code == 422
        assert (await high.post(f"{path}/close", json={"outcome": "law_enforcement", "reason": ""})).status_code == 422
        closed = await high.post(f"{path}/close", json={"outcome": "law_enforcement", "reason": "report 12-345"})
        assert closed.json()["outcome"] == "law_enforcement"
        for method, where, body in (
            ("PATCH", "", {"title": "x"}), ("POST", "/messages", {"messages": [world.id("laid-out")]}),
        ):  # fmt: skip
            assert (await high.request(method, path + where, json=body)).status_code == 409
        assert (await high.post(f"{path}/notes", json={"text": "the court asked for it"})).status_code == 200
        whole = (await high.get(path)).json()
        assert [each["id"] for each in (await high.get(CASES)).json()["items"]] == []
        assert [each["id"] for each in (await high.get(CASES, params={"closed": True})).json()["items"]] == [case["id"]]
        assert (await high.post(f"{path}/reopen", json={"reason": "new facts"})).json()["outcome"] is None
    told = [(each["act"], each["actor"]) for each in whole["timeline"] if each["subject"] == f"case-{case['id']}"]
    assert told == [
        ("case opened", HIGH), ("case changed", HIGH), ("commented", HIGH), ("case changed", HIGH),
        ("case closed", HIGH), ("commented", HIGH),
    ]  # fmt: skip


async def given(world: World) -> list[dict[str, object]]:
    """What people are to be told of cases."""
    found = await world.store.due_followups(100, 60)
    await world.store.followed([each.id for each in found])
    return [dict(each.body) for each in found if each.kind is Follow.CASE]


async def test_who_is_given_a_case_is_told(world: World) -> None:
    """Not oneself, nor when something else of it changes; in a letter without a word of the case."""
    kim = User("kim@riverbend.example", AccountRole.BUILDING_ADMINISTRATOR, ("o-high",))
    await world.store.add_user(kim, HASH, Act(world.clock(), "tests", "account added", kim.name))
    async with world.program(HIGH) as high:
        mine = await opened(high, world, "high")
        assert await given(world) == []
        theirs = await opened(high, world, "high", assignee=kim.name, due_at=1.9e9)
        (told,) = await given(world)
        assert (told["to"], told["case"], told["due_at"]) == ([kim.name], theirs["id"], "2030-03-17T17:46:40.000Z")
        await high.patch(f"{CASES}/{theirs['id']}", json={"severity": "low"})
        assert await given(world) == []
        await high.patch(f"{CASES}/{mine['id']}", json={"assignee": kim.name})
        (told,) = await given(world)
        assert told["case"] == mine["id"]
        await high.patch(f"{CASES}/{mine['id']}", json={"assignee": OKAFOR})
        (told,) = await given(world)
        assert told["to"] == ["dana.okafor@riverbend.example"]
    letter = notice_content(
        Followup(Follow.CASE, "case-1", told), [kim.name], sender="c@riverbend.example", console_url="https://c.example",
        hostname="g.example", district="Riverbend", time_zone="America/Chicago", name="n", at=world.clock(),
    ).decode()  # fmt: skip
    assert "Subject: Case 1 was given to you" in letter
    assert "https://c.example/cases/1" in letter
    assert "Secrecy" not in letter


async def test_a_case_is_given_to_who_sees_its_messages(world: World) -> None:
    async with world.program(HIGH) as high:
        for assignee, names in ((MIDDLE, ["high"]), (OKAFOR, ["child"]), ("nobody", ["high"])):
            body = {"title": "x", "messages": [world.id(each) for each in names], "assignee": assignee}
            assert (await high.post(CASES, json=body)).status_code == 422, assignee
    assert await given(world) == []


async def test_the_list_comes_in_pages(world: World) -> None:
    async with world.program(DIRECTOR) as director:
        ids = [(await opened(director, world, title=f"Case {each}"))["id"] for each in range(5)]
        seen, cursor = [], ""
        while cursor is not None:
            answer = await director.get(CASES, params={"limit": 2, **({"cursor": cursor} if cursor else {})})
            page = answer.json()
            seen += [each["id"] for each in page["items"]]
            cursor = page["next"]
    assert seen == ids[::-1]


async def test_a_case_is_seen_where_all_its_messages_are(world: World) -> None:
    """Not by another building, and never by those who have a part in a message of it."""
    async with (
        world.program(DIRECTOR) as director, world.program(HIGH) as high, world.program(MIDDLE) as middle,
        world.program(OKAFOR) as teacher,
    ):  # fmt: skip
        case = await opened(director, world, "high")
        path = f"{CASES}/{case['id']}"
        assert [(await each.get(path)).status_code for each in (high, middle, teacher)] == [200, 404, 200]
        await director.post(f"{path}/messages", json={"messages": [world.id("own")]})
        assert [(await each.get(path)).status_code for each in (high, middle, teacher)] == [200, 404, 404]
        assert (await teacher.get(CASES)).json()["items"] == []
        await director.post(f"{path}/messages", json={"messages": [world.id("middle")]})
        assert [(await each.get(path)).status_code for each in (high, middle, director)] == [404, 404, 200]
        assert (await high.get(f"/api/v1/messages/{world.id('high')}/review")).json()["cases"] == []
        assert (await teacher.post(CASES, json={"title": "x", "messages": [world.id("own")]})).status_code == 403
        assert (await middle.post(CASES, json={"title": "x", "messages": [world.id("high")]})).status_code == 404
        assert (await director.delete(f"{path}/messages/{world.id('middle')}")).status_code == 200
        assert (await director.delete(f"{path}/messages/{world.id('middle')}")).status_code == 409


async def test_a_legal_hold_is_placed_by_many_and_lifted_by_directors(world: World) -> None:
    async with world.program(HIGH) as high, world.program(DIRECTOR) as director:
        case = await opened(high, world, "high", "text")
        where = f"{CASES}/{case['id']}/legal-hold"
        assert (await high.post(where, json={"reason": ""})).status_code == 422
        placed = (await high.post(where, json={"reason": "suit 12"})).json()["messages"]
        assert set(placed) == {world.id("high"), world.id("text")}
        assert (await high.post(where, json={"reason": "suit 12"})).json()["messages"] == []
        assert (await high.post(f"{where}/lift", json={"reason": "x"})).status_code == 403
        one = f"/api/v1/messages/{world.id('high')}"
        assert (await high.get(f"{one}/review")).json()["legal_hold"] == "suit 12"
        assert (await director.post(f"{one}/legal-hold/lift", json={"reason": "over"})).status_code == 200
        assert (await high.get(f"{CASES}/{case['id']}")).json()["legal_holds"] == {world.id("text"): "suit 12"}


# --- the evidence pack ------------------------------------------------------------------------------------------------


async def pack(world: World) -> tuple[bytes, str]:
    """The evidence of a case about a mail, a text and a laid-out mail, one of them released."""
    await world.store.keep_policy(policy().hash, SHIPPED.read_text(), "")
    async with world.program(HIGH) as high:
        case = await opened(high, world, "high", "text", "laid-out")
        await high.post(f"/api/v1/messages/{world.id('text')}/release", json={"reason": "seen with the parents"})
        await high.post(f"{CASES}/{case['id']}/notes", json={"text": "spoke with the counselor"})
        async with chained(world):
            answer = await high.get(f"{CASES}/{case['id']}/evidence")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/zip"
    assert "case-1.zip" in answer.headers["content-disposition"]
    return answer.content, answer.headers["x-manifest-sha256"]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The verifier as whoever got the pack runs it: without anything of ours, without packages."""
    return subprocess.run(
        [sys.executable, "-I", "-S", *arguments], capture_output=True, text=True, check=False, timeout=60
    )


async def test_a_pack_holds_everything_as_it_was(world: World) -> None:
    content, digest = await pack(world)
    files = {info.filename: zipfile.ZipFile(io.BytesIO(content)).read(info) for info in _infos(content)}
    high, text = world.messages["high"], world.messages["text"]
    assert files[f"messages/{high.id}.eml"] == high.content
    assert files[f"messages/{text.id}.txt"] == text.content
    record = json.loads(files[f"messages/{text.id}.json"])
    assert (record["decisions"][0]["by"], record["sha256"]) == (HIGH, text.sha256)
    assert record["verdict"]["model"] == "1.0.0"
    assert record["acts"][-1]["act"] == "viewed"
    assert "released" in [each["act"] for each in record["acts"]]
    assert files[f"policies/{policy().hash}.toml"] == SHIPPED.read_bytes()
    rows = [read_row(json.loads(line)) for line in files["audit.jsonl"].splitlines()]
    assert {"case opened", "released", "decided", "commented"} <= {each.act.act for each in rows}
    for each in rows:
        assert verify_chain([each], after=None) is None or each.previous
    page = files["index.html"].decode()
    for words in ("Exhibit 3", "Peter Lindgren", "just between us", "seen with the parents", "spoke with the counselor",
                  "Sexual, flirtatious or grooming", high.sha256, "released"):  # fmt: skip
        assert words.lower() in page.lower(), words
    assert "<script" not in page
    assert "audit_not_linked_yet.jsonl" not in files
    manifest = json.loads(files["manifest.json"])
    assert manifest["manifest"] == digest
    assert set(manifest["files"]) == set(files) - {"manifest.json"}
    acts = await world.store.acts_about("case-1", 1)
    assert (acts[0].act, acts[0].detail["manifest"]) == ("evidence exported", digest)
    viewed = [each for each in await world.store.acts_about(high.id, 9) if each.act == "viewed"]
    assert viewed[0].detail == {"what": "evidence of case 1"}


def changed() -> Policy:
    """Another policy than the one by which the district's messages were decided: titles and limits are others."""
    shipped = policy()
    limits = {each: Thresholds(hold=0.99) for each in Direction}
    other = replace(shipped.clauses["7a"], title="Renamed since", thresholds=limits)
    return replace(shipped, hash="f" * 64, clauses={**shipped.clauses, "7a": other})


@async_fixture(loop_scope="session")
async def later(made_house: tuple[Path, Mapping[str, Message]], tmp_path: Path) -> AsyncIterator[World]:
    """A console whose policy has changed since the messages were decided."""
    file, messages = made_house
    url = f"sqlite:///{shutil.copy(file, tmp_path)}"
    async with open_console(url, messages, in_force=changed) as running:
        yield running


async def test_page_and_pack_argue_with_the_policy_of_the_decision(later: World) -> None:
    await later.store.keep_policy(policy().hash, SHIPPED.read_text(), "# As adopted then")
    content, _ = await pack(later)
    await later.store.keep_policy(policy().hash, SHIPPED.read_text(), "# As adopted since")
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
    assert "which has changed since" in page


async def test_a_policy_that_was_not_kept_is_not_made_up(later: World) -> None:
    """The file of that time is gone: no limit of today is shown as if it had been that of the decision."""
    async with later.signed_in(HIGH) as browser:
        page = (await browser.get(f"/messages/{later.id('high')}")).text
    assert "its limits are not known" in page
    assert "99 %" not in page
    assert "just between us</mark>" in page.replace("<sup>7a</sup>", "")


async def test_times_of_a_pack_are_the_district_s_and_those_of_the_decision(world: World) -> None:
    """When it was decided, which is not when it was delivered; to the second, with the name of the zone."""
    zone = ZoneInfo("America/Chicago")
    id_ = world.id("high")
    async with world.program(HIGH) as high:
        case = await opened(high, world, "high")
        await high.post(f"/api/v1/messages/{id_}/release", json={"reason": ""})
        decided = world.clock()
        assert id_ in await world.outgoing(after=7200)
    async with world.program(HIGH) as high, chained(world):
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


async def test_the_words_of_files_are_in_the_pack(world: World) -> None:
    words = b"{\\rtf1 Meet me at the lake, and tell nobody.}"
    said = replace(SAID["high"], files=(("plan.rtf", "application/rtf", words),))
    id_ = (await world.put(said)).id
    async with world.program(HIGH) as high, chained(world):
        case = (await high.post(CASES, json={"title": "x", "messages": [id_]})).json()["id"]
        content = (await high.get(f"{CASES}/{case}/evidence")).content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        page = archive.read("index.html").decode()
    assert "plan.rtf" in page
    assert "Meet me at the lake, and tell nobody." in page


async def test_a_large_pack_is_never_in_memory_as_a_whole(world: World, tmp_path: Path) -> None:
    large = b"".join(b"%064x\r\n" % number for number in range(30_000))  # two megabytes, which three as base64 take
    ids = [
        (await world.put(replace(SAID["high"], files=(("a.bin", "application/octet-stream", large),)))).id
        for _ in range(24)
    ]
    file = tmp_path / "pack.zip"
    async with world.program(HIGH) as high, chained(world):
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


async def test_the_verifier_accepts_a_pack_offline(world: World, tmp_path: Path) -> None:
    content, digest = await pack(world)
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


async def test_one_changed_byte_is_found_wherever_it_is(world: World, tmp_path: Path) -> None:
    """In each file of the folder, and anywhere in the zip file: in contents, names, times, behind its end."""
    content, _ = await pack(world)
    files = verify.opened(content)
    assert verify.faults_of(files) == []
    for name, kept in files.items():
        at = len(kept) // 2
        changed = kept[:at] + bytes([kept[at] ^ 1]) + kept[at + 1 :]
        assert verify.faults_of({**files, name: changed}), name
    dice = random.Random(4)
    places = {0, 8, 10, 12, len(content) - 1, len(content) - 20, *dice.sample(range(len(content)), 120)}
    path = tmp_path / "pack.zip"
    for at in sorted(places):
        path.write_bytes(content[:at] + bytes([content[at] ^ 0x10]) + content[at + 1 :])
        assert verify.main([str(path)]) == 1, at
    for other in (content + b"x", content[:-1], content[1:], b"", b"PK"):
        path.write_bytes(other)
        assert verify.main([str(path)]) == 1


async def test_a_verifier_names_what_is_wrong(world: World, tmp_path: Path) -> None:
    content, _ = await pack(world)
    id_ = world.id("high")
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


async def test_a_forged_manifest_does_not_hide_another_message(world: World) -> None:
    """Whoever writes a new manifest is up against the digest of when the message came, and that of the audit log."""
    content, digest = await pack(world)
    files = verify.opened(content)
    name = f"messages/{world.id('high')}.eml"
    files[name] = files[name].replace(b"day", b"bay")
    files["audit.jsonl"] = files["audit.jsonl"].replace(b"spoke with", b"never saw ")
    head = {each: json.loads(files["manifest.json"])[each] for each in ("v", "case", "district")}
    rest = {each: kept for each, kept in files.items() if each != "manifest.json"}
    forged = {**rest, "manifest.json": verify.manifest_of(rest, head)}
    faults = verify.faults_of(forged, digest)
    assert any("not the message that was taken in" in each for each in faults)
    assert any(each.startswith("audit.jsonl: row") for each in faults)
    assert any("not the export that was expected" in each for each in faults)


@pytest.mark.peer("chromium")
async def test_from_a_message_to_the_evidence_in_a_browser(world: World, page: Page, tmp_path: Path) -> None:
    await enter(page, world, HIGH)
    await page.goto(f"{world.url}/messages/{world.id('high')}")
    await page.get_by_text("Make it a case").click()
    await page.get_by_label("What the case is called").fill("Secrecy after practice")
    await page.get_by_role("button", name="Open the case").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Case 1: Secrecy after practice")
    await page.get_by_label("Note").fill("spoke with the counselor")
    await page.get_by_role("button", name="Add the note").click()
    await expect(page.locator(".log")).to_contain_text("spoke with the counselor")
    async with chained(world), page.expect_download() as saved:
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
    await page.get_by_label("What was done, and who was told").fill("a warning, the parents were told")
    await page.get_by_role("button", name="Close the case").click()
    await expect(page.locator(".facts")).to_contain_text("Internal discipline")
