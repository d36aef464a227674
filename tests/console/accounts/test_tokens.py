"""API tokens on their page: created, shown once, listed, revoked; all in the audit log."""

from __future__ import annotations

import re

import httpx

from tests.console.district import AUDITOR, DIRECTOR, HIGH, PASSWORD
from tests.console.running_console import RunningConsole, form_secret
from tests.console.test_browser import BOTH

SECRET = re.compile(r"chp_[\w-]{43}")


async def made(browser: httpx.AsyncClient, **sent: str) -> str:
    """The secret of a new token, from its page."""
    page = await browser.get("/account/tokens")
    done = await browser.post(
        "/account/tokens",
        data={"form": form_secret(page), "may": "decide", "lasts": "7d", "password": PASSWORD, **sent},
    )
    assert done.status_code == 200, done.text
    (secret,) = SECRET.findall(done.text)
    return str(secret)


async def asks(console: RunningConsole, secret: str, method: str, path: str) -> int:
    """The answer to a program with a token."""
    async with console.anonymous() as program:
        answer = await program.request(
            method,
            path,
            headers={"Authorization": f"Bearer {secret}"},
            json={"reason": "x"} if method == "POST" else None,
        )
    return answer.status_code


@BOTH
async def test_token_is_created_used_and_revoked(console: RunningConsole) -> None:
    async with console.signed_in(HIGH) as browser:
        secret = await made(browser)
        listed = (await browser.get("/account/tokens")).text
        assert secret not in listed
        assert "read and decide" in listed
        assert await asks(console, secret, "POST", f"/api/v1/messages/{console.id('high')}/release") == 200
        (token,) = (token for token in await console.store.tokens.list_all() if token.user == HIGH)
        done = await browser.post(
            f"/account/tokens/{token.id}/revoke", data={"form": form_secret(await browser.get("/trace"))}
        )
        assert done.status_code == 303
        assert await asks(console, secret, "GET", "/api/v1/held") == 401
        assert "None." in (await browser.get("/account/tokens")).text
    acts = [act for act in await console.store.audit_trail.entries_about(HIGH, 9) if act.act == "token created"]
    assert [(act.actor, act.detail["token"]) for act in acts] == [(HIGH, token.id)]
    assert [act.act for act in await console.store.audit_trail.entries_about(token.id, 9)] == ["token revoked"]


async def test_token_expires_and_read_only_token_cannot_decide(console: RunningConsole) -> None:
    async with console.signed_in(HIGH) as browser:
        secret = await made(browser, may="read")
        assert await asks(console, secret, "GET", "/api/v1/held") == 200
        assert await asks(console, secret, "POST", f"/api/v1/messages/{console.id('high')}/release") == 403
    console.clock.ahead += 7 * 86400 + 1
    assert await asks(console, secret, "GET", "/api/v1/held") == 401


async def test_director_sees_all_tokens(console: RunningConsole) -> None:
    async with (
        console.signed_in(HIGH) as high,
        console.signed_in(AUDITOR) as auditor,
        console.signed_in(DIRECTOR) as director,
    ):
        await made(high)
        (token,) = (token for token in await console.store.tokens.list_all() if token.user == HIGH)
        assert token.id not in (await auditor.get("/account/tokens")).text
        form = form_secret(await auditor.get("/trace"))
        assert (await auditor.post(f"/account/tokens/{token.id}/revoke", data={"form": form})).status_code == 404
        assert token.id in (await director.get("/account/tokens")).text
        form = form_secret(await director.get("/trace"))
        assert (await director.post(f"/account/tokens/{token.id}/revoke", data={"form": form})).status_code == 303
        assert (await director.post(f"/account/tokens/{token.id}/revoke", data={"form": form})).status_code == 404


async def test_invalid_token_request_is_refused(console: RunningConsole) -> None:
    async with console.signed_in(HIGH) as browser:
        form = form_secret(await browser.get("/trace"))
        for sent in ({}, {"may": "read"}, {"may": "all", "lasts": "7d"}, {"may": "read", "lasts": "999d"}):
            sent = {"form": form, "password": PASSWORD, **sent}
            assert (await browser.post("/account/tokens", data=sent)).status_code == 422
    assert not await console.store.tokens.list_all()


async def test_creating_a_token_requires_the_password(console: RunningConsole) -> None:
    """Somebody at an unattended screen cannot create one."""
    async with console.signed_in(HIGH) as browser:
        form = form_secret(await browser.get("/trace"))
        for password in ("", "not this one"):
            sent = {"form": form, "may": "read", "lasts": "7d", "password": password}
            answer = await browser.post("/account/tokens", data=sent)
            assert (answer.status_code, "Your password is wrong" in answer.text) == (422, True)
    assert not await console.store.tokens.list_all()


async def test_role_without_decisions_gets_read_only_tokens(console: RunningConsole) -> None:
    async with console.signed_in(AUDITOR) as browser:
        form = form_secret(await browser.get("/trace"))
        sent = {"form": form, "may": "decide", "lasts": "7d", "password": PASSWORD}
        assert (await browser.post("/account/tokens", data=sent)).status_code == 422
    assert not await console.store.tokens.list_all()


@BOTH
async def test_last_use_of_a_token_is_listed(console: RunningConsole) -> None:
    async with console.signed_in(HIGH) as browser:
        secret = await made(browser)
        assert "never used" in (await browser.get("/account/tokens")).text
        await asks(console, secret, "GET", "/api/v1/held")
        assert "last used" in (await browser.get("/account/tokens")).text
    (token,) = await console.store.tokens.list_all()
    assert token.used_at is not None
    assert abs(token.used_at - console.clock()) < 60
