"""Takes the pictures in docs/images from a running demo: the review queue and one held message.

    make screenshots

Needs Chromium. Takes about two minutes, because the demo sends its sample traffic at a slow pace.
"""

from __future__ import annotations

import asyncio
import io
import re
import signal
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from pathlib import Path

from PIL import Image
from playwright.async_api import Page, expect

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
MAX_SIZE = 150_000
COLORS = 128
HELD_MESSAGES = 6
SIZE = {"width": 1180, "height": 800}


async def main() -> None:
    """Start the demo, wait for held messages, and take the pictures."""
    sys.path.insert(0, str(ROOT))
    from tests.peers.chromium import missing, running_chromium

    if reason := missing():
        raise SystemExit(reason)
    with tempfile.TemporaryDirectory() as folder:
        command = str(Path(sys.executable).parent / "chaperone")
        demo = await asyncio.create_subprocess_exec(command, "demo", "--dir", f"{folder}/demo", stdout=PIPE)
        try:
            url, name, password = await read_login(demo)
            reader = asyncio.create_task(drain(demo))
            async with running_chromium() as browser:
                page = await browser.new_page(viewport=SIZE, color_scheme="light")  # type: ignore[arg-type]  # SIZE is a plain dictionary
                await take_pictures(page, url, name, password)
            demo.send_signal(signal.SIGINT)
            await reader
        finally:
            if demo.returncode is None:
                demo.terminate()
            await demo.wait()


async def read_login(demo: Process) -> tuple[str, str, str]:
    """The console's address, and the name and password that the demo prints."""
    assert demo.stdout is not None
    output = ""
    async with asyncio.timeout(120):
        while not (login := re.search(r"Console +(\S+).*?Sign in +(\S+) +/ +(\S+)", output, re.DOTALL)):
            line = await demo.stdout.readline()
            if not line:
                raise SystemExit(f"the demo did not start:\n{output}")
            output += line.decode()
    return login[1], login[2], login[3]


async def drain(demo: Process) -> None:
    """Read the rest of the demo's output."""
    assert demo.stdout is not None
    while await demo.stdout.readline():
        pass


async def take_pictures(page: Page, url: str, name: str, password: str) -> None:
    """Sign in and take the two pictures."""
    page.set_default_timeout(30_000)
    await page.goto(f"{url}sign-in")
    await page.get_by_label("Name").fill(name)
    await page.get_by_label("Password").fill(password)
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_url(lambda address: "/sign-in" not in address)
    rows = page.locator("#queue .rows .row")
    await expect(rows.nth(HELD_MESSAGES - 1)).to_be_visible(timeout=180_000)
    await rows.filter(has_text="between us").click()
    await expect(page.locator("#pane mark").first).to_be_visible()
    await save(page, "queue")
    link = await page.locator("#message").get_attribute("data-id")
    await page.goto(f"{url}messages/{link}")
    await page.get_by_role("heading", name="Why it is held").evaluate("heading => heading.scrollIntoView()")
    await save(page, "message")


async def save(page: Page, name: str) -> None:
    """Save a picture of the visible part of the page."""
    IMAGES.mkdir(exist_ok=True)
    picture = await page.screenshot(animations="disabled", caret="hide")
    file = IMAGES / f"{name}.png"
    Image.open(io.BytesIO(picture)).convert("RGB").quantize(COLORS).save(file, optimize=True)
    size = file.stat().st_size
    print(f"docs/images/{name}.png: {size / 1000:.0f} kB")
    if size > MAX_SIZE:
        raise SystemExit(f"{name}.png is larger than {MAX_SIZE / 1000:.0f} kB")


if __name__ == "__main__":
    asyncio.run(main())
