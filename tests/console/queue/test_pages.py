"""The queue's page in a browser: what the first screen shows, on a phone too; actions keep the reviewer's place."""

from __future__ import annotations

from dataclasses import replace

import pytest
from playwright.async_api import Locator, Page, expect

from gateway.core.messages.delivery import State
from tests.console.district import DIRECTOR, HIGH, MESSAGES, student_address
from tests.console.running_console import RunningConsole, sign_in_browser, submit_form
from tests.console.test_browser import DESKTOP, PHONE

pytestmark = pytest.mark.peer("chromium")
ON_A_PHONE = pytest.mark.parametrize("context", [PHONE], indirect=True, ids=["phone"])
ON_A_DESK = pytest.mark.parametrize("context", [DESKTOP], indirect=True, ids=["desktop"])
BOTH_SIZES = pytest.mark.parametrize("context", [DESKTOP, PHONE], indirect=True, ids=["desktop", "phone"])


async def bottom(place: Locator) -> float:
    """The lower edge of an element, from the top of the page."""
    box = await place.bounding_box()
    assert box is not None
    return box["y"] + box["height"]


async def more_calls(console: RunningConsole, count: int) -> list[str]:
    """More calls for help; their ids, the newest last."""
    said = replace(MESSAGES["help"], sender=student_address("tess.vandermeer"))
    return [(await console.add_message(replace(said, subject=f"please {number}"))).id for number in range(count)]


# --- the first screen ------------------------------------------------------------------------------------------------


@ON_A_PHONE
async def test_queue_is_visible_below_many_help_alerts_on_a_phone(console: RunningConsole, page: Page) -> None:
    """The newest alerts come first with a count; the others are one click away."""
    newest = (await more_calls(console, 7))[::-1]
    await sign_in_browser(page, console, HIGH)
    title = page.locator("#help-title")
    await expect(title).to_contain_text("8")
    shown = [await item.get_attribute("data-id") for item in await page.locator(".help a.row").all()]
    assert shown == newest[:3]
    await expect(page.get_by_text("5 more that nobody has taken up")).to_be_in_viewport()
    await expect(page.locator("#held-title")).to_be_in_viewport(ratio=1)
    await expect(page.locator("#queue .rows .row").first).to_be_in_viewport(ratio=0.5)
    assert await bottom(title) < await bottom(page.locator("#held-title"))
    for item in await page.get_by_role("button", name="I take this up").all():
        box = await item.bounding_box()
        assert box is not None
        assert box["height"] >= 40  # large enough for a thumb
    await page.get_by_role("link", name="All 8 calls for help").click()
    await expect(page.locator("main")).to_contain_text("8 not taken up")


@BOTH_SIZES
async def test_reason_and_text_are_on_the_first_screen(console: RunningConsole, page: Page) -> None:
    await sign_in_browser(page, console, HIGH)
    await page.goto(f"{console.url}/messages/{console.id('high')}")
    await expect(page.locator(".gist")).to_contain_text("Held for 7a")
    await expect(page.locator(".gist")).to_contain_text("just between us")
    word = page.locator(".text mark", has_text="just between us")
    last = page.get_by_role("button", name="Release").last if await page.locator(".thumb").is_visible() else None
    edge = (await last.bounding_box())["y"] if last is not None else await page.evaluate("innerHeight")  # type: ignore[index]
    assert await bottom(word) < edge  # the bar of buttons does not cover it
    for name in ("Release", "Reject"):
        await expect(page.get_by_role("button", name=name).last).to_be_in_viewport()


@BOTH_SIZES
async def test_phrase_links_to_its_place_in_a_long_text(console: RunningConsole, page: Page) -> None:
    long = "\n\n".join(["The practice on Tuesday was long."] * 60 + ["This stays just between us."])
    id_ = (await console.add_message(replace(MESSAGES["high"], text=long, found=(("7a", 0.97, "just between us"),)))).id
    await sign_in_browser(page, console, HIGH)
    await page.goto(f"{console.url}/messages/{id_}")
    word = page.locator(".text mark")
    await expect(word).not_to_be_in_viewport()
    await page.locator(".gist a").click()
    await expect(word).to_be_in_viewport()
    buttons = page.locator(".thumb" if await page.locator(".thumb").is_visible() else ".decide")
    assert await bottom(word) <= (await buttons.bounding_box())["y"]  # type: ignore[index]


@ON_A_PHONE
async def test_help_alert_can_be_read_and_taken_up_on_the_first_screen(console: RunningConsole, page: Page) -> None:
    await sign_in_browser(page, console, HIGH)
    await page.goto(f"{console.url}/messages/{console.id('help')}")
    await expect(page.get_by_role("button", name="I take this up")).to_be_in_viewport(ratio=1)
    await expect(page.get_by_text("things at home got really bad again")).to_be_in_viewport(ratio=1)


@ON_A_DESK
async def test_clause_labels_appear_on_demand(console: RunningConsole, page: Page) -> None:
    await sign_in_browser(page, console, HIGH)
    await page.goto(f"{console.url}/messages/{console.id('high')}")
    word = page.locator(".text mark", has_text="just between us")
    clause = word.locator("sup")
    assert (await clause.bounding_box())["width"] <= 1  # type: ignore[index]
    await word.hover()
    assert (await clause.bounding_box())["width"] > 5  # type: ignore[index]
    await page.mouse.move(0, 0)
    await word.focus()
    assert (await clause.bounding_box())["width"] > 5  # type: ignore[index]
    assert await word.get_attribute("title") == "clause 7a, 97 % sure"


# --- keeping the place -----------------------------------------------------------------------------------------------


@ON_A_DESK
async def test_taking_up_and_giving_back_keep_the_place(console: RunningConsole, page: Page) -> None:
    await sign_in_browser(page, console, HIGH)
    await page.goto(f"{console.url}/?channel=mail")
    await page.locator(".help a.row").click()
    message = page.locator("#pane #message")
    await message.get_by_role("button", name="I take this up").click()
    await expect(page.get_by_role("status")).to_contain_text("You have taken up the call for help of Tess Vandermeer")
    await expect(message).to_contain_text("Taken up by high")
    await expect(page.locator("#queue .rows .row").first).to_be_visible()
    assert "channel=mail" in page.url
    await message.get_by_role("button", name="Give it back").click()
    await expect(page.get_by_role("status")).to_contain_text("waits again")
    await expect(message.get_by_role("button", name="I take this up")).to_be_visible()
    await page.locator("#queue .help").get_by_role("button", name="I take this up").click()  # in the list
    await expect(message).to_contain_text("Taken up by high")
    await message.get_by_label("Comment").fill("she came to see me")
    await message.get_by_role("button", name="Add the comment").click()
    await expect(message).to_contain_text("she came to see me")
    await expect(page.locator("#queue .rows .row").first).to_be_visible()


@ON_A_DESK
async def test_taken_alert_stays_visible_even_if_the_list_only_counts_it(console: RunningConsole, page: Page) -> None:
    """It is open beside the queue, and five newer ones have come."""
    await sign_in_browser(page, console, HIGH)
    await page.locator(".help a.row").click()
    await expect(page.locator("#pane #message")).to_be_visible()
    await more_calls(console, 5)
    await page.locator("#pane").get_by_role("button", name="I take this up").click()
    await expect(page.locator("#pane #message")).to_contain_text("Taken up by high")


async def test_actions_on_the_help_page_return_to_it(console: RunningConsole) -> None:
    id_ = console.id("help")
    async with console.signed_in(HIGH) as browser:
        for path, told in (("acknowledge", "You have taken up"), ("give-back", "waits again")):
            done = await submit_form(browser, f"/messages/{id_}/{path}", **{"from": "help"})
            assert done.headers["location"] == f"/help?done={id_}"
            assert told in (await browser.get(done.headers["location"])).text
        forged = await submit_form(browser, f"/messages/{id_}/acknowledge", **{"from": "//evil.example"})
        assert forged.headers["location"] == f"/messages/{id_}?done={id_}"


@BOTH_SIZES
async def test_undo_says_what_was_undone_and_where_the_message_is(console: RunningConsole, page: Page) -> None:
    await sign_in_browser(page, console, HIGH)
    await page.goto(f"{console.url}/messages/{console.id('high')}")
    await page.get_by_role("button", name="Reject").last.click()
    await expect(page.get_by_text("Rejected. It takes effect")).to_be_visible()
    console.clock.ahead -= 600  # time for a slow machine
    await page.reload()
    await page.get_by_role("button", name="Undo").click()
    told = page.get_by_role("status")
    await expect(told).to_contain_text("Undone: the message of Peter Lindgren is not rejected. It is held again")
    (trace,) = await console.store.lookups.trace(id=console.id("high"))
    assert {recipient.state for recipient in trace.recipients} == {State.HELD}
    await told.get_by_role("link", name="Open it").click()
    await expect(page.locator("#message")).to_have_attribute("data-id", console.id("high"))


async def test_undo_line_is_shown_to_nobody_else(console: RunningConsole) -> None:
    id_ = console.id("high")
    async with console.signed_in(HIGH) as browser, console.signed_in(DIRECTOR) as other:
        await submit_form(browser, f"/messages/{id_}/release")
        there = (await submit_form(browser, f"/messages/{id_}/undo", **{"from": "queue"})).headers["location"]
        assert "is not released. It is held again" in (await browser.get(there)).text
        assert "Undone" not in (await other.get(there)).text
        console.clock.ahead += 61
        assert "Undone" not in (await browser.get(there)).text
