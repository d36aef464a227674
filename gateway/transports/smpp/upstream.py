"""Our session at the provider's SMSC: bound again whenever it ends, and slowed down when the SMSC throttles us.

An SMSC without transceivers gets two sessions, one that sends and one that receives.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from gateway.core.channels.smpp_pdu import THROTTLING_STATUSES, Pdu, Status, bind_body
from gateway.core.channels.smpp_session import BINDS, BindMode
from gateway.observability.events import EventLog
from gateway.ports.channels import HopDown
from gateway.smpp.connection import Handler, SmppConnection, SmppLimits, not_bound
from gateway.transports.smpp.throttling import ThrottlePause

_WAITS = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0)  # seconds before the next try to bind; the last one repeats
_JITTER = 0.2
_CONNECT_TIMEOUT = 10.0
_COMMANDS = {mode: command for command, mode in BINDS.items()}


@dataclass(frozen=True, slots=True)
class SmscConfig:
    """Address of the SMSC and our credentials. `binds`: the sessions to open, the sending one first."""

    host: str
    port: int
    system_id: str
    password: str
    tls: ssl.SSLContext | None = None
    binds: tuple[BindMode, ...] = (BindMode.TRANSCEIVER,)
    limits: SmppLimits = field(default_factory=SmppLimits)


class NotBound(Exception):
    """The SMSC refused our bind with `status`."""

    def __init__(self, status: int) -> None:
        super().__init__(f"{status:#010x}")
        self.status = status


class SmppUpstream:
    """A gateway.ports.channels.SmppPeer, open while entered. `handle` answers the SMSC's own requests.

    `mode`: the kind of bind.
    """

    def __init__(
        self, config: SmscConfig, handle: Handler, event_log: EventLog, mode: BindMode = BindMode.TRANSCEIVER
    ) -> None:
        self._config, self._handle, self._event_log, self._mode = config, handle, event_log, mode
        self._link: SmppConnection | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._pause, self._slow_until = ThrottlePause(), 0.0
        self._binds = 0
        self.on_bound: Callable[[], None] = _do_nothing

    async def __aenter__(self) -> Self:
        self._keeping = asyncio.create_task(self._keep())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        link, self._link = self._link, None
        if link is not None:
            await link.unbind()
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)

    def bound(self, account: str = "") -> bool:
        """See gateway.ports.channels.SmppPeer."""
        return self._link is not None and self._link.open

    def returns(self) -> int:
        """How often it was bound: texts that a lost session kept back are due soon after it."""
        return self._binds

    async def ask(self, request: Pdu, account: str = "", *, urgent: bool = False) -> Pdu:
        """See gateway.ports.channels.SmppPeer. Waits while the SMSC throttles us, unless the request is urgent."""
        clock = asyncio.get_running_loop().time
        if not urgent and (wait := self._slow_until - clock()) > 0:
            await asyncio.sleep(wait)
        if self._link is None:
            raise not_bound()
        response = await self._link.ask(request, urgent=urgent)
        self._pause.note(response.status)
        if response.status in THROTTLING_STATUSES:
            self._slow_until = clock() + self._pause.seconds
        return response

    async def _keep(self) -> None:
        tries = 0
        while True:
            try:
                await self._session()
                tries = 0
            except (OSError, TimeoutError, HopDown, NotBound) as failed:
                why = str(failed) if isinstance(failed, NotBound) else type(failed).__name__
                self._event_log.smsc_lost(self._mode.value, why)
            wait = _WAITS[min(tries, len(_WAITS) - 1)]
            tries += 1
            await asyncio.sleep(wait * (1 + _JITTER * (2 * random.random() - 1)))

    async def _session(self) -> None:
        """One session, from connecting to its end. Raises if it cannot be bound."""
        reader, writer = await connect(self._config)
        link = SmppConnection(reader, writer, self._handle, self._config.limits)
        running = asyncio.create_task(link.run())
        try:
            await bind(link, self._config, self._mode)
            self._link = link
            self._binds += 1
            self._event_log.smsc_bound(self._mode.value)
            self.on_bound()
            await running
            self._event_log.smsc_lost(self._mode.value, "closed")
        finally:
            self._link = None
            link.close()
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running


async def connect(config: SmscConfig) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection to the SMSC. Raises OSError and TimeoutError."""
    async with asyncio.timeout(_CONNECT_TIMEOUT):
        return await asyncio.open_connection(
            config.host, config.port, ssl=config.tls, server_hostname=config.host if config.tls else None
        )


async def bind(link: SmppConnection, config: SmscConfig, mode: BindMode) -> None:
    """Bind as `mode`. Raises NotBound and HopDown."""
    response = await link.ask(Pdu(_COMMANDS[mode], bind_body(config.system_id, config.password)))
    if response.status != Status.OK:
        raise NotBound(response.status)


def _do_nothing() -> None:
    """Nothing waits for the bind."""


async def _answer_nothing(_: Pdu) -> Pdu | None:
    return None


async def probe_smsc(config: SmscConfig) -> None:
    """Bind and unbind once for each configured bind. Raises OSError, TimeoutError, HopDown and NotBound."""
    for mode in config.binds:
        reader, writer = await connect(config)
        link = SmppConnection(reader, writer, _answer_nothing, config.limits)
        running = asyncio.create_task(link.run())
        try:
            await bind(link, config, mode)
            await link.unbind()
        finally:
            link.close()
            await running
