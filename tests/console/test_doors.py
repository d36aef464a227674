"""Signing in and staying so: cookies, sessions, forms from elsewhere, guessing, links that lead away, headers."""

from __future__ import annotations

import re
from ipaddress import ip_network
from pathlib import Path

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

import gateway.console
from gateway.console.auth.authenticator import IDLE, LASTS, client_of
from gateway.console.web.middleware import SecurityMiddleware
from gateway.console.web.rate_limit import RateLimiter
from gateway.core.messages.delivery import State
from gateway.core.policy.decision import AuditEntry
from tests.console.district import DIRECTOR, HASH, HIGH, SECURITY
from tests.console.test_access import ROWS
from tests.console.world import Lines, World, form_of, opened, sign_in

POSTS = sorted(path for method, path in ROWS if method == "POST" and not path.startswith(("/api/", "/sign-in")))
TEMPLATES = sorted((Path(gateway.console.__file__).parent / "templates").glob("*.html"))


def _acts(world: World, name: str = "high") -> str:
    return f"/messages/{world.id(name)}/release"


# --- forms ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", POSTS)
async def test_a_form_from_elsewhere_does_nothing(world: World, path: str) -> None:
    target = path.format(id=world.id("high"), number=1, name="late")
    async with world.signed_in(DIRECTOR) as browser, world.signed_in(HIGH) as other:
        form, others = form_of(await browser.get("/trace")), form_of(await other.get("/trace"))
        tries: list[tuple[str, dict[str, str]]] = [
            ("", {}), ("x", {}), (others, {}), (form, {"Origin": "https://evil.example"}), (form, {"Origin": "null"}),
            (form, {"Sec-Fetch-Site": "cross-site"}), (form, {"Sec-Fetch-Site": "same-site"}),
            (form, {"Origin": world.url.replace("127.0.0.1", "localhost")}),
        ]  # fmt: skip
        for sent, headers in tries:
            assert (await browser.post(target, data={"form": sent}, headers=headers)).status_code == 403, (
                sent,
                headers,
            )
        assert (await browser.post(target, json={"form": form})).status_code == 422
        assert (await browser.post(target, files={"form": form})).status_code == 422  # type: ignore[dict-item]
        assert (await browser.get("/trace")).status_code == 200  # still signed in
    (trace,) = await world.store.trace(id=world.id("high"))
    assert {each.state for each in trace.recipients} == {State.HELD}


async def test_a_session_is_no_key_to_the_api(world: World) -> None:
    """What a browser sends by itself opens no call that changes something, so no other site can make one."""
    async with world.signed_in(DIRECTOR) as browser:
        for path in (f"/api/v1{_acts(world)}", "/api/v1/held"):
            answer = await browser.request("POST" if "release" in path else "GET", path, json={"reason": ""})
            assert answer.status_code == 401


async def test_the_door_s_form_belongs_to_the_browser(world: World) -> None:
    async with world.stranger() as one, world.stranger() as other:
        form = form_of(await one.get("/sign-in"))
        await other.get("/sign-in")
        sent = {"form": form, "name": DIRECTOR, "password": "whatever it is"}
        assert (await other.post("/sign-in", data=sent)).status_code == 403


# --- sessions -------------------------------------------------------------------------------------------------------


async def test_a_session_that_was_there_before_is_worth_nothing(world: World) -> None:
    async with world.stranger() as browser:
        browser.cookies.set("chaperone", "chosen-by-somebody-else", domain="127.0.0.1", path="/")
        assert (await sign_in(browser, DIRECTOR)).status_code == 303
        given = [each.value for each in browser.cookies.jar if each.name == "chaperone"][-1]
    async with world.stranger() as attacker:
        attacker.cookies.set("chaperone", "chosen-by-somebody-else", domain="127.0.0.1", path="/")
        assert (await attacker.get("/")).status_code == 303
    assert given != "chosen-by-somebody-else"
    assert len(str(given)) >= 40


async def _alive(browser: httpx.AsyncClient) -> bool:
    return (await browser.get("/trace")).status_code == 200


async def test_a_session_ends_without_use_and_in_the_end_anyway(world: World) -> None:
    async with world.signed_in(DIRECTOR) as idle, world.signed_in(DIRECTOR) as used:
        for _ in range(int(LASTS // (IDLE - 60)) - 1):
            world.clock.ahead += IDLE - 60
            assert await _alive(used)
        assert not await _alive(idle)
        world.clock.ahead += 2 * IDLE
        assert not await _alive(used)


async def test_signing_out_ends_the_session_everywhere(world: World) -> None:
    async with world.signed_in(DIRECTOR) as browser:
        form, cookies = form_of(await browser.get("/trace")), dict(browser.cookies)
        answer = await browser.post("/sign-out", data={"form": form})
        assert 'chaperone=""' in answer.headers["set-cookie"]
    async with world.stranger() as other:
        other.cookies.update(cookies)
        assert not await _alive(other)


@pytest.mark.parametrize("end", ["disable", "password"])
async def test_an_account_that_ends_ends_its_sessions_and_tokens(world: World, end: str) -> None:
    act = AuditEntry(world.clock(), "tests", end, DIRECTOR)
    async with world.signed_in(DIRECTOR) as browser, world.program(DIRECTOR) as program:
        assert await _alive(browser)
        if end == "disable":
            await world.store.disable(DIRECTOR, act)
            assert (await program.get("/api/v1/stats")).status_code == 401
        else:
            await world.store.set_password(DIRECTOR, HASH, act)
        assert not await _alive(browser)


@pytest.mark.parametrize(
    ("url", "secure"), [("https://console.riverbend.example", True), ("http://console.test", False)]
)
async def test_cookies(made_house: tuple[Path, dict[str, object]], tmp_path: Path, url: str, secure: bool) -> None:
    file = tmp_path / "chaperone.db"
    file.write_bytes(made_house[0].read_bytes())
    async with opened(f"sqlite:///{file}", {}, public_url=url) as world, world.stranger() as browser:
        first = await browser.get("/sign-in")
        form, cookie = form_of(first), first.headers["set-cookie"]
        answer = await browser.post(
            "/sign-in", data={"form": form, "name": DIRECTOR, "password": "plenty of clover at noon"},
            headers={"cookie": cookie.partition(";")[0]},
        )  # fmt: skip
        assert answer.status_code == 303
        for each in (cookie, answer.headers["set-cookie"]):
            assert each.startswith("__Host-chaperone") is secure
            assert ("; Secure" in each) is secure
            assert "; HttpOnly" in each
            assert "; Path=/" in each
            assert "Domain" not in each
            assert re.search("samesite=(lax|strict)", each, re.IGNORECASE)
        assert ("strict-transport-security" in answer.headers) is secure


# --- guessing -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("peer", "said", "client"),
    [
        ("127.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.2", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.2", "203.0.113.9, 198.51.100.1, 10.0.0.3", "198.51.100.1"),  # through two of our proxies
        ("10.0.0.2", "made-up, 10.0.0.3", "made-up"),
        ("10.0.0.2", "", "10.0.0.2"),
        ("192.0.2.7", "198.51.100.1", "192.0.2.7"),  # no proxy of ours: it says what it likes
    ],
)
async def test_only_our_proxies_say_for_whom_they_ask(peer: str, said: str, client: str) -> None:
    proxies = (ip_network("127.0.0.0/8"), ip_network("10.0.0.0/24"))
    seen = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(client_of(Request(scope)))
        await PlainTextResponse("here")(scope, receive, send)

    transport = httpx.ASGITransport(SecurityMiddleware(app, https=False, proxies=proxies), client=(peer, 5))
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as one:
        await one.get("/", headers={"X-Forwarded-For": said} if said else {})
    assert seen == [client]


async def test_each_client_behind_a_proxy_has_a_limit_of_its_own() -> None:
    app = SecurityMiddleware(PlainTextResponse("here"), https=False, rate_limiter=RateLimiter(2, 0.5))
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 5))
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as proxy:
        one, other = {"X-Forwarded-For": "198.51.100.1"}, {"X-Forwarded-For": "203.0.113.5, 198.51.100.2"}
        assert [(await proxy.get("/", headers=one)).status_code for _ in range(3)] == [200, 200, 429]
        assert (await proxy.get("/", headers=other)).status_code == 200
        assert (await proxy.get("/", headers={"X-Forwarded-For": "203.0.113.6, 198.51.100.1"})).status_code == 429


async def test_an_unknown_name_is_told_the_same(world: World) -> None:
    async with world.stranger() as browser:
        unknown, wrong = await sign_in(browser, "nobody-here", "x" * 12), await sign_in(browser, HIGH, "x" * 12)
    assert unknown.status_code == wrong.status_code == 401
    assert re.sub(r'value="[^"]*"', "", unknown.text) == re.sub(r'value="[^"]*"', "", wrong.text)


async def test_a_secret_given_as_a_name_is_not_kept(world: World, lines: Lines) -> None:
    """People type their password into the wrong field."""
    async with world.stranger() as browser:
        await sign_in(browser, "Correct Horse Battery", "x")
    await world.store.link(1000)
    assert "Correct Horse" not in str(await world.store.newest_acts(1 << 60, 50))
    assert "Correct Horse" not in str(lines.records)


def test_a_client_s_bucket_empties_and_fills_again() -> None:
    now = [0.0]
    pace = RateLimiter(3, 2, lambda: now[0])
    assert [pace.wait("a") for _ in range(4)] == [0, 0, 0, 0.5]
    assert pace.wait("b") == 0
    now[0] += 0.5
    assert [pace.wait("a"), pace.wait("a")] == [0, 0.5]


async def test_who_asks_too_often_is_told_to_wait() -> None:
    app = SecurityMiddleware(PlainTextResponse("here"), https=False, rate_limiter=RateLimiter(2, 0.5))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app, client=("10.9.8.7", 5)), base_url="http://x"
    ) as one:
        assert [(await one.get("/")).status_code for _ in range(2)] == [200, 200]
        refused = await one.get("/", headers={"Cookie": "chaperone=anew", "X-Forwarded-For": "198.51.100.1"})
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "2")
    assert refused.headers["content-type"] == "application/problem+json"
    assert "content-security-policy" in refused.headers
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app, client=("10.9.8.8", 5)), base_url="http://x"
    ) as other:
        assert (await other.get("/")).status_code == 200


# --- links and headers ----------------------------------------------------------------------------------------------

AWAY = (
    "//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil.example", "/messages/../..//evil.example",
    "/%2f%2fevil.example", "javascript:alert(1)", "/messages/x\r\nLocation: https://evil.example", "/trace?x=//evil",
    "data:text/html,x", "//evil.example/messages/abc", "/messages/abc/release", " /trace", "/trace#//evil",
    "http:evil.example", "/@evil.example", "///evil.example", "/messages/\u2028abc", "/sign-out",
)  # fmt: skip


@pytest.mark.parametrize("onward", AWAY)
async def test_signing_in_leads_to_our_pages_only(world: World, onward: str) -> None:
    async with world.stranger() as browser:
        answer = await sign_in(browser, DIRECTOR, next=onward)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        assert (await browser.get("/sign-in", params={"next": onward})).headers["location"] == "/"


async def test_signing_in_leads_to_where_one_was_going(world: World) -> None:
    wanted = f"/messages/{world.id('high')}"
    async with world.stranger() as browser:
        assert (await browser.get(wanted)).headers["location"] == f"/sign-in?next={wanted}"
        assert (await sign_in(browser, DIRECTOR, next=wanted)).headers["location"] == wanted


async def test_a_forged_host_leads_nowhere_else(world: World) -> None:
    async with world.stranger() as browser:
        answer = await browser.get("/", headers={"Host": "evil.example"})
        assert answer.headers["location"] == "/sign-in"
        assert "evil.example" not in answer.text
        for path in ("/trace/", "/api/v1/held/", "//trace"):
            answer = await browser.get(f"{world.url}{path}", headers={"Host": "evil.example"})
            assert "evil.example" not in answer.headers.get("location", "")


@pytest.mark.parametrize("path", sorted(path for method, path in ROWS if method == "GET" and path != "/events"))
async def test_headers(world: World, path: str) -> None:
    who = world.program(DIRECTOR) if path.startswith("/api/v1") else world.signed_in(DIRECTOR)
    async with who as client:
        answer = await client.get(
            path.format(
                id=world.id("laid-out"), part="2" if "html" in path else "3", version="0", number=1, name="late"
            )
        )
    said = answer.headers
    rules = dict(each.strip().partition(" ")[::2] for each in said["content-security-policy"].split(";"))
    assert rules["default-src"] == "'none'"
    assert not {"'unsafe-inline'", "'unsafe-eval'", "*", "data:", "blob:"} & {*" ".join(rules.values()).split()}
    assert rules["base-uri"] == "'none'"
    assert "frame-ancestors" in rules
    assert "form-action" in rules
    assert said["x-content-type-options"] == "nosniff"
    assert said["referrer-policy"] == "same-origin"
    assert said["x-frame-options"] in ("DENY", "SAMEORIGIN")
    assert said["cross-origin-opener-policy"] == "same-origin"
    assert said["cache-control"] == "no-store"
    assert "server" not in said
    if "/html/" in path or "/picture/" in path:
        assert "sandbox" in rules
        assert "script-src" not in rules


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda each: each.stem)
def test_no_template_has_script_or_style_in_it(template: Path) -> None:
    text = template.read_text(encoding="utf-8")
    assert not re.findall(r"<script(?![^>]*\bsrc=)", text)
    assert not re.findall(r"<style|\sstyle=|\son[a-z]+=|javascript:", text, re.IGNORECASE)
    assert not re.findall(r"https?://", text)
    unescaped = re.findall(r"\{\{[^}]*\| *safe[^}]*\}\}", text)
    assert unescaped == (["{{ fragment | safe }}"] if template.stem == "html_part" else [])


async def test_a_large_request_is_refused(world: World) -> None:
    async with world.signed_in(DIRECTOR) as browser:
        answer = await browser.post(_acts(world), data={"form": "x" * 70_000})
        assert answer.status_code == 413

        async def endless() -> object:
            for _ in range(20):
                yield b"x" * 5000

        headers = {"content-type": "application/x-www-form-urlencoded"}
        answer = await browser.post(_acts(world), content=endless(), headers=headers)  # type: ignore[arg-type]
        assert answer.status_code == 413


async def test_nothing_of_a_message_is_in_logs_or_urls(world: World, lines: Lines) -> None:
    words = ("best part of my day", "just between us", "After practice", "maya.lindqvist", "peter.lindgren", "Lindgren")
    async with world.signed_in(DIRECTOR) as browser, world.program(DIRECTOR) as program:
        pages = [
            await browser.get(path.format(id=world.id("high"), number=1, name="late"))
            for path in ("/", "/messages/{id}", "/messages/{id}/source", "/delivered", "/audit", "/?clause=7a")
        ]
        form = form_of(pages[0])
        pages.append(
            await browser.post("/trace", data={"form": form, "asked": "maya.lindqvist@students.riverbend.example"})
        )
        await program.get(f"/api/v1/messages/{world.id('high')}/content")
        done = await browser.post(_acts(world), data={"form": form, "reason": "Lindgren is known to us"})
    urls = " ".join(url for each in pages for url in re.findall(r'(?:href|src|action|hx-get)="([^"]*)"', each.text))
    urls += done.headers["location"]
    assert any("just between us" in each.text for each in pages)
    assert not [word for word in words if word in str(lines.records)]
    assert not [word for word in words if word.replace(" ", "%20") in urls or word in urls]
    assert "@" not in urls


async def test_security_sees_states_and_no_content(world: World) -> None:
    async with world.signed_in(SECURITY) as browser:
        text = (await browser.get(f"/messages/{world.id('high')}")).text
    assert "peter.lindgren@riverbend.example" in text
    assert "just between us" not in text
    assert "After practice" not in text
