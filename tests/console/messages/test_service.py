"""The conversation around a message: eight messages before and after it, and the others page by page."""

from __future__ import annotations

import html
import re
from dataclasses import replace

import httpx
import pytest

from tests.console.district import HIGH, MESSAGES, staff_address, student_address
from tests.console.running_console import RunningConsole, SampleMessage

BOTH = pytest.mark.parametrize(
    "console", ["sqlite", pytest.param("postgresql", marks=pytest.mark.peer("postgresql"))], indirect=True
)


async def put_conversation(console: RunningConsole, count: int) -> list[str]:
    """Messages of one conversation, some at the same time; their ids in order of time."""
    said = SampleMessage(
        staff_address("elena.ruiz"), (student_address("diego.villalobos"),), "Plan", "See you at ten.\n"
    )
    start, ids = console.clock.ahead, []
    for number in range(count):
        console.clock.ahead = start + 60 * (number // 3)
        at = console.clock()
        ids.append(((await console.add_message(replace(said, subject=f"Plan {number}"))).id, at))
    return [id_ for id_, _ in sorted(ids, key=lambda item: (item[1], item[0]))]


def shown(page: httpx.Response) -> list[str]:
    """The messages of a conversation on a page, without the one in the center."""
    talk = page.text[page.text.index('class="talk"') :]
    return re.findall(r'<p><a href="/messages/([0-9a-z]+)">', talk[: talk.index("</ol>")])


def link(page: httpx.Response, text: str) -> str | None:
    found = re.findall(rf'<a href="([^"]+)">{text}</a>', page.text)
    return html.unescape(found[0]) if found else None


@BOTH
async def test_long_conversation_continues_on_both_sides(console: RunningConsole) -> None:
    ids = await put_conversation(console, 100)
    middle = ids[50]
    async with console.signed_in(HIGH) as browser:
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


async def test_long_conversation_by_the_api(console: RunningConsole) -> None:
    ids = await put_conversation(console, 60)
    path = f"/api/v1/messages/{ids[30]}/conversation"
    async with console.api_client(HIGH) as program:
        first = (await program.get(path)).json()
        seen = [item["id"] for item in first["items"]]
        assert len(seen) == 17
        for side in ("earlier", "later"):
            cursor = first[side]
            while cursor is not None:
                page = (await program.get(path, params={"cursor": cursor})).json()
                seen += [item["id"] for item in page["items"]]
                cursor = page[side]
        assert sorted(seen) == sorted(ids)
        held = (await program.get("/api/v1/held", params={"limit": 1})).json()["next"]
        assert (await program.get(path, params={"cursor": held})).status_code == 422
    views = [entry for entry in await console.store.audit_trail.views_about(ids[30], 50) if entry.actor == HIGH]
    assert len(views) == 3


async def test_nearest_messages_of_several_conversations(console: RunningConsole) -> None:
    """A message to two students belongs to two conversations. No message between those shown is left out."""
    console.clock.ahead += 600
    ids = []
    for number in range(12):
        for to in ("maya.lindqvist", "owen.dahl"):
            said = replace(MESSAGES["clean"], sender=staff_address("elena.ruiz"), to=(student_address(to),))
            ids.append((await console.add_message(said)).id)
            console.clock.ahead += 60 if to == "owen.dahl" or number > 6 else 0.001
    both = replace(
        MESSAGES["clean"],
        sender=staff_address("elena.ruiz"),
        to=(student_address("maya.lindqvist"), student_address("owen.dahl")),
    )
    id_ = (await console.add_message(both)).id
    async with console.api_client(HIGH) as program:
        around = (await program.get(f"/api/v1/messages/{id_}/conversation")).json()["items"]
    assert [item["id"] for item in around] == [*ids[-8:], id_]
