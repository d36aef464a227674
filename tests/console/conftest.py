"""A console with a sample district, a browser for all tests, and the event loop that they share."""

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
from gateway.core.policy_versions.version import FILE, NewPolicy
from gateway.policies import SHIPPED, hash_of
from gateway.store import open_store
from tests.conftest import need
from tests.console.district import fill_store
from tests.console.running_console import LogLines, RunningConsole, running_console
from tests.peers.chromium import running_chromium

HERE = Path(__file__).parent
_PATIENCE = 30_000  # milliseconds that a browser waits for an element


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The browser belongs to the loop that it was started on: all tests of the console share it."""
    for item in items:
        if HERE in item.path.parents and is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


def _filled(url: str) -> Mapping[str, Message]:
    """The messages of the district, in a new store. Runs in a thread: the loop of the tests is already running."""

    async def make() -> Mapping[str, Message]:
        async with open_store(url) as store:
            source, now = SHIPPED.read_text("utf-8") + "# the first version\n", time.time()
            await store.policy_versions.publish(NewPolicy(hash_of(source), source, FILE, lead=0), 0, [])
            return await fill_store(store, now)

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, make()).result()


@pytest.fixture(scope="session")
def sqlite_district(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Mapping[str, Message]]:
    """A SQLite file with the district, for tests to copy, and its messages."""
    file = tmp_path_factory.mktemp("console") / "made.db"
    return file, _filled(f"sqlite:///{file}")


@pytest.fixture(scope="session")
def postgresql_district(postgresql: Any) -> tuple[str, Mapping[str, Message]]:
    """A PostgreSQL database with the district, for tests to copy, and its messages."""
    url = postgresql.database()
    return url, _filled(url)


@async_fixture(scope="session", loop_scope="session")
async def closing() -> AsyncIterator[list[asyncio.Task[None]]]:
    """Consoles of earlier tests that are closing. The server waits for its clients; the next test does not."""
    tasks: list[asyncio.Task[None]] = []
    yield tasks
    await asyncio.gather(*tasks)


@async_fixture(loop_scope="session")
async def console(
    request: pytest.FixtureRequest, tmp_path: Path, closing: list[asyncio.Task[None]]
) -> AsyncIterator[RunningConsole]:
    """A console over a store of the test's own: SQLite, or the store that the parameter names."""
    kind = getattr(request, "param", "sqlite")
    if kind == "sqlite":
        file, messages = request.getfixturevalue("sqlite_district")
        url = f"sqlite:///{shutil.copy(file, tmp_path)}"
    else:
        made, messages = request.getfixturevalue("postgresql_district")
        url = request.getfixturevalue("postgresql").database(like=made)
    stack = AsyncExitStack()
    yield await stack.enter_async_context(running_console(url, messages))
    closing.append(asyncio.create_task(stack.aclose()))


@async_fixture(scope="module", loop_scope="session")
async def shared_console(
    sqlite_district: tuple[Path, Mapping[str, Message]], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[RunningConsole]:
    """A console that the tests of a module share, for tests that change nothing."""
    file, messages = sqlite_district
    copy = shutil.copy(file, tmp_path_factory.mktemp("shared"))
    async with running_console(f"sqlite:///{copy}", messages) as running:
        yield running


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
    """A browser profile of the test's own. The parameter has options of Playwright, such as a viewport."""
    made = await _context(browser, **getattr(request, "param", {"viewport": {"width": 1280, "height": 900}}))
    yield made
    await made.close()


@async_fixture(loop_scope="session")
async def page(context: BrowserContext) -> Page:
    """A page of that profile."""
    return await context.new_page()


@pytest.fixture
def log_lines() -> Iterator[LogLines]:
    """What is logged during the test."""
    kept, root, ours = LogLines(), logging.getLogger(), logging.getLogger("chaperone")
    before = ours.level
    root.addHandler(kept)
    ours.setLevel(logging.DEBUG)
    yield kept
    root.removeHandler(kept)
    ours.setLevel(before)
