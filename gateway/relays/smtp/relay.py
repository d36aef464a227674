"""The SMTP relay: sessions on listening sockets, in the event loop of the process (RFC 5321)."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import Self

from gateway.core.messages.addresses import domain_of
from gateway.core.messages.delivery import NextHop
from gateway.core.messages.parties import Directory
from gateway.observability.events import EventLog
from gateway.ports.channels import HopConnector, Transport
from gateway.relays.smtp.connection import ClientConnection
from gateway.relays.smtp.context import SmtpConfig, SmtpContext
from gateway.relays.smtp.memory import COPIES, MemoryBudget
from gateway.relays.smtp.session import SmtpSession
from gateway.stages.address_sightings import AddressSightings
from gateway.stages.intake import MessageIntake

__all__ = ["SmtpConfig", "SmtpRelay"]


class SmtpRelay:
    """Listens while entered. On exit it stops accepting sessions and gives open transactions a limited time to end.

    `sockets` are bound already, so that a port in use is detected before anything else is opened; on those of
    `tls_sockets` TLS comes before the greeting. `tls` returns the TLS context in use, None for no TLS. Passed-through
    messages go out over `connector`, messages of the second pass over `transport`; both share connections. Without a
    `memory` of several processes, this one has max_in_flight for itself.
    """

    def __init__(
        self, config: SmtpConfig, sockets: Sequence[socket.socket], directory: Directory, intake: MessageIntake,
        hops: Sequence[NextHop], connector: HopConnector, transport: Transport, event_log: EventLog, *,
        sightings: AddressSightings,
        networks: Callable[[], Collection[str]] = tuple, clock: Callable[[], float] = time.time,
        tls: Callable[[], ssl.SSLContext | None] = lambda: None, tls_sockets: Sequence[socket.socket] = (),
        memory: MemoryBudget | None = None,
    ) -> None:  # fmt: skip
        config = replace(config, domains=tuple(domain_of(f"@{domain}") for domain in config.domains))
        self._hops = tuple(hops)
        self._context = SmtpContext(
            config, directory, intake, lambda: self._hops, connector, transport, event_log, networks, clock,
            memory or MemoryBudget(config.max_in_flight, largest=COPIES * config.max_size), sightings,
        )  # fmt: skip
        self._sockets = [*((listener, False) for listener in sockets), *((listener, True) for listener in tls_sockets)]
        self._tls = tls
        self._servers: list[asyncio.Server] = []
        self._sessions: set[ClientConnection] = set()

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        for listener, tls_first in self._sockets:
            self._servers.append(
                await loop.create_server(partial(self._session, tls_first=tls_first), sock=listener, backlog=1024)
            )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in self._servers:
            server.close()
        for session in list(self._sessions):
            session.stop()
        await self._wait_for_sessions(self._context.config.drain)
        for session in list(self._sessions):
            session.abort()
        await self._wait_for_sessions(self._context.config.drain)

    def use_hops(self, hops: Sequence[NextHop]) -> None:
        """Use other next hops from the next recipient on."""
        self._hops = tuple(hops)

    def _session(self, *, tls_first: bool) -> SmtpSession:
        return SmtpSession(self._context, self._tls, self._open_session, self._close_session, tls_first=tls_first)

    async def _wait_for_sessions(self, seconds: float) -> None:
        """Wait until every session has ended, at most `seconds`."""
        if self._sessions:
            waiting = [asyncio.ensure_future(session.finished()) for session in self._sessions]
            _, unfinished = await asyncio.wait(waiting, timeout=seconds)
            for waiter in unfinished:
                waiter.cancel()

    def _open_session(self, session: ClientConnection) -> bool:
        if len(self._sessions) >= self._context.config.max_sessions:
            self._context.event_log.refused("sessions")
            return False
        self._sessions.add(session)
        self._context.load.sessions += 1
        self._context.event_log.session_opened()
        return True

    def _close_session(self, session: ClientConnection) -> None:
        if session in self._sessions:
            self._sessions.discard(session)
            self._context.load.sessions -= 1
            self._context.event_log.session_closed()
