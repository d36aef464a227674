"""Signing in with the district's service: a real provider, and one that sends invalid answers."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from playwright.async_api import Page, expect
from pytest_asyncio import fixture as async_fixture
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.console.auth.oidc import (
    CALLBACK_PATH,
    AuthorizationRequest,
    OidcConfig,
    SignInService,
    SignInServiceError,
)
from gateway.console.auth.provisioning import find_or_create_account
from gateway.console.auth.stores import SignInStores
from gateway.core.accounts.account import AccountRole, User, identity_from_claims, role_from_groups
from gateway.core.policy.decision import AuditEntry
from tests.console.district import DIRECTOR, staff_address, student_address
from tests.console.running_console import RunningConsole, running_console
from tests.peers.oidc_provider import CLIENT, SECRET, running_provider

PRINCIPAL = staff_address("denise.abara")
PEOPLE: dict[str, dict[str, Any]] = {
    "marian": {"email": staff_address("marian.kessler"), "email_verified": True},
    "denise": {"email": PRINCIPAL, "email_verified": True, "groups": ["staff", "chaperone:auditor",
               "chaperone:building_administrator:o-high"]},
    "claims-to-be": {"email": staff_address("marian.kessler"), "email_verified": False},
    "nobody-here": {"email": student_address("liam.whitcomb"), "email_verified": True},
    "elena": {"email": staff_address("elena.ruiz"), "email_verified": True},
    "other-sub": {"email": staff_address("marian.kessler"), "email_verified": True},
}  # fmt: skip


@async_fixture(loop_scope="session")
async def oidc_console(sqlite_district: tuple[Path, Any], tmp_path: Path) -> AsyncIterator[RunningConsole]:
    """A console with a real provider. Marian has an account with her address as its name."""
    with contextlib.ExitStack() as up:

        def service(here: str) -> OidcConfig:
            running = up.enter_context(running_provider(here + CALLBACK_PATH, PEOPLE))
            return OidcConfig(running.issuer, CLIENT, SECRET, here)

        url = f"sqlite:///{shutil.copy(sqlite_district[0], tmp_path)}"
        async with running_console(url, sqlite_district[1], service) as console:
            user = User(staff_address("marian.kessler"), AccountRole.TECHNOLOGY_DIRECTOR, person="s-01")
            await console.store.identities.recognize(
                user, AuditEntry(console.clock(), "tests", "account added", user.name)
            )
            yield console


async def sign_in_with_service(
    console: RunningConsole, client: httpx.AsyncClient, name: str, onward: str = ""
) -> httpx.Response:
    """Sign in with a client: to the provider, through its two pages, and back. Returns the console's last answer."""
    answer = await client.get("/sign-in/service", params={"next": onward} if onward else {})
    while not str(answer.url).startswith(console.url + CALLBACK_PATH):
        if answer.has_redirect_location:
            target = str(answer.next_request.url) if answer.next_request else ""
            answer = await client.get(target)
            continue
        form = re.search(r'<form[^>]*action="([^"]+)"', answer.text)
        assert form, answer.text[:500]
        prompt = "login" if 'name="login"' in answer.text else "consent"
        answer = await client.post(form[1], data={"prompt": prompt, "login": name, "password": "any"})
    return answer


@pytest.mark.peer("oidc_provider", "chromium")
async def test_sign_in_with_the_district_service(oidc_console: RunningConsole, page: Page) -> None:
    await page.goto(f"{oidc_console.url}/messages/{oidc_console.id('high')}")
    await page.get_by_role("link", name="Sign in with your district account").click()
    await page.locator("input[name=login]").fill("marian")
    await page.locator("input[name=password]").fill("any")
    await page.locator("button[type=submit]").click()
    await page.locator("button[type=submit]").click()  # consent
    await page.wait_for_url(f"{oidc_console.url}/messages/{oidc_console.id('high')}")
    await expect(page.locator(".who")).to_contain_text("marian.kessler")
    (act,) = [
        entry
        for entry in await oidc_console.store.audit_trail.entries_about(staff_address("marian.kessler"), 9)
        if entry.act == "signed in"
    ]
    assert act.detail == {"by": "sign-in service"}


@pytest.mark.peer("oidc_provider")
async def test_groups_make_an_account_and_its_role(oidc_console: RunningConsole) -> None:
    async with oidc_console.anonymous() as browser:
        answer = await sign_in_with_service(oidc_console, browser, "denise")
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        assert (await browser.get("/audit")).status_code == 403
    found = await oidc_console.store.accounts.find(PRINCIPAL)
    assert found is not None
    assert (found[0].role, found[0].buildings) == (AccountRole.BUILDING_ADMINISTRATOR, ("o-high",))
    assert (found[0].person, found[0].by_groups, found[1]) == ("s-02", True, "")


@pytest.mark.peer("oidc_provider")
@pytest.mark.parametrize(("name", "status"), [("claims-to-be", 403), ("nobody-here", 403)])
async def test_identity_without_account_is_refused(oidc_console: RunningConsole, name: str, status: int) -> None:
    async with oidc_console.anonymous() as browser:
        answer = await sign_in_with_service(oidc_console, browser, name)
        assert answer.status_code == status
        assert (await browser.get("/")).headers["location"] == "/sign-in"
    assert await oidc_console.store.accounts.find(student_address("liam.whitcomb")) is None


@pytest.mark.peer("oidc_provider")
async def test_staff_without_role_see_their_own_messages(oidc_console: RunningConsole) -> None:
    async with oidc_console.anonymous() as browser:
        assert (await sign_in_with_service(oidc_console, browser, "elena")).status_code == 303
        assert (await browser.get("/")).headers["location"] == "/mine"
        page = await browser.get("/mine")
        assert "owen.dahl@students.riverbend.example" in page.text
        assert "Quick one" not in page.text
        assert (await browser.get(f"/messages/{oidc_console.id('flag')}")).status_code == 403


@pytest.mark.peer("oidc_provider")
async def test_reassigned_address_opens_no_account(oidc_console: RunningConsole) -> None:
    async with oidc_console.anonymous() as browser:
        assert (await sign_in_with_service(oidc_console, browser, "marian")).status_code == 303
    async with oidc_console.anonymous() as browser:
        assert (await sign_in_with_service(oidc_console, browser, "other-sub")).status_code == 403


@pytest.mark.peer("oidc_provider")
async def test_callback_works_once_and_in_one_browser(oidc_console: RunningConsole) -> None:
    async with oidc_console.anonymous() as victim, oidc_console.anonymous() as attacker:
        back = str((await sign_in_with_service(oidc_console, attacker, "marian")).url)
        assert (await victim.get(back)).status_code == 502  # not this browser's sign-in
        await victim.get("/sign-in/service")
        assert (await victim.get(back)).status_code == 502
        assert (await attacker.get(back)).status_code == 502  # the code was used
        assert (await victim.get("/")).status_code == 303
        there = await attacker.get("/sign-in/service", params={"next": "https://evil.example"})
        asked = parse_qs(urlsplit(there.headers["location"]).query)
        assert asked["code_challenge_method"] == ["S256"]
        assert asked["redirect_uri"] == [oidc_console.url + CALLBACK_PATH]
        state = asked["state"][0]
        for query in (f"error=access_denied&state={state}", f"code=x&state={state}", f"state={state}", ""):
            assert (await attacker.get(f"{CALLBACK_PATH}?{query}")).status_code == 502


async def test_no_service_configured_gives_404(console: RunningConsole) -> None:
    async with console.anonymous() as browser:
        assert (await browser.get("/sign-in/service")).status_code == 404
        assert "district account" not in (await browser.get("/sign-in")).text


# --- a provider with invalid answers

KEY, OTHER = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
ISSUER = "https://provider.example"


@dataclass
class FakeProvider:
    """A provider whose answers the test chooses."""

    claims: dict[str, Any] = field(default_factory=dict)
    key: Any = KEY
    algorithm: str = "RS256"
    about: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] = field(default_factory=dict)
    token: str = ""

    def app(self) -> Starlette:
        """Its pages."""

        async def configuration(request: Request) -> Response:
            return JSONResponse(
                {
                    "issuer": ISSUER, "authorization_endpoint": f"{ISSUER}/auth", "token_endpoint": f"{ISSUER}/token",
                    "jwks_uri": f"{ISSUER}/jwks", "userinfo_endpoint": f"{ISSUER}/me", **self.about,
                }
            )  # fmt: skip

        async def keys(request: Request) -> Response:
            public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key()))
            return JSONResponse({"keys": [{**public, "kid": "k", "use": "sig", "alg": "RS256"}]})

        async def token(request: Request) -> Response:
            made = jwt.encode(self.claims, self.key, algorithm=self.algorithm, headers={"kid": "k"})
            return JSONResponse({"id_token": self.token or made, "access_token": "a"})

        async def me(request: Request) -> Response:
            return JSONResponse(self.userinfo)

        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", configuration), Route("/jwks", keys),
                Route("/token", token, methods=["POST"]), Route("/me", me),
            ]
        )  # fmt: skip


def _claims(**more: Any) -> dict[str, Any]:
    now = int(time.time())
    good = {
        "iss": ISSUER, "aud": "us", "sub": "7", "iat": now, "exp": now + 300, "nonce": "the nonce",
        "email": "a@b.example", "email_verified": True,
    }  # fmt: skip
    return {name: value for name, value in {**good, **more}.items() if value is not None}


async def _sign_in(provider: FakeProvider, state: str = "the state") -> object:
    transport = httpx.ASGITransport(provider.app())
    async with httpx.AsyncClient(transport=transport) as client:
        service = SignInService(OidcConfig(ISSUER, "us", "secret", "https://console.example"), client)
        request = AuthorizationRequest("the state", "the nonce", "the verifier", "/")
        return await service.complete(request, {"state": state, "code": "c"})


async def test_valid_token_is_accepted() -> None:
    assert await _sign_in(FakeProvider(_claims())) == identity_from_claims(ISSUER, _claims())
    told = FakeProvider(
        _claims(email=None, email_verified=None), userinfo={"sub": "7", "email": "A@b.example", "email_verified": True}
    )
    assert getattr(await _sign_in(told), "address", "") == "a@b.example"


def _invalid_providers() -> Iterator[Any]:
    past = int(time.time()) - 3600
    shared = b"us-and-a-secret-that-is-long-enough-to-sign"
    for name, provider in {
        "signed by another key": FakeProvider(_claims(), key=OTHER),
        "not signed": FakeProvider(_claims(), key=None, algorithm="none"),
        "signed with a shared secret": FakeProvider(_claims(), key=shared, algorithm="HS256"),
        "another nonce": FakeProvider(_claims(nonce="other")),
        "no nonce": FakeProvider(_claims(nonce=None)),
        "for another client": FakeProvider(_claims(aud="them")),
        "two audiences, another azp": FakeProvider(_claims(aud=["us", "them"], azp="them")),
        "two audiences, no azp": FakeProvider(_claims(aud=["us", "them"])),
        "another issuer": FakeProvider(_claims(iss="https://evil.example")),
        "expired": FakeProvider(_claims(exp=past, iat=past - 60)),
        "no expiry": FakeProvider(_claims(exp=None)),
        "no subject": FakeProvider(_claims(sub=None)),
        "no token": FakeProvider(_claims(), token="x.y.z"),
        "another issuer in its metadata": FakeProvider(_claims(), about={"issuer": "https://evil.example"}),
        "keys without TLS": FakeProvider(_claims(), about={"jwks_uri": "http://provider.example/jwks"}),
        "keys from a file": FakeProvider(_claims(), about={"jwks_uri": "file:///etc/passwd"}),
        "user info about somebody else": FakeProvider(
            _claims(email=None), userinfo={"sub": "8", "email": "x@y.example"}
        ),
    }.items():
        yield pytest.param(provider, id=name)


@pytest.mark.parametrize("provider", list(_invalid_providers()))
async def test_invalid_answer_is_refused(provider: FakeProvider) -> None:
    with pytest.raises(SignInServiceError):
        await _sign_in(provider)


@pytest.mark.parametrize(
    ("about", "fault"),
    [
        ({}, ""),
        ({"issuer": "https://evil.example"}, "its issuer differs from console.oidc.issuer"),
        ({"token_endpoint": "http://provider.example/token"}, "token_endpoint is not an https address"),
        ({"jwks_uri": ISSUER + "/nothing"}, "it answered 404"),
    ],
)
async def test_check_reads_metadata_and_keys(about: dict[str, str], fault: str) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(FakeProvider(_claims(), about=about).app())) as client:
        service = SignInService(OidcConfig(ISSUER, "us", "secret", "https://console.example"), client)
        if not fault:
            assert await service.check() == f"{ISSUER} answers"
            return
        with pytest.raises(SignInServiceError, match=fault):
            await service.check()


async def test_answer_with_another_state_is_refused() -> None:
    with pytest.raises(SignInServiceError):
        await _sign_in(FakeProvider(_claims()), state="other")


# --- the account of an identity

TENANT = "https://login.microsoftonline.com/1c2b/v2.0"


@pytest.mark.parametrize(
    ("issuer", "claims", "address"),
    [
        (ISSUER, {"email": " A@B.example", "email_verified": True}, "a@b.example"),
        (ISSUER, {"email": "a@b.example"}, ""),
        (ISSUER, {"email": "a@b.example", "email_verified": "false"}, ""),
        (ISSUER, {"preferred_username": "a@b.example"}, ""),
        (TENANT, {"email": "evil@b.example", "preferred_username": "A@b.example"}, "a@b.example"),
        (TENANT, {"email": "a@b.example", "email_verified": False, "preferred_username": "a@b.example"}, ""),
        ("https://login.microsoftonline.com.evil.example/", {"preferred_username": "a@b.example"}, ""),
        (ISSUER, {"email": ["a@b.example"], "email_verified": True}, ""),
    ],
)
def test_only_a_verified_address_counts(issuer: str, claims: dict[str, object], address: str) -> None:
    assert identity_from_claims(issuer, {"sub": "1", **claims}).address == address


@pytest.mark.parametrize(
    ("groups", "role", "buildings"),
    [
        ([], None, ()),
        (["technology_director", "chaperone:", "chaperone:root", "Chaperone:auditor"], None, ()),
        (["chaperone:building_administrator"], None, ()),  # without a building it gives nothing
        (["chaperone:security:o-high"], None, ()),
        (["chaperone:auditor", "chaperone:security"], "security", ()),
        (["chaperone:auditor", "chaperone:technology_director"], "technology_director", ()),
        (
            ["chaperone:building_administrator:o-high", "chaperone:building_administrator:o-middle", "x"],
            "building_administrator", ("o-high", "o-middle"),
        ),
    ],
)  # fmt: skip
def test_groups_give_a_role(groups: list[str], role: str | None, buildings: tuple[str, ...]) -> None:
    assert role_from_groups(groups) == (role, buildings)


async def test_removed_role_ends_at_the_next_sign_in(console: RunningConsole) -> None:
    now = console.clock()
    given = identity_from_claims(
        ISSUER, {"sub": "9", "email": PRINCIPAL, "email_verified": True, "roles": ["chaperone:security"]}
    )
    first = await find_or_create_account(SignInStores.of(console.store), console.people, given, now)
    assert first is not None
    assert first.role is AccountRole.SECURITY
    bare = identity_from_claims(ISSUER, {"sub": "9", "email": PRINCIPAL, "email_verified": True})
    left = await find_or_create_account(SignInStores.of(console.store), console.people, bare, now)
    assert left is not None
    assert (left.role, left.buildings) == (AccountRole.STAFF, ())  # she still works here
    (kept,) = [user for user in await console.store.accounts.list_all() if user.name == PRINCIPAL]
    assert kept.role is AccountRole.STAFF
    again = await find_or_create_account(SignInStores.of(console.store), console.people, given, now)
    assert again is not None
    assert (again.name, again.role) == (first.name, first.role)
    await console.store.accounts.disable(PRINCIPAL, AuditEntry(now, "tests", "account disabled", PRINCIPAL))
    assert await find_or_create_account(SignInStores.of(console.store), console.people, given, now) is None
    nobody = identity_from_claims(ISSUER, {"sub": "10", "email": f"{DIRECTOR}", "email_verified": True})
    assert (
        await find_or_create_account(SignInStores.of(console.store), console.people, nobody, now) is not None
    )  # by its very name, if the service says so
