"""The text of the files of a message. A separate program extracts it: one run for each message, with limits.

The program reads a line of JSON, with number, media type, name and length of each file, and then the files. It writes
JSON: {number: [text, words for what could not be read]}.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from gateway.core.mime.parts import Part

TIMEOUT = 12.0
"""Seconds that the files of one message may take. After that they have no text."""
MAX_PROCESSES = 2
MAX_OUTPUT = 8 << 20
_SHOWN_ALREADY = ("text/plain", "text/html")
_WITHOUT_TEXT = ("image/", "audio/", "video/", "font/", "model/", "message/", "multipart/")


@dataclass(frozen=True, slots=True)
class FileText:
    """The text of a file, and the words of a verdict for what could not be read."""

    text: str = ""
    failed: tuple[str, ...] = ()


NO_FILE = FileText()
NOT_OPENED = FileText(failed=("timeout",))


class AttachmentReader:
    """Extracts text with a command. Without a command, files have no text."""

    def __init__(self, command: Sequence[str] = (), timeout: float = TIMEOUT) -> None:
        self._command, self._timeout = tuple(command), timeout
        self._slots = asyncio.Semaphore(MAX_PROCESSES)

    async def texts(self, parts: Sequence[Part]) -> Mapping[str, FileText]:
        """The text of each part that is a file with words in it, by part number. Never raises for a message."""
        wanted = [part for part in parts if _may_have_text(part)]
        if not wanted or not self._command:
            return {}
        async with self._slots:
            found = await self._extract(wanted)
        return {part.number: found.get(part.number, NOT_OPENED) for part in wanted}

    async def _extract(self, parts: Sequence[Part]) -> dict[str, FileText]:
        pipe, nowhere = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
        paths = os.pathsep.join(path or os.getcwd() for path in sys.path)
        child = await asyncio.create_subprocess_exec(
            *self._command, str(os.getpid()), stdin=pipe, stdout=pipe, stderr=nowhere, start_new_session=True,
            env={"PYTHONPATH": paths},  # our modules; none of the gateway's secrets
        )  # fmt: skip
        try:
            async with asyncio.timeout(self._timeout):
                answer, _ = await asyncio.gather(_read(child), _feed(child, parts))
            return {number: FileText(str(text), tuple(failed)) for number, (text, failed) in json.loads(answer).items()}
        except (TimeoutError, ValueError, TypeError, AttributeError):  # no output, or not what it should be
            return {}
        finally:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(child.pid, signal.SIGKILL)  # and the processes that it started
            await _drain(child)
            await child.wait()


async def _feed(child: asyncio.subprocess.Process, parts: Sequence[Part]) -> None:
    assert child.stdin is not None
    head = [[part.number, part.media_type, part.filename, len(part.data)] for part in parts]
    with suppress(OSError):  # it ended before it had read everything
        for piece in (json.dumps(head).encode() + b"\n", *(part.data for part in parts)):
            child.stdin.write(piece)
            await child.stdin.drain()
    child.stdin.close()


async def _read(child: asyncio.subprocess.Process) -> bytes:
    assert child.stdout is not None
    answer = b""
    while len(answer) < MAX_OUTPUT and (piece := await child.stdout.read(1 << 16)):
        answer += piece
    return answer


async def _drain(child: asyncio.subprocess.Process) -> None:
    """Read the rest of its output: asyncio reports the end of a process only after the end of its pipes."""
    assert child.stdout is not None
    while await child.stdout.read(1 << 16):
        pass


def _may_have_text(part: Part) -> bool:
    media_type = part.media_type
    return bool(part.data) and media_type not in _SHOWN_ALREADY and not media_type.startswith(_WITHOUT_TEXT)
