"""Headers of every response, addresses behind proxies, and limits on requests."""

from __future__ import annotations

from ipaddress import ip_network

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from gateway.console.auth.sign_in_attempts import client_address
from gateway.console.web.middleware import SecurityMiddleware
from gateway.console.web.rate_limit import RateLimiter
from tests.console.auth.test_authorization import ROWS
from tests.console.district import DIRECTOR
from tests.console.running_console import RunningConsole


@pytest.mark.parametrize(
    ("peer", "said", "client"),
    [
        ("127.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.2", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.2", "203.0.113.9, 198.51.100.1, 10.0.0.3", "198.51.100.1"),  # through two trusted proxies
        ("10.0.0.2", "made-up, 10.0.0.3", "made-up"),
        ("10.0.0.2", "", "10.0.0.2"),
        ("192.0.2.7", "198.51.100.1", "192.0.2.7"),  # not a trusted proxy: its header is ignored
    ],
)
async def test_forwarded_address_counts_from_trusted_proxies_only(peer: str, said: str, client: str) -> None:
    proxies = (ip_network("127.0.0.0/8"), ip_network("10.0.0.0/24"))
    seen = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(client_address(Request(scope)))
        await PlainTextResponse("here")(scope, receive, send)

    transport = httpx.ASGITransport(SecurityMiddleware(app, https=False, proxies=proxies), client=(peer, 5))
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as one:
        await one.get("/", headers={"X-Forwarded-For": said} if said else {})
    assert seen == [client]


async def test_rate_limit_is_per_client_behind_a_proxy() -> None:
    app = SecurityMiddleware(PlainTextResponse("here"), https=False, rate_limiter=RateLimiter(2, 0.5))
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 5))
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as proxy:
        one, other = {"X-Forwarded-For": "198.51.100.1"}, {"X-Forwarded-For": "203.0.113.5, 198.51.100.2"}
        assert [(await proxy.get("/", headers=one)).status_code for _ in range(3)] == [200, 200, 429]
        assert (await proxy.get("/", headers=other)).status_code == 200
        assert (await proxy.get("/", headers={"X-Forwarded-For": "203.0.113.6, 198.51.100.1"})).status_code == 429


async def test_rate_limit_answers_429() -> None:
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


async def test_forged_host_causes_no_redirect(console: RunningConsole) -> None:
    async with console.anonymous() as browser:
        answer = await browser.get("/", headers={"Host": "evil.example"})
        assert answer.headers["location"] == "/sign-in"
        assert "evil.example" not in answer.text
        for path in ("/trace/", "/api/v1/held/", "//trace"):
            answer = await browser.get(f"{console.url}{path}", headers={"Host": "evil.example"})
            assert "evil.example" not in answer.headers.get("location", "")


@pytest.mark.parametrize("path", sorted(path for method, path in ROWS if method == "GET" and path != "/events"))
async def test_security_headers(shared_console: RunningConsole, path: str) -> None:
    who = shared_console.api_client(DIRECTOR) if path.startswith("/api/v1") else shared_console.signed_in(DIRECTOR)
    async with who as client:
        answer = await client.get(
            path.format(
                id=shared_console.id("laid-out"),
                part="2" if "html" in path else "3",
                version="0",
                number=1,
                name="late",
                other="k-02",
                secret="x",
            )
        )
    said = answer.headers
    rules = dict(item.strip().partition(" ")[::2] for item in said["content-security-policy"].split(";"))
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


async def test_large_request_is_refused(console: RunningConsole) -> None:
    async with console.signed_in(DIRECTOR) as browser:
        answer = await browser.post(f"/messages/{console.id('high')}/release", data={"form": "x" * 70_000})
        assert answer.status_code == 413

        async def endless() -> object:
            for _ in range(20):
                yield b"x" * 5000

        headers = {"content-type": "application/x-www-form-urlencoded"}
        answer = await browser.post(f"/messages/{console.id('high')}/release", content=endless(), headers=headers)  # type: ignore[arg-type]
        assert answer.status_code == 413
