"""Roles of the sign-in service's groups are asked anew: by a real provider, within the hour, and while it is down."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from pytest_asyncio import fixture as async_fixture

from gateway.console.auth.group_sync import GroupSync
from gateway.console.auth.oidc import CALLBACK_PATH, OidcProvider, SignInService
from gateway.console.auth.stores import SignInStores
from gateway.core.accounts.account import AccountRole, User
from gateway.core.policy.escalation import Escalation
from tests.console.auth.test_oidc import PEOPLE, PRINCIPAL, through
from tests.console.world import World, opened
from tests.peers.oidc_provider import CLIENT, SECRET, OidcProvider, running_provider

pytestmark = pytest.mark.peer("oidc_provider")
HOUR = 3600.0
TRUSTED = 4 * HOUR
GROUPS = ["chaperone:building_administrator:o-high"]
IN, OUT = {"denise": {**PEOPLE["denise"], "groups": GROUPS}}, {"denise": {**PEOPLE["denise"], "groups": ["staff"]}}


@dataclass
class Place:
    """A console, its provider, and what asks the provider again."""

    world: World
    provider: OidcProvider
    groups: GroupSync

    async def later(self, seconds: float) -> None:
        """Time goes by while a browser is used, and the provider is asked."""
        self.world.clock.ahead += seconds
        await self.groups.look()

    async def user(self) -> User:
        """The principal's account."""
        found = await self.world.store.accounts.find(PRINCIPAL)
        assert found is not None
        return found[0]


@async_fixture(loop_scope="session")
async def place(made_house: tuple[Path, Any], tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Place]:
    """A console whose provider knows the principal; its parameter: whether it can be asked again without her."""
    with contextlib.ExitStack() as up:
        running: list[OidcProvider] = []

        def service(here: str) -> OidcProvider:
            more = {"refreshes": getattr(request, "param", True)}
            running.append(up.enter_context(running_provider(here + CALLBACK_PATH, IN, **more)))
            return OidcProvider(running[0].issuer, CLIENT, SECRET, here, TRUSTED)

        url = f"sqlite:///{shutil.copy(made_house[0], tmp_path)}"
        async with opened(url, made_house[1], service) as world, httpx.AsyncClient(timeout=30) as client:
            known = OidcProvider(running[0].issuer, CLIENT, SECRET, world.url, TRUSTED)
            groups = GroupSync(SignInStores.of(world.store), world.people, SignInService(known, client), world.event_log)
            yield Place(world, running[0], groups)


async def _until(so: Callable[[], Awaitable[bool]]) -> None:
    """The console asks as well, in its own time: whoever claimed it, it becomes so."""
    async with asyncio.timeout(100):
        while not await so():
            await asyncio.sleep(0.1)


async def _entered(place: Place, browser: httpx.AsyncClient) -> None:
    assert (await through(place.world, browser, "denise")).status_code == 303
    assert (await browser.get("/cases")).status_code == 200


def _told(place: Place, users: list[User]) -> set[str]:
    return set(Escalation(users, (), place.world.people).by_address())


async def test_who_left_a_group_loses_the_role_within_the_hour(place: Place) -> None:
    world = place.world
    async with world.stranger() as browser, world.program(PRINCIPAL) as program:
        await _entered(place, browser)
        assert PRINCIPAL in _told(place, list(await world.store.accounts.list_all()))
        assert (await program.get("/api/v1/held")).status_code == 200
        place.provider.knows(OUT)
        await place.later(0.4 * HOUR)
        assert (await browser.get("/cases")).status_code == 200  # she is not asked about all the time
        await place.later(0.55 * HOUR)
        await _until(lambda: _has(place, AccountRole.STAFF))
        assert (await browser.get("/cases")).headers["location"].startswith("/sign-in")
        assert PRINCIPAL not in _told(place, list(await world.store.accounts.list_all()))
        assert (await program.get("/api/v1/held")).status_code == 403
    async with world.stranger() as browser:  # she works here still, and sees her own messages
        assert (await through(world, browser, "denise")).status_code == 303
        assert (await browser.get("/cases")).status_code == 403
        assert (await browser.get("/mine")).status_code == 200
        place.provider.knows(IN)
        await place.later(HOUR)
        await _until(lambda: _has(place, AccountRole.BUILDING_ADMINISTRATOR))  # and back in the group, she is back


async def _has(place: Place, role: AccountRole) -> bool:
    return (await place.user()).role is role


async def test_who_is_not_known_any_more_loses_role_and_sessions(place: Place) -> None:
    async with place.world.stranger() as browser:
        await _entered(place, browser)
        place.provider.knows({})
        await place.later(HOUR)
        await _until(lambda: _has(place, AccountRole.STAFF))
        await _until(lambda: _out(browser))
    (act,) = [each for each in await place.world.store.audit_trail.entries_about(PRINCIPAL, 20) if each.act == "role ended"]
    assert act.actor == "sign-in service"


async def _out(browser: httpx.AsyncClient) -> bool:
    return (await browser.get("/cases")).status_code == 303


async def test_who_stays_in_the_group_notices_nothing(place: Place) -> None:
    async with place.world.stranger() as browser:
        await _entered(place, browser)
        for _ in range(12):  # with a refresh token that is new each time
            await place.later(0.48 * HOUR)
            assert (await browser.get("/cases")).status_code == 200
    (vouching,) = await _kept(place)
    assert vouching is not None
    assert vouching > place.world.clock() - 2 * HOUR


async def _kept(place: Place) -> list[float | None]:
    return [each.vouched_at for each in await place.world.store.sessions.of_user(PRINCIPAL)]


async def test_while_the_service_is_down_a_review_goes_on_to_a_stated_limit(place: Place) -> None:
    async with place.world.stranger() as browser:
        await _entered(place, browser)
        place.provider.stop()
        for _ in range(7):
            await place.later(0.48 * HOUR)
            assert (await browser.get("/cases")).status_code == 200
        for _ in range(2):
            await place.later(0.48 * HOUR)
            answer = await browser.get("/cases")
        assert answer.status_code == 303
    assert (await place.user()).role is AccountRole.BUILDING_ADMINISTRATOR  # who is told of calls for help is told
    assert PRINCIPAL in _told(place, list(await place.world.store.accounts.list_all()))


@pytest.mark.parametrize("place", [False], indirect=True)
@pytest.mark.parametrize(("people", "role"), [(OUT, AccountRole.STAFF), ({}, AccountRole.BUILDING_ADMINISTRATOR)])
async def test_a_service_that_gives_no_refresh_token_is_asked_as_long_as_it_answers(
    place: Place, people: dict[str, dict[str, Any]], role: AccountRole
) -> None:
    """Where it tells nothing any more, nothing is known of the role: she signs in once more, which is a click."""
    async with place.world.stranger() as browser:
        await _entered(place, browser)
        place.provider.knows(people)
        await place.later(HOUR)
        await _until(lambda: _out(browser))
    assert (await place.user()).role is role


async def test_what_is_kept_to_ask_with_is_of_no_use_to_who_reads_the_store(place: Place) -> None:
    async with place.world.stranger() as browser:
        await _entered(place, browser)
    place.world.clock.ahead += HOUR
    for vouching in await place.world.store.group_roles.claim_due(place.world.clock(), 0.0, 9):
        assert "refresh" not in vouching.again
        assert len(vouching.again) > 100
        with pytest.raises(json.JSONDecodeError):  # sealed: by chance it begins like a number
            json.loads(vouching.again)
