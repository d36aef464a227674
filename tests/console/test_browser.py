"""The console in a browser: reading and deciding by keyboard and without JavaScript; accessibility."""

from __future__ import annotations

import json

import pytest
from playwright.async_api import Page, expect

from gateway.core.cases.case import CaseDraft
from gateway.core.messages.delivery import State
from tests.console.district import AUDITOR, DIRECTOR, HELD, HIGH, LINDGREN, MIDDLE, OKAFOR, SECURITY
from tests.console.running_console import RunningConsole, sign_in_browser
from tests.peers import axe

pytestmark = pytest.mark.peer("chromium")
BOTH = pytest.mark.parametrize(
    "console", ["sqlite", pytest.param("postgresql", marks=pytest.mark.peer("postgresql"))], indirect=True
)
# The pages allow only their own scripts: bypass_csp lets axe-core in.
DESKTOP = {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light", "bypass_csp": True}
PHONE = {
    "viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True, "color_scheme": "dark",
    "bypass_csp": True,
}  # fmt: skip


async def _states(console: RunningConsole, name: str) -> set[State]:
    (trace,) = await console.store.lookups.trace(id=console.id(name))
    return {recipient.state for recipient in trace.recipients}


@BOTH
async def test_release_by_keyboard(console: RunningConsole, page: Page) -> None:
    await sign_in_browser(page, console, DIRECTOR)
    rows = page.locator("#queue .rows .row")
    await expect(rows).to_have_count(len(HELD))
    await page.keyboard.press("j")
    await expect(page.locator("#pane #message")).to_contain_text("Tess Vandermeer")  # calls for help come first
    await page.keyboard.press("j")
    await expect(page.locator("#pane #message")).to_contain_text("Peter Lindgren")
    await expect(page.locator("#pane mark", has_text="just between us")).to_have_count(1)
    chosen = await page.locator("#pane #message").get_attribute("data-id")
    assert chosen == console.id("high")  # earliest due first
    await page.keyboard.press("e")
    await page.keyboard.type("known to the parents")
    await page.keyboard.press("Escape")
    await page.keyboard.press("r")
    await expect(page.get_by_text("Released. It takes effect")).to_be_visible()
    await expect(rows).to_have_count(len(HELD) - 1)
    assert await console.deliver() == {
        console.id(name): console.messages[name].content for name in ("clean", "help", "flag")
    }
    gone = await console.deliver(after=6)
    assert gone == {console.id("high"): console.messages["high"].content}
    acts = await console.store.audit_trail.entries_about(console.id("high"), 10)
    assert [entry.act for entry in acts] == ["released", "viewed", "decided"]
    assert acts[0].detail["reason"] == "known to the parents"


@pytest.mark.parametrize("context", [{}, {"java_script_enabled": False}], indirect=True, ids=["script", "no-script"])
async def test_enter_in_reason_field_decides_nothing(console: RunningConsole, page: Page) -> None:
    """Only a button decides, on one message or on near-duplicates."""
    await sign_in_browser(page, console, HIGH)
    for path in (f"/messages/{console.id('high')}", f"/together/{console.id('high')}"):
        await page.goto(f"{console.url}{path}")
        reason = page.get_by_label("Reason")
        await expect(page.get_by_text("Nothing", exact=True)).to_be_hidden()
        await reason.fill("known to the parents")
        await reason.press("Enter")
        await reason.press("End")  # the page is still open
        await expect(reason).to_have_value("known to the parents")
        assert page.url == f"{console.url}{path}"
        assert await _states(console, "high") == {State.HELD}
    await page.goto(f"{console.url}/messages/{console.id('high')}")
    await page.locator("#decision").get_by_role("button", name="Release").click()
    await expect(page.get_by_text("Released. It takes effect")).to_be_visible()


async def test_a_decision_is_undone(console: RunningConsole, page: Page) -> None:
    await sign_in_browser(page, console, HIGH)
    await page.goto(f"{console.url}/messages/{console.id('high')}")
    await page.keyboard.press("x")
    await expect(page.get_by_text("Rejected. It takes effect")).to_be_visible()
    console.clock.ahead -= 600  # enough time on a busy machine
    await page.reload()
    await page.get_by_role("button", name="Undo").click()
    await expect(page.locator("#message")).to_contain_text("Decision undone")
    assert await _states(console, "high") == {State.HELD}
    assert console.id("high") not in await console.deliver(after=60)


async def test_browser_requires_a_reason_if_the_policy_does(console: RunningConsole, page: Page) -> None:
    """Before anything is sent, and only for the action that requires it."""
    path = f"{console.url}/messages/{console.id('high')}"
    await sign_in_browser(page, console, HIGH)
    await page.goto(path)
    await page.get_by_text("Discard: deliver nothing").click()
    await page.get_by_role("button", name="Discard").click()
    await expect(page.locator("#reason")).to_be_focused()
    assert page.url == path
    assert await _states(console, "high") == {State.HELD}
    await page.locator("#decision").get_by_role("button", name="Reject").click()
    await expect(page.get_by_text("Message of Peter Lindgren: Rejected.")).to_be_visible()


async def test_message_text_comes_before_findings(console: RunningConsole, page: Page) -> None:
    await sign_in_browser(page, console, HIGH)
    await page.goto(f"{console.url}/messages/{console.id('high')}")
    titles = await page.locator("#message h2").all_inner_texts()
    assert titles[:3] == ["What it says", "Why it is held", "Also found"]
    await expect(page.get_by_role("region", name="Why", exact=True)).to_contain_text("97 % sure")
    await expect(page.get_by_role("region", name="Also found")).to_contain_text("80 % sure")


async def test_late_decision_says_who_decided_first(console: RunningConsole, page: Page) -> None:
    await sign_in_browser(page, console, HIGH)
    await page.goto(f"{console.url}/messages/{console.id('high')}")
    async with console.api_client(DIRECTOR) as director:
        await director.post(f"/api/v1/messages/{console.id('high')}/release", json={"reason": "first"})
    await page.get_by_role("button", name="Reject").click()
    await expect(page.locator("main")).to_contain_text("decided first by director")


async def test_the_queue_is_live(console: RunningConsole, page: Page) -> None:
    await sign_in_browser(page, console, DIRECTOR)
    await expect(page.locator("#held-title .count")).to_have_text(str(len(HELD)))
    async with console.api_client(DIRECTOR) as director:
        await director.post(f"/api/v1/messages/{console.id('high')}/release", json={"reason": ""})
    await expect(page.locator("#held-title .count")).to_have_text(str(len(HELD) - 1))


async def test_administrator_sees_own_building_only(console: RunningConsole, page: Page) -> None:
    await sign_in_browser(page, console, MIDDLE)
    await expect(page.locator("#queue .rows .row")).to_have_count(2)
    seen = {await item.get_attribute("data-id") for item in await page.locator("#queue .rows .row").all()}
    assert seen == {console.id("middle"), console.id("both")}
    answer = await page.goto(f"{console.url}/messages/{console.id('high')}")
    assert answer is not None
    assert answer.status == 404
    await expect(page.locator("main")).not_to_contain_text("Lindgren")


@pytest.mark.parametrize("context", [{"java_script_enabled": False}], indirect=True)
async def test_reading_and_deciding_need_no_javascript(console: RunningConsole, page: Page) -> None:
    await sign_in_browser(page, console, DIRECTOR)
    await page.locator(f'#queue .row[data-id="{console.id("text")}"]').click()
    await expect(page.locator("#message mark")).to_contain_text("dont tell anyone")
    await page.get_by_label("Reason").fill("no")
    await page.get_by_role("button", name="Reject").click()
    await expect(page.get_by_text("Rejected. It takes effect")).to_be_visible()
    assert await _states(console, "text") == {State.REJECTED}


@pytest.mark.parametrize("context", [{"java_script_enabled": False}], indirect=True)
async def test_a_case_needs_no_javascript(console: RunningConsole, page: Page) -> None:
    await sign_in_browser(page, console, DIRECTOR)
    await page.goto(f"{console.url}/messages/{console.id('high')}")
    await page.get_by_text("Make it a case").click()
    await page.get_by_label("Title of the case").fill("Secrecy")
    await page.get_by_role("button", name="Open the case").click()
    await expect(page.get_by_role("heading", name="Secrecy")).to_be_visible()
    await page.get_by_label("Note").fill("spoke with the parents")
    await page.get_by_role("button", name="Add the note").click()
    await expect(page.locator(".log")).to_contain_text("spoke with the parents")
    async with page.expect_download() as download:
        await page.get_by_role("button", name="Export the evidence").click()
    assert (await download.value).suggested_filename == "case-1.zip"
    await page.locator(".rows .row").first.click()
    await page.get_by_role("button", name="Release", exact=False).first.click()
    await expect(page.get_by_text("Released. It takes effect")).to_be_visible()
    await page.goto(f"{console.url}/cases/1")
    await page.get_by_text("Close the case").first.click()
    await page.get_by_label("How it ended").select_option("unfounded")
    await page.get_by_label("What was done, and who was informed").fill("a misreading")
    await page.get_by_role("button", name="Close the case").click()
    await expect(page.locator("main")).to_contain_text("Unfounded")
    assert await _states(console, "high") == {State.QUEUED}


# --- for everybody --------------------------------------------------------------------------------------------------

PAGES = {
    "": ("/sign-in", "/mine/sign-in", "/policy", "/policy/1?lang=es", "/api/docs", "/nothing-here"),
    DIRECTOR: (
        "/", "/messages/{high}", "/messages/{laid-out}", "/messages/{high}/source", "/delivered", "/trace", "/help",
        "/decided", "/cases", "/cases/1", "/together/{high}", "/messages/{help}", "/?clause=7a", "/grants",
        "/tools", "/overview", "/records", "/policies", "/policies/edit", "/policies/versions/1", "/administration",
        "/administration/accounts", "/audit", "/people", "/people/s-06", "/people/s-06/with/k-02", "/personal-accounts",
        "/messages/{high}/conversation",
    ),
    HIGH: (
        "/account", "/account/tokens", "/reports", "/flagged", "/messages/{flag}?list=flagged",
        "/flagged/together/{flag}", "/flagged/acknowledged", "/sampled", "/would-be-held", "/shadow-report", "/go-live",
        "/", "/administration", "/tools", "/cases?closed=yes",
    ),
    LINDGREN: ("/mine", "/tools", "/account"),
    OKAFOR: ("/messages/{own}", "/account"),
    SECURITY: ("/trace", "/messages/{high}", "/overview", "/reports"),
    AUDITOR: ("/audit", "/messages/{high}", "/decided", "/grants"),
}  # fmt: skip


async def violations(page: Page) -> dict[str, list[str]]:
    """Violations that axe-core rates serious or critical, by rule and place."""
    await page.add_script_tag(content=axe.SCRIPT.read_text())
    found = json.loads(
        await page.evaluate("axe.run({resultTypes: ['violations']}).then((found) => JSON.stringify(found.violations))")
    )
    return {
        item["id"]: [place["html"][:200] for place in item["nodes"]]
        for item in found
        if item["impact"] in ("serious", "critical")
    }


@pytest.mark.peer("axe")
@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("context", [DESKTOP, PHONE], indirect=True, ids=["desktop", "phone"])
async def test_every_page_is_accessible(console: RunningConsole, page: Page, name: str) -> None:
    if name:
        await sign_in_browser(page, console, name)
        await console.store.cases.open(CaseDraft("Secrecy", "high", HIGH), DIRECTOR, [console.id("high")], {})
    for path in PAGES[name]:
        await page.goto(console.url + path.format(**{message: console.id(message) for message in console.messages}))
        assert not await violations(page), path
        overflow = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert overflow <= 0, f"{path} is wider than the screen"
