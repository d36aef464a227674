"""Searching by a person's name finds the messages that an account may see."""

from __future__ import annotations

import pytest

from tests.console.district import AUDITOR, DIRECTOR, HIGH, MIDDLE, SECURITY
from tests.console.running_console import RunningConsole, sign_in, submit_form

FOUND = {"Maya Lindqvist": ("high",), "lindqvist, maya": ("high",), "Peter Lindgren": ("high", "text")}


@pytest.mark.parametrize("name", FOUND)
@pytest.mark.parametrize("who", [DIRECTOR, HIGH, SECURITY, AUDITOR])
async def test_full_name_finds_messages(console: RunningConsole, who: str, name: str) -> None:
    async with console.signed_in(who) as browser:
        page = (await submit_form(browser, "/trace", asked=name)).text
        assert all(console.id(item) in page for item in FOUND[name])  # texts by the numbers that the roster knows


async def test_search_by_name_is_limited_to_own_buildings(console: RunningConsole) -> None:
    async with console.signed_in(MIDDLE) as browser:
        page = (await submit_form(browser, "/trace", asked="Maya Lindqvist")).text
        assert console.id("high") not in page
        assert console.id("both") in page


async def test_empty_result_says_what_to_write(console: RunningConsole) -> None:
    async with console.signed_in(HIGH) as browser:
        page = (await submit_form(browser, "/trace", asked="Maya")).text
        assert "Write first and last name, or the whole address." in page


async def test_name_stays_after_a_wrong_password(console: RunningConsole) -> None:
    async with console.anonymous() as browser:
        page = (await sign_in(browser, 'di"rector', "a wrong-one")).text
        assert 'value="di&#34;rector"' in page
        assert "wrong-one" not in page
