"""Auditors see decisions, and content only with a grant, until it ends."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from gateway.core.cases.case import CaseDraft
from tests.console.district import AUDITOR, DIRECTOR, HIGH, SECURITY
from tests.console.running_console import RunningConsole, sign_in_browser, submit_form

GRANTS = "/api/v1/grants"
SAYS = "just between us"


async def test_auditor_sees_decisions_but_no_content(console: RunningConsole) -> None:
    async with (
        console.api_client(DIRECTOR) as director,
        console.signed_in(AUDITOR) as browser,
        console.api_client(AUDITOR) as own,
    ):
        await director.post(f"/api/v1/messages/{console.id('high')}/reject", json={"reason": "as agreed"})
        page = (await browser.get("/decided")).text
        (row,) = (await own.get("/api/v1/decided")).json()["items"]
        assert f"/messages/{console.id('high')}" in page
        assert "director" in page
        assert "After practice" not in page
        assert (row["id"], row["subject"]) == (console.id("high"), "")
        message = (await browser.get(f"/messages/{console.id('high')}")).text
        assert "as agreed" in message
        assert SAYS not in message


async def test_grant_expires(console: RunningConsole) -> None:
    path, content = f"/messages/{console.id('high')}", f"/api/v1/messages/{console.id('high')}/content"
    asked = {"to": AUDITOR, "about": console.id("high"), "for": "8h", "reason": "the yearly sample"}
    async with (
        console.api_client(DIRECTOR) as director,
        console.signed_in(AUDITOR) as browser,
        console.api_client(AUDITOR) as own,
    ):
        assert (await own.get(content)).status_code == 403
        made = await director.post(GRANTS, json=asked, headers={"Idempotency-Key": "one"})
        assert made.status_code == 201
        again = await director.post(GRANTS, json=asked, headers={"Idempotency-Key": "one"})
        assert again.json() == made.json()
        assert SAYS in (await browser.get(path)).text
        assert "comments" not in (await browser.get(path)).text
        assert (await own.get(content)).status_code == 200
        assert (await browser.get(f"{path}/source")).status_code == 200
        assert (await own.get(content.replace(console.id("high"), console.id("middle")))).status_code == 403
        assert (
            await own.post(f"/api/v1/messages/{console.id('high')}/release", json={"reason": ""})
        ).status_code == 403
        assert (await own.get(GRANTS)).json()["items"] == [made.json()]
        assert (await own.get("/api/v1/held")).status_code == 403
        console.clock.ahead += 8 * 3600 + 1
    async with console.api_client(AUDITOR) as own, console.api_client(DIRECTOR) as director:
        assert (await own.get(content)).status_code == 403
        assert (await own.get(GRANTS)).json()["items"] == []
        assert [item["id"] for item in (await director.get(GRANTS)).json()["items"]] == [1]
    acts = await console.store.audit_trail.changes_about(console.id("high"), 50)
    (granted,) = [entry for entry in acts if entry.act == "content granted"]
    assert (granted.actor, granted.detail["to"], granted.detail["reason"]) == (DIRECTOR, AUDITOR, "the yearly sample")
    assert granted.detail["until"] == made.json()["until"]
    views = [
        entry for entry in await console.store.audit_trail.views_about(console.id("high"), 50) if entry.actor == AUDITOR
    ]
    assert len(views) >= 3


async def test_grant_can_be_ended_early(console: RunningConsole) -> None:
    async with console.signed_in(DIRECTOR) as director, console.api_client(AUDITOR) as own:
        for about in (console.id("high"), console.id("middle")):
            sent = {"to": AUDITOR, "about": about, "for": "30d", "reason": "a sample"}
            assert (await submit_form(director, "/grants", **sent)).status_code == 303
        assert (await submit_form(director, "/grants/1/end")).status_code == 303
        assert (await submit_form(director, "/grants/1/end")).status_code == 409
        assert (await submit_form(director, "/grants/9/end")).status_code == 404
        assert (await own.get(f"/api/v1/messages/{console.id('high')}/content")).status_code == 403
        assert (await own.get(f"/api/v1/messages/{console.id('middle')}/content")).status_code == 200
        page = (await director.get("/grants")).text
        assert "ended" in page
        assert "a sample" in page
    acts = [entry.act for entry in await console.store.audit_trail.changes_about(console.id("high"), 9)]
    assert "content grant ended" in acts


async def test_grant_of_a_case_covers_its_messages(console: RunningConsole) -> None:
    number = await console.store.cases.open(
        CaseDraft("Secrecy"), DIRECTOR, [console.id("high"), console.id("text")], {}
    )
    async with (
        console.api_client(DIRECTOR) as director,
        console.api_client(AUDITOR) as own,
        console.signed_in(AUDITOR) as browser,
    ):
        assert (await browser.get(f"/cases/{number}")).status_code == 403
        await director.post(GRANTS, json={"to": AUDITOR, "about": f"case-{number}", "for": "1d", "reason": "x"})
        assert "Secrecy" in (await browser.get(f"/cases/{number}")).text
        for name, status in (("high", 200), ("text", 200), ("middle", 403)):
            assert (await own.get(f"/api/v1/messages/{console.id(name)}/content")).status_code == status, name
        assert (await own.get(f"/api/v1/cases/{number}/evidence")).status_code == 200
        assert (await own.post(f"/api/v1/cases/{number}/notes", json={"text": "x"})).status_code == 403


async def test_grant_of_everything(console: RunningConsole) -> None:
    async with console.signed_in(DIRECTOR) as director, console.api_client(AUDITOR) as own:
        sent = {"to": AUDITOR, "all": "yes", "for": "1h", "reason": "a sample"}
        assert (await submit_form(director, "/grants", **sent)).status_code == 303
        for name in ("high", "middle", "help", "clean"):
            assert (await own.get(f"/api/v1/messages/{console.id(name)}/content")).status_code == 200, name
    assert (await console.store.audit_trail.changes_about(AUDITOR, 1))[0].detail["what"] == "everything"


@pytest.mark.parametrize(
    "wrong",
    [{"to": SECURITY}, {"to": HIGH}, {"to": ""}, {"about": "nothing"}, {"about": "case-7"}, {"reason": ""},
     {"for": "for ever"}, {"for": ""}, {"about": ""}],
)  # fmt: skip
async def test_invalid_grant_is_refused(console: RunningConsole, wrong: dict[str, str]) -> None:
    sent = {"to": AUDITOR, "about": console.id("high"), "for": "1h", "reason": "x", **wrong}
    async with console.signed_in(DIRECTOR) as director:
        assert (await submit_form(director, "/grants", **sent)).status_code == 422
    assert await console.store.grants.page(1 << 60, 10) == []


@pytest.mark.peer("chromium")
async def test_grant_in_a_browser(console: RunningConsole, page: Page) -> None:
    await sign_in_browser(page, console, DIRECTOR)
    await page.goto(f"{console.url}/messages/{console.id('high')}")
    await page.get_by_text("Make it a case").scroll_into_view_if_needed()
    await page.get_by_role("link", name="Let an auditor read it").click()
    await page.get_by_label("Why the auditor needs it").fill("the yearly sample")
    await page.get_by_role("button", name="Grant access").click()
    await expect(page.locator("tbody tr")).to_have_count(1)
    await page.get_by_role("button", name="End for").click()
    await expect(page.locator("tbody")).to_contain_text("ended")
