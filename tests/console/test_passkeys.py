"""Passkeys as the second step: made, used, listed and removed in a browser with a device of its own."""

from __future__ import annotations

import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect
from pytest_asyncio import fixture as async_fixture

from gateway.console.passkeys import Keys
from gateway.core.account import Passkey
from gateway.core.decision import Act
from tests.console.district import DIRECTOR, HIGH, PASSWORD
from tests.console.world import World, enter, form_of, opened, sign_in


@async_fixture(loop_scope="session")
async def named(made_house: tuple[Path, Any], tmp_path: Path) -> AsyncIterator[World]:
    """A console at an address with a name: of others no device makes a passkey."""
    url = f"sqlite:///{shutil.copy(made_house[0], tmp_path)}"
    async with opened(url, made_house[1], host="localhost") as world:
        yield world


async def _device(page: Page) -> None:
    """A device that the browser has: a finger is on it all the time."""
    session = await page.context.new_cdp_session(page)
    await session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    await session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


async def _sign_in_halfway(page: Page, world: World, name: str) -> None:
    await page.context.clear_cookies()
    await page.goto(f"{world.url}/sign-in")
    await page.get_by_label("Name").fill(name)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_url("**/sign-in/code**")


@pytest.mark.peer("chromium")
async def test_a_passkey_is_made_used_listed_and_removed(named: World, page: Page) -> None:
    await _device(page)
    await enter(page, named, HIGH)
    await page.goto(f"{named.url}/account")
    await page.get_by_role("button", name="Add a passkey").click()
    await page.get_by_label("What you call it").fill("My laptop")
    await page.get_by_role("button", name="Make it on this device").click()
    row = page.locator(".passkey")
    await expect(row).to_contain_text("My laptop")
    await expect(row).to_contain_text("never used")

    await _sign_in_halfway(page, named, HIGH)
    await page.get_by_role("button", name="Use your passkey").click()
    await page.wait_for_url(f"{named.url}/")
    await page.goto(f"{named.url}/account")
    await expect(row).to_contain_text("used last")
    await expect(page.locator(".sessions")).to_contain_text("by password and passkey")

    await row.get_by_text("Remove “My laptop”").click()
    await row.get_by_label("Your password").fill("not this one")
    await row.get_by_role("button", name="Remove it").click()
    await expect(page.get_by_role("alert")).to_contain_text("Your password is wrong")
    await row.get_by_text("Remove “My laptop”").click()
    await row.get_by_label("Your password").fill(PASSWORD)
    await row.get_by_role("button", name="Remove it").click()
    await expect(row).to_have_count(0)
    async with named.stranger() as browser:
        assert (await sign_in(browser, HIGH)).headers["location"] == "/"  # the password is enough again
    acts = [each.act for each in await named.store.acts_about(HIGH, 30)]
    assert {"passkey added", "passkey removed"} <= set(acts)


@pytest.mark.peer("chromium")
async def test_another_device_s_passkey_opens_nothing(named: World, page: Page) -> None:
    """A device that signs with a key of its own, under the id that the account knows."""
    await _device(page)
    await enter(page, named, HIGH)
    await page.goto(f"{named.url}/account")
    await page.get_by_role("button", name="Add a passkey").click()
    await page.get_by_role("button", name="Make it on this device").click()
    await expect(page.locator(".passkey")).to_have_count(1)
    (known,) = await named.store.passkeys(HIGH)
    other = Passkey("AAAA", DIRECTOR, "x", known.public_key, 0, 0.0)
    assert await named.store.add_passkey(other, Act(0.0, "tests", "passkey added", DIRECTOR))

    await _sign_in_halfway(page, named, DIRECTOR)
    asked = json.loads(str(await page.locator("form[data-passkey]").get_attribute("data-options")))
    assert [each["id"] for each in asked["allowCredentials"]] == ["AAAA"]
    asked["allowCredentials"][0]["id"] = known.id  # the page is changed: the device answers with HIGH's
    await page.locator("form[data-passkey]").evaluate(
        "(form, options) => { form.dataset.options = options; }", json.dumps(asked)
    )
    await page.get_by_role("button", name="Use your passkey").click()
    await expect(page.get_by_role("alert").first).to_contain_text("This passkey did not work")
    assert "/sign-in/code" in page.url


async def test_what_no_device_said_is_refused(named: World) -> None:
    known = Passkey("AAAA", HIGH, "x", b"not a key", 0, 0.0)
    assert await named.store.add_passkey(known, Act(0.0, "tests", "passkey added", HIGH))
    answers = ["x", "[]", "{}", "[" * 9000, json.dumps({"id": "AAAA"}), json.dumps({"id": "AAAA", "rawId": 7}),
               json.dumps({"id": "AAAA", "rawId": "AAAA", "type": "public-key", "response": {
                   "clientDataJSON": "e30", "authenticatorData": "AA", "signature": "AA"}})]  # fmt: skip
    async with named.stranger() as browser:
        assert (await sign_in(browser, HIGH)).headers["location"].startswith("/sign-in/code")
        for answer in answers:
            page = await browser.get("/sign-in/code")
            sent = {"form": form_of(page), "passkey": answer}
            assert (await browser.post("/sign-in/code", data=sent)).status_code == 401, answer[:40]
        sent = {"form": form_of(page), "code": "123456"}  # nor is there a code
        assert (await browser.post("/sign-in/code", data=sent)).status_code == 401
        assert (await browser.get("/account")).headers["location"].startswith("/sign-in")


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://chaperone.riverbend.example", "chaperone.riverbend.example"),
        ("http://localhost:8025", "localhost"),
        ("http://chaperone.riverbend.example", None),
        ("http://127.0.0.1:8025", None),
        ("https://[2001:db8::1]", None),
        ("https://198.51.100.7", None),
    ],
)
def test_passkeys_belong_to_an_address_with_a_name(url: str, host: str | None) -> None:
    keys = Keys.at(url)
    assert (keys.host if keys else None) == host
