"""The SMPP relay: the district's applications bind to us as they would to the provider's SMSC."""

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

from gateway.core.channels.smpp_pdu import GENERIC_NACK, MalformedPdu, Pdu, Status, Tag, encode_optional, read_bind
from gateway.core.channels.smpp_session import BINDS, BindMode, refusal_status
from gateway.observability.events import EventLog
from gateway.relays.smpp.esme_requests import EsmeRequests
from gateway.smpp.connection import SmppConnection, SmppLimits, not_bound

_SYSTEM_ID = b"chaperone\0"
_VERSION = ((Tag.INTERFACE_VERSION.value, b"\x34"),)
_PENALTY = 1.0  # seconds before a wrong password is answered


@dataclass(frozen=True, slots=True)
class SmppConfig:
    """Settings of the relay. `accounts`: passwords by system_id; `bind_from`: networks that may bind.

    `max_connections`: connections at once; `bind_timeout`: seconds within which a peer must bind.
    """

    accounts: Mapping[str, str]
    bind_from: Sequence[IPv4Network | IPv6Network]
    tls: ssl.SSLContext | None = None
    max_connections: int = 200
    bind_timeout: float = 10.0
    limits: SmppLimits = field(default_factory=SmppLimits)


class EsmeSessions:
    """The bound applications that receive messages. A gateway.ports.channels.SmppPeer."""

    def __init__(self, accounts: Sequence[str]) -> None:
        self._links: dict[str, list[SmppConnection]] = {account: [] for account in accounts}
        self._turn = self._joined = 0

    def join(self, account: str, link: SmppConnection) -> None:
        """Deliver to this connection from now on."""
        self._links[account].append(link)
        self._joined += 1

    def leave(self, account: str, link: SmppConnection) -> None:
        """Deliver no more to this connection."""
        with contextlib.suppress(ValueError):
            self._links[account].remove(link)

    def bound(self, account: str = "") -> bool:
        """See gateway.ports.channels.SmppPeer."""
        accounts = [self._links.get(account, [])] if account else self._links.values()
        return any(link.open for links in accounts for link in links)

    def returns(self) -> int:
        """How often an application was bound: texts that a lost connection kept back are due soon after it."""
        return self._joined

    async def ask(self, request: Pdu, account: str = "", *, urgent: bool = False) -> Pdu:
        """See gateway.ports.channels.SmppPeer. Connections of one account take turns."""
        accounts = [account] if account else list(self._links)
        bound = ([link for link in self._links.get(name, []) if link.open] for name in accounts)
        links = next(filter(None, bound), [])  # a lost connection stays until what it asked for is answered
        if not links:
            raise not_bound()
        self._turn += 1
        return await links[self._turn % len(links)].ask(request, urgent=urgent)


class SmppRelay:
    """Listens on bound sockets while entered. On exit it stops accepting sessions and unbinds the open ones."""

    def __init__(
        self,
        config: SmppConfig,
        sockets: Sequence[socket.socket],
        esmes: EsmeSessions,
        requests: EsmeRequests,
        event_log: EventLog,
    ) -> None:
        self._config, self._sockets, self._esmes = config, list(sockets), esmes
        self._requests, self._event_log = requests, event_log
        self._servers: list[asyncio.Server] = []
        self._sessions: set[asyncio.Task[None]] = set()
        self._links: set[SmppConnection] = set()

    async def __aenter__(self) -> Self:
        for listener in self._sockets:
            server = await asyncio.start_server(self._accept, sock=listener, ssl=self._config.tls)
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
            for session in late:
                session.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        host = writer.get_extra_info("peername")[0]
        allowed = any(ip_address(host.partition("%")[0]) in network for network in self._config.bind_from)
        if not allowed or len(self._sessions) >= self._config.max_connections:
            self._event_log.request_refused("address" if not allowed else "connections")
            writer.transport.abort()
            return
        self._sessions.add(task)
        try:
            session = _EsmeSession(self._config, self._esmes, self._requests, self._event_log, self._links)
            await session.run(reader, writer)
        finally:
            self._sessions.discard(task)


class _EsmeSession:
    """One connection of an application, before and after it binds."""

    def __init__(
        self,
        config: SmppConfig,
        esmes: EsmeSessions,
        requests: EsmeRequests,
        event_log: EventLog,
        links: set[SmppConnection],
    ) -> None:
        self._config, self._esmes, self._requests, self._event_log = config, esmes, requests, event_log
        self._links = links
        self._bound, self._account = BindMode.NOT, ""
        self._link: SmppConnection | None = None
        self._passwords = {name: _digest(password) for name, password in config.accounts.items()}

    async def run(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve the connection until either end closes it."""
        link = self._link = SmppConnection(reader, writer, self._answer, self._config.limits)
        self._links.add(link)
        waiting = asyncio.create_task(self._close_if_unbound(link))
        try:
            await link.run()
        finally:
            waiting.cancel()
            self._links.discard(link)
            if self._bound is not BindMode.NOT:
                self._esmes.leave(self._account, link)
                self._event_log.application_unbound(self._account)

    async def _close_if_unbound(self, link: SmppConnection) -> None:
        await asyncio.sleep(self._config.bind_timeout)
        if self._bound is BindMode.NOT:
            link.close()

    async def _answer(self, request: Pdu) -> Pdu | None:
        refused = refusal_status(self._bound, request.command)
        if refused is Status.INVALID_COMMAND:
            return Pdu(GENERIC_NACK, b"", refused, request.sequence)
        if refused is not None:
            return request.response(refused)
        if request.command in BINDS:
            return await self._bind(request)
        return await self._requests.answer(request, self._account)

    async def _bind(self, request: Pdu) -> Pdu:
        assert self._link is not None
        try:
            bind = read_bind(request.body)
        except MalformedPdu as malformed:
            return request.response(malformed.status)
        expected = self._passwords.get(bind.system_id, bytes(32))
        if not hmac.compare_digest(_digest(bind.password), expected):
            self._event_log.request_refused("credentials")
            await asyncio.sleep(_PENALTY)
            asyncio.get_running_loop().call_later(_PENALTY, self._link.close)
            return request.response(Status.INVALID_PASSWORD)
        if self._bound is not BindMode.NOT:
            return request.response(Status.ALREADY_BOUND)
        self._bound, self._account = BINDS[request.command], bind.system_id  # type: ignore[index]
        if self._bound.receives:
            asyncio.get_running_loop().call_soon(self._esmes.join, self._account, self._link)
        self._event_log.application_bound(self._account)
        return request.response(body=_SYSTEM_ID + (encode_optional(_VERSION) if bind.version >= 0x34 else b""))


def _digest(password: str) -> bytes:
    return hashlib.sha256(password.encode()).digest()
