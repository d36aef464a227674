"""The account page in a browser: accessible on a desktop and on a phone."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page

from gateway.core.accounts.account import Passkey
from gateway.core.policy.decision import AuditEntry
from tests.console.district import HIGH
from tests.console.running_console import running_console, sign_in, sign_in_browser
from tests.console.test_browser import DESKTOP, PHONE, violations

pytestmark = [pytest.mark.peer("chromium"), pytest.mark.peer("axe")]


@pytest.mark.parametrize("context", [DESKTOP, PHONE], indirect=True, ids=["desktop", "phone"])
async def test_sessions_and_passkeys_are_accessible(
    sqlite_district: tuple[Path, Any], tmp_path: Path, page: Page
) -> None:  # fmt: skip
    url = f"sqlite:///{shutil.copy(sqlite_district[0], tmp_path)}"
    async with running_console(url, sqlite_district[1], host="localhost", second_step="required") as console:
        await sign_in_browser(page, console, HIGH)
        await _fine(page, "owes a second step")
        key = Passkey("AAAA", HIGH, "My laptop", b"key", 0, console.clock())
        await console.store.passkeys.add(key, AuditEntry(console.clock(), "tests", "passkey added", HIGH))
        async with console.anonymous() as other:
            await sign_in(other, HIGH)
            await page.goto(f"{console.url}/account")
            await _fine(page, "has one")
            await page.get_by_text("Remove “My laptop”").click()
            await page.get_by_role("button", name="Add a passkey").click()
            await _fine(page, "makes another one")
        await page.context.clear_cookies()
        await page.goto(f"{console.url}/sign-in")
        await page.get_by_label("Name").fill(HIGH)
        await page.get_by_label("Password").fill("plenty of clover at noon")
        await page.get_by_role("button", name="Sign in").click()
        await page.wait_for_url("**/sign-in/code**")
        await _fine(page, "is asked for it")


async def _fine(page: Page, when: str) -> None:
    assert not await violations(page), when
    over = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert over <= 0, f"{when}: wider than the screen"
