"""A link: one SMPP session over one connection, as both ends of it work alike.

Requests go out within a window and are matched with their responses; the peer's requests are answered by whoever made
the link, so many at a time, and more are throttled: reading never stops, for a response may be next. Silence is asked
about; a peer that reads too slowly, says what is no PDU or does not answer is let go.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from gateway.core.channels.smpp_pdu import GENERIC_NACK, Command, Frames, Malformed, Pdu, Status
from gateway.core.messages.reply import reply
from gateway.ports.channels import HopDown

Handler = Callable[[Pdu], Awaitable[Pdu | None]]
"""What answers a request of the peer's; None: nothing is to be answered."""

_CHUNK = 1 << 16
_LAST = 0x7FFFFFFF


@dataclass(frozen=True, slots=True)
class SmppLimits:
    """`window`: our requests without a response; `inbound`: the peer's, and `held` their bytes; the rest are seconds.

    `idle`: of silence before the peer is asked whether it is there; `patience`: for a response, or for what is written
    to be read; `whole`: in which a PDU that has begun must have come.
    """

    window: int = 10
    inbound: int = 512
    held: int = 1 << 20
    idle: float = 30.0
    patience: float = 20.0
    whole: float = 20.0


def no_response() -> HopDown:
    """No response came: the peer may have taken the request all the same."""
    return HopDown(reply(451, "4.4.2", "No response came"))


def not_bound() -> HopDown:
    """Nobody is bound, so nothing was sent."""
    return HopDown(reply(451, "4.4.1", "Nobody is bound"))


class SmppConnection:
    """Alive while `run` runs. `handle` is asked for every request but enquire_link and unbind."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, handle: Handler, limits: SmppLimits
    ) -> None:
        self._reader, self._writer, self._handle, self._limits = reader, writer, handle, limits
        self._frames = Frames()
        self._asked: dict[int, asyncio.Future[Pdu]] = {}
        self._sequence = 0
        self._window = asyncio.Semaphore(limits.window)
        self._held = 0
        self._working: set[asyncio.Task[None]] = set()
        self._heard = asyncio.get_running_loop().time()
        self.open = True

    async def run(self) -> None:
        """Until either end is done. What is being answered then is finished; its answers go nowhere."""
        watching = asyncio.create_task(self._watch())
        try:
            await self._read()
        except (OSError, TimeoutError, Malformed):
            pass  # said, where there is somebody to say it to
        finally:
            self.open = False
            watching.cancel()
            for future in self._asked.values():
                if not future.done():
                    future.set_exception(no_response())
                    future.exception()  # whoever asked may be gone as well
            if self._working:
                await asyncio.wait(self._working)
            self._writer.close()
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(self._limits.patience):
                    await self._writer.wait_closed()

    async def ask(self, request: Pdu) -> Pdu:
        """The response to a request. Raises HopDown where none comes in time."""
        try:
            async with asyncio.timeout(self._limits.patience):
                async with self._window:
                    if not self.open:
                        raise not_bound()
                    self._sequence = self._sequence % _LAST + 1
                    sequence = self._sequence
                    future: asyncio.Future[Pdu] = asyncio.get_running_loop().create_future()
                    self._asked[sequence] = future
                    try:
                        self._writer.write(Pdu(request.command, request.body, 0, sequence).encoded())
                        return await future
                    finally:
                        self._asked.pop(sequence, None)
        except (TimeoutError, OSError):
            raise no_response() from None

    async def unbind(self) -> None:
        """End the session as one ends it: what is being answered is answered before."""
        if self._working:
            await asyncio.wait(self._working, timeout=self._limits.patience)
        with contextlib.suppress(HopDown, TimeoutError):
            async with asyncio.timeout(2.0):
                await self.ask(Pdu(Command.UNBIND))
        self.close()

    def close(self) -> None:
        """End the connection."""
        self.open = False
        self._writer.transport.abort()

    async def _read(self) -> None:
        while True:
            whole = None if not self._frames.waiting else self._limits.whole
            async with asyncio.timeout(whole):
                content = await self._reader.read(_CHUNK)
            if not content:
                return
            self._heard = asyncio.get_running_loop().time()
            try:
                for pdu in self._frames.fed(content):
                    if await self._take(pdu):
                        return
            except Malformed as malformed:
                await self._say(Pdu(GENERIC_NACK, status=malformed.status))
                raise

    async def _take(self, pdu: Pdu) -> bool:
        """Settle one PDU; whether it was the last of the session."""
        if pdu.is_response:
            future = self._asked.get(pdu.sequence)
            if future is not None and not future.done():
                future.set_result(pdu)
        elif pdu.command == Command.ENQUIRE_LINK:
            await self._say(pdu.answered())
        elif pdu.command == Command.UNBIND:
            if self._working:
                await asyncio.wait(self._working)
            await self._say(pdu.answered())
            return True
        else:
            if len(self._working) >= self._limits.inbound or self._held > self._limits.held:
                await self._say(pdu.answered(Status.THROTTLED))
                return False
            self._held += len(pdu.body)
            task = asyncio.create_task(self._answer(pdu))
            self._working.add(task)
            task.add_done_callback(self._working.discard)
        return False

    async def _answer(self, pdu: Pdu) -> None:
        try:
            answer = await self._handle(pdu)
        finally:
            self._held -= len(pdu.body)
        if answer is not None and self.open:
            with contextlib.suppress(OSError, TimeoutError):
                await self._say(answer)

    async def _say(self, pdu: Pdu) -> None:
        """Write, and wait for a peer that reads slowly; one that does not read is let go."""
        self._writer.write(pdu.encoded())
        try:
            async with asyncio.timeout(self._limits.patience):
                await self._writer.drain()
        except TimeoutError:
            self.close()
            raise

    async def _watch(self) -> None:
        clock = asyncio.get_running_loop().time
        while self.open:
            quiet = clock() - self._heard
            if quiet < self._limits.idle:
                await asyncio.sleep(self._limits.idle - quiet)
                continue
            try:
                await self.ask(Pdu(Command.ENQUIRE_LINK))
            except HopDown:
                self.close()
