"""Chromium, driven by Playwright, without access to other machines."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import AsyncIterator

from playwright.async_api import Browser, async_playwright, expect

_FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-dev-shm-usage"
).split()

_EXPECTED_WITHIN = 30_000.0  # milliseconds


def _program() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser")


def missing() -> str:
    """What is missing to run a browser and how to install it; "" if nothing is."""
    return "" if _program() else "Chromium is not installed (make services, or the package chromium)"


@contextlib.asynccontextmanager
async def running_chromium() -> AsyncIterator[Browser]:
    """A browser in which names of other machines do not resolve."""
    program = _program()
    assert program is not None, missing()
    expect.set_options(timeout=_EXPECTED_WITHIN)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=program,
            args=[*_FLAGS, "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"],
        )
        try:
            yield browser
        finally:
            await browser.close()
