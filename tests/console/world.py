"""A console over a store of its own, as browsers and programs reach it: on a socket, over HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from playwright.async_api import Page
from prometheus_client import CollectorRegistry

from gateway.console.app import build_authenticator, console
from gateway.console.auth.credentials import hash_secret, new_token_secret
from gateway.console.auth.oidc import OidcConfig
from gateway.console.config import ConsoleConfig
from gateway.console.messages.attachments import AttachmentReader
from gateway.console.services import Services, build_services
from gateway.console.web.middleware import LOOPBACK
from gateway.core.accounts.account import Token
from gateway.core.messages.delivery import NextHop, Sent
from gateway.core.messages.message import Message
from gateway.core.policy.decision import AuditEntry
from gateway.core.policy.policy import Policy
from gateway.directory.roster import Roster
from gateway.observability.events import EventLog
from gateway.ports.store import Store
from gateway.store import open_store
from tests.console.district import PASSWORD, policy, put, roster
from tests.console.district import Said as Said

EVERYWHERE = {channel: NextHop(channel, "127.0.0.1:1", frozenset(), default=True) for channel in ("mail", "sms")}
_TLS = httpx.create_ssl_context()  # made once: loading the certificates takes longer than most requests
_FORM = re.compile(r'name="form" value="([^"]+)"')


@dataclass
class Clock:
    """The store's time: that of the machine, and moved forward where the test says so."""

    ahead: float = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


class Lines(logging.Handler):
    """Everything that was logged."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one line as it would be written."""
        self.records.append(f"{record.msg} {record.args} {getattr(record, 'fields', '')}")


@dataclass
class World:
    """A console that runs, with what stands behind it."""

    url: str
    store: Store
    people: Roster
    clock: Clock
    event_log: EventLog
    messages: Mapping[str, Message]
    decided: asyncio.Event = field(default_factory=asyncio.Event)

    def id(self, name: str) -> str:
        """The id of a message of the district."""
        return self.messages[name].id

    @contextlib.asynccontextmanager
    async def stranger(self) -> AsyncIterator[httpx.AsyncClient]:
        """A client that nobody signed in with. It follows no redirect."""
        async with httpx.AsyncClient(verify=_TLS, base_url=self.url, timeout=120) as client:
            yield client

    @contextlib.asynccontextmanager
    async def signed_in(self, name: str) -> AsyncIterator[httpx.AsyncClient]:
        """A client with the session of an account."""
        async with self.stranger() as client:
            answer = await sign_in(client, name)
            assert answer.status_code == 303, answer.text
            yield client

    async def token(self, name: str, *, reads_only: bool = False, lasts: float | None = 3600.0) -> str:
        """A new API token of an account."""
        secret, now = new_token_secret(), self.clock()
        key = hash_secret(secret, "token")
        ends = None if lasts is None else now + lasts
        await self.store.tokens.add(
            key, Token(key[:12], name, reads_only, now, ends, None), AuditEntry(now, "tests", "token", name)
        )
        return secret

    @contextlib.asynccontextmanager
    async def program(self, name: str, **more: Any) -> AsyncIterator[httpx.AsyncClient]:
        """A client of the API with a token of an account."""
        headers = {"Authorization": f"Bearer {await self.token(name, **more)}"}
        async with httpx.AsyncClient(verify=_TLS, base_url=self.url, headers=headers, timeout=30) as client:
            yield client

    async def put(self, said: Said) -> Message:
        """One more message, decided by the policy."""
        return await put(self.store, said, self.clock(), self.people, policy())

    def services(self, in_force: Callable[[], Policy] = policy) -> Services:
        """Services over the same store, with a queue of their own."""
        config = ConsoleConfig("Riverbend", ZoneInfo("America/Chicago"), self.url)
        authenticator = build_authenticator(self.store, self.people, self.event_log, config)
        return build_services(
            self.store, self.people, in_force, self.event_log, config, authenticator, lambda: None
        )  # fmt: skip

    async def outgoing(self, after: float = 0.0) -> dict[str, bytes]:
        """What leaves now, by message id: it is claimed and concluded as delivery does it."""
        self.clock.ahead += after
        gone: dict[str, bytes] = {}
        for hop in EVERYWHERE.values():
            for claim in await self.store.delivery_queue.claim(hop, 100, 60):
                gone[claim.message.id] = claim.message.content
                sent = {each.recipient.address: (Sent("250 2.0.0 Ok"), None) for each in claim.recipients}
                await self.store.delivery_queue.record_outcomes(claim, sent, ())
        return gone


async def sign_in(client: httpx.AsyncClient, name: str, password: str = PASSWORD, **more: str) -> httpx.Response:
    """Fill the form in and send it."""
    return await client.post(
        "/sign-in", data={"form": form_of(await client.get("/sign-in")), "name": name, "password": password, **more}
    )


def form_of(page: httpx.Response) -> str:
    """The secret that the forms of a page carry."""
    found = _FORM.search(page.text)
    assert found, page.text[:500]
    return found[1]


async def send(browser: httpx.AsyncClient, path: str, **fields: str) -> httpx.Response:
    """Send a form of ours."""
    return await browser.post(path, data={"form": form_of(await browser.get("/trace")), **fields})


async def enter(page: Page, world: World, name: str, password: str = PASSWORD) -> None:
    """Sign in with a browser."""
    await page.goto(f"{world.url}/sign-in")
    await page.get_by_label("Name").fill(name)
    await page.get_by_label("Password").fill(password)
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_url(lambda url: "/sign-in" not in url)


@contextlib.asynccontextmanager
async def opened(
    url: str, messages: Mapping[str, Message], service: Callable[[str], OidcConfig] | None = None,
    people: Roster | None = None, *, in_force: Callable[[], Policy] = policy, host: str = "127.0.0.1", **more: Any,
) -> AsyncIterator[World]:  # fmt: skip
    """A console over the store at an address; `more` goes to ConsoleConfig, `host` is how browsers call it.

    `service` gives the sign-in service of a console at an address; `in_force` the policy.
    """
    clock, event_log = Clock(), EventLog(CollectorRegistry())
    people = people or roster()
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        bound.listen(64)
        here = f"http://{host}:{bound.getsockname()[1]}"
        told: dict[str, Any] = {
            "district": "Riverbend",
            "zone": ZoneInfo("America/Chicago"),
            "public_url": here,
            "proxies": LOOPBACK,
            **more,
        }
        if service is not None:
            told["provider"] = service(here)
        async with open_store(url, clock=clock) as store:
            decided = asyncio.Event()
            opener = AttachmentReader((sys.executable, "-m", "classifiers.service.attachment_text"))
            async with console(bound, store, people, in_force, event_log, ConsoleConfig(**told), decided.set, opener):
                yield World(here, store, people, clock, event_log, messages, decided)
