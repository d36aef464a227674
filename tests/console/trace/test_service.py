"""Searching by a person's name finds the messages that an account may see."""

from __future__ import annotations

import pytest

from tests.console.district import AUDITOR, DIRECTOR, HIGH, MIDDLE, SECURITY
from tests.console.world import World, send, sign_in

FOUND = {"Maya Lindqvist": ("high",), "lindqvist, maya": ("high",), "Peter Lindgren": ("high", "text")}


@pytest.mark.parametrize("name", FOUND)
@pytest.mark.parametrize("who", [DIRECTOR, HIGH, SECURITY, AUDITOR])
async def test_full_name_finds_messages(world: World, who: str, name: str) -> None:
    async with world.signed_in(who) as browser:
        page = (await send(browser, "/trace", asked=name)).text
        assert all(world.id(each) in page for each in FOUND[name])  # texts by the numbers that the roster knows


async def test_search_by_name_is_limited_to_own_buildings(world: World) -> None:
    async with world.signed_in(MIDDLE) as browser:
        page = (await send(browser, "/trace", asked="Maya Lindqvist")).text
        assert world.id("high") not in page
        assert world.id("both") in page


async def test_empty_result_says_what_to_write(world: World) -> None:
    async with world.signed_in(HIGH) as browser:
        page = (await send(browser, "/trace", asked="Maya")).text
        assert "Write first and last name, or the whole address." in page


async def test_name_stays_after_a_wrong_password(world: World) -> None:
    async with world.stranger() as browser:
        page = (await sign_in(browser, 'di"rector', "a wrong-one")).text
        assert 'value="di&#34;rector"' in page
        assert "wrong-one" not in page
