"""A message is found by the name of a person as by an address, and only those that somebody may see."""

from __future__ import annotations

import pytest

from tests.console.district import AUDITOR, DIRECTOR, HIGH, MIDDLE, SECURITY
from tests.console.world import World, send, sign_in

FOUND = {"Maya Lindqvist": ("high",), "lindqvist, maya": ("high",), "Peter Lindgren": ("high", "text")}


@pytest.mark.parametrize("name", FOUND)
@pytest.mark.parametrize("who", [DIRECTOR, HIGH, SECURITY, AUDITOR])
async def test_a_full_name_finds_messages(world: World, who: str, name: str) -> None:
    async with world.signed_in(who) as browser:
        page = (await send(browser, "/trace", asked=name)).text
        assert all(world.id(each) in page for each in FOUND[name])  # texts by the numbers that the roster knows


async def test_nobody_finds_by_name_what_is_not_theirs(world: World) -> None:
    async with world.signed_in(MIDDLE) as browser:
        page = (await send(browser, "/trace", asked="Maya Lindqvist")).text
        assert world.id("high") not in page
        assert world.id("both") in page


async def test_what_is_not_found_says_what_to_write(world: World) -> None:
    async with world.signed_in(HIGH) as browser:
        page = (await send(browser, "/trace", asked="Maya")).text
        assert "Write first and last name, or the whole address." in page


async def test_the_name_stays_when_the_password_is_wrong(world: World) -> None:
    async with world.stranger() as browser:
        page = (await sign_in(browser, 'di"rector', "a wrong-one")).text
        assert 'value="di&#34;rector"' in page
        assert "wrong-one" not in page
