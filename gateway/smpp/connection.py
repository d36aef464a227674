"""One SMPP session over one connection, the same at both ends.

Requests go out within a window and are matched with their responses. The peer's requests are passed to a handler;
above a limit they are throttled, but reading never stops, because a response may be next. After a silence the peer is
probed with enquire_link. A peer that reads too slowly, sends an invalid PDU or does not answer is disconnected.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from gateway.core.channels.smpp_pdu import GENERIC_NACK, Command, MalformedPdu, Pdu, PduDecoder, Status
from gateway.core.messages.reply import reply
from gateway.ports.channels import HopDown

Handler = Callable[[Pdu], Awaitable[Pdu | None]]
"""Answers a request of the peer. None sends no answer."""

_CHUNK = 1 << 16
_LAST_SEQUENCE = 0x7FFFFFFF


@dataclass(frozen=True, slots=True)
class SmppLimits:
    """Limits of one session; times are in seconds.

    `window`: our requests without a response, without urgent ones; `inbound` and `inbound_bytes`: the peer's requests
    being answered, in number and bytes; `idle`: silence before the peer is probed; `timeout`: for a response, counted
    anew with each response to an earlier request, or for the peer to read what was written; `pdu_timeout`: for the rest
    of a PDU that has begun.
    """

    window: int = 10
    inbound: int = 512
    inbound_bytes: int = 1 << 20
    idle: float = 30.0
    timeout: float = 20.0
    pdu_timeout: float = 20.0


@dataclass(frozen=True, slots=True)
class _Request:
    """A request of ours without a response."""

    response: asyncio.Future[Pdu]
    limit: asyncio.Timeout


def no_response() -> HopDown:
    """No response came. The peer may have accepted the request anyway."""
    return HopDown(reply(451, "4.4.2", "No response arrived"))


def not_bound() -> HopDown:
    """No session is bound, so nothing was sent."""
    return HopDown(reply(451, "4.4.1", "No session is bound"))


class SmppConnection:
    """A session, alive while `run` runs. `handle` answers every request but enquire_link and unbind."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, handle: Handler, limits: SmppLimits
    ) -> None:
        self._reader, self._writer, self._handle, self._limits = reader, writer, handle, limits
        self._frames = PduDecoder()
        self._pending: dict[int, _Request] = {}  # by sequence number, in the order of sending
        self._sequence = 0
        self._window = asyncio.Semaphore(limits.window)
        self._inbound_bytes = 0
        self._answering: set[asyncio.Task[None]] = set()
        self._last_read = asyncio.get_running_loop().time()
        self.open = True

    async def run(self) -> None:
        """Read until either end closes the session. Handlers still running are finished; their answers are dropped."""
        watching = asyncio.create_task(self._watch())
        try:
            await self._read()
        except (OSError, TimeoutError, MalformedPdu):
            pass  # the peer was told, if it can still be reached
        finally:
            self.open = False
            watching.cancel()
            for pending in self._pending.values():
                if not pending.response.done():
                    pending.response.set_exception(no_response())
                    pending.response.exception()  # nobody may await it: mark the exception as retrieved
            if self._answering:
                await asyncio.wait(self._answering)
            self._writer.close()
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(self._limits.timeout):
                    await self._writer.wait_closed()

    async def ask(self, request: Pdu, *, urgent: bool = False) -> Pdu:
        """The response to a request. Raises HopDown if none comes in time. An `urgent` one does not wait for others."""
        try:
            async with asyncio.timeout(self._limits.timeout) as limit:
                async with contextlib.nullcontext() if urgent else self._window:
                    if not self.open:
                        raise not_bound()
                    self._sequence = self._sequence % _LAST_SEQUENCE + 1
                    sequence = self._sequence
                    loop = asyncio.get_running_loop()
                    pending = self._pending[sequence] = _Request(loop.create_future(), limit)
                    limit.reschedule(loop.time() + self._limits.timeout)  # the wait for the window does not count
                    try:
                        self._writer.write(Pdu(request.command, request.body, 0, sequence).encoded())
                        return await pending.response
                    finally:
                        self._pending.pop(sequence, None)
        except (TimeoutError, OSError):
            raise no_response() from None

    async def unbind(self) -> None:
        """Unbind and close, after the requests being answered have been answered."""
        if self._answering:
            await asyncio.wait(self._answering, timeout=self._limits.timeout)
        with contextlib.suppress(HopDown, TimeoutError):
            async with asyncio.timeout(2.0):
                await self.ask(Pdu(Command.UNBIND))
        self.close()

    def close(self) -> None:
        """Abort the connection."""
        self.open = False
        self._writer.transport.abort()

    async def _read(self) -> None:
        while True:
            timeout = None if not self._frames.pending_bytes else self._limits.pdu_timeout
            async with asyncio.timeout(timeout):
                content = await self._reader.read(_CHUNK)
            if not content:
                return
            self._last_read = asyncio.get_running_loop().time()
            try:
                for pdu in self._frames.feed(content):
                    if await self._receive(pdu):
                        return
            except MalformedPdu as malformed:
                await self._write(Pdu(GENERIC_NACK, status=malformed.status))
                raise

    async def _receive(self, pdu: Pdu) -> bool:
        """Process one PDU. True if it ends the session."""
        if pdu.is_response:
            self._take_response(pdu)
        elif pdu.command == Command.ENQUIRE_LINK:
            await self._write(pdu.response())
        elif pdu.command == Command.UNBIND:
            if self._answering:
                await asyncio.wait(self._answering)
            await self._write(pdu.response())
            return True
        else:
            limits = self._limits
            if len(self._answering) >= limits.inbound or self._inbound_bytes > limits.inbound_bytes:
                await self._write(pdu.response(Status.THROTTLED))
                return False
            self._inbound_bytes += len(pdu.body)
            task = asyncio.create_task(self._answer(pdu))
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)
        return False

    def _take_response(self, pdu: Pdu) -> None:
        """Hand over a response, and give the requests that were sent after its own as much time again.

        A peer that answers slowly, one request after the other, would otherwise get the last ones of a window twice.
        """
        until = asyncio.get_running_loop().time() + self._limits.timeout
        is_later = False
        for sequence, pending in self._pending.items():
            if is_later and not (pending.response.done() or pending.limit.expired()):
                pending.limit.reschedule(until)
            elif sequence == pdu.sequence:
                is_later = True
                if not pending.response.done():
                    pending.response.set_result(pdu)

    async def _answer(self, pdu: Pdu) -> None:
        try:
            answer = await self._handle(pdu)
        finally:
            self._inbound_bytes -= len(pdu.body)
        if answer is not None and self.open:
            with contextlib.suppress(OSError, TimeoutError):
                await self._write(answer)

    async def _write(self, pdu: Pdu) -> None:
        """Write a PDU and wait for a slow reader. A peer that does not read in time is disconnected."""
        self._writer.write(pdu.encoded())
        try:
            async with asyncio.timeout(self._limits.timeout):
                await self._writer.drain()
        except TimeoutError:
            self.close()
            raise

    async def _watch(self) -> None:
        clock = asyncio.get_running_loop().time
        while self.open:
            quiet = clock() - self._last_read
            if quiet < self._limits.idle:
                await asyncio.sleep(self._limits.idle - quiet)
                continue
            try:
                await self.ask(Pdu(Command.ENQUIRE_LINK))
            except HopDown:
                self.close()
