"""Signing in by the district's service: a real provider vouches, and one that lies is not believed."""

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
    OidcProvider,
    SignInService,
    SignInServiceError,
)
from gateway.console.auth.provisioning import find_or_create_account
from gateway.console.auth.stores import SignInStores
from gateway.core.accounts.account import AccountRole, User, identity_from_claims, role_from_groups
from gateway.core.policy.decision import AuditEntry
from tests.console.district import DIRECTOR, staff, student
from tests.console.world import World, opened
from tests.peers.oidc_provider import CLIENT, SECRET, running_provider

PRINCIPAL = staff("denise.abara")
PEOPLE: dict[str, dict[str, Any]] = {
    "marian": {"email": staff("marian.kessler"), "email_verified": True},
    "denise": {"email": PRINCIPAL, "email_verified": True, "groups": ["staff", "chaperone:auditor",
               "chaperone:building_administrator:o-high"]},
    "claims-to-be": {"email": staff("marian.kessler"), "email_verified": False},
    "nobody-here": {"email": student("liam.whitcomb"), "email_verified": True},
    "elena": {"email": staff("elena.ruiz"), "email_verified": True},
    "other-sub": {"email": staff("marian.kessler"), "email_verified": True},
}  # fmt: skip


@async_fixture(loop_scope="session")
async def house(made_house: tuple[Path, Any], tmp_path: Path) -> AsyncIterator[World]:
    """A console that knows a real provider; Marian has an account by her address, Tomasz one by his person."""
    with contextlib.ExitStack() as up:

        def service(here: str) -> OidcProvider:
            running = up.enter_context(running_provider(here + CALLBACK_PATH, PEOPLE))
            return OidcProvider(running.issuer, CLIENT, SECRET, here)

        url = f"sqlite:///{shutil.copy(made_house[0], tmp_path)}"
        async with opened(url, made_house[1], service) as world:
            user = User(staff("marian.kessler"), AccountRole.TECHNOLOGY_DIRECTOR, person="s-01")
            await world.store.identities.recognize(user, AuditEntry(world.clock(), "tests", "account added", user.name))
            yield world


async def through(world: World, client: httpx.AsyncClient, name: str, onward: str = "") -> httpx.Response:
    """Walk the whole way with a client: to the provider, its two pages, and back; the console's last answer."""
    answer = await client.get("/sign-in/service", params={"next": onward} if onward else {})
    while not str(answer.url).startswith(world.url + CALLBACK_PATH):
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
async def test_somebody_signs_in_by_the_district_s_service(house: World, page: Page) -> None:
    await page.goto(f"{house.url}/messages/{house.id('high')}")
    await page.get_by_role("link", name="Sign in with your district account").click()
    await page.locator("input[name=login]").fill("marian")
    await page.locator("input[name=password]").fill("any")
    await page.locator("button[type=submit]").click()
    await page.locator("button[type=submit]").click()  # she agrees
    await page.wait_for_url(f"{house.url}/messages/{house.id('high')}")
    await expect(page.locator(".who")).to_contain_text("marian.kessler")
    (act,) = [each for each in await house.store.audit_trail.entries_about(staff("marian.kessler"), 9) if each.act == "signed in"]
    assert act.detail == {"by": "sign-in service"}


@pytest.mark.peer("oidc_provider")
async def test_groups_make_an_account_and_its_role(house: World) -> None:
    async with house.stranger() as browser:
        answer = await through(house, browser, "denise")
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        assert (await browser.get("/audit")).status_code == 403
    found = await house.store.accounts.find(PRINCIPAL)
    assert found is not None
    assert (found[0].role, found[0].buildings) == (AccountRole.BUILDING_ADMINISTRATOR, ("o-high",))
    assert (found[0].person, found[0].by_groups, found[1]) == ("s-02", True, "")


@pytest.mark.peer("oidc_provider")
@pytest.mark.parametrize(("name", "status"), [("claims-to-be", 403), ("nobody-here", 403)])
async def test_who_has_no_account_stays_outside(house: World, name: str, status: int) -> None:
    async with house.stranger() as browser:
        answer = await through(house, browser, name)
        assert answer.status_code == status
        assert (await browser.get("/")).headers["location"] == "/sign-in"
    assert await house.store.accounts.find(student("liam.whitcomb")) is None


@pytest.mark.peer("oidc_provider")
async def test_who_works_for_the_district_sees_where_their_own_messages_are(house: World) -> None:
    async with house.stranger() as browser:
        assert (await through(house, browser, "elena")).status_code == 303
        assert (await browser.get("/")).headers["location"] == "/mine"
        page = await browser.get("/mine")
        assert "owen.dahl@students.riverbend.example" in page.text
        assert "Quick one" not in page.text
        assert (await browser.get(f"/messages/{house.id('flag')}")).status_code == 403


@pytest.mark.peer("oidc_provider")
async def test_an_address_that_changed_hands_opens_nothing(house: World) -> None:
    async with house.stranger() as browser:
        assert (await through(house, browser, "marian")).status_code == 303
    async with house.stranger() as browser:
        assert (await through(house, browser, "other-sub")).status_code == 403


@pytest.mark.peer("oidc_provider")
async def test_a_way_back_belongs_to_one_browser_and_is_walked_once(house: World) -> None:
    async with house.stranger() as victim, house.stranger() as attacker:
        back = str((await through(house, attacker, "marian")).url)
        assert (await victim.get(back)).status_code == 502  # signed in as somebody else without knowing
        await victim.get("/sign-in/service")
        assert (await victim.get(back)).status_code == 502
        assert (await attacker.get(back)).status_code == 502  # the code was used
        assert (await victim.get("/")).status_code == 303
        there = await attacker.get("/sign-in/service", params={"next": "https://evil.example"})
        asked = parse_qs(urlsplit(there.headers["location"]).query)
        assert asked["code_challenge_method"] == ["S256"]
        assert asked["redirect_uri"] == [house.url + CALLBACK_PATH]
        state = asked["state"][0]
        for query in (f"error=access_denied&state={state}", f"code=x&state={state}", f"state={state}", ""):
            assert (await attacker.get(f"{BACK}?{query}")).status_code == 502


async def test_without_a_service_there_is_no_such_page(world: World) -> None:
    async with world.stranger() as browser:
        assert (await browser.get("/sign-in/service")).status_code == 404
        assert "district account" not in (await browser.get("/sign-in")).text


# --- a provider that lies -------------------------------------------------------------------------------------------

KEY, OTHER = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
ISSUER = "https://provider.example"


@dataclass
class Liar:
    """A provider whose token is what the test wants it to be."""

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


async def _asked(liar: Liar, state: str = "the state") -> object:
    transport = httpx.ASGITransport(liar.app())
    async with httpx.AsyncClient(transport=transport) as client:
        service = SignInService(OidcProvider(ISSUER, "us", "secret", "https://console.example"), client)
        errand = AuthorizationRequest("the state", "the nonce", "the verifier", "/")
        return await service.came_back(errand, {"state": state, "code": "c"})


async def test_an_honest_token_is_believed() -> None:
    assert await _asked(Liar(_claims())) == identity_from_claims(ISSUER, _claims())
    told = Liar(
        _claims(email=None, email_verified=None), userinfo={"sub": "7", "email": "A@b.example", "email_verified": True}
    )
    assert getattr(await _asked(told), "address", "") == "a@b.example"


def _lies() -> Iterator[Any]:
    past = int(time.time()) - 3600
    shared = b"us-and-a-secret-that-is-long-enough-to-sign"
    for name, liar in {
        "signed by another key": Liar(_claims(), key=OTHER),
        "not signed": Liar(_claims(), key=None, algorithm="none"),
        "signed with a shared secret": Liar(_claims(), key=shared, algorithm="HS256"),
        "another nonce": Liar(_claims(nonce="other")),
        "no nonce": Liar(_claims(nonce=None)),
        "for another client": Liar(_claims(aud="them")),
        "for two, by the other": Liar(_claims(aud=["us", "them"], azp="them")),
        "for two, by nobody": Liar(_claims(aud=["us", "them"])),
        "another issuer": Liar(_claims(iss="https://evil.example")),
        "too late": Liar(_claims(exp=past, iat=past - 60)),
        "for ever": Liar(_claims(exp=None)),
        "nobody's": Liar(_claims(sub=None)),
        "no token": Liar(_claims(), token="x.y.z"),
        "calls itself otherwise": Liar(_claims(), about={"issuer": "https://evil.example"}),
        "keys in the clear": Liar(_claims(), about={"jwks_uri": "http://provider.example/jwks"}),
        "keys of a file": Liar(_claims(), about={"jwks_uri": "file:///etc/passwd"}),
        "tells of somebody else": Liar(_claims(email=None), userinfo={"sub": "8", "email": "x@y.example"}),
    }.items():
        yield pytest.param(liar, id=name)


@pytest.mark.parametrize("liar", list(_lies()))
async def test_a_lie_is_not_believed(liar: Liar) -> None:
    with pytest.raises(SignInServiceError):
        await _asked(liar)


@pytest.mark.parametrize(
    ("about", "fault"),
    [
        ({}, ""),
        ({"issuer": "https://evil.example"}, "another name than console.oidc.issuer"),
        ({"token_endpoint": "http://provider.example/token"}, "token_endpoint is no https address"),
        ({"jwks_uri": ISSUER + "/nothing"}, "it answered 404"),
    ],
)
async def test_check_tries_the_service(about: dict[str, str], fault: str) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(Liar(_claims(), about=about).app())) as client:
        service = SignInService(OidcProvider(ISSUER, "us", "secret", "https://console.example"), client)
        if not fault:
            assert await service.look() == f"{ISSUER} answers"
            return
        with pytest.raises(SignInServiceError, match=fault):
            await service.look()


async def test_an_answer_to_another_question_is_not_read() -> None:
    with pytest.raises(SignInServiceError):
        await _asked(Liar(_claims()), state="other")


# --- whom it means --------------------------------------------------------------------------------------------------

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
        (["chaperone:building_administrator"], None, ()),  # of no building: of nothing, never of all
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


async def test_a_role_that_is_taken_away_ends_at_the_next_sign_in(world: World) -> None:
    now = world.clock()
    given = identity_from_claims(ISSUER, {"sub": "9", "email": PRINCIPAL, "email_verified": True, "roles": ["chaperone:security"]})
    first = await find_or_create_account(SignInStores.of(world.store), world.people, given, now)
    assert first is not None
    assert first.role is AccountRole.SECURITY
    bare = identity_from_claims(ISSUER, {"sub": "9", "email": PRINCIPAL, "email_verified": True})
    left = await find_or_create_account(SignInStores.of(world.store), world.people, bare, now)
    assert left is not None
    assert (left.role, left.buildings) == (AccountRole.STAFF, ())  # she works here still
    (kept,) = [each for each in await world.store.accounts.list_all() if each.name == PRINCIPAL]
    assert kept.role is AccountRole.STAFF
    again = await find_or_create_account(SignInStores.of(world.store), world.people, given, now)
    assert again is not None
    assert (again.name, again.role) == (first.name, first.role)
    await world.store.accounts.disable(PRINCIPAL, AuditEntry(now, "tests", "account disabled", PRINCIPAL))
    assert await find_or_create_account(SignInStores.of(world.store), world.people, given, now) is None
    nobody = identity_from_claims(ISSUER, {"sub": "10", "email": f"{DIRECTOR}", "email_verified": True})
    assert (
        await find_or_create_account(SignInStores.of(world.store), world.people, nobody, now) is not None
    )  # by its very name, if the service says so
