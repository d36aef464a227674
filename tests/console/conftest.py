"""A console with a district in it, a browser for all tests, and one event loop that both live on."""

from __future__ import annotations

import asyncio
import logging
import shutil
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page
from pytest_asyncio import fixture as async_fixture
from pytest_asyncio import is_async_test

from gateway.core.messages.message import Message
from gateway.store import open_store
from tests.conftest import need
from tests.console.district import fill
from tests.console.world import Lines, World, opened
from tests.peers.chromium import running_chromium

HERE = Path(__file__).parent
_PATIENCE = 15_000  # milliseconds that a browser waits for what should be there


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The browser belongs to the loop it was started on: all tests of this room share one."""
    for item in items:
        if HERE in item.path.parents and is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


def _made(url: str) -> Mapping[str, Message]:
    """The district in a store; made in a thread, for the loop of the tests is running already."""

    async def make() -> Mapping[str, Message]:
        async with open_store(url) as store:
            return await fill(store, time.time())

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, make()).result()


@pytest.fixture(scope="session")
def made_house(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Mapping[str, Message]]:
    """A file with the district's store, to be copied, and the messages in it."""
    file = tmp_path_factory.mktemp("console") / "made.db"
    return file, _made(f"sqlite:///{file}")


@pytest.fixture(scope="session")
def made_district(postgresql: Any) -> tuple[str, Mapping[str, Message]]:
    """The same in a database of PostgreSQL."""
    url = postgresql.database()
    return url, _made(url)


@async_fixture(scope="session", loop_scope="session")
async def closing() -> AsyncIterator[list[asyncio.Task[None]]]:
    """Consoles of earlier tests that are closing: the server waits for its clients, and the next test does not."""
    tasks: list[asyncio.Task[None]] = []
    yield tasks
    await asyncio.gather(*tasks)


@async_fixture(loop_scope="session")
async def world(
    request: pytest.FixtureRequest, tmp_path: Path, closing: list[asyncio.Task[None]]
) -> AsyncIterator[World]:
    """A console over a store of the test's own: SQLite, or what the test's parameter says."""
    kind = getattr(request, "param", "sqlite")
    if kind == "sqlite":
        file, messages = request.getfixturevalue("made_house")
        url = f"sqlite:///{shutil.copy(file, tmp_path)}"
    else:
        made, messages = request.getfixturevalue("made_district")
        url = request.getfixturevalue("postgresql").database(like=made)
    stack = AsyncExitStack()
    yield await stack.enter_async_context(opened(url, messages))
    closing.append(asyncio.create_task(stack.aclose()))


@async_fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One Chromium for all tests."""
    need("chromium")
    async with running_chromium() as running:
        yield running


async def _context(browser: Browser, **more: Any) -> BrowserContext:
    context = await browser.new_context(**more)
    context.set_default_timeout(_PATIENCE)
    return context


@async_fixture(loop_scope="session")
async def context(browser: Browser, request: pytest.FixtureRequest) -> AsyncIterator[BrowserContext]:
    """A browser profile of the test's own; its parameter: what Playwright takes (a viewport, no JavaScript)."""
    made = await _context(browser, **getattr(request, "param", {"viewport": {"width": 1280, "height": 900}}))
    yield made
    await made.close()


@async_fixture(loop_scope="session")
async def page(context: BrowserContext) -> Page:
    """A page in it."""
    return await context.new_page()


@pytest.fixture
def lines() -> Iterator[Lines]:
    """What is logged while the test runs."""
    kept, root, ours = Lines(), logging.getLogger(), logging.getLogger("chaperone")
    before = ours.level
    root.addHandler(kept)
    ours.setLevel(logging.DEBUG)
    yield kept
    root.removeHandler(kept)
    ours.setLevel(before)
