"""Signing in, sessions and tokens: when they begin, what they open, and when they end."""

from __future__ import annotations

import re

import httpx
import pytest

from gateway.console.auth.authenticator import IDLE_SECONDS
from gateway.console.auth.cookies import SESSION_SECONDS
from gateway.core.policy.decision import AuditEntry
from tests.console.district import DIRECTOR, HIGH, PASSWORD_HASH
from tests.console.running_console import LogLines, RunningConsole, form_secret, sign_in

AWAY = (
    "//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil.example", "/messages/../..//evil.example",
    "/%2f%2fevil.example", "javascript:alert(1)", "/messages/x\r\nLocation: https://evil.example", "/trace?x=//evil",
    "data:text/html,x", "//evil.example/messages/abc", "/messages/abc/release", " /trace", "/trace#//evil",
    "http:evil.example", "/@evil.example", "///evil.example", "/messages/\u2028abc", "/sign-out",
)  # fmt: skip


async def _alive(browser: httpx.AsyncClient) -> bool:
    return (await browser.get("/trace")).status_code == 200


async def test_session_does_not_open_the_api(console: RunningConsole) -> None:
    """Cookies do not authenticate API requests, so another site cannot make one."""
    async with console.signed_in(DIRECTOR) as browser:
        for path in (f"/api/v1/messages/{console.id('high')}/release", "/api/v1/held"):
            answer = await browser.request("POST" if "release" in path else "GET", path, json={"reason": ""})
            assert answer.status_code == 401


async def test_session_fixation_does_not_work(console: RunningConsole) -> None:
    async with console.anonymous() as browser:
        browser.cookies.set("chaperone", "chosen-by-somebody-else", domain="127.0.0.1", path="/")
        assert (await sign_in(browser, DIRECTOR)).status_code == 303
        given = [row.value for row in browser.cookies.jar if row.name == "chaperone"][-1]
    async with console.anonymous() as attacker:
        attacker.cookies.set("chaperone", "chosen-by-somebody-else", domain="127.0.0.1", path="/")
        assert (await attacker.get("/")).status_code == 303
    assert given != "chosen-by-somebody-else"
    assert len(str(given)) >= 40


async def test_session_ends_when_idle_and_after_its_lifetime(console: RunningConsole) -> None:
    async with console.signed_in(DIRECTOR) as idle, console.signed_in(DIRECTOR) as used:
        for _ in range(int(SESSION_SECONDS // (IDLE_SECONDS - 60)) - 1):
            console.clock.ahead += IDLE_SECONDS - 60
            assert await _alive(used)
        assert not await _alive(idle)
        console.clock.ahead += 2 * IDLE_SECONDS
        assert not await _alive(used)


async def test_sign_out_ends_the_session(console: RunningConsole) -> None:
    async with console.signed_in(DIRECTOR) as browser:
        form, cookies = form_secret(await browser.get("/trace")), dict(browser.cookies)
        answer = await browser.post("/sign-out", data={"form": form})
        assert 'chaperone=""' in answer.headers["set-cookie"]
    async with console.anonymous() as other:
        other.cookies.update(cookies)
        assert not await _alive(other)


@pytest.mark.parametrize("end", ["disable", "password"])
async def test_disabled_account_loses_sessions_and_tokens(console: RunningConsole, end: str) -> None:
    act = AuditEntry(console.clock(), "tests", end, DIRECTOR)
    async with console.signed_in(DIRECTOR) as browser, console.api_client(DIRECTOR) as program:
        assert await _alive(browser)
        if end == "disable":
            await console.store.accounts.disable(DIRECTOR, act)
            assert (await program.get("/api/v1/stats")).status_code == 401
        else:
            await console.store.accounts.set_password(DIRECTOR, PASSWORD_HASH, act)
        assert not await _alive(browser)


async def test_unknown_name_gets_the_same_answer(console: RunningConsole) -> None:
    async with console.anonymous() as browser:
        unknown, wrong = await sign_in(browser, "nobody-here", "x" * 12), await sign_in(browser, HIGH, "x" * 12)
    assert unknown.status_code == wrong.status_code == 401
    assert re.sub(r'value="[^"]*"', "", unknown.text) == re.sub(r'value="[^"]*"', "", wrong.text)


async def test_password_typed_as_name_is_not_stored(console: RunningConsole, log_lines: LogLines) -> None:
    """People sometimes type their password into the name field."""
    async with console.anonymous() as browser:
        await sign_in(browser, "Correct Horse Battery", "x")
    await console.store.audit.link(1000)
    assert "Correct Horse" not in str(await console.store.audit_trail.newest(1 << 60, 50))
    assert "Correct Horse" not in str(log_lines.records)


@pytest.mark.parametrize("onward", AWAY)
async def test_sign_in_redirects_to_console_pages_only(shared_console: RunningConsole, onward: str) -> None:
    async with shared_console.anonymous() as browser:
        answer = await sign_in(browser, DIRECTOR, next=onward)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        assert (await browser.get("/sign-in", params={"next": onward})).headers["location"] == "/"


async def test_sign_in_returns_to_the_requested_page(console: RunningConsole) -> None:
    wanted = f"/messages/{console.id('high')}"
    async with console.anonymous() as browser:
        assert (await browser.get(wanted)).headers["location"] == f"/sign-in?next={wanted}"
        assert (await sign_in(browser, DIRECTOR, next=wanted)).headers["location"] == wanted
