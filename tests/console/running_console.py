"""A console over a store of its own, as browsers and programs reach it: over HTTP on a socket."""

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

from gateway.console import app
from gateway.console.app import build_authenticator
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
from gateway.ports.directory_accounts import RosterAdministration
from gateway.ports.store import Store
from gateway.stages.maintenance import link_audit
from gateway.stages.wakeup import Wakeup
from gateway.store import open_store
from tests.console.district import PASSWORD, add_message, policy
from tests.console.district import SampleMessage as SampleMessage
from tests.console.district import roster as district_roster

NEXT_HOPS = {channel: NextHop(channel, "127.0.0.1:1", frozenset(), default=True) for channel in ("mail", "sms")}
_TLS = httpx.create_ssl_context()  # loading the certificates takes longer than most requests
_FORM = re.compile(r'name="form" value="([^"]+)"')


@dataclass
class Clock:
    """The store's clock: the time of the machine, moved forward by the test."""

    ahead: float = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


class LogLines(logging.Handler):
    """Collects log records."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one record as text."""
        self.records.append(f"{record.msg} {record.args} {getattr(record, 'fields', '')}")


@dataclass
class RunningConsole:
    """A running console, with its store, people, clock and messages."""

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
    async def anonymous(self) -> AsyncIterator[httpx.AsyncClient]:
        """A client without a session. It does not follow redirects."""
        async with httpx.AsyncClient(verify=_TLS, base_url=self.url, timeout=120) as client:
            yield client

    @contextlib.asynccontextmanager
    async def signed_in(self, name: str) -> AsyncIterator[httpx.AsyncClient]:
        """A client with a session of an account."""
        async with self.anonymous() as client:
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
    async def api_client(self, name: str, **more: Any) -> AsyncIterator[httpx.AsyncClient]:
        """A client of the API with a token of an account."""
        headers = {"Authorization": f"Bearer {await self.token(name, **more)}"}
        async with httpx.AsyncClient(verify=_TLS, base_url=self.url, headers=headers, timeout=30) as client:
            yield client

    async def add_message(self, sample: SampleMessage) -> Message:
        """Add a message, decided by the policy."""
        return await add_message(self.store, sample, self.clock(), self.people, policy())

    def services(self, in_force: Callable[[], Policy] = policy) -> Services:
        """Services over the same store, with a queue of their own."""
        config = ConsoleConfig("Riverbend", ZoneInfo("America/Chicago"), self.url)
        authenticator = build_authenticator(self.store, self.people, self.event_log, config)
        return build_services(
            self.store, self.people, in_force, self.event_log, config, authenticator, lambda: None
        )  # fmt: skip

    @contextlib.asynccontextmanager
    async def audit_linker(self) -> AsyncIterator[None]:
        """Link audit rows in the background, as a gateway does."""
        wakeup = Wakeup()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(link_audit(self.store.audit, self.event_log, wakeup))
            try:
                yield
            finally:
                wakeup.stop()

    async def deliver(self, after: float = 0.0) -> dict[str, bytes]:
        """Deliver what is due, as delivery does. Returns contents by message id."""
        self.clock.ahead += after
        delivered: dict[str, bytes] = {}
        for hop in NEXT_HOPS.values():
            for claim in await self.store.delivery_queue.claim(hop, 100, 60):
                delivered[claim.message.id] = claim.message.content
                sent = {claimed.recipient.address: (Sent("250 2.0.0 Ok"), None) for claimed in claim.recipients}
                await self.store.delivery_queue.record_outcomes(claim, sent, ())
        return delivered


async def sign_in(client: httpx.AsyncClient, name: str, password: str = PASSWORD, **more: str) -> httpx.Response:
    """Sign in with the form."""
    return await client.post(
        "/sign-in", data={"form": form_secret(await client.get("/sign-in")), "name": name, "password": password, **more}
    )


def form_secret(page: httpx.Response) -> str:
    """The secret in the forms of a page."""
    found = _FORM.search(page.text)
    assert found, page.text[:500]
    return found[1]


async def submit_form(browser: httpx.AsyncClient, path: str, **fields: str) -> httpx.Response:
    """Send a form of the console."""
    return await browser.post(path, data={"form": form_secret(await browser.get("/trace")), **fields})


async def sign_in_browser(page: Page, console: RunningConsole, name: str, password: str = PASSWORD) -> None:
    """Sign in with a browser."""
    await page.goto(f"{console.url}/sign-in")
    await page.get_by_label("Name").fill(name)
    await page.get_by_label("Password").fill(password)
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_url(lambda url: "/sign-in" not in url)


@contextlib.asynccontextmanager
async def running_console(
    url: str, messages: Mapping[str, Message], service: Callable[[str], OidcConfig] | None = None,
    people: Roster | None = None, *, in_force: Callable[[], Policy] = policy, host: str = "127.0.0.1",
    roster: RosterAdministration | None = None, **more: Any,
) -> AsyncIterator[RunningConsole]:  # fmt: skip
    """A console over the store at a URL. `more` goes to ConsoleConfig; `host` is the host name that browsers use.

    `service` returns the sign-in service for the console's URL, `in_force` the policy. `roster`: its files.
    """
    clock, event_log = Clock(), EventLog(CollectorRegistry())
    people = people or district_roster()
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        bound.listen(64)
        here = f"http://{host}:{bound.getsockname()[1]}"
        config: dict[str, Any] = {
            "district": "Riverbend",
            "zone": ZoneInfo("America/Chicago"),
            "public_url": here,
            "proxies": LOOPBACK,
            **more,
        }
        if service is not None:
            config["provider"] = service(here)
        async with open_store(url, clock=clock) as store:
            decided = asyncio.Event()
            reader = AttachmentReader((sys.executable, "-m", "classifiers.service.attachment_text"))
            async with app.console(
                bound,
                store,
                people,
                in_force,
                event_log,
                ConsoleConfig(**config),
                decided.set,
                reader,
                roster=roster,
            ):
                yield RunningConsole(here, store, people, clock, event_log, messages, decided)
