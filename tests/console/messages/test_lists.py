"""Lists of the API page by page: every row once, even if new ones come in the meantime; and the lists themselves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from gateway.core.policy.decision import AuditEntry
from tests.console.district import DIRECTOR, HIGH, MESSAGES, MIDDLE, USERS
from tests.console.running_console import RunningConsole

FLAG = (("4", 0.93, "secret"),)
PROBLEM = "application/problem+json"


async def no_change() -> None:
    """Nothing comes in the meantime."""


async def walk(
    program: httpx.AsyncClient, path: str, between: Callable[[], Awaitable[object]] = no_change, **asked: Any
) -> list[dict[str, Any]]:
    """Every row of a list, following its cursors."""
    rows: list[dict[str, Any]] = []
    cursor = None
    while True:
        answer = await program.get(f"/api/v1/{path}", params=asked | ({"cursor": cursor} if cursor else {}))
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert len(page["items"]) <= asked["limit"]
        rows += page["items"]
        if (cursor := page["next"]) is None:
            return rows
        await between()


async def test_flagged_messages_in_pages(console: RunningConsole) -> None:
    put = [(await console.add_message(replace(MESSAGES["middle"], found=FLAG))).id for _ in range(5)]

    async def more() -> None:
        await console.add_message(replace(MESSAGES["middle"], found=FLAG))

    async with console.api_client(DIRECTOR) as director:
        whole = [item["id"] for item in await walk(director, "delivered", limit=500)]
        assert set(put) <= set(whole)
        assert [item["id"] for item in await walk(director, "delivered", more, limit=2)] == whole


async def test_building_sees_all_of_its_own(console: RunningConsole) -> None:
    """However many messages of other buildings are between them."""
    own = []
    for _ in range(3):
        own.append((await console.add_message(replace(MESSAGES["middle"], found=FLAG))).id)
        for _ in range(6):
            await console.add_message(replace(MESSAGES["high"], found=FLAG))
    async with console.api_client(MIDDLE) as middle:
        found = [item["id"] for item in await walk(middle, "delivered", limit=1)]
    assert [item for item in found if item in own] == own[::-1]
    assert len(found) == len(set(found))


async def test_decided_messages_in_pages(console: RunningConsole) -> None:
    names = ("high", "both", "laid-out")
    async with console.api_client(HIGH) as high:
        for name in names:
            answer = await high.post(f"/api/v1/messages/{console.id(name)}/reject", json={"reason": "7a"})
            assert answer.status_code == 200, answer.text
        found = [item["id"] for item in await walk(high, "decided", limit=1)]
    assert found == [console.id(name) for name in reversed(names)]


async def test_trace_in_pages(console: RunningConsole) -> None:
    """By an address in the URL or in the body; more than one batch of the store, and all of a building."""
    said = MESSAGES["middle"]
    own = [(await console.add_message(said)).id for _ in range(4)]
    for _ in range(3):
        await console.add_message(replace(said, to=MESSAGES["high"].to))

    async def more() -> None:
        await console.add_message(said)

    async with console.api_client(DIRECTOR) as director, console.api_client(MIDDLE) as middle:
        whole = [item["id"] for item in await walk(director, "trace", limit=500, address=said.sender)]
        assert len(whole) == len(set(whole)) >= 8
        assert [item["id"] for item in await walk(director, "trace", more, limit=3, address=said.sender)] == whole
        found = [item["id"] for item in await walk(middle, "trace", limit=2, address=said.sender)]
        assert set(own) <= set(found)
        posted, cursor = [], None
        while not posted or cursor:
            asked = {"address": said.sender, "limit": 2, "cursor": cursor}
            page = (await middle.post("/api/v1/trace", json=asked)).json()
            posted += [item["id"] for item in page["items"]]
            cursor = page["next"]
        assert posted == found


async def test_help_alerts_in_pages(console: RunningConsole) -> None:
    """Those that nobody has taken up come first; new ones come before the position of the cursor."""
    ids = [(await console.add_message(MESSAGES["help"])).id for _ in range(4)]

    async def more() -> None:
        await console.add_message(MESSAGES["help"])

    async with console.api_client(DIRECTOR) as director:
        for id_ in ids[:2]:
            assert (await director.post(f"/api/v1/messages/{id_}/acknowledge")).status_code == 200
        whole = [item["id"] for item in await walk(director, "help", limit=500)]
        assert whole[-2:] == ids[1::-1]
        assert len(whole) == 5
        assert [item["id"] for item in await walk(director, "help", more, limit=1)] == whole


async def test_history_in_pages(console: RunningConsole) -> None:
    """From its beginning, with everybody who read the message."""
    id_ = console.id("high")
    path = f"messages/{id_}/history"

    async def more() -> None:
        await console.store.audit.record([AuditEntry(console.clock(), DIRECTOR, "viewed", id_, {"what": "x"})])

    for _ in range(105):
        await more()
    async with console.api_client(DIRECTOR) as director:
        whole = await walk(director, path, limit=500)
        assert [item["act"] for item in whole] == ["decided"] + ["viewed"] * 105
        paged = await walk(director, path, more, limit=50)
        assert [item["act"] for item in paged[:106]] == [item["act"] for item in whole]
        assert len(paged) == 108
        assert (await director.get(f"/api/v1/{path}", params={"cursor": "x"})).status_code == 422


FOREIGN = [
    "x",
    "bnVsbA",
    "W10",
    "WzEsMl0",
    "WyJhIiwiYiJd",
    "WzEsIngiLDNd",
    "W05hTiwieCJd",
    "WzFlOTk5LCJ4Il0",
    "e30",
    "é",
]
LISTS = ["help", "decided", "delivered", "trace?address=a@b.example"]


@pytest.mark.parametrize("cursor", FOREIGN)
async def test_invalid_cursors_are_refused(console: RunningConsole, cursor: str) -> None:
    async with console.api_client(DIRECTOR) as program:
        for path in LISTS:
            asked = httpx.URL(f"/api/v1/{path}").copy_merge_params({"cursor": cursor})
            answer = await program.get(asked)
            assert (answer.status_code, answer.headers["content-type"]) == (422, PROBLEM), path


async def test_decided_message_is_listed(console: RunningConsole) -> None:
    async with (
        console.api_client(DIRECTOR) as director,
        console.signed_in(HIGH) as high,
        console.signed_in(MIDDLE) as middle,
    ):
        await director.post(f"/api/v1/messages/{console.id('high')}/reject", json={"reason": "7a"})
        assert [item["id"] for item in (await director.get("/api/v1/decided")).json()["items"]] == [console.id("high")]
        assert "After practice" in (await high.get("/decided")).text
        assert "After practice" not in (await middle.get("/decided")).text
        whole = (await director.get(f"/api/v1/messages/{console.id('high')}/history")).json()["items"]
        assert [item["act"] for item in whole] == ["decided", "rejected"]
        said = (await director.get(f"/api/v1/messages/{console.id('both')}/conversation")).json()["items"]
        assert {item["id"] for item in said} >= {console.id("high"), console.id("both")}


async def test_newer_messages_elsewhere_leave_the_list_complete(console: RunningConsole) -> None:
    """The two newest messages of a building are listed, even if those of other buildings are newer."""
    theirs, others = MESSAGES["middle"], MESSAGES["high"]
    flag = (("4", 0.93, "secret"),)
    lists = console.services().lists
    own = [(await console.add_message(replace(theirs, text="Our little secret.", found=flag))).id for _ in range(3)]
    for _ in range(9):
        await console.add_message(replace(others, found=flag))
    found = (await lists.delivered(USERS[MIDDLE], "flag", days=30, limit=2)).items
    assert sorted(item.trace.id for item in found) == sorted(own[1:])
    assert len((await lists.delivered(USERS[DIRECTOR], "flag", days=30, limit=2)).items) == 2
