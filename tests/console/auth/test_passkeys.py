"""Passkeys as a second step and alone, in a browser with a virtual authenticator."""

from __future__ import annotations

import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from playwright.async_api import Page, expect
from pytest_asyncio import fixture as async_fixture

from gateway.console.auth.authenticator import PASSKEY_CREATION_SECONDS
from gateway.console.auth.passkeys import RelyingParty
from gateway.core.accounts.account import Passkey
from gateway.core.policy.decision import AuditEntry
from tests.console.district import DIRECTOR, HIGH, PASSWORD
from tests.console.running_console import RunningConsole, form_secret, running_console, sign_in, sign_in_browser


@async_fixture(loop_scope="session")
async def named(sqlite_district: tuple[Path, Any], tmp_path: Path) -> AsyncIterator[RunningConsole]:
    """A console with a host name, which passkeys need."""
    url = f"sqlite:///{shutil.copy(sqlite_district[0], tmp_path)}"
    async with running_console(url, sqlite_district[1], host="localhost") as console:
        yield console


async def _device(page: Page) -> None:
    """A virtual authenticator that always verifies its user."""
    session = await page.context.new_cdp_session(page)
    await session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    await session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


async def _sign_in_halfway(page: Page, console: RunningConsole, name: str) -> None:
    await page.context.clear_cookies()
    await page.goto(f"{console.url}/sign-in")
    await page.get_by_label("Name").fill(name)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_url("**/sign-in/code**")


@pytest.mark.peer("chromium")
async def test_passkey_is_created_used_and_removed(named: RunningConsole, page: Page) -> None:
    await _device(page)
    await sign_in_browser(page, named, HIGH)
    await page.goto(f"{named.url}/account")
    await page.get_by_role("button", name="Add a passkey").click()
    await page.get_by_label("A name for it").fill("My laptop")
    await page.locator("#passkey-password").fill(PASSWORD)
    await page.get_by_role("button", name="Make it on this device").click()
    row = page.locator(".passkey")
    await expect(row).to_contain_text("My laptop")
    await expect(row).to_contain_text("never used")

    await _sign_in_halfway(page, named, HIGH)
    await page.get_by_role("button", name="Use your passkey").click()
    await page.wait_for_url(f"{named.url}/")
    await page.goto(f"{named.url}/account")
    await expect(row).to_contain_text("last used")
    await expect(page.locator(".sessions")).to_contain_text("by password and passkey")

    await row.get_by_text("Remove “My laptop”").click()
    await row.get_by_label("Your password").fill("not this one")
    await row.get_by_role("button", name="Remove it").click()
    await expect(page.get_by_role("alert")).to_contain_text("Your password is wrong")
    await row.get_by_text("Remove “My laptop”").click()
    await row.get_by_label("Your password").fill(PASSWORD)
    await row.get_by_role("button", name="Remove it").click()
    await expect(row).to_have_count(0)
    async with named.anonymous() as browser:
        assert (await sign_in(browser, HIGH)).headers["location"] == "/"  # the password alone is enough again
    acts = [entry.act for entry in await named.store.audit_trail.entries_about(HIGH, 30)]
    assert {"passkey added", "passkey removed"} <= set(acts)


async def _made(page: Page, console: RunningConsole, name: str) -> None:
    """A virtual authenticator with a passkey of an account; the browser is signed out."""
    await _device(page)
    await sign_in_browser(page, console, name)
    await page.goto(f"{console.url}/account")
    await page.get_by_role("button", name="Add a passkey").click()
    await page.locator("#passkey-password").fill(PASSWORD)
    await page.get_by_role("button", name="Make it on this device").click()
    await expect(page.locator(".passkey")).to_have_count(1)
    await page.context.clear_cookies()


@pytest.mark.peer("chromium")
async def test_passkey_sign_in_cannot_be_replayed(named: RunningConsole, page: Page) -> None:
    """Without name and password. The answer does not work twice, in another browser, or late."""
    await _made(page, named, HIGH)
    await page.goto(f"{named.url}/sign-in?next=/cases")
    said: list[str] = []
    page.on("request", lambda request: said.append(request.post_data or "") if request.method == "POST" else None)
    cookies = {cookie["name"]: cookie["value"] for cookie in await page.context.cookies()}
    await page.get_by_role("button", name="Use a passkey instead").click()
    await page.wait_for_url(f"{named.url}/cases")
    (session,) = [session for session in await named.store.sessions.of_user(HIGH) if session.way == "passkey"]
    assert session.has_step
    sent = dict(parse_qsl(said[-1]))
    assert "password" not in sent
    (known,) = await named.store.passkeys.of_user(HIGH)
    async with named.anonymous() as other:
        other.cookies.update(cookies)
        assert (await other.post("/sign-in/passkey", data=sent)).status_code == 401  # a replay
        later = {**sent, "asked": f"{named.clock() + 60:.6f}"}
        assert (await other.post("/sign-in/passkey", data=later)).status_code == 401
    async with named.anonymous() as stranger:
        mine = {**sent, "form": form_secret(await stranger.get("/sign-in"))}
        assert (await stranger.post("/sign-in/passkey", data=mine)).status_code == 401
    assert await named.store.passkeys.of_user(HIGH) == [known]
    acts = await named.store.audit_trail.entries_about(HIGH, 30)
    assert sum(entry.act == "sign-in refused" and entry.detail == {"why": "passkey"} for entry in acts) == 3
    assert any(entry.act == "signed in" and entry.detail == {"by": "passkey"} for entry in acts)


@pytest.mark.peer("chromium")
async def test_passkey_sign_in_requires_user_verification(named: RunningConsole, page: Page) -> None:
    await _made(page, named, HIGH)
    for changed in ({"userVerification": "discouraged"}, None):
        await page.goto(f"{named.url}/sign-in")
        form = page.locator("form[data-passkey]")
        if changed:  # change the page so that the device does not verify its user
            options = {**json.loads(str(await form.get_attribute("data-options"))), **changed}
            await form.evaluate("(form, options) => { form.dataset.options = options; }", json.dumps(options))
        else:
            now = await named.store.clock.now()
            assert await named.store.accounts.disable(HIGH, AuditEntry(now, "tests", "account disabled", HIGH))
        await page.get_by_role("button", name="Use a passkey instead").click()
        await expect(page.get_by_role("alert").first).to_contain_text("This passkey did not work")
        assert "/sign-in" in page.url


async def test_adding_a_passkey_requires_the_password(named: RunningConsole) -> None:
    """A passkey signs in alone, so an unattended session must not be able to add one."""
    async with named.signed_in(HIGH) as browser:
        sent = {"form": form_secret(await browser.get("/account")), "passkey": "{}", "name": "x", "password": "wrong"}
        answer = await browser.post("/account/passkeys/made", data=sent)
        assert (answer.status_code, "Your password is wrong" in answer.text) == (422, True)


@pytest.mark.peer("chromium")
async def test_creation_challenge_expires(named: RunningConsole, page: Page) -> None:
    """A page that was left open for hours cannot add a passkey."""
    await _device(page)
    await sign_in_browser(page, named, HIGH)
    for late in (PASSKEY_CREATION_SECONDS - 1, 2 * PASSKEY_CREATION_SECONDS + 1):
        await page.goto(f"{named.url}/account")
        await page.get_by_role("button", name="Add a passkey").click()
        await page.locator("#passkey-password").fill(PASSWORD)
        named.clock.ahead += late
        await page.get_by_role("button", name="Make it on this device").click()
        if late < PASSKEY_CREATION_SECONDS:
            await expect(page.locator(".passkey")).to_have_count(1)
            (known,) = await named.store.passkeys.of_user(HIGH)
            assert await named.store.passkeys.remove(HIGH, known.id, AuditEntry(0.0, "tests", "passkey removed", HIGH))
        else:
            await expect(page.get_by_role("alert").first).to_contain_text("No passkey was made")
    assert not await named.store.passkeys.of_user(HIGH)


@pytest.mark.peer("chromium")
async def test_passkey_of_another_account_is_refused(named: RunningConsole, page: Page) -> None:
    """A device signs with its own key under an id that belongs to another account."""
    await _device(page)
    await sign_in_browser(page, named, HIGH)
    await page.goto(f"{named.url}/account")
    await page.get_by_role("button", name="Add a passkey").click()
    await page.locator("#passkey-password").fill(PASSWORD)
    await page.get_by_role("button", name="Make it on this device").click()
    await expect(page.locator(".passkey")).to_have_count(1)
    (known,) = await named.store.passkeys.of_user(HIGH)
    other = Passkey("AAAA", DIRECTOR, "x", known.public_key, 0, 0.0)
    assert await named.store.passkeys.add(other, AuditEntry(0.0, "tests", "passkey added", DIRECTOR))

    await _sign_in_halfway(page, named, DIRECTOR)
    asked = json.loads(str(await page.locator("form[data-passkey]").get_attribute("data-options")))
    assert [item["id"] for item in asked["allowCredentials"]] == ["AAAA"]
    asked["allowCredentials"][0]["id"] = known.id  # change the page: the device answers with HIGH's passkey
    await page.locator("form[data-passkey]").evaluate(
        "(form, options) => { form.dataset.options = options; }", json.dumps(asked)
    )
    await page.get_by_role("button", name="Use your passkey").click()
    await expect(page.get_by_role("alert").first).to_contain_text("This passkey did not work")
    assert "/sign-in/code" in page.url


async def test_invalid_passkey_answer_is_refused(named: RunningConsole) -> None:
    known = Passkey("AAAA", HIGH, "x", b"not a key", 0, 0.0)
    assert await named.store.passkeys.add(known, AuditEntry(0.0, "tests", "passkey added", HIGH))
    answers = ["x", "[]", "{}", "[" * 9000, json.dumps({"id": "AAAA"}), json.dumps({"id": "AAAA", "rawId": 7}),
               json.dumps({"id": "AAAA", "rawId": "AAAA", "type": "public-key", "response": {
                   "clientDataJSON": "e30", "authenticatorData": "AA", "signature": "AA"}})]  # fmt: skip
    async with named.anonymous() as browser:
        assert (await sign_in(browser, HIGH)).headers["location"].startswith("/sign-in/code")
        for answer in answers:
            page = await browser.get("/sign-in/code")
            sent = {"form": form_secret(page), "passkey": answer}
            assert (await browser.post("/sign-in/code", data=sent)).status_code == 401, answer[:40]
        sent = {"form": form_secret(page), "code": "123456"}  # and no code is set up
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
def test_passkeys_need_tls_and_a_host_name(url: str, host: str | None) -> None:
    keys = RelyingParty.at(url)
    assert (keys.host if keys else None) == host
