"""Permissions: every route of the console for every role. A route without a row here fails."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from starlette.routing import BaseRoute, Mount

from gateway.console.app import build_authenticator, console_app
from gateway.console.config import ConsoleConfig
from gateway.console.services import build_services
from gateway.core.cases.case import CaseDraft
from tests.console.auth.access_rules import ABOUT, ASKED, CALLS, LAST, NAMES, NOBODY, PARTS, ROWS, SENT, WHO
from tests.console.district import (
    DIRECTOR,
    HIGH,
    MESSAGES,
    MIDDLE,
    SECURITY,
    policy,
)
from tests.console.running_console import RunningConsole, form_secret


def routes(app: Any) -> Iterator[tuple[str, str]]:
    """Every method and path that the application answers, from the application itself."""
    for item in app.routes:
        inner = getattr(item, "original_router", None)
        if inner is not None:
            yield from routes(inner)
        elif not isinstance(item, Mount):
            yield from _of(item)


def _of(route: BaseRoute) -> Iterator[tuple[str, str]]:
    methods: set[str] = getattr(route, "methods", None) or set()
    yield from ((method, str(getattr(route, "path", ""))) for method in methods - {"HEAD"})


async def test_every_route_has_a_row(console: RunningConsole) -> None:
    config = ConsoleConfig("Riverbend", ZoneInfo("America/Chicago"), console.url)
    authenticator = build_authenticator(console.store, console.people, console.event_log, config)
    services = build_services(
        console.store, console.people, policy, console.event_log, config, authenticator, lambda: None
    )  # fmt: skip
    app: Any = console_app(services, authenticator)
    assert set(routes(app._app)) == set(ROWS)


def _ordered() -> list[tuple[str, str]]:
    return sorted(ROWS, key=lambda item: (item in LAST, list(ROWS).index(item)))


@pytest.mark.parametrize("who", WHO)
async def test_every_route_by_role(console: RunningConsole, who: str) -> None:
    found, wanted = {}, {}
    assert await console.store.cases.open(CaseDraft("Secrecy"), DIRECTOR, [console.id("high")], {}) == 1
    async with console.audit_linker(), console.anonymous() as nobody:
        for method, path in _ordered():
            wanted[method, path] = ROWS[method, path][who]
            if who == NOBODY:
                found[method, path] = await _status(console, nobody, method, path, "")
    if who != NOBODY:
        async with console.audit_linker(), console.signed_in(who) as browser, console.api_client(who) as program:
            form = form_secret(await browser.get("/trace"))
            for method, path in _ordered():
                client = program if path.startswith("/api/v1") else browser
                found[method, path] = await _status(console, client, method, path, form)
    assert found == wanted


async def _status(console: RunningConsole, client: Any, method: str, path: str, form: str) -> int:
    about, of_api = ABOUT.get(path, "own"), path.startswith("/api/")
    id_ = console.id(about)
    if of_api and method == "POST" and "/messages/{id}" in path:  # the pages have decided on the other one
        id_ = (await console.add_message(MESSAGES[about])).id
    target = path.format(
        id=id_,
        part=PARTS.get(path, ""),
        version="0",
        number=1,
        name="late",
        domain="game.example.org",
        other="nobody",
        secret="no-secret",
    )
    more: dict[str, Any] = {"params": ASKED.get(path, {})}
    if method in ("POST", "PUT", "PATCH") and of_api:
        more["json"] = CALLS.get(path, {"reason": "because"})
        if path == "/api/v1/cases/{number}/messages":
            more["json"] = {"messages": [console.id("text")]}
    elif method == "POST":
        more["data"] = {"form": form, "reason": "because", **SENT.get(path, {})}
        if path in NAMES:
            field, name = NAMES[path]
            more["data"][field] = console.id(name)
    async with client.stream(method, target, **more) as answer:  # the stream of events never ends
        status: int = answer.status_code
        if status == 303 and client.headers.get("authorization") is None and not form and path != "/sign-in":
            assert answer.headers["location"].startswith("/sign-in"), target
        return status


# --- more than a status ---------------------------------------------------------------------------------------------


async def test_lists_of_a_building_have_no_message_of_another(console: RunningConsole) -> None:
    async with console.signed_in(MIDDLE) as browser, console.api_client(MIDDLE) as program:
        told = ""
        for path in ("/", "/delivered", "/?building=o-high", "/?clause=7a"):
            told += (await browser.get(path)).text
        form = form_secret(await browser.get("/trace"))
        hidden = [console.id(name) for name in ("high", "own", "child", "text", "laid-out")]
        for asked in (*hidden, "peter.lindgren@riverbend.example", console.messages["high"].message_id):
            told += (await browser.post("/trace", data={"form": form, "asked": asked})).text.replace(asked, "")
        for path in ("/api/v1/held", "/api/v1/stats", "/api/v1/trace?address=dana.okafor@riverbend.example"):
            told += (await program.get(path)).text.replace("dana.okafor@riverbend.example", "")
    assert console.id("middle") in told
    assert not [item for item in hidden if item in told]
    assert "After practice" not in told


async def test_each_building_decides_its_own_copies(console: RunningConsole) -> None:
    async with console.api_client(MIDDLE) as middle, console.api_client(HIGH) as high:
        done = await middle.post(f"/api/v1/messages/{console.id('both')}/release", json={"reason": ""})
        assert done.json()["recipients"] == ["nadia.petrakis@students.riverbend.example"]
        rest = await high.post(f"/api/v1/messages/{console.id('both')}/reject", json={"reason": ""})
        assert rest.json()["recipients"] == ["maya.lindqvist@students.riverbend.example"]


async def test_read_only_token_cannot_decide(console: RunningConsole) -> None:
    async with console.api_client(DIRECTOR, reads_only=True) as program:
        assert (await program.get("/api/v1/held")).status_code == 200
        for deed in ("release", "reject"):
            assert (
                await program.post(f"/api/v1/messages/{console.id('high')}/{deed}", json={"reason": ""})
            ).status_code == 403


async def test_token_expires(console: RunningConsole) -> None:
    async with console.api_client(DIRECTOR, lasts=60.0) as program:
        assert (await program.get("/api/v1/stats")).status_code == 200
        console.clock.ahead += 61
        assert (await program.get("/api/v1/stats")).status_code == 401


async def test_refusal_is_in_the_audit_log(console: RunningConsole) -> None:
    async with console.api_client(SECURITY) as program:
        await program.get(f"/api/v1/messages/{console.id('high')}/content")
    acts = await console.store.audit_trail.entries_about(console.id("high"), 1)
    assert [(entry.actor, entry.act) for entry in acts] == [(SECURITY, "access refused")]


@pytest.mark.parametrize("path", ["", "/html/2", "/source", "/picture/3"])
async def test_every_view_of_content_is_in_the_audit_log(console: RunningConsole, path: str) -> None:
    async with console.signed_in(HIGH) as browser:
        assert (await browser.get(f"/messages/{console.id('laid-out')}{path}")).status_code == 200
    (act,) = await console.store.audit_trail.entries_about(console.id("laid-out"), 1)
    assert (act.actor, act.act) == (HIGH, "viewed")
