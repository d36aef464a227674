"""Filters of the queue and saved views."""

from __future__ import annotations

import httpx

from tests.console.district import DIRECTOR
from tests.console.running_console import RunningConsole, submit_form


async def searched(browser: httpx.AsyncClient, **fields: str) -> str:
    """The queue as a form narrows it."""
    return (await browser.get((await submit_form(browser, "/search", **fields)).headers["location"])).text


async def test_the_list_is_narrowed_and_the_view_kept(console: RunningConsole) -> None:
    async with console.signed_in(DIRECTOR) as browser:
        page = await searched(browser, text="practice maya", channel="mail")
        assert console.id("high") in page
        assert console.id("middle") not in page
        assert "(1 of 7)" in page
        assert "No message matches" in await searched(browser, text="no such words")
        assert console.id("text") in (await browser.get("/?channel=sms")).text
        kept = await submit_form(browser, "/views", name="practice", query="text=practice&evil=1&page=7")
        where = kept.headers["location"]
        assert console.id("middle") not in (await browser.get(where)).text
        assert f'href="{where}"' in (await browser.get("/")).text
        await submit_form(browser, "/views", name="practice", query="", drop="yes")
        assert f'href="{where}"' not in (await browser.get("/")).text
    async with console.api_client(DIRECTOR) as program:
        found = (await program.post("/api/v1/held/search", json={"clause": "7a", "text": "practice"})).json()["items"]
        assert [item["id"] for item in found] == [console.id("high")]
        assert (await program.get("/api/v1/held", params={"building": "no-such"})).json()["items"] == []
