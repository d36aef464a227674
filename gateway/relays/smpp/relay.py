"""The way in over SMPP: the district's applications bind to us as they would to the provider's SMSC."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import socket
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address
from types import TracebackType
from typing import Self

from gateway.core.channels.smpp_pdu import GENERIC_NACK, Malformed, Pdu, Status, Tag, optional, read_bind
from gateway.core.channels.smpp_session import BINDS, Bound, out_of_place
from gateway.observability.events import EventLog
from gateway.relays.smpp.requests import Requests
from gateway.smpp.connection import SmppConnection, SmppLimits, absent

_OURS = b"chaperone\0"
_VERSION = ((Tag.INTERFACE_VERSION.value, b"\x34"),)
_PENALTY = 1.0


@dataclass(frozen=True, slots=True)
class SmppConfig:
    """`accounts`: passwords by system_id; `bind_from`: the networks of those who may bind.

    `most`: connections at once; `patience`: seconds in which somebody must have bound.
    """

    accounts: Mapping[str, str]
    bind_from: Sequence[IPv4Network | IPv6Network]
    tls: ssl.SSLContext | None = None
    most: int = 200
    patience: float = 10.0
    limits: SmppLimits = field(default_factory=SmppLimits)


class Esmes:
    """The applications that are bound and take texts: a gateway.ports.channels.SmppPeer."""

    def __init__(self, accounts: Sequence[str]) -> None:
        self._links: dict[str, list[SmppConnection]] = {account: [] for account in accounts}
        self._turn = 0

    def join(self, account: str, link: SmppConnection) -> None:
        """From now on texts go to this link too."""
        self._links[account].append(link)

    def leave(self, account: str, link: SmppConnection) -> None:
        """No more texts for this link."""
        with contextlib.suppress(ValueError):
            self._links[account].remove(link)

    def bound(self, account: str = "") -> bool:
        """See gateway.ports.channels.SmppPeer."""
        accounts = [self._links.get(account, [])] if account else self._links.values()
        return any(link.open for links in accounts for link in links)

    async def ask(self, request: Pdu, account: str = "") -> Pdu:
        """See gateway.ports.channels.SmppPeer. Links of one account take turns."""
        links = self._links.get(account, []) if account else next((each for each in self._links.values() if each), [])
        links = [link for link in links if link.open]
        if not links:
            raise absent()
        self._turn += 1
        return await links[self._turn % len(links)].ask(request)


class SmppRelay:
    """Listens on bound sockets while entered. On leaving it takes no new sessions, and unbinds those that there are."""

    def __init__(
        self,
        config: SmppConfig,
        sockets: Sequence[socket.socket],
        esmes: Esmes,
        requests: Requests,
        event_log: EventLog,
    ) -> None:
        self._config, self._sockets, self._esmes = config, list(sockets), esmes
        self._requests, self._event_log = requests, event_log
        self._servers: list[asyncio.Server] = []
        self._sessions: set[asyncio.Task[None]] = set()
        self._links: set[SmppConnection] = set()

    async def __aenter__(self) -> Self:
        for each in self._sockets:
            server = await asyncio.start_server(self._connected, sock=each, ssl=self._config.tls)
            self._servers.append(server)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in self._servers:
            server.close()
        await asyncio.gather(*(link.unbind() for link in list(self._links)))
        if self._sessions:
            _, late = await asyncio.wait(self._sessions, timeout=10.0)
            for each in late:
                each.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        host = writer.get_extra_info("peername")[0]
        allowed = any(ip_address(host.partition("%")[0]) in each for each in self._config.bind_from)
        if not allowed or len(self._sessions) >= self._config.most:
            self._event_log.request_refused("address" if not allowed else "connections")
            writer.transport.abort()
            return
        self._sessions.add(task)
        try:
            await _Session(self._config, self._esmes, self._requests, self._event_log, self._links).run(reader, writer)
        finally:
            self._sessions.discard(task)


class _Session:
    """One connection of an application, from before it is bound."""

    def __init__(
        self, config: SmppConfig, esmes: Esmes, requests: Requests, event_log: EventLog, links: set[SmppConnection]
    ) -> None:
        self._config, self._esmes, self._requests, self._event_log = config, esmes, requests, event_log
        self._links = links
        self._bound, self._account = Bound.NOT, ""
        self._link: SmppConnection | None = None
        self._passwords = {name: _digest(password) for name, password in config.accounts.items()}

    async def run(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Until either end is done."""
        link = self._link = SmppConnection(reader, writer, self._answer, self._config.limits)
        self._links.add(link)
        waiting = asyncio.create_task(self._unbound(link))
        try:
            await link.run()
        finally:
            waiting.cancel()
            self._links.discard(link)
            if self._bound is not Bound.NOT:
                self._esmes.leave(self._account, link)
                self._event_log.unbound(self._account)

    async def _unbound(self, link: SmppConnection) -> None:
        await asyncio.sleep(self._config.patience)
        if self._bound is Bound.NOT:
            link.close()

    async def _answer(self, request: Pdu) -> Pdu | None:
        refused = out_of_place(self._bound, request.command)
        if refused is Status.INVALID_COMMAND:
            return Pdu(GENERIC_NACK, b"", refused, request.sequence)
        if refused is not None:
            return request.answered(refused)
        if request.command in BINDS:
            return await self._bind(request)
        return await self._requests.answer(request, self._account)

    async def _bind(self, request: Pdu) -> Pdu:
        assert self._link is not None
        try:
            bind = read_bind(request.body)
        except Malformed as malformed:
            return request.answered(malformed.status)
        right = self._passwords.get(bind.system_id, bytes(32))
        if not hmac.compare_digest(_digest(bind.password), right):
            self._event_log.request_refused("credentials")
            await asyncio.sleep(_PENALTY)
            asyncio.get_running_loop().call_later(_PENALTY, self._link.close)
            return request.answered(Status.INVALID_PASSWORD)
        if self._bound is not Bound.NOT:
            return request.answered(Status.ALREADY_BOUND)
        self._bound, self._account = BINDS[request.command], bind.system_id  # type: ignore[index]
        if self._bound.receives:
            asyncio.get_running_loop().call_soon(self._esmes.join, self._account, self._link)
        self._event_log.bound(self._account)
        return request.answered(body=_OURS + (optional(_VERSION) if bind.version >= 0x34 else b""))


def _digest(password: str) -> bytes:
    return hashlib.sha256(password.encode()).digest()
