"""The page of a person's own messages."""

from __future__ import annotations

from dataclasses import replace

from tests.console.district import LINDGREN, MESSAGES
from tests.console.running_console import RunningConsole


async def test_own_messages_show_their_status_only(console: RunningConsole) -> None:
    async with console.signed_in(LINDGREN) as browser:
        page = (await browser.get("/mine")).text
    assert "maya.lindqvist@students.riverbend.example" in page
    assert "an administrator reviews it" in page
    for hidden in ("After practice", "just between us", ">7a", "liam.whitcomb", "tess.vandermeer", console.id("high")):
        assert hidden not in page
    (act, *_) = await console.store.audit_trail.entries_about(LINDGREN, 5)
    assert act.act == "own messages looked up"


async def test_texts_from_own_number_are_listed(console: RunningConsole) -> None:
    """The number that the roster knows as theirs."""
    (number,) = [address for address in console.people.addresses_of("s-06") if address.startswith("+")][:1]
    message = await console.add_message(replace(MESSAGES["text"], sender=number))
    async with console.signed_in(LINDGREN) as browser:
        page = (await browser.get("/mine")).text
    assert message.envelope.recipients[0].address in page
    assert "dont tell" not in page
