"""The second step of signing in: setup, use, recovery; and password changes."""

from __future__ import annotations

import re

import httpx
import pyotp
import pytest
from playwright.async_api import Page, expect

from gateway.console.auth.authenticator import MAX_CODES
from gateway.core.policy.decision import AuditEntry
from gateway.ports.accounts import SECOND_STEP_SETUP_SECONDS
from tests.console.district import DIRECTOR, HIGH, PASSWORD
from tests.console.running_console import RunningConsole, form_secret, sign_in, sign_in_browser

ACT = AuditEntry(1.0, "tests", "codes asked for at sign-in", DIRECTOR)


async def _set_up(console: RunningConsole, browser: httpx.AsyncClient) -> tuple[pyotp.TOTP, list[str]]:
    """Set up codes. Returns the authenticator and the recovery codes."""
    page = await browser.get("/account")
    page = await browser.post("/account/codes", data={"form": form_secret(page), "password": PASSWORD})
    secret = re.search(r"<code>([A-Z2-7]{32})</code>", page.text)
    assert secret
    phone = pyotp.TOTP(secret[1])
    wrong = await browser.post("/account/codes/confirm", data={"form": form_secret(page), "code": "000000"})
    assert wrong.status_code == 422
    done = await browser.post(
        "/account/codes/confirm", data={"form": form_secret(page), "code": phone.at(int(console.clock()))}
    )
    codes = re.findall(r"<code>([a-z2-9]{5}-[a-z2-9]{5})</code>", done.text)
    assert len(set(codes)) == 10
    return phone, codes


async def _step(browser: httpx.AsyncClient, code: str) -> httpx.Response:
    page = await browser.get("/sign-in/code", params={"next": "/audit"})
    return await browser.post("/sign-in/code", data={"form": form_secret(page), "code": code, "next": "/audit"})


async def test_code_works_once(console: RunningConsole) -> None:
    async with console.signed_in(DIRECTOR) as browser:
        phone, _ = await _set_up(console, browser)
    console.clock.ahead += 60
    async with console.anonymous() as browser:
        first = await sign_in(browser, DIRECTOR, next="/audit")
        assert first.headers["location"] == "/sign-in/code?next=%2Faudit"
        half = dict(browser.cookies)
        for path in ("/", "/account", "/audit"):  # the password alone gives no access
            assert (await browser.get(path)).headers["location"].startswith("/sign-in")
        code = phone.at(int(console.clock()))
        assert (await _step(browser, "123456")).status_code == 401
        answer = await _step(browser, f"{code[:3]} {code[3:]}")
        assert (answer.status_code, answer.headers["location"]) == (303, "/audit")
        assert (await browser.get("/audit")).status_code == 200
        assert dict(browser.cookies)["chaperone"] != half["chaperone"]
    async with console.anonymous() as other:
        other.cookies.update(half)
        assert (await other.get("/sign-in/code")).headers["location"].startswith("/sign-in")  # that session has ended
        await sign_in(other, DIRECTOR)
        assert (await _step(other, code)).status_code == 401  # used before


async def test_recovery_code_works_once(console: RunningConsole) -> None:
    async with console.signed_in(DIRECTOR) as browser:
        _, codes = await _set_up(console, browser)
    for code, status in ((codes[3].upper(), 303), (codes[3], 401), (codes[4].replace("-", " "), 303)):
        async with console.anonymous() as browser:
            await sign_in(browser, DIRECTOR)
            assert (await _step(browser, code)).status_code == status
    step = await console.store.second_steps.find(DIRECTOR)
    assert step is not None
    assert step.recovery == 8


async def test_guessing_codes_is_limited(console: RunningConsole) -> None:
    async with console.signed_in(DIRECTOR) as browser:
        phone, _ = await _set_up(console, browser)
    console.clock.ahead += 60
    async with console.anonymous() as browser:
        await sign_in(browser, DIRECTOR)
        for number in range(MAX_CODES):
            browser.headers["x-forwarded-for"] = f"198.51.100.{number}"  # from any address
            assert (await _step(browser, f"{number:06}")).status_code == 401
        assert (await _step(browser, phone.at(int(console.clock())))).status_code == 429


async def test_second_step_expires_after_five_minutes(console: RunningConsole) -> None:
    async with console.signed_in(DIRECTOR) as browser:
        phone, _ = await _set_up(console, browser)
    async with console.anonymous() as browser:
        await sign_in(browser, DIRECTOR)
        console.clock.ahead += 301
        answer = await browser.post("/sign-in/code", data={"code": phone.at(int(console.clock()))})
        assert answer.headers["location"].startswith("/sign-in")


async def test_setting_up_codes_requires_the_password(console: RunningConsole) -> None:
    async with console.signed_in(DIRECTOR) as browser:
        form = form_secret(await browser.get("/account"))
        for sent in ({}, {"password": "not this one"}):
            assert (await browser.post("/account/codes", data={"form": form, **sent})).status_code == 422
            assert await console.store.second_steps.find(DIRECTOR) is None
        await browser.post("/account/codes", data={"form": form, "password": PASSWORD})
        step = await console.store.second_steps.find(DIRECTOR)
        assert step is not None
        later = await browser.get("/account")  # the page does not show the secret again
        assert step.secret not in later.text
        assert "/account/codes/confirm" in later.text
    async with console.api_client(DIRECTOR) as program:
        for body in ({}, {"password": "not this one"}):
            assert (await program.post("/api/v1/me/codes", json=body)).status_code == 422
        assert await console.store.second_steps.find(DIRECTOR) == step


async def test_unconfirmed_setup_expires(console: RunningConsole) -> None:
    """A secret that was shown but not confirmed expires after 15 minutes."""
    async with console.signed_in(DIRECTOR) as browser, console.signed_in(HIGH) as other:
        phones = []
        for row, name in ((browser, DIRECTOR), (other, HIGH)):
            page = await row.post(
                "/account/codes", data={"form": form_secret(await row.get("/account")), "password": PASSWORD}
            )
            secret = re.search(r"<code>([A-Z2-7]{32})</code>", page.text)
            assert secret
            phones.append(pyotp.TOTP(secret[1]))
            assert await console.store.second_steps.find(name) is not None
        console.clock.ahead += SECOND_STEP_SETUP_SECONDS - 60
        assert "/account/codes/confirm" in (await browser.get("/account")).text
        confirmed = {"form": form_secret(await other.get("/account")), "code": phones[1].at(int(console.clock()))}
        assert (await other.post("/account/codes/confirm", data=confirmed)).status_code == 200
        console.clock.ahead += 90
        page = await browser.get("/account")
        assert "/account/codes/confirm" not in page.text
        assert await console.store.second_steps.find(DIRECTOR) is None
        late = {"form": form_secret(page), "code": phones[0].at(int(console.clock()))}
        assert (await browser.post("/account/codes/confirm", data=late)).status_code == 422
        assert not await console.store.second_steps.confirm(DIRECTOR, int(console.clock()) // 30, (), ACT)
        step = await console.store.second_steps.find(HIGH)  # a confirmed setup stays
        assert step is not None
        assert step.since is not None


async def test_switching_codes_off_requires_the_password(console: RunningConsole) -> None:
    async with console.signed_in(DIRECTOR) as browser:
        await _set_up(console, browser)
        form = form_secret(await browser.get("/account"))
        await browser.post(
            "/account/codes", data={"form": form, "password": PASSWORD}
        )  # starting again does not change a confirmed setup
        step = await console.store.second_steps.find(DIRECTOR)
        assert step is not None
        assert step.since is not None
        wrong = await browser.post("/account/codes/off", data={"form": form, "password": "not this one"})
        assert wrong.status_code == 422
        assert await console.store.second_steps.find(DIRECTOR) == step
        await browser.post("/account/codes/off", data={"form": form, "password": PASSWORD})
        assert await console.store.second_steps.find(DIRECTOR) is None
    acts = [entry.act for entry in await console.store.audit_trail.entries_about(DIRECTOR, 20)]
    assert {"codes asked for at sign-in", "codes no longer asked for"} <= set(acts)


@pytest.mark.parametrize(("new", "status"), [("short", 422), ("director director", 422), ("seven ducks on ice", 303)])
async def test_password_change(console: RunningConsole, new: str, status: int) -> None:
    async with console.signed_in(DIRECTOR) as browser, console.signed_in(DIRECTOR) as other:
        form = form_secret(await browser.get("/account"))
        sent = {"form": form, "password": PASSWORD, "new": new}
        assert (await browser.post("/account/password", data={**sent, "password": "x"})).status_code == 422
        assert (await browser.post("/account/password", data=sent)).status_code == status
        alive = (await other.get("/account")).status_code == 200
        assert alive is (status == 422)  # every other session ends
        assert (await browser.get("/account")).status_code == 200  # this one stays
    async with console.anonymous() as browser:
        assert (await sign_in(browser, DIRECTOR, new)).status_code == (303 if status == 303 else 401)


@pytest.mark.parametrize("asked", [False, True])
async def test_password_change_can_end_tokens(console: RunningConsole, asked: bool) -> None:
    first, second = "seven ducks on ice", "eight ducks on ice"
    async with console.signed_in(DIRECTOR) as browser, console.api_client(DIRECTOR) as program:
        page = await browser.get("/account")
        assert "End my API tokens too" in page.text
        sent = {"form": form_secret(page), "password": PASSWORD, "new": first, **({"tokens": "yes"} if asked else {})}
        assert (await browser.post("/account/password", data=sent)).status_code == 303
        assert (await program.get("/api/v1/me")).status_code == (401 if asked else 200)
    if not asked:
        async with console.api_client(DIRECTOR) as program:
            body = {"password": first, "new": second, "end_tokens": True}
            assert (await program.put("/api/v1/me/password", json=body)).status_code == 200
            assert (await program.get("/api/v1/me")).status_code == 401
    (act, *_) = (
        entry
        for entry in await console.store.audit_trail.entries_about(DIRECTOR, 20)
        if entry.act == "password changed"
    )
    assert act.detail == {"tokens": "ended"}


@pytest.mark.peer("chromium")
async def test_codes_are_set_up_in_a_browser(console: RunningConsole, page: Page) -> None:
    await sign_in_browser(page, console, DIRECTOR)
    await page.get_by_role("link", name=DIRECTOR).click()
    await page.locator("#begin").fill(PASSWORD)
    await page.get_by_role("button", name="Set it up").click()
    await expect(page.locator(".picture svg")).to_be_visible()
    box = await page.locator(".picture svg").bounding_box()
    assert box is not None
    assert box["width"] > 150
    secret = await page.locator("section code").first.inner_text()
    await page.get_by_label("Six digits").fill(pyotp.TOTP(secret).at(int(console.clock())))
    await page.get_by_role("button", name="Ask for a code from now on").click()
    await expect(page.locator(".codes li")).to_have_count(10)
