"""Reading processes: a few children that read contents for this process. See gateway.ports.content."""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any

from gateway.core.messages.media import MediaFile
from gateway.core.mime.account import ByteSpan
from gateway.core.mime.parts import Part
from gateway.core.mime.shown_header import ShownHeader
from gateway.reading.answers import decode_answer
from gateway.reading.program import LENGTH

EXCERPT_SECONDS, EXCERPT_WAIT = 0.5, 0.08
"""Seconds that an excerpt may take, and that a content may wait for others: beyond, it has no excerpt."""
READ_SECONDS, READ_WAIT = 10.0, 30.0
"""The same for everything else that is read of a content."""
MAX_MEMORY = 768 << 20
"""Bytes of memory of a reading process beyond what it has at the start."""
MAX_ANSWER = 256 << 20
"""Bytes of an answer, at most."""
_RETRY_SECONDS, _LOAD_SECONDS = 1.0, 60.0


class NotRead(Exception):
    """A content was not read within the limits."""


class ReadingProcesses:
    """A ContentParser with `size` children. They start on entry, in the background, and again after they ended."""

    def __init__(self, size: int = 2) -> None:
        self._children = [_Child() for _ in range(size)]
        self._free: asyncio.Queue[_Child] = asyncio.Queue()
        self._starting: set[asyncio.Task[None]] = set()
        self._closing = asyncio.Event()

    async def __aenter__(self) -> ReadingProcesses:
        for child in self._children:
            self._start(child)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        for child in self._children:  # one that loads or reads is not waited for
            child.kill()
        await asyncio.gather(*self._starting)  # a canceled start would leave a process behind
        await asyncio.gather(*(child.end() for child in self._children))

    async def ready(self) -> None:
        """Wait until the children have loaded."""
        await asyncio.shield(asyncio.gather(*self._starting))  # who no longer waits does not cancel the starts

    async def excerpt(self, channel: str, content: bytes) -> str:
        """See gateway.ports.content.ContentParser."""
        try:
            return str(await self._ask(EXCERPT_SECONDS, EXCERPT_WAIT, "excerpt", channel, content))
        except NotRead:
            return ""

    async def signed_names(self, channel: str, content: bytes) -> Sequence[str]:
        """See gateway.ports.content.ContentParser."""
        try:
            return [
                str(name) for name in await self._ask(EXCERPT_SECONDS, EXCERPT_WAIT, "signed_names", channel, content)
            ]
        except NotRead:
            return ()

    async def header(self, channel: str, content: bytes) -> ShownHeader:
        """See gateway.ports.content.ContentParser."""
        try:
            answer = await self._ask(READ_SECONDS, READ_WAIT, "header", channel, content)
        except NotRead:
            return ShownHeader()
        return answer if isinstance(answer, ShownHeader) else ShownHeader()

    async def parts(self, channel: str, content: bytes, media: Sequence[MediaFile] = ()) -> Sequence[Part]:
        """See gateway.ports.content.ContentParser."""
        try:
            return tuple(await self._ask(READ_SECONDS, READ_WAIT, "parts", channel, content, tuple(media)))
        except NotRead:
            return (Part("1", "application/octet-stream", unreadable=True),)

    async def account(self, channel: str, content: bytes) -> Sequence[ByteSpan]:
        """See gateway.ports.content.ContentParser."""
        try:
            return tuple(await self._ask(READ_SECONDS, READ_WAIT, "account", channel, content))
        except NotRead:
            return ()

    async def html(self, source: bytes) -> Sequence[tuple[str, str]]:
        """See gateway.ports.content.ContentParser."""
        try:
            return tuple(await self._ask(READ_SECONDS, READ_WAIT, "html", source))
        except NotRead:
            return ()

    async def _ask(self, seconds: float, wait: float, *question: object) -> Any:
        """The answer to a question. Raises NotRead. A child that does not answer in time is replaced."""
        try:
            async with asyncio.timeout(wait):
                child = await self._free.get()
                while child.has_ended() and not self._closing.is_set():
                    self._start(child)
                    child = await self._free.get()
        except TimeoutError:
            raise NotRead from None
        is_answered = False
        try:
            async with asyncio.timeout(seconds):
                answer = await child.ask(pickle.dumps(question, pickle.HIGHEST_PROTOCOL))
            is_answered = True
        except (TimeoutError, OSError, asyncio.IncompleteReadError, ValueError):
            raise NotRead from None
        finally:
            if is_answered:
                self._free.put_nowait(child)
            else:
                self._start(child)
        return answer

    def _start(self, child: _Child) -> None:
        if self._closing.is_set():
            self._free.put_nowait(child)  # whoever waits for it learns at once that it has ended
            return
        task = asyncio.create_task(self._restart(child))
        self._starting.add(task)
        task.add_done_callback(self._starting.discard)

    async def _restart(self, child: _Child) -> None:
        await child.end()
        while not self._closing.is_set():
            with suppress(TimeoutError, OSError, asyncio.IncompleteReadError, ValueError):
                await child.start()
                if self._closing.is_set():
                    break
                async with asyncio.timeout(_LOAD_SECONDS):  # one that still loads would miss the limit of an excerpt
                    await child.ask(pickle.dumps(("ready",)))
                break
            await child.end()
            if not self._closing.is_set():
                await asyncio.sleep(_RETRY_SECONDS)
        self._free.put_nowait(child)


class _Child:
    """One reading process."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start the process. It still loads when this returns. Raises OSError."""
        paths = os.pathsep.join(path or os.getcwd() for path in sys.path)
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "gateway.reading.program", str(os.getpid()), str(MAX_MEMORY),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True, env={"PYTHONPATH": paths},  # our modules; none of the gateway's secrets
        )  # fmt: skip

    def has_ended(self) -> bool:
        """Whether the process is not running, as far as is known. A write would raise RuntimeError in uvloop then."""
        process = self._process
        return process is None or process.stdin is None or process.stdin.is_closing()

    async def ask(self, question: bytes) -> Any:
        """The answer. Raises OSError or IncompleteReadError if the process ended, ValueError for no proper answer."""
        process = self._process
        if process is None or process.stdin is None or process.stdout is None or self.has_ended():
            raise OSError("not running")
        process.stdin.write(LENGTH.pack(len(question)))
        process.stdin.write(question)
        await process.stdin.drain()
        (length,) = LENGTH.unpack(await process.stdout.readexactly(LENGTH.size))
        if length > MAX_ANSWER:
            raise ValueError("too long an answer")
        return decode_answer(await process.stdout.readexactly(length))

    def kill(self) -> None:
        """Kill the process, if there is one. Whoever asks it gets an error."""
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGKILL)

    async def end(self) -> None:
        """End the process, if there is one."""
        self.kill()
        process, self._process = self._process, None
        if process is not None:
            await process.wait()
