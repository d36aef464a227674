"""The conversation around a message: eight messages before and after it, and the others page by page."""

from __future__ import annotations

import html
import re
from dataclasses import replace

import httpx
import pytest

from tests.console.district import HIGH, SAID, staff, student
from tests.console.world import Said, World

BOTH = pytest.mark.parametrize(
    "world", ["sqlite", pytest.param("postgresql", marks=pytest.mark.peer("postgresql"))], indirect=True
)


async def put_conversation(world: World, count: int) -> list[str]:
    """Messages of one conversation, some at the same time; their ids in order of time."""
    said = Said(staff("elena.ruiz"), (student("diego.villalobos"),), "Plan", "See you at ten.\n")
    start, ids = world.clock.ahead, []
    for number in range(count):
        world.clock.ahead = start + 60 * (number // 3)
        at = world.clock()
        ids.append(((await world.put(replace(said, subject=f"Plan {number}"))).id, at))
    return [id_ for id_, _ in sorted(ids, key=lambda each: (each[1], each[0]))]


def shown(page: httpx.Response) -> list[str]:
    """The messages of a conversation on a page, without the one in the center."""
    talk = page.text[page.text.index('class="talk"') :]
    return re.findall(r'<p><a href="/messages/([0-9a-z]+)">', talk[: talk.index("</ol>")])


def link(page: httpx.Response, text: str) -> str | None:
    found = re.findall(rf'<a href="([^"]+)">{text}</a>', page.text)
    return html.unescape(found[0]) if found else None


@BOTH
async def test_long_conversation_continues_on_both_sides(world: World) -> None:
    ids = await put_conversation(world, 100)
    middle = ids[50]
    async with world.signed_in(HIGH) as browser:
        page = await browser.get(f"/messages/{middle}?channel=mail")
        assert set(shown(page)) == {*ids[42:50], *ids[51:59]}
        seen = shown(page)
        for text, add in (("Earlier messages", True), ("Later messages", False)):
            where, there = link(page, text), page
            while where is not None:
                assert where.endswith("&channel=mail")
                there = await browser.get(where)
                assert len(shown(there)) <= 30
                seen = [*shown(there), *seen] if add else [*seen, *shown(there)]
                where = link(there, text)
        assert len(seen) == len(set(seen))
        assert set(seen) == set(ids) - {middle}
        assert link(await browser.get(f"/messages/{ids[0]}"), "Earlier messages") is None
        for nonsense in ("x", "nan~x", "1e999~x", "~"):
            assert (await browser.get(f"/messages/{middle}/conversation?before={nonsense}")).status_code == 200


async def test_long_conversation_by_the_api(world: World) -> None:
    ids = await put_conversation(world, 60)
    path = f"/api/v1/messages/{ids[30]}/conversation"
    async with world.program(HIGH) as program:
        first = (await program.get(path)).json()
        seen = [each["id"] for each in first["items"]]
        assert len(seen) == 17
        for side in ("earlier", "later"):
            cursor = first[side]
            while cursor is not None:
                page = (await program.get(path, params={"cursor": cursor})).json()
                seen += [each["id"] for each in page["items"]]
                cursor = page[side]
        assert sorted(seen) == sorted(ids)
        held = (await program.get("/api/v1/held", params={"limit": 1})).json()["next"]
        assert (await program.get(path, params={"cursor": held})).status_code == 422
    views = [each for each in await world.store.audit_trail.views_about(ids[30], 50) if each.actor == HIGH]
    assert len(views) == 3


async def test_nearest_messages_of_several_conversations(world: World) -> None:
    """A message to two students belongs to two conversations. No message between those shown is left out."""
    world.clock.ahead += 600
    ids = []
    for number in range(12):
        for to in ("maya.lindqvist", "owen.dahl"):
            said = replace(SAID["clean"], sender=staff("elena.ruiz"), to=(student(to),))
            ids.append((await world.put(said)).id)
            world.clock.ahead += 60 if to == "owen.dahl" or number > 6 else 0.001
    both = replace(SAID["clean"], sender=staff("elena.ruiz"), to=(student("maya.lindqvist"), student("owen.dahl")))
    id_ = (await world.put(both)).id
    async with world.program(HIGH) as program:
        around = (await program.get(f"/api/v1/messages/{id_}/conversation")).json()["items"]
    assert [each["id"] for each in around] == [*ids[-8:], id_]
