"""The page shows the main phrase of the decisive finding first, and marks other findings differently."""

from __future__ import annotations

from dataclasses import replace

import pytest
from playwright.async_api import Page, expect

from tests.console.district import HIGH, MESSAGES
from tests.console.running_console import RunningConsole, sign_in_browser

LATE = replace(
    MESSAGES["high"], subject="still up?",
    text="It is past midnight. Talk to me for a while, only you and me are awake.",
    found=(("7a", 0.97, "me"), ("7a", 0.9, "only you and me"), ("6", 0.8, "past midnight")),
)  # fmt: skip


@pytest.mark.peer("chromium")
async def test_longest_phrase_comes_first_and_links_to_its_place(console: RunningConsole, page: Page) -> None:
    """A single “me” says nothing."""
    id_ = (await console.add_message(LATE)).id
    await sign_in_browser(page, console, HIGH)
    await page.goto(f"{console.url}/messages/{id_}")
    await expect(page.locator(".gist q")).to_have_text("only you and me")
    await expect(page.get_by_role("region", name="Why", exact=True).locator("q")).to_have_text(["only you and me"])
    await expect(page.locator("#found")).to_contain_text("only you and")


@pytest.mark.peer("chromium")
async def test_other_findings_are_marked_differently(console: RunningConsole, page: Page) -> None:
    id_ = (await console.add_message(LATE)).id
    await sign_in_browser(page, console, HIGH)
    await page.goto(f"{console.url}/messages/{id_}")
    look = "each => getComputedStyle(each).backgroundColor"
    held = await page.locator(".text mark", has_text="only you").evaluate(look)
    beside = await page.locator(".text mark", has_text="past midnight").evaluate(look)
    assert held != "rgba(0, 0, 0, 0)"
    assert beside == "rgba(0, 0, 0, 0)"
