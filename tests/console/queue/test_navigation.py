"""Links within the queue: search words appear in no URL, and after a decision the same list continues."""

from __future__ import annotations

import html
import re

import httpx
import pytest
from playwright.async_api import Page, expect

from gateway.console.web.encryption import Encryptor
from tests.console.district import DIRECTOR, HIGH, MESSAGES, staff_address, student_address
from tests.console.running_console import LogLines, RunningConsole, form_secret, sign_in_browser, submit_form

LOOKED_FOR = "Maya practice"


def urls(page: str) -> list[str]:
    """Every URL on a page."""
    return [html.unescape(item) for item in re.findall(r'(?:href|src|action|formaction|hx-get)="([^"]*)"', page)]


def contains_words(url: str) -> bool:
    return any(word in url.lower() for word in ("maya", "practice"))


async def test_search_words_are_in_no_url_and_no_log(console: RunningConsole, log_lines: LogLines) -> None:
    async with console.signed_in(DIRECTOR) as browser:
        first = (await browser.get("/")).text
        assert 'method="post" action="/search"' in first
        there = (await submit_form(browser, "/search", text=LOOKED_FOR, channel="mail")).headers["location"]
        kept = (await submit_form(browser, "/views", name="late", query="text=maya+practice&age=today")).headers[
            "location"
        ]
        pages = [(await browser.get(where)).text for where in (there, kept)]
        message = next(page for page in urls(pages[0]) if page.startswith(f"/messages/{console.id('high')}"))
        pages.append((await browser.get(message)).text)
        done = await submit_form(browser, f"/messages/{console.id('high')}/release", place=message.partition("?")[2])
        pages.append((await browser.get(done.headers["location"])).text)
    assert f'value="{LOOKED_FOR}"' in pages[0]
    assert "channel=mail" in there
    assert console.id("middle") not in pages[0]
    for url in (there, kept, message, done.headers["location"], *(item for page in pages for item in urls(page))):
        assert not contains_words(url), url
    assert not contains_words(str(log_lines.records))


async def test_plain_words_in_a_url_are_ignored(console: RunningConsole) -> None:
    """And encrypted words work only for the account that searched for them."""
    async with console.signed_in(DIRECTOR) as browser, console.signed_in(HIGH) as other:
        led = await browser.get("/?text=practice&channel=mail")
        assert (led.status_code, led.headers["location"]) == (303, "/?channel=mail")
        async with console.api_client(DIRECTOR) as program:
            refused = await program.get("/api/v1/held", params={"text": "practice"})
        assert (refused.status_code, "/api/v1/held/search" in refused.text) == (422, True)
        there = (await submit_form(browser, "/search", text=LOOKED_FOR)).headers["location"]
        assert console.id("middle") not in (await browser.get(there)).text
        theirs = (await other.get(there)).text
        assert LOOKED_FOR not in theirs
        assert console.id("own") in theirs


def test_encrypted_words_belong_to_one_account() -> None:
    encryptor = Encryptor(b"s" * 32, "searches")
    sealed = encryptor.encrypt("maya ü", "ann")
    assert encryptor.decrypt(sealed, "ann") == "maya ü"
    assert encryptor.encrypt("maya ü", "ann") == sealed  # the URL of a list is stable
    assert encryptor.encrypt("maya ü", "bea") != sealed
    for stranger in (
        sealed[:-2],
        sealed[:20] + ("A" if sealed[20] != "A" else "B") + sealed[21:],
        "",
        "x",
        "ü",
        sealed + "!!",
    ):
        assert encryptor.decrypt(stranger, "ann") == ""
    assert encryptor.decrypt(sealed, "bea") == ""
    assert Encryptor(b"t" * 32, "searches").decrypt(sealed, "ann") == ""
    assert Encryptor(b"s" * 32, "vouching").decrypt(sealed, "ann") == ""
    assert encryptor.encrypt("", "ann") == ""


async def test_api_searches_without_a_url(console: RunningConsole) -> None:
    async with console.api_client(DIRECTOR) as program:
        found = (await program.post("/api/v1/held/search", json={"text": LOOKED_FOR, "clause": "7a"})).json()["items"]
        assert [item["id"] for item in found] == [console.id("high")]
        whole: list[str] = []
        cursor = None
        while True:
            asked = {"text": "riverbend.example", "limit": 2, "cursor": cursor}
            page = (await program.post("/api/v1/held/search", json=asked)).json()
            whole += [item["id"] for item in page["items"]]
            if (cursor := page["next"]) is None:
                break
        assert len(whole) == len(set(whole)) == 6
        traced = await program.post("/api/v1/trace", json={"address": student_address("nadia.petrakis")})
        assert {message["id"] for message in traced.json()["items"]} == {console.id("middle"), console.id("both")}
        for wrong in ({}, {"id": "x", "address": "y"}, {"text": "x"}):
            assert (await program.post("/api/v1/trace", json=wrong)).status_code == 422
        assert (await program.post("/api/v1/held/search", json={"texts": "x"})).status_code == 422


# --- after a decision ------------------------------------------------------------------------------------------------


async def order(browser: httpx.AsyncClient, where: str) -> list[str]:
    """The messages of a list in the order of its page."""
    return re.findall(r'<li id="m-([0-9a-z]+)"', (await browser.get(where)).text)


async def fields(browser: httpx.AsyncClient, path: str) -> dict[str, str]:
    """The hidden fields of the form of a decision."""
    page = (await browser.get(path)).text
    form = page[page.index('id="decision"') :]
    return {
        name: html.unescape(re.findall(rf'name="{name}" value="([^"]*)"', form)[0]) for name in ("form", "place", "due")
    }


async def test_list_continues_after_a_decision(console: RunningConsole) -> None:
    async with console.signed_in(DIRECTOR) as browser:
        there = (await submit_form(browser, "/search", text="lindgren", clause="7a")).headers["location"]
        listed = await order(browser, there)
        assert len(listed) == 5
        for now, following in ((1, listed[2]), (3, listed[4]), (4, listed[2]), (0, listed[2]), (2, "")):
            path = f"/messages/{listed[now]}{there[1:]}"
            done = await browser.post(f"/messages/{listed[now]}/release", data=await fields(browser, path))
            where = done.headers["location"]
            page = (await browser.get(where)).text
            assert "Released. It takes effect" in page
            assert f'data-at="{following}"' in page
            assert where.endswith(f"&at={following}" if following else f"done={listed[now]}")
            assert listed[now] not in await order(browser, where)
            assert console.id("middle") not in page.replace(f'value="{console.id("middle")}"', "")  # the same list
        undone = await submit_form(browser, f"/messages/{listed[2]}/undo", place=there[1:])
        assert undone.headers["location"] == f"/messages/{listed[2]}{there[1:]}&done={listed[2]}"


async def test_list_continues_if_somebody_decided_first(console: RunningConsole) -> None:
    async with console.signed_in(DIRECTOR) as browser, console.api_client(HIGH) as program:
        listed = await order(browser, "/?channel=mail")
        path = f"/messages/{listed[0]}?channel=mail"
        sent = await fields(browser, path)
        await program.post(f"/api/v1/messages/{listed[0]}/release", json={"reason": ""})
        answer = await browser.post(f"/messages/{listed[0]}/reject", data=sent)
        assert answer.status_code == 409
        assert "decided first by high" in answer.text
        assert f"/?channel=mail&at={listed[1]}" in urls(answer.text)


@pytest.mark.parametrize("place", ["//evil.example", "?next=//evil.example", "https://evil.example", "?channel=x\r\ny"])
async def test_forged_place_does_not_redirect(console: RunningConsole, place: str) -> None:
    async with console.signed_in(DIRECTOR) as browser:
        done = await submit_form(browser, f"/messages/{console.id('high')}/release", place=place, due="nan")
    where = done.headers["location"]
    assert where.startswith("/?")
    assert "evil" not in where


@pytest.mark.peer("chromium")
async def test_consecutive_decisions_by_keyboard(console: RunningConsole, page: Page) -> None:
    """The next message of the filtered list appears beside the queue, and a key decides it."""
    await sign_in_browser(page, console, DIRECTOR)
    await page.keyboard.press("/")
    await page.keyboard.type("lindgren")
    await page.keyboard.press("Enter")
    rows = page.locator("#queue .rows .row")
    await expect(rows).to_have_count(5)
    assert "lindgren" not in page.url
    await page.locator("#queue .rows .row").first.click()
    message = page.locator("#pane #message")
    chosen = str(await rows.nth(0).get_attribute("data-id"))
    for left in (4, 3):
        following = str(await rows.nth(1).get_attribute("data-id"))
        await expect(message).to_have_attribute("data-id", chosen)
        await page.keyboard.press("r")
        await expect(rows).to_have_count(left)
        await expect(message).to_have_attribute("data-id", following)
        await expect(page.get_by_role("button", name="Undo")).to_be_in_viewport()
        chosen = following
    assert len(await console.deliver(after=6)) == 5
    assert staff_address("peter.lindgren") == MESSAGES["high"].sender


@pytest.mark.peer("chromium")
@pytest.mark.parametrize("context", [{"java_script_enabled": False}], indirect=True)
async def test_next_message_is_a_link_without_javascript(console: RunningConsole, page: Page) -> None:
    await sign_in_browser(page, console, DIRECTOR)
    await page.goto(f"{console.url}/?channel=mail")
    first = page.locator("#queue .rows .row").first
    following = await page.locator("#queue .rows .row").nth(1).get_attribute("data-id")
    await first.click()
    await page.locator("#decision").get_by_role("button", name="Reject").click()
    await page.get_by_role("link", name="Next message").click()
    await expect(page.locator("#message")).to_have_attribute("data-id", str(following))
    assert page.url.endswith("?channel=mail")


def test_form_of_a_page_is_found() -> None:
    assert form_secret(httpx.Response(200, text='<input name="form" value="a">')) == "a"
