"""Message content appears in no log and no URL."""

from __future__ import annotations

import re

from tests.console.district import DIRECTOR, SECURITY
from tests.console.running_console import LogLines, RunningConsole, form_secret


async def test_content_is_in_no_log_and_no_url(console: RunningConsole, log_lines: LogLines) -> None:
    words = ("best part of my day", "just between us", "After practice", "maya.lindqvist", "peter.lindgren", "Lindgren")
    async with console.signed_in(DIRECTOR) as browser, console.api_client(DIRECTOR) as program:
        pages = [
            await browser.get(path.format(id=console.id("high"), number=1, name="late"))
            for path in ("/", "/messages/{id}", "/messages/{id}/source", "/delivered", "/audit", "/?clause=7a")
        ]
        form = form_secret(pages[0])
        pages.append(
            await browser.post("/trace", data={"form": form, "asked": "maya.lindqvist@students.riverbend.example"})
        )
        await program.get(f"/api/v1/messages/{console.id('high')}/content")
        done = await browser.post(
            f"/messages/{console.id('high')}/release", data={"form": form, "reason": "Lindgren is known to us"}
        )
    urls = " ".join(url for page in pages for url in re.findall(r'(?:href|src|action|hx-get)="([^"]*)"', page.text))
    urls += done.headers["location"]
    assert any("just between us" in page.text for page in pages)
    assert not [word for word in words if word in str(log_lines.records)]
    assert not [word for word in words if word.replace(" ", "%20") in urls or word in urls]
    assert "@" not in urls


async def test_security_role_sees_states_only(console: RunningConsole) -> None:
    async with console.signed_in(SECURITY) as browser:
        text = (await browser.get(f"/messages/{console.id('high')}")).text
    assert "peter.lindgren@riverbend.example" in text
    assert "just between us" not in text
    assert "After practice" not in text
