"""What pages are told of the queue as it changes: so many streams of an account, and none more."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import httpx

from gateway.console.web.sse import MAX_STREAMS
from tests.console.district import DIRECTOR, HIGH
from tests.console.world import World

BEGUN = "retry: 3000"


@contextlib.asynccontextmanager
async def _stream(browser: httpx.AsyncClient) -> AsyncIterator[httpx.Response]:
    """A stream of events whose first line has come, or the page that refuses it."""
    async with browser.stream("GET", "/events") as events:
        lines = events.aiter_lines()  # kept: who lets go of it closes the stream
        assert events.status_code != 200 or await anext(lines) == BEGUN
        yield events


async def _status(browser: httpx.AsyncClient) -> int:
    async with _stream(browser) as events:
        return events.status_code


async def _gets_a_turn(browser: httpx.AsyncClient) -> bool:
    """Whether a stream opens, once the console has noticed that others were closed."""
    for _ in range(100):
        if await _status(browser) == 200:
            return True
        await asyncio.sleep(0.1)
    return False


async def test_an_account_has_so_many_streams_and_another_gets_its_turn(world: World) -> None:
    """Who is refused is told what to do, nobody's is ended for it, and other accounts notice nothing."""
    async with (
        world.signed_in(HIGH) as here, world.signed_in(HIGH) as other, world.signed_in(DIRECTOR) as director,
        contextlib.AsyncExitStack() as stack,
    ):  # fmt: skip
        async with _stream(here) as last:
            opened = [await stack.enter_async_context(_stream((here, other)[at % 2])) for at in range(MAX_STREAMS - 1)]
            assert {each.status_code for each in (last, *opened)} == {200}
            for each in (here, other):
                async with _stream(each) as refused:
                    assert (refused.status_code, refused.headers["retry-after"]) == (429, "60")
                    assert "close some of these pages" in (await refused.aread()).decode()
            assert await _status(director) == 200
            assert (await here.get("/")).status_code == 200
        assert await _gets_a_turn(other)


async def test_a_stream_that_has_ended_counts_no_more(world: World) -> None:
    """However often a page is loaded again."""
    async with world.signed_in(HIGH) as browser:
        for _ in range(MAX_STREAMS * 2):
            assert await _gets_a_turn(browser)
