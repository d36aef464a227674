"""The shadow week: its banner and list, practice decisions, the report for the board, and the checklist."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from gateway.core.messages.delivery import State
from gateway.core.messages.message import Message
from tests.console.district import DIRECTOR, HIGH, MIDDLE
from tests.console.flags.shadow_messages import add_in_shadow_mode
from tests.console.running_console import RunningConsole, running_console, submit_form


async def test_would_be_holds_have_a_list_of_their_own(console: RunningConsole) -> None:
    message = await add_in_shadow_mode(console, "high")
    async with console.signed_in(HIGH) as high, console.api_client(MIDDLE) as middle:
        assert message.id in (await high.get("/would-be-held")).text
        for page in ("/", "/flagged", "/delivered"):
            assert message.id not in (await high.get(page)).text, page
        assert (await middle.get("/api/v1/flagged", params={"kind": "shadow"})).json()["items"] == []


async def test_practice_changes_no_delivery(console: RunningConsole) -> None:
    message = await add_in_shadow_mode(console, "high")
    async with console.signed_in(HIGH) as high:
        page = (await high.get(f"/messages/{message.id}?list=shadow")).text
        assert "Would reject" in page
        sent = {"kind": "shadow", "outcome": "violation", "place": "?list=shadow"}
        answer = await submit_form(high, f"/messages/{message.id}/outcome", **sent)
        assert answer.headers["location"].startswith("/would-be-held")
    (trace,) = await console.store.lookups.trace(id=message.id)
    assert {copy.state for copy in trace.recipients} == {State.QUEUED}
    acts = [entry.act for entry in await console.store.audit_trail.changes_about(message.id, 10)]
    assert "practice decision" in acts
    assert "rejected" not in acts


async def test_report_masks_names_and_says_what_thresholds_change(console: RunningConsole) -> None:
    message = await add_in_shadow_mode(console, "high")
    await add_in_shadow_mode(console, "middle")
    async with console.signed_in(DIRECTOR) as director, console.api_client(HIGH) as high:
        url = f"/messages/{message.id}"
        assert (await high.post(f"/api/v1{url}/acknowledge", json={"outcome": "violation"})).status_code == 200
        assert (await submit_form(director, f"{url}/example", chosen="yes")).status_code == 303
        page = re.sub(r"\s+", " ", (await director.get("/shadow-report")).text)
        assert "just between us" in page
        assert not re.search(r"Lindqvist|Lindgren|Maya", page)
        report = (await high.get("/api/v1/shadow-report")).json()
        assert (report["would_be_held"]["held"], report["would_be_held"]["practiced"]) == (1, 1)
        assert set(report["by_building"]) == {"o-high"}
        (example,) = report["examples"]
        assert "Maya" not in example["text"]
        assert [row["shift"] for row in report["thresholds"]] == [-0.1, -0.05, 0.0, 0.05, 0.1]
    entries = await console.store.audit_trail.views_about(message.id, 20)
    assert "example for the board's report" in {entry.detail.get("what") for entry in entries}


async def test_every_page_says_that_nothing_is_held(
    sqlite_district: tuple[Path, Mapping[str, Message]], tmp_path: Path
) -> None:
    file, messages = sqlite_district
    async with running_console(f"sqlite:///{shutil.copy(file, tmp_path)}", messages, shadow=True) as console:
        message = await add_in_shadow_mode(console, "high")
        async with console.signed_in(DIRECTOR) as director, console.anonymous() as nobody:
            for path in ("/", "/flagged", "/cases", "/reports", f"/messages/{message.id}", "/account"):
                assert "Shadow mode" in (await director.get(path)).text, path
            assert "Would have been held for" in (await director.get(f"/messages/{message.id}")).text
            assert "Shadow mode" not in (await nobody.get("/policy")).text
            (last,) = [row for row in (await _checklist(console)) if "policy.mode" in row["what"]]
            assert not last["done"]


async def _checklist(console: RunningConsole) -> list[dict[str, object]]:
    async with console.api_client(DIRECTOR) as program:
        found: list[dict[str, object]] = (await program.get("/api/v1/go-live")).json()["items"]
        return found


async def test_checklist_names_what_is_missing(console: RunningConsole) -> None:
    await add_in_shadow_mode(console, "high")
    async with console.signed_in(DIRECTOR) as director:
        items = {row["what"]: row for row in await _checklist(console)}
        assert not items["Somebody is told when nobody reacts (notify.to)"]["done"]
        assert not items["Reviewers have practiced"]["done"]
        assert items["Two accounts may release held messages"]["done"]
        assert "not yet" in (await director.get("/go-live")).text
        assert "Shadow mode" not in (await director.get("/")).text, "this console enforces"
