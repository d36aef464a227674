"""The line that says what was done, above the list and on the page of the message."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.console.district import DIRECTOR, HIGH
from tests.console.running_console import RunningConsole, sign_in_browser, submit_form
from tests.console.test_browser import DESKTOP, PHONE

pytestmark = pytest.mark.peer("chromium")


async def comment(page: Page) -> None:
    """Write a comment."""
    await page.get_by_label("Comment").fill("spoke with the parents")
    await page.get_by_role("button", name="Add the comment").click()


async def hold_longer(page: Page) -> None:
    """Hold it longer by the default time."""
    await page.get_by_text("Hold longer …").click()
    await page.get_by_role("button", name="Hold longer").click()


async def take(page: Page) -> None:
    """Claim it."""
    await page.get_by_role("button", name="Take it").click()


async def give(page: Page) -> None:
    """Assign it to the other account that may decide."""
    await page.get_by_text("Give it to …").click()
    await page.get_by_label("Who is to decide").select_option(DIRECTOR)
    await page.get_by_role("button", name="Give", exact=True).click()


ACTIONS = {
    "Message of Peter Lindgren: Comment saved": comment, "Message of Peter Lindgren: Held longer until": hold_longer,
    "Message of Peter Lindgren: Taken": take, f"Message of Peter Lindgren: Assigned to {DIRECTOR}": give,
}  # fmt: skip


@pytest.mark.parametrize("told", ACTIONS)
@pytest.mark.parametrize(
    "context", [DESKTOP, {**PHONE, "java_script_enabled": False}], indirect=True, ids=["desktop", "phone-no-script"]
)
async def test_line_says_what_was_done(console: RunningConsole, page: Page, told: str) -> None:
    await sign_in_browser(page, console, HIGH)
    await page.locator(f'#queue .row[data-id="{console.id("high")}"]').click()
    await ACTIONS[told](page)
    line = page.get_by_role("status").filter(has_text=told)
    await expect(line).to_be_visible()
    await expect(line).to_be_in_viewport()


async def test_undo_stays_after_a_comment(console: RunningConsole) -> None:
    """A decision that can be undone has precedence, and comments of others change nothing."""
    id_ = console.id("high")
    async with console.signed_in(HIGH) as browser, console.signed_in(DIRECTOR) as other:
        await submit_form(browser, f"/messages/{id_}/reject", reason="no")
        console.clock.ahead -= 600  # as much time as a busy machine may need
        done = await submit_form(browser, f"/messages/{id_}/comments", text="spoke with the parents")
        await submit_form(other, f"/messages/{id_}/comments", text="so did I")
        assert done.headers["location"] == f"/messages/{id_}?done={id_}"
        shown = (await browser.get(done.headers["location"])).text
        assert "Rejected. It takes effect" in shown
        assert "Comment saved" not in shown
        assert "Comment saved" not in (await browser.get(f"/messages/{id_}")).text
        assert "Comment saved" in (await other.get(f"/messages/{id_}?done={id_}")).text
