"""What the page of a message says about the relationship of sender and recipient."""

from __future__ import annotations

from dataclasses import replace

from tests.console.district import DIRECTOR, MESSAGES, student_address
from tests.console.running_console import RunningConsole


async def test_message_page_shows_what_both_have_in_common(console: RunningConsole) -> None:
    child = replace(MESSAGES["own"], to=(student_address("ngozi.okafor"),), found=(("7b", 0.95, "Come alone"),))
    pages = {}
    async with console.signed_in(DIRECTOR) as browser:
        for name in ("high", "text"):
            pages[name] = (await browser.get(f"/messages/{console.id(name)}")).text
        pages["child"] = (await browser.get(f"/messages/{(await console.add_message(child)).id}")).text
    assert "class: Algebra II, period 4" in pages["high"]
    assert "no class" not in pages["high"]
    assert "own child" in pages["child"]
    assert "class: Biology, period 2" in pages["child"]
    assert "through a personal account" in pages["text"]
