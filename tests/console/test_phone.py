"""On a phone nothing lies out of sight to the side: menu and tables fold into the width, also without JavaScript."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, expect

from gateway.core.accounts.grant import Grant
from gateway.core.policy.decision import AuditEntry
from tests.console.district import AUDITOR, DIRECTOR, HIGH
from tests.console.test_browser import PHONE
from tests.console.world import World, enter

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
async def test_the_whole_menu_is_in_sight(world: World, page: Page) -> None:
    await enter(page, world, DIRECTOR)
    for path in ("/", "/audit"):
        await page.goto(f"{world.url}{path}")
        links = page.get_by_role("navigation", name="Main").get_by_role("link")
        await expect(links).to_have_count(7)
        assert await links.evaluate_all(_OUT_OF_SIGHT) == []
        for each in await links.all():
            await expect(each).to_be_in_viewport(ratio=1)
            box = await each.bounding_box()
            assert box is not None
            assert box["height"] >= 34  # a thumb finds it


@pytest.mark.parametrize("context", [PHONE], indirect=True, ids=["phone"])
async def test_tables_fold(world: World, page: Page) -> None:
    """What was done stands beside who did it, and every figure beside its word."""
    now = await world.store.clock.now()
    grant = Grant(AUDITOR, "", DIRECTOR, "the yearly review of what was read and by whom", now, now + 86400)
    await world.store.grants.add(grant, AuditEntry(now, DIRECTOR, "content granted", "", {"to": AUDITOR}))
    async with world.program(HIGH) as program:
        await program.post(f"/api/v1/messages/{world.id('high')}/release", json={"reason": "known to the parents"})
    while await world.store.audit.link(1000):
        pass
    await enter(page, world, DIRECTOR)
    await page.goto(f"{world.url}/audit")
    row = page.locator("tbody tr", has_text="known to the parents")
    await expect(row).to_be_visible()
    assert await page.locator("td").evaluate_all(_OUT_OF_SIGHT) == []
    await page.goto(f"{world.url}/reports")
    assert await page.locator("td, tbody th").evaluate_all(_OUT_OF_SIGHT) == []
    await expect(page.get_by_role("row", name=re.compile("7a .* Still held 7"))).to_be_visible()
    await page.goto(f"{world.url}/grants")
    await expect(page.get_by_role("button", name="End for")).to_be_visible()
    assert await page.locator("td, td button").evaluate_all(_OUT_OF_SIGHT) == []
