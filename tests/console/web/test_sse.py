"""Streams of events: their limit for each account."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import httpx

from gateway.console.web.sse import MAX_STREAMS
from tests.console.district import DIRECTOR, HIGH
from tests.console.running_console import RunningConsole

FIRST_LINE = "retry: 3000"


@contextlib.asynccontextmanager
async def _stream(browser: httpx.AsyncClient) -> AsyncIterator[httpx.Response]:
    """A stream whose first line has arrived, or the page that refuses it."""
    async with browser.stream("GET", "/events") as events:
        lines = events.aiter_lines()  # kept: dropping it would close the stream
        assert events.status_code != 200 or await anext(lines) == FIRST_LINE
        yield events


async def _status(browser: httpx.AsyncClient) -> int:
    async with _stream(browser) as events:
        return events.status_code


async def _eventually_opens(browser: httpx.AsyncClient) -> bool:
    """Whether a stream opens once the console has noticed that others were closed."""
    for _ in range(100):
        if await _status(browser) == 200:
            return True
        await asyncio.sleep(0.1)
    return False


async def test_stream_over_the_limit_is_refused_until_another_closes(console: RunningConsole) -> None:
    """The refusal says what to do, no open stream ends for it, and other accounts are not affected."""
    async with (
        console.signed_in(HIGH) as here, console.signed_in(HIGH) as other, console.signed_in(DIRECTOR) as director,
        contextlib.AsyncExitStack() as stack,
    ):  # fmt: skip
        async with _stream(here) as last:
            opened = [await stack.enter_async_context(_stream((here, other)[at % 2])) for at in range(MAX_STREAMS - 1)]
            assert {item.status_code for item in (last, *opened)} == {200}
            for item in (here, other):
                async with _stream(item) as refused:
                    assert (refused.status_code, refused.headers["retry-after"]) == (429, "60")
                    assert "close some of these pages" in (await refused.aread()).decode()
            assert await _status(director) == 200
            assert (await here.get("/")).status_code == 200
        assert await _eventually_opens(other)


async def test_closed_stream_does_not_count(console: RunningConsole) -> None:
    """However often a page is reloaded."""
    async with console.signed_in(HIGH) as browser:
        for _ in range(MAX_STREAMS * 2):
            assert await _eventually_opens(browser)
