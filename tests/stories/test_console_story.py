"""The console of a whole gateway in a browser: a held message is found, read and released by a key, and arrives."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tests.peers.chromium import running_chromium
from tests.stories.gateway import Gateway, eventually, laid_out
from tests.stories.sink import Sink, running_sink
from tests.stories.smtp import submit
from tests.stories.wire import ours_removed

pytestmark = pytest.mark.peer("chromium")
TEACHER, STUDENT = "peter.lindgren@riverbend.example", "maya.lindqvist@students.riverbend.example"
SAFETY, HIGH = "safety@riverbend.example", "denise.abara@riverbend.example"
PASSWORD = "plenty of clover at noon"
SECRET = "You are so beautiful, this is our secret, do not tell your parents, meet me alone tonight."
CRY = "things at home got really bad again and i am scared to go back there, i do not know who else to ask"
PATIENCE = 30_000


def mail(sender: str, to: str, subject: str, text: str) -> bytes:
    """A mail with what has to stay as it is: a line that begins with a dot, and trailing blanks."""
    return (
        f"From: <{sender}>\r\nTo: <{to}>\r\nSubject: {subject}\r\nMessage-ID: <{subject.replace(' ', '')}@story>\r\n"
        f"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n.\r\n..dots  \r\n"
    ).encode()


async def enter(browser: Browser, gateway: Gateway, name: str, **more: object) -> Page:
    """A browser of somebody who signed in."""
    context = await browser.new_context(**more)  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE)
    page = await context.new_page()
    await page.goto(f"http://127.0.0.1:{gateway.console}/sign-in")
    await page.get_by_label("Name").fill(name)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_url(lambda url: "/sign-in" not in url)
    return page


def arrived(sink: Sink, subject: str, to: str) -> bytes | None:
    """The message of a subject at the next hop, without what the gateway put before it."""
    for each in sink.taken:
        content = ours_removed(each.content)[1]
        if f"\r\nSubject: {subject}\r\n".encode() in content and any(to.encode() in one for one in each.recipients):
            return content
    return None


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """A Chromium."""
    async with running_chromium() as running:
        yield running


async def test_a_working_day(tmp_path: Path, browser: Browser) -> None:
    with running_sink() as sink, laid_out(
        tmp_path, f"127.0.0.1:{sink.port}", settings=[f'notify.to = ["{SAFETY}"]']
    ) as gateway:  # fmt: skip
        await asyncio.to_thread(gateway.start)
        for name, *more in (
            ("director", "--role", "technology_director"),
            ("abara", "--role", "building_administrator", "--building", "o-high", "--person", "s-02"),
        ):
            await asyncio.to_thread(gateway.cli, "user", "add", name, *more, "--password-stdin", given=f"{PASSWORD}\n")
        held = {subject: mail(TEACHER, STUDENT, subject, SECRET) for subject in ("after practice", "tonight")}
        for content in held.values():
            assert await asyncio.to_thread(submit, gateway.smtp, TEACHER, [STUDENT], content) == 250
        assert await asyncio.to_thread(eventually, lambda: len(gateway.held()) == 2)
        subjects = {each["id"]: each["subject"] for each in await asyncio.to_thread(gateway.held)}

        # released by a key; it arrives byte for byte, and not before the time to undo it is over
        page = await enter(browser, gateway, "director")
        await expect(page.locator("#queue .rows .row")).to_have_count(2)
        await page.keyboard.press("j")
        await expect(page.locator("#pane #message")).to_contain_text("Peter Lindgren")
        await expect(page.locator("#pane mark").first).to_be_visible()
        chosen = subjects[await id_of(page)]
        second = await enter(browser, gateway, "abara", viewport={"width": 390, "height": 844}, has_touch=True)
        await second.goto(f"http://127.0.0.1:{gateway.console}/messages/{await id_of(page)}")
        await page.keyboard.press("r")
        await expect(page.get_by_text("Released. It takes effect")).to_be_visible()
        assert arrived(sink, chosen, STUDENT) is None
        # whoever decides on the same one afterwards is told who was first
        await second.get_by_role("button", name="Reject").click()
        await expect(second.locator("main")).to_contain_text("decided first by director")
        assert await asyncio.to_thread(eventually, lambda: arrived(sink, chosen, STUDENT)) == held[chosen]

        # the other one is rejected with a thumb, in the administrator's own words
        (rest,) = held.keys() - {chosen}
        await second.goto(f"http://127.0.0.1:{gateway.console}/")
        await second.locator("#queue .rows .row").first.tap()
        await second.get_by_text("What the sender is told").tap()
        await second.get_by_label("Words to the sender").fill("Please come to my office at three.")
        await second.get_by_role("button", name="Reject").tap()
        await expect(second.get_by_text("Rejected. It takes effect")).to_be_visible()
        notice = await asyncio.to_thread(
            eventually, lambda: arrived(sink, "Your message was not delivered", TEACHER)
        )  # fmt: skip
        assert notice is not None
        assert b"Please come to my office at three." in notice
        assert b"beautiful" not in notice
        assert arrived(sink, rest, STUDENT) is None

        # a call for help arrives at once; those who are responsible are told, and told nothing of it
        cry = mail(STUDENT, TEACHER, "can i come see you", CRY)
        assert await asyncio.to_thread(submit, gateway.smtp, STUDENT, [TEACHER], cry) == 250
        assert await asyncio.to_thread(eventually, lambda: arrived(sink, "can i come see you", TEACHER)) == cry
        for address in (SAFETY, HIGH):
            alert = await asyncio.to_thread(
                eventually, lambda to=address: arrived(sink, "A student may be asking for help", to)
            )  # fmt: skip
            assert alert is not None, address
            assert b"scared" not in alert
            assert b"lindqvist" not in alert
        await expect(page.locator("#queue .help")).to_contain_text("Nobody has taken it up yet")  # live
        await second.goto(f"http://127.0.0.1:{gateway.console}/help")
        await second.get_by_text("Who was alerted").tap()
        await expect(second.locator("main")).to_contain_text(SAFETY)
        await second.get_by_role("button", name="I take this up").tap()
        await expect(second.locator("main")).to_contain_text("Taken up by abara")
        assert "valid" in await asyncio.to_thread(gateway.cli, "audit", "verify")
        for word in (b"beautiful", b"scared", b"lindqvist"):
            assert word not in gateway.log


async def id_of(page: Page) -> str:
    """The id of the message that is shown."""
    return str(await page.locator("#message").get_attribute("data-id"))
