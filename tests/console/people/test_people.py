"""The pages and the API of people and pairs: what they show, who sees them, and what is on record."""

from __future__ import annotations

from tests.console.district import AUDITOR, DIRECTOR, HIGH, MESSAGES, MIDDLE, OKAFOR
from tests.console.running_console import RunningConsole, submit_form

LINDGREN, MAYA, NGOZI, PRUITT = "s-06", "k-02", "k-03", "s-11"
API = "/api/v1/people"


async def test_a_person_of_the_building_is_shown_and_on_record(console: RunningConsole) -> None:
    async with console.api_client(HIGH) as own:
        found = (await own.get(f"{API}/{LINDGREN}")).json()
        lines = {line["person"]["id"]: line for line in found["pairs"]}
        assert {MAYA, NGOZI, "k-04"} <= set(lines)
        assert (lines["k-04"]["outside"], lines[MAYA]["outside"]) == (1, 0)
        assert lines[MAYA]["raised"] == 2  # "high" and "both"
        assert sum(bar["messages"] for bar in found["by_week"]) == sum(line["messages"] for line in lines.values())
        assert sum(bar["messages"] for bar in found["by_hour"]) == sum(line["messages"] for line in lines.values())
        raised = {row["message"]: row for row in found["raised"]}
        assert raised[console.id("high")]["action"] == "hold"
        assert raised[console.id("high")]["clauses"][0] == "7a"
        assert "peter.lindgren@riverbend.example" in found["addresses"]
        student = (await own.get(f"{API}/{MAYA}?days=30")).json()
        assert {line["person"]["id"] for line in student["pairs"]} == {LINDGREN, "s-05"}
    (entry,) = await console.store.audit_trail.changes_about(LINDGREN, 10)
    assert (entry.actor, entry.act) == (HIGH, "person looked up")


async def test_a_pair_is_shown_in_any_order_as_the_command_shows_it(console: RunningConsole) -> None:
    async with console.api_client(HIGH) as own:
        found = (await own.get(f"{API}/{LINDGREN}/with/{MAYA}")).json()
        assert (found["staff"]["id"], found["student"]["id"], found["contact"]["messages"]) == (LINDGREN, MAYA, 2)
        assert found == (await own.get(f"{API}/{MAYA}/with/{LINDGREN}")).json()
        assert (await own.get(f"{API}/{MAYA}/with/{NGOZI}")).status_code == 404
        assert (await own.get(f"{API}/{LINDGREN}/with/{LINDGREN}")).status_code == 404
    (entry, *_) = await console.store.audit_trail.changes_about(LINDGREN, 10)
    assert (entry.act, entry.detail["with"]) == ("pair looked up", MAYA)


async def test_people_of_another_building_are_unknown(console: RunningConsole) -> None:
    async with console.api_client(MIDDLE) as other, console.api_client(AUDITOR) as auditor:
        for path in (f"{API}/{LINDGREN}", f"{API}/{LINDGREN}/with/{MAYA}", f"{API}/nobody", f"{API}/g-02"):
            assert (await other.get(path)).status_code == 404, path
            assert (await auditor.get(path)).status_code == 403, path
        assert (await other.get(f"{API}/{PRUITT}")).status_code == 200
        assert (await other.post(f"{API}/search", json={"text": "Peter Lindgren"})).json()["items"] == []
    async with console.api_client(DIRECTOR) as director:
        (found,) = (await director.post(f"{API}/search", json={"text": "Peter Lindgren"})).json()["items"]
        assert (found["id"], found["role"]) == (LINDGREN, "staff")


async def test_nobody_looks_at_themselves_or_their_child(console: RunningConsole) -> None:
    async with console.api_client(OKAFOR) as teacher:
        for path in (f"{API}/s-05", f"{API}/{NGOZI}", f"{API}/{LINDGREN}/with/{NGOZI}"):
            assert (await teacher.get(path)).status_code == 403, path
        found = (await teacher.get(f"{API}/{LINDGREN}")).json()
        assert NGOZI not in {line["person"]["id"] for line in found["pairs"]}
        assert console.id("child") not in {row["message"] for row in found["raised"]}
        assert (await teacher.post(f"{API}/search", json={"text": "Ngozi Okafor"})).json()["items"] == []


async def test_the_pages_show_charts_with_tables_and_link_to_each_other(console: RunningConsole) -> None:
    await console.add_message(MESSAGES["flag"])
    async with console.signed_in(HIGH) as browser:
        found = (await submit_form(browser, "/people", asked="Peter Lindgren")).text
        assert f'href="/people/{LINDGREN}"' in found
        page = (await browser.get(f"/people/{LINDGREN}")).text
        assert "Maya Lindqvist" in page
        assert f'href="/people/{LINDGREN}/with/{MAYA}?days=90"' in page
        assert page.count("<svg") == page.count(" as a table</summary>") == 2
        pair = (await browser.get(f"/people/{LINDGREN}/with/{MAYA}")).text
        assert "2 messages: 2 one-to-one or over personal accounts" in pair
        assert f'href="/messages/{console.id("high")}"' in pair
        message = (await browser.get(f"/messages/{console.id('high')}")).text
        assert f'href="/people/{LINDGREN}/with/{MAYA}"' in message
        assert (await browser.get("/people/nobody")).status_code == 404
