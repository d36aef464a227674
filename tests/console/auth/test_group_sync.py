"""Roles from groups are refreshed: with a real provider, within the hour, and while it is down."""

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
from gateway.console.auth.oidc import CALLBACK_PATH, OidcConfig, SignInService
from gateway.console.auth.stores import SignInStores
from gateway.core.accounts.account import AccountRole, User
from gateway.core.policy.escalation import Escalation
from tests.console.auth.test_oidc import PEOPLE, PRINCIPAL, sign_in_with_service
from tests.console.running_console import RunningConsole, running_console
from tests.peers.oidc_provider import CLIENT, SECRET, OidcProvider, running_provider

pytestmark = pytest.mark.peer("oidc_provider")
HOUR = 3600.0
TRUSTED = 4 * HOUR
GROUPS = ["chaperone:building_administrator:o-high"]
IN, OUT = {"denise": {**PEOPLE["denise"], "groups": GROUPS}}, {"denise": {**PEOPLE["denise"], "groups": ["staff"]}}


@dataclass
class SyncedConsole:
    """A console, its provider, and what refreshes roles."""

    console: RunningConsole
    provider: OidcProvider
    groups: GroupSync

    async def advance(self, seconds: float) -> None:
        """Move the clock forward and refresh the roles that are due."""
        self.console.clock.ahead += seconds
        await self.groups.refresh_due()

    async def user(self) -> User:
        """The principal's account."""
        found = await self.console.store.accounts.find(PRINCIPAL)
        assert found is not None
        return found[0]


@async_fixture(loop_scope="session")
async def synced(
    sqlite_district: tuple[Path, Any], tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[SyncedConsole]:
    """A console whose provider knows the principal. The parameter says whether it issues refresh tokens."""
    with contextlib.ExitStack() as up:
        running: list[OidcProvider] = []

        def service(here: str) -> OidcConfig:
            more = {"refreshes": getattr(request, "param", True)}
            running.append(up.enter_context(running_provider(here + CALLBACK_PATH, IN, **more)))
            return OidcConfig(running[0].issuer, CLIENT, SECRET, here, TRUSTED)

        url = f"sqlite:///{shutil.copy(sqlite_district[0], tmp_path)}"
        async with (
            running_console(url, sqlite_district[1], service) as console,
            httpx.AsyncClient(timeout=30) as client,
        ):
            known = OidcConfig(running[0].issuer, CLIENT, SECRET, console.url, TRUSTED)
            groups = GroupSync(
                SignInStores.of(console.store), console.people, SignInService(known, client), console.event_log
            )
            yield SyncedConsole(console, running[0], groups)


async def _wait_until(condition: Callable[[], Awaitable[bool]]) -> None:
    """The console refreshes too, at its own times: wait until either has done it."""
    async with asyncio.timeout(100):
        while not await condition():
            await asyncio.sleep(0.1)


async def _sign_in(synced: SyncedConsole, browser: httpx.AsyncClient) -> None:
    assert (await sign_in_with_service(synced.console, browser, "denise")).status_code == 303
    assert (await browser.get("/cases")).status_code == 200


def _alerted(synced: SyncedConsole, users: list[User]) -> set[str]:
    return set(Escalation(users, (), synced.console.people).by_address())


async def test_role_ends_within_the_hour_after_leaving_the_group(synced: SyncedConsole) -> None:
    console = synced.console
    async with console.anonymous() as browser, console.api_client(PRINCIPAL) as program:
        await _sign_in(synced, browser)
        assert PRINCIPAL in _alerted(synced, list(await console.store.accounts.list_all()))
        assert (await program.get("/api/v1/held")).status_code == 200
        synced.provider.knows(OUT)
        await synced.advance(0.4 * HOUR)
        assert (await browser.get("/cases")).status_code == 200  # not refreshed yet
        await synced.advance(0.55 * HOUR)
        await _wait_until(lambda: _has(synced, AccountRole.STAFF))
        assert (await browser.get("/cases")).headers["location"].startswith("/sign-in")
        assert PRINCIPAL not in _alerted(synced, list(await console.store.accounts.list_all()))
        assert (await program.get("/api/v1/held")).status_code == 403
    async with console.anonymous() as browser:  # she still works here and sees her own messages
        assert (await sign_in_with_service(console, browser, "denise")).status_code == 303
        assert (await browser.get("/cases")).status_code == 403
        assert (await browser.get("/mine")).status_code == 200
        synced.provider.knows(IN)
        await synced.advance(HOUR)
        await _wait_until(lambda: _has(synced, AccountRole.BUILDING_ADMINISTRATOR))  # back in the group


async def _has(synced: SyncedConsole, role: AccountRole) -> bool:
    return (await synced.user()).role is role


async def test_unknown_person_loses_role_and_sessions(synced: SyncedConsole) -> None:
    async with synced.console.anonymous() as browser:
        await _sign_in(synced, browser)
        synced.provider.knows({})
        await synced.advance(HOUR)
        await _wait_until(lambda: _has(synced, AccountRole.STAFF))
        await _wait_until(lambda: _signed_out(browser))
    (act,) = [
        entry
        for entry in await synced.console.store.audit_trail.entries_about(PRINCIPAL, 20)
        if entry.act == "role ended"
    ]
    assert act.actor == "sign-in service"


async def _signed_out(browser: httpx.AsyncClient) -> bool:
    return (await browser.get("/cases")).status_code == 303


async def test_member_of_the_group_keeps_the_session(synced: SyncedConsole) -> None:
    async with synced.console.anonymous() as browser:
        await _sign_in(synced, browser)
        for _ in range(12):  # each refresh issues a new refresh token
            await synced.advance(0.48 * HOUR)
            assert (await browser.get("/cases")).status_code == 200
    (confirmed_at,) = await _confirmation_times(synced)
    assert confirmed_at is not None
    assert confirmed_at > synced.console.clock() - 2 * HOUR


async def _confirmation_times(synced: SyncedConsole) -> list[float | None]:
    return [session.vouched_at for session in await synced.console.store.sessions.of_user(PRINCIPAL)]


async def test_session_continues_while_the_service_is_down_up_to_the_limit(synced: SyncedConsole) -> None:
    async with synced.console.anonymous() as browser:
        await _sign_in(synced, browser)
        synced.provider.stop()
        for _ in range(7):
            await synced.advance(0.48 * HOUR)
            assert (await browser.get("/cases")).status_code == 200
        for _ in range(2):
            await synced.advance(0.48 * HOUR)
            answer = await browser.get("/cases")
        assert answer.status_code == 303
    assert (await synced.user()).role is AccountRole.BUILDING_ADMINISTRATOR  # help alerts still go to her
    assert PRINCIPAL in _alerted(synced, list(await synced.console.store.accounts.list_all()))


@pytest.mark.parametrize("synced", [False], indirect=True)
@pytest.mark.parametrize(("people", "role"), [(OUT, AccountRole.STAFF), ({}, AccountRole.BUILDING_ADMINISTRATOR)])
async def test_service_without_refresh_tokens_is_asked_with_the_access_token(
    synced: SyncedConsole, people: dict[str, dict[str, Any]], role: AccountRole
) -> None:
    """If it gives no more answers, the role is unknown and the session ends."""
    async with synced.console.anonymous() as browser:
        await _sign_in(synced, browser)
        synced.provider.knows(people)
        await synced.advance(HOUR)
        await _wait_until(lambda: _signed_out(browser))
    assert (await synced.user()).role is role


async def test_stored_tokens_are_encrypted(synced: SyncedConsole) -> None:
    async with synced.console.anonymous() as browser:
        await _sign_in(synced, browser)
    synced.console.clock.ahead += HOUR
    for held in await synced.console.store.group_roles.claim_due(synced.console.clock(), 0.0, 9):
        assert "refresh" not in held.again
        assert len(held.again) > 100
        with pytest.raises(json.JSONDecodeError):  # encrypted; by chance it may start like a number
            json.loads(held.again)
