"""On a phone, menu and tables fit the width, also without JavaScript."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, expect

from gateway.core.accounts.grant import Grant
from gateway.core.policy.decision import AuditEntry
from tests.console.district import AUDITOR, DIRECTOR, HIGH
from tests.console.reports.test_pages import count
from tests.console.running_console import RunningConsole, sign_in_browser
from tests.console.test_browser import PHONE

pytestmark = pytest.mark.peer("chromium")
PHONES = pytest.mark.parametrize(
    "context",
    [PHONE, {**PHONE, "java_script_enabled": False}, {**PHONE, "viewport": {"width": 320, "height": 640}}],
    indirect=True,
    ids=["script", "no-script", "small"],
)
_OUT_OF_SIGHT = """places => places.filter(each => {
  const box = each.getBoundingClientRect();
  return box.width && (box.left < 0 || box.right > document.documentElement.clientWidth + 1);
}).map(each => each.textContent.trim())"""


@PHONES
async def test_menu_fits_the_screen(console: RunningConsole, page: Page) -> None:
    await sign_in_browser(page, console, DIRECTOR)
    for path in ("/", "/audit"):
        await page.goto(f"{console.url}{path}")
        links = page.get_by_role("navigation", name="Main").get_by_role("link")
        await expect(links).to_have_count(10)
        assert await links.evaluate_all(_OUT_OF_SIGHT) == []
        for item in await links.all():
            await expect(item).to_be_in_viewport(ratio=1)
            box = await item.bounding_box()
            assert box is not None
            assert box["height"] >= 34  # large enough for a thumb


@pytest.mark.parametrize("context", [PHONE], indirect=True, ids=["phone"])
async def test_tables_fold_on_a_phone(console: RunningConsole, page: Page) -> None:
    """Every figure has its label beside it."""
    now = await console.store.clock.now()
    grant = Grant(AUDITOR, "", DIRECTOR, "the yearly review of what was read and who read it", now, now + 86400)
    await console.store.grants.add(grant, AuditEntry(now, DIRECTOR, "content granted", "", {"to": AUDITOR}))
    async with console.api_client(HIGH) as program:
        await program.post(f"/api/v1/messages/{console.id('high')}/release", json={"reason": "known to the parents"})
    while await console.store.audit.link(1000):
        pass
    await count(console)
    await sign_in_browser(page, console, DIRECTOR)
    await page.goto(f"{console.url}/audit")
    row = page.locator("tbody tr", has_text="known to the parents")
    await expect(row).to_be_visible()
    assert await page.locator("td").evaluate_all(_OUT_OF_SIGHT) == []
    await page.goto(f"{console.url}/reports")
    assert await page.locator("td, tbody th").evaluate_all(_OUT_OF_SIGHT) == []
    await expect(page.get_by_role("row", name=re.compile("7a .* Still held 6"))).to_be_visible()
    await page.goto(f"{console.url}/grants")
    await expect(page.get_by_role("button", name="End for")).to_be_visible()
    assert await page.locator("td, td button").evaluate_all(_OUT_OF_SIGHT) == []
