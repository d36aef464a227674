"""API tokens by a page: made, shown once, listed, revoked, each in the audit log."""

from __future__ import annotations

import re

import httpx

from tests.console.district import AUDITOR, DIRECTOR, HIGH, PASSWORD
from tests.console.test_browser import BOTH
from tests.console.world import World, form_of

SECRET = re.compile(r"chp_[\w-]{43}")


async def made(browser: httpx.AsyncClient, **sent: str) -> str:
    """A new token's secret, from the page that shows it."""
    page = await browser.get("/account/tokens")
    done = await browser.post(
        "/account/tokens", data={"form": form_of(page), "may": "decide", "lasts": "7d", "password": PASSWORD, **sent}
    )
    assert done.status_code == 200, done.text
    (secret,) = SECRET.findall(done.text)
    return str(secret)


async def asks(world: World, secret: str, method: str, path: str) -> int:
    """What a program is answered that has a token."""
    async with world.stranger() as program:
        answer = await program.request(
            method,
            path,
            headers={"Authorization": f"Bearer {secret}"},
            json={"reason": "x"} if method == "POST" else None,
        )
    return answer.status_code


@BOTH
async def test_a_token_is_made_used_and_revoked(world: World) -> None:
    async with world.signed_in(HIGH) as browser:
        secret = await made(browser)
        listed = (await browser.get("/account/tokens")).text
        assert secret not in listed
        assert "read and decide" in listed
        assert await asks(world, secret, "POST", f"/api/v1/messages/{world.id('high')}/release") == 200
        (token,) = (each for each in await world.store.tokens.list_all() if each.user == HIGH)
        done = await browser.post(
            f"/account/tokens/{token.id}/revoke", data={"form": form_of(await browser.get("/trace"))}
        )
        assert done.status_code == 303
        assert await asks(world, secret, "GET", "/api/v1/held") == 401
        assert "None." in (await browser.get("/account/tokens")).text
    acts = [act for act in await world.store.audit_trail.entries_about(HIGH, 9) if act.act == "token created"]
    assert [(act.actor, act.detail["token"]) for act in acts] == [(HIGH, token.id)]
    assert [act.act for act in await world.store.audit_trail.entries_about(token.id, 9)] == ["token revoked"]


async def test_a_token_ends_by_itself_and_one_that_reads_decides_nothing(world: World) -> None:
    async with world.signed_in(HIGH) as browser:
        secret = await made(browser, may="read")
        assert await asks(world, secret, "GET", "/api/v1/held") == 200
        assert await asks(world, secret, "POST", f"/api/v1/messages/{world.id('high')}/release") == 403
    world.clock.ahead += 7 * 86400 + 1
    assert await asks(world, secret, "GET", "/api/v1/held") == 401


async def test_everybody_sees_their_own_and_a_director_all(world: World) -> None:
    async with (
        world.signed_in(HIGH) as high,
        world.signed_in(AUDITOR) as auditor,
        world.signed_in(DIRECTOR) as director,
    ):
        await made(high)
        (token,) = (each for each in await world.store.tokens.list_all() if each.user == HIGH)
        assert token.id not in (await auditor.get("/account/tokens")).text
        form = form_of(await auditor.get("/trace"))
        assert (await auditor.post(f"/account/tokens/{token.id}/revoke", data={"form": form})).status_code == 404
        assert token.id in (await director.get("/account/tokens")).text
        form = form_of(await director.get("/trace"))
        assert (await director.post(f"/account/tokens/{token.id}/revoke", data={"form": form})).status_code == 303
        assert (await director.post(f"/account/tokens/{token.id}/revoke", data={"form": form})).status_code == 404


async def test_a_token_is_asked_for_properly(world: World) -> None:
    async with world.signed_in(HIGH) as browser:
        form = form_of(await browser.get("/trace"))
        for sent in ({}, {"may": "read"}, {"may": "all", "lasts": "7d"}, {"may": "read", "lasts": "999d"}):
            sent = {"form": form, "password": PASSWORD, **sent}
            assert (await browser.post("/account/tokens", data=sent)).status_code == 422
    assert not await world.store.tokens.list_all()


async def test_a_token_outlives_a_session_and_asks_for_the_password(world: World) -> None:
    """Somebody at a screen that was left open makes none."""
    async with world.signed_in(HIGH) as browser:
        form = form_of(await browser.get("/trace"))
        for password in ("", "not this one"):
            sent = {"form": form, "may": "read", "lasts": "7d", "password": password}
            answer = await browser.post("/account/tokens", data=sent)
            assert (answer.status_code, "Your password is wrong" in answer.text) == (422, True)
    assert not await world.store.tokens.list_all()


async def test_who_decides_nothing_makes_no_token_that_does(world: World) -> None:
    async with world.signed_in(AUDITOR) as browser:
        form = form_of(await browser.get("/trace"))
        sent = {"form": form, "may": "decide", "lasts": "7d", "password": PASSWORD}
        assert (await browser.post("/account/tokens", data=sent)).status_code == 422
    assert not await world.store.tokens.list_all()


@BOTH
async def test_a_token_s_last_use_is_listed(world: World) -> None:
    async with world.signed_in(HIGH) as browser:
        secret = await made(browser)
        assert "never used" in (await browser.get("/account/tokens")).text
        await asks(world, secret, "GET", "/api/v1/held")
        assert "last used" in (await browser.get("/account/tokens")).text
    (token,) = await world.store.tokens.list_all()
    assert token.used_at is not None
    assert abs(token.used_at - world.clock()) < 60
