"""Hostile messages do nothing to a reviewer: no script runs, nothing is loaded, nothing navigates away."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from playwright.async_api import Dialog, Page, Request, expect
from pytest_asyncio import fixture as async_fixture

from gateway.core.channels.capabilities import SMS
from gateway.core.messages.parties import Direction, Pair
from gateway.core.mime.page.sanitizer import sanitize_html
from tests.console.attacks import drawing, markups, names
from tests.console.district import DIRECTOR, staff_address, student_address
from tests.console.running_console import RunningConsole, SampleMessage, sign_in_browser

FOUND = (("7a", 0.97, ""),)


class Attacker:
    """A server that records every request."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []
        self.host = ""

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Record the request and answer with a script."""
        self.asked.append(await reader.readline())
        writer.write(b"HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\nContent-Length: 0\r\n\r\n")
        writer.close()


@async_fixture(loop_scope="session")
async def attacker() -> AsyncIterator[Attacker]:
    """A server that waits for a request."""
    made = Attacker()
    server = await asyncio.start_server(made.answer, "127.0.0.1", 0)
    made.host = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield made


def _mail(host: str) -> bytes:
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"] = staff_address("peter.lindgren"), student_address("maya.lindqvist")
    mail["Subject"] = names()[1]
    mail.set_content(f"plain {markups(host)[0]} and {markups(host)[4]}")
    for html in markups(host):
        part = EmailMessage(policy=SMTP)
        part.set_content(html, subtype="html", cte="base64")
        del part["MIME-Version"]
        mail.make_mixed() if not mail.is_multipart() else None
        mail.attach(part)
    for name in names():
        mail.add_attachment(drawing(host), "image", "svg+xml", filename=name)
        mail.add_attachment(b"<script>window.top.ran=1</script>", "text", "html", filename=name)
    mail.add_attachment(b"\x89PNG\r\n\x1a\n<script>window.top.ran=1</script>", "image", "png", filename="p.png")
    return mail.as_bytes()


def test_there_are_enough_attacks() -> None:
    assert len(set(markups("x"))) + len(names()) >= 60


@pytest.mark.peer("chromium")
async def test_stored_attacks_do_nothing(console: RunningConsole, page: Page, attacker: Attacker) -> None:
    message = await console.add_message(
        SampleMessage(
            staff_address("peter.lindgren"),
            (student_address("maya.lindqvist"),),
            names()[0],
            "",
            FOUND,
            raw=_mail(attacker.host),
        )
    )
    asked: list[str] = []
    dialogs: list[str] = []

    async def dismiss(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        await dialog.dismiss()

    def note(request: Request) -> None:
        asked.append(request.url)

    page.on("dialog", dismiss)
    page.context.on("request", note)
    await sign_in_browser(page, console, DIRECTOR)
    await page.goto(f"{console.url}/messages/{message.id}")
    parts = await page.locator("iframe").count()
    assert parts >= len(markups("x"))
    await page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    frames = page.locator("iframe")
    for number in range(parts):
        await frames.nth(number).scroll_into_view_if_needed()
    await expect(page.locator(".decide")).to_be_visible()
    assert await page.evaluate("window.ran") is None
    assert page.url == f"{console.url}/messages/{message.id}"
    # some pages of the frames on their own, as if somebody opened their address
    for source in [await frames.nth(number).get_attribute("src") for number in range(0, parts, 7)]:
        await page.goto(f"{console.url}{source}")
        assert page.url == f"{console.url}{source}"
    await page.goto(f"{console.url}/messages/{message.id}/source")
    await page.goto(console.url)
    assert await page.evaluate("window.ran") is None
    await expect(page.locator("#queue .rows .row")).to_have_count(8)
    assert not dialogs
    assert not attacker.asked
    assert not [item for item in asked if not item.startswith(console.url)]
    assert len([item for item in asked if "/html/" in item]) > parts
    await page.context.request.get(f"http://{attacker.host}/to-see-that-it-listens")
    assert attacker.asked


async def test_frame_contains_allowed_elements_only(console: RunningConsole, attacker: Attacker) -> None:
    message = await console.add_message(
        SampleMessage(
            staff_address("peter.lindgren"),
            (student_address("maya.lindqvist"),),
            "x",
            "",
            FOUND,
            raw=_mail(attacker.host),
        )
    )
    async with console.signed_in(DIRECTOR) as browser:
        for number in range(2, len(markups("x")) + 2):
            answer = await browser.get(f"/messages/{message.id}/html/{number}")
            assert answer.status_code == 200
            body = answer.text.partition("<body>")[2].rpartition("</body>")[0]
            tags = re.findall(r"<[^>]*>?", body)
            assert not [tag for tag in tags if not re.fullmatch(r"</?[a-z0-9]+>", tag)], body
            assert answer.headers["content-type"] == "text/html; charset=utf-8"


async def test_svg_is_never_served_as_a_picture(console: RunningConsole, attacker: Attacker) -> None:
    message = await console.add_message(
        SampleMessage(
            staff_address("peter.lindgren"), (student_address("maya.lindqvist"),), "x", "x", FOUND,
            files=(("a.svg", "image/svg+xml", drawing(attacker.host)), ("b.png", "image/png", drawing(attacker.host))),
        )
    )  # fmt: skip
    async with console.signed_in(DIRECTOR) as browser:
        for number in ("2", "3"):
            assert (await browser.get(f"/messages/{message.id}/picture/{number}")).status_code == 404


@pytest.mark.peer("chromium")
@pytest.mark.parametrize("name", range(len(names())))
async def test_hostile_subjects_and_names_are_text(console: RunningConsole, name: int) -> None:
    """In the queue, on the page, in the trace and in the API."""
    text = names()[name]
    await console.add_message(
        SampleMessage(staff_address("peter.lindgren"), (student_address("maya.lindqvist"),), text, text, FOUND)
    )
    pair = Pair("+15155550901", "s-06", "k-04", Direction.STAFF_TO_STUDENT)
    sms = await console.add_message(
        SampleMessage("+15155550142", ("+15155550901",), "", text, FOUND, channel=SMS, pairs=(pair,))
    )
    async with console.signed_in(DIRECTOR) as browser:
        for path in ("/", "/delivered", f"/messages/{sms.id}", f"/messages/{sms.id}/source"):
            shown = (await browser.get(path)).text
            assert not re.search(r"<script(?![^>]*src=\"/static/)", shown)
            assert not re.search(r"<[^>]+\son\w+=", shown)
            assert "7*7" not in text or path == "/delivered" or "{{ 7*7 }}" in shown


def test_references_with_many_digits() -> None:
    assert sanitize_html("<p>&#" + "9" * 5_000 + ";&#0065;") == "<p>\ufffdA</p>"
