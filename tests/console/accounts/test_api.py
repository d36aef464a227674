"""A person's own account: sessions, a required second step, and the API."""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pyotp
import pytest
from pytest_asyncio import fixture as async_fixture

from gateway.core.accounts.client_hint import client_hint
from tests.console.district import AUDITOR, DIRECTOR, HIGH, LINDGREN, MESSAGES, PASSWORD
from tests.console.running_console import RunningConsole, form_secret, running_console, sign_in
from tests.console.test_browser import BOTH

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Mobile Safari/604.1"


async def _alive(browser: httpx.AsyncClient) -> bool:
    return (await browser.get("/account")).status_code == 200


async def _from_elsewhere(browser: httpx.AsyncClient, name: str = HIGH) -> None:
    browser.headers.update({"user-agent": PHONE, "x-forwarded-for": "198.51.100.7"})
    assert (await sign_in(browser, name)).status_code == 303


# --- sessions -------------------------------------------------------------------------------------------------------


@BOTH
async def test_sessions_are_listed_and_can_be_ended(console: RunningConsole) -> None:
    async with console.signed_in(HIGH) as here, console.anonymous() as phone, console.signed_in(HIGH) as third:
        await _from_elsewhere(phone)
        page = await here.get("/account")
        assert "Safari on an iPhone, from 198.51.*.*" in page.text
        assert "198.51.100.7" not in page.text
        assert page.text.count("this browser") == 1
        ends = re.findall(r'action="(/account/sessions/[0-9a-f]{12}/end)"', page.text)
        assert len(ends) == 3
        (there,) = [session for session in await console.store.sessions.of_user(HIGH) if "iPhone" in session.place]
        assert (
            await here.post(f"/account/sessions/{there.id}/end", data={"form": form_secret(page)})
        ).status_code == 303
        assert [await _alive(item) for item in (here, phone, third)] == [True, False, True]
        again = await here.post(f"/account/sessions/{there.id}/end", data={"form": form_secret(page)})
        assert again.status_code == 404
    (act,) = [
        entry for entry in await console.store.audit_trail.entries_about(HIGH, 20) if entry.act == "session ended"
    ]
    assert act.detail == {"session": there.id}


@BOTH
async def test_other_sessions_of_the_account_end(console: RunningConsole) -> None:
    async with console.signed_in(HIGH) as here, console.signed_in(HIGH) as other, console.signed_in(AUDITOR) as auditor:
        (theirs,) = await console.store.sessions.of_user(AUDITOR)
        form = form_secret(await here.get("/account"))
        assert (await here.post(f"/account/sessions/{theirs.id}/end", data={"form": form})).status_code == 404
        assert (await here.post("/account/sessions/others", data={"form": form})).status_code == 303
        assert [await _alive(row) for row in (here, other, auditor)] == [True, False, True]


async def test_event_stream_ends_with_its_session(console: RunningConsole) -> None:
    """Even if the queue changes in the meantime."""
    async with (
        console.signed_in(HIGH) as here,
        console.signed_in(HIGH) as other,
        here.stream("GET", "/events") as events,
    ):
        lines = events.aiter_lines()
        assert await anext(lines) == "retry: 3000"
        form = form_secret(await other.get("/account"))
        assert (await other.post("/account/sessions/others", data={"form": form})).status_code == 303
        await console.add_message(MESSAGES["high"])
        assert not [line async for line in lines if "changed" in line]


async def test_expired_session_is_not_listed(console: RunningConsole) -> None:
    async with console.signed_in(HIGH):
        console.clock.ahead += 31 * 60
        async with console.signed_in(HIGH) as here:
            assert (await here.get("/account")).text.count("/end") == 1


async def test_waiting_session_is_not_listed(console: RunningConsole) -> None:
    async with console.signed_in(HIGH) as here:
        await _codes(here, int(console.clock()))
        async with console.anonymous() as half:
            await sign_in(half, HIGH)
            assert (await here.get("/account")).text.count("/end") == 1


@pytest.mark.parametrize(
    ("agent", "address", "place"),
    [
        (PHONE, "198.51.100.7", "Safari on an iPhone, from 198.51.*.*"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit Chrome/140.0 Safari/537.36 Edg/140.0", "10.3.2.1",
         "Edge on Windows, from 10.3.*.* (a private network)"),
        ("Mozilla/5.0 (X11; CrOS x86_64 16181) Chrome/140.0 Safari/537.36", "2001:db8:1:2::3",
         "Chrome on a Chromebook, from 2001:0db8:*"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko Firefox/140.0", "127.0.0.1",
         "Firefox on Linux, from the gateway's own machine"),
        ("<script>", "", "A browser, from an unknown address"),
    ],
)  # fmt: skip
def test_client_hint_is_coarse(agent: str, address: str, place: str) -> None:
    assert client_hint(agent, address) == place


# --- a second step that is required ---------------------------------------------------------------------------------


@async_fixture(loop_scope="session")
async def strict(sqlite_district: tuple[Path, Any], tmp_path: Path) -> AsyncIterator[RunningConsole]:
    """A console that requires a second step."""
    url = f"sqlite:///{shutil.copy(sqlite_district[0], tmp_path)}"
    async with running_console(url, sqlite_district[1], second_step="required") as console:
        yield console


async def _codes(browser: httpx.AsyncClient, now: int) -> httpx.Response:
    """Set up codes."""
    form = form_secret(await browser.get("/account"))
    begun = await browser.post("/account/codes", data={"form": form, "password": PASSWORD})
    secret = re.search(r"<code>([A-Z2-7]{32})</code>", begun.text)
    assert secret
    sent = {"form": form, "code": pyotp.TOTP(secret[1]).at(now)}
    return await browser.post("/account/codes/confirm", data=sent)


async def test_required_second_step_must_be_set_up_first(strict: RunningConsole) -> None:
    async with strict.signed_in(DIRECTOR) as browser:
        for path in ("/", "/trace", f"/messages/{strict.id('high')}", "/account/tokens", "/reports.csv", "/events"):
            answer = await browser.get(path)
            assert (answer.status_code, answer.headers.get("location")) == (303, "/account"), path
        page = await browser.get("/account")
        assert "Your district requires a second step" in page.text
        assert "/account/password" not in page.text
        form = form_secret(page)
        for path in (f"/messages/{strict.id('high')}/release", "/account/password", "/account/tokens", "/trace"):
            sent = {"form": form, "reason": "x", "password": PASSWORD, "new": "seven ducks on ice", "may": "read"}
            answer = await browser.post(path, data={**sent, "lasts": "7d"})
            assert (answer.status_code, answer.headers.get("location")) == (303, "/account"), path
        assert not await strict.store.tokens.list_all()
        done = await _codes(browser, int(strict.clock()))
        assert "Save these recovery codes" in done.text
        assert (await browser.get("/trace")).status_code == 200
        off = await browser.post("/account/codes/off", data={"form": form, "password": PASSWORD})
        assert off.status_code == 409  # the last second step must stay
        assert await strict.store.second_steps.find(DIRECTOR) is not None


async def test_account_without_required_step_can_sign_out(strict: RunningConsole) -> None:
    async with strict.signed_in(LINDGREN) as browser:
        form = form_secret(await browser.get("/account"))
        assert (await browser.post("/sign-out", data={"form": form})).headers["location"] != "/account"
        assert not await _alive(browser)


# --- by the API -----------------------------------------------------------------------------------------------------


@BOTH
async def test_own_account_by_api(console: RunningConsole) -> None:
    async with console.api_client(HIGH) as program, console.signed_in(HIGH) as browser:
        me = (await program.get("/api/v1/me")).json()
        assert (me["name"], me["role"], me["buildings"]) == (HIGH, "building_administrator", ["o-high"])
        assert (me["codes"], me["passkeys"], me["by_password"]) == (False, 0, True)
        begun = (await program.post("/api/v1/me/codes", json={"password": PASSWORD})).json()
        code = pyotp.TOTP(begun["secret"]).at(int(console.clock()))
        told = (await program.post("/api/v1/me/codes/confirm", json={"code": code})).json()
        assert len(set(told["emergency_codes"])) == 10
        assert (await program.post("/api/v1/me/codes", json={"password": PASSWORD})).status_code == 409
        (row,) = (await program.get("/api/v1/me/sessions")).json()["items"]
        assert row["way"] == "password"
        assert (await program.delete(f"/api/v1/me/sessions/{row['id']}")).json() == {"id": row["id"]}
        assert not await _alive(browser)
        wrong = await program.put("/api/v1/me/password", json={"password": "x", "new": "seven ducks on ice"})
        assert (wrong.status_code, wrong.headers["content-type"]) == (422, "application/problem+json")
        new = {"password": PASSWORD, "new": "seven ducks on ice"}
        assert (await program.put("/api/v1/me/password", json=new)).json() == {"ended": 0}
        assert (await program.get("/api/v1/me")).json()["emergency_codes_left"] == 10


async def test_tokens_by_api(console: RunningConsole) -> None:
    async with console.api_client(HIGH) as program, console.api_client(DIRECTOR) as other:
        asked = {"may": "read", "lasts": "7d"}
        assert (await program.post("/api/v1/tokens", json={**asked, "password": "x"})).status_code == 422
        made = (await program.post("/api/v1/tokens", json={**asked, "password": PASSWORD})).json()
        listed = (await program.get("/api/v1/tokens")).json()["items"]
        assert made["id"] in {message["id"] for message in listed}
        assert {message["user"] for message in listed} == {HIGH}
        assert made["secret"] not in str(listed)
        assert {token["user"] for token in (await other.get("/api/v1/tokens")).json()["items"]} == {HIGH, DIRECTOR}
        async with console.anonymous() as reader:
            reader.headers["authorization"] = f"Bearer {made['secret']}"
            assert (await reader.get("/api/v1/me")).json()["rights"] == ["queue", "content", "trace", "stats", "tools"]
            for method, path in (("DELETE", "/me/sessions"), ("POST", "/tokens"), ("DELETE", f"/tokens/{made['id']}")):
                answer = await reader.request(method, f"/api/v1{path}", json={"password": PASSWORD})
                assert answer.status_code == 403, path  # it is read-only
            assert (await program.delete(f"/api/v1/tokens/{made['id']}")).status_code == 200
            assert (await reader.get("/api/v1/me")).status_code == 401
