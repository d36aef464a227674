"""The console of a whole gateway in a browser: a held message is found, read, released by a key, and arrives."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tests.peers.chromium import running_chromium
from tests.stories.gateway import Gateway, eventually, gateway_folder
from tests.stories.prepended_fields import split_prepended
from tests.stories.recording_hop import RecordingHop, recording_hop
from tests.stories.smtp import submit

pytestmark = pytest.mark.peer("chromium")
TEACHER, STUDENT = "peter.lindgren@riverbend.example", "maya.lindqvist@students.riverbend.example"
SAFETY, HIGH = "safety@riverbend.example", "denise.abara@riverbend.example"
PASSWORD = "plenty of clover at noon"
SECRET = "You are so beautiful, this is our secret, do not tell your parents, meet me alone tonight."
CRY = "things at home got really bad again and i am scared to go back there, i do not know who else to ask"
TIMEOUT = 30_000


def mail(sender: str, to: str, subject: str, text: str) -> bytes:
    """A mail with a line that starts with a dot, and with trailing spaces."""
    return (
        f"From: <{sender}>\r\nTo: <{to}>\r\nSubject: {subject}\r\nMessage-ID: <{subject.replace(' ', '')}@story>\r\n"
        f"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n.\r\n..dots  \r\n"
    ).encode()


async def signed_in(browser: Browser, gateway: Gateway, name: str, **more: object) -> Page:
    """A browser page of an account that is signed in."""
    context = await browser.new_context(**more)  # type: ignore[arg-type]
    context.set_default_timeout(TIMEOUT)
    page = await context.new_page()
    await page.goto(f"http://127.0.0.1:{gateway.console}/sign-in")
    await page.get_by_label("Name").fill(name)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_url(lambda url: "/sign-in" not in url)
    return page


def delivered(next_hop: RecordingHop, subject: str, to: str) -> bytes | None:
    """The message with a subject at the next hop, without prepended fields; None if it has not arrived."""
    for mail in next_hop.received:
        content = split_prepended(mail.content)[1]
        if f"\r\nSubject: {subject}\r\n".encode() in content and any(
            to.encode() in recipient for recipient in mail.recipients
        ):
            return content
    return None


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """A Chromium."""
    async with running_chromium() as running:
        yield running


async def test_a_working_day(tmp_path: Path, browser: Browser) -> None:
    with recording_hop() as next_hop, gateway_folder(
        tmp_path, f"127.0.0.1:{next_hop.port}", settings=[f'notify.to = ["{SAFETY}"]']
    ) as gateway:  # fmt: skip
        await asyncio.to_thread(gateway.start)
        for name, *more in (
            ("director", "--role", "technology_director"),
            ("abara", "--role", "building_administrator", "--building", "o-high", "--person", "s-02"),
        ):
            await asyncio.to_thread(gateway.cli, "user", "add", name, *more, "--password-stdin", stdin=f"{PASSWORD}\n")
        held = {subject: mail(TEACHER, STUDENT, subject, SECRET) for subject in ("after practice", "tonight")}
        for content in held.values():
            assert await asyncio.to_thread(submit, gateway.smtp, TEACHER, [STUDENT], content) == 250
        assert await asyncio.to_thread(eventually, lambda: len(gateway.held()) == 2)
        subjects = {row["id"]: row["subject"] for row in await asyncio.to_thread(gateway.held)}

        # release with a key: it arrives byte for byte, but only after the undo window
        page = await signed_in(browser, gateway, "director")
        await expect(page.locator("#queue .rows .row")).to_have_count(2)
        await page.keyboard.press("j")
        await expect(page.locator("#pane #message")).to_contain_text("Peter Lindgren")
        await expect(page.locator("#pane mark").first).to_be_visible()
        chosen = subjects[await shown_id(page)]
        second = await signed_in(browser, gateway, "abara", viewport={"width": 390, "height": 844}, has_touch=True)
        await second.goto(f"http://127.0.0.1:{gateway.console}/messages/{await shown_id(page)}")
        await page.keyboard.press("r")
        await expect(page.get_by_text("Released. It takes effect")).to_be_visible()
        assert delivered(next_hop, chosen, STUDENT) is None
        # a second decision is refused and names the first reviewer
        await second.get_by_role("button", name="Reject").click()
        await expect(second.locator("main")).to_contain_text("decided first by director")

        # reject the other one on a phone, with a custom text
        (other,) = held.keys() - {chosen}
        (other_id,) = [id_ for id_, subject in subjects.items() if subject == other]
        await second.goto(f"http://127.0.0.1:{gateway.console}/")
        await second.locator(f'#queue .rows .row[data-id="{other_id}"]').tap()
        await second.get_by_text("What the sender reads when you reject").tap()
        await second.get_by_label("Words to the sender").fill("Please come to my office at three.")
        await second.get_by_role("button", name="Reject").tap()
        await expect(second.get_by_text("Rejected. It takes effect")).to_be_visible()
        assert await asyncio.to_thread(eventually, lambda: delivered(next_hop, chosen, STUDENT)) == held[chosen]
        notice = await asyncio.to_thread(
            eventually, lambda: delivered(next_hop, "Your message was not delivered", TEACHER)
        )  # fmt: skip
        assert notice is not None
        assert b"Please come to my office at three." in notice
        assert b"beautiful" not in notice
        assert delivered(next_hop, other, STUDENT) is None

        # a call for help arrives at once; notices go out without content or names
        cry = mail(STUDENT, TEACHER, "can i come see you", CRY)
        assert await asyncio.to_thread(submit, gateway.smtp, STUDENT, [TEACHER], cry) == 250
        assert await asyncio.to_thread(eventually, lambda: delivered(next_hop, "can i come see you", TEACHER)) == cry
        for address in (SAFETY, HIGH):
            alert = await asyncio.to_thread(
                eventually, lambda to=address: delivered(next_hop, "A student may be asking for help", to)
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


async def shown_id(page: Page) -> str:
    """The id of the message shown on a page."""
    return str(await page.locator("#message").get_attribute("data-id"))
