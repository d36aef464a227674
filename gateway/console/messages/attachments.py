"""Files of a message as text. What parses them is another program, started for one message and bounded in all it does.

The console knows no more of it than its command: a line of JSON with number, media type, name and length of each file
goes in, then the files; JSON comes out, {number: [text, words]}.
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

WITHIN = 12.0
"""Seconds that the files of one message may take; then they have no text."""
AT_ONCE = 2
LONGEST_ANSWER = 8 << 20
_LEFT_ALONE = ("text/plain", "text/html")
_WITHOUT_TEXT = ("image/", "audio/", "video/", "font/", "model/", "message/", "multipart/")


@dataclass(frozen=True, slots=True)
class FileText:
    """What a file says, and the words of a verdict for what of it could not be read."""

    text: str = ""
    failed: tuple[str, ...] = ()


NO_FILE = FileText()
NOT_OPENED = FileText(failed=("timeout",))


class Files:
    """Opens files by a command; without one they have no text."""

    def __init__(self, command: Sequence[str] = (), within: float = WITHIN) -> None:
        self._command, self._within = tuple(command), within
        self._room = asyncio.Semaphore(AT_ONCE)

    async def texts(self, parts: Sequence[Part]) -> Mapping[str, FileText]:
        """The text of each part that is a file with words in it, by its number. Never raises for a message."""
        asked = [part for part in parts if _may_say(part)]
        if not asked or not self._command:
            return {}
        async with self._room:
            said = await self._said(asked)
        return {part.number: said.get(part.number, NOT_OPENED) for part in asked}

    async def _said(self, parts: Sequence[Part]) -> dict[str, FileText]:
        pipe, nowhere = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
        paths = os.pathsep.join(path or os.getcwd() for path in sys.path)
        child = await asyncio.create_subprocess_exec(
            *self._command, str(os.getpid()), stdin=pipe, stdout=pipe, stderr=nowhere, start_new_session=True,
            env={"PYTHONPATH": paths},  # our modules, and none of the gateway's secrets
        )  # fmt: skip
        try:
            async with asyncio.timeout(self._within):
                answer, _ = await asyncio.gather(_read(child), _feed(child, parts))
            return {number: FileText(str(text), tuple(failed)) for number, (text, failed) in json.loads(answer).items()}
        except (TimeoutError, ValueError, TypeError, AttributeError):  # it died, or answered something else
            return {}
        finally:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(child.pid, signal.SIGKILL)  # and whatever it started
            await _drained(child)
            await child.wait()


async def _feed(child: asyncio.subprocess.Process, parts: Sequence[Part]) -> None:
    assert child.stdin is not None
    head = [[part.number, part.media_type, part.filename, len(part.data)] for part in parts]
    with suppress(OSError):  # it ended before it had read all
        for piece in (json.dumps(head).encode() + b"\n", *(part.data for part in parts)):
            child.stdin.write(piece)
            await child.stdin.drain()
    child.stdin.close()


async def _read(child: asyncio.subprocess.Process) -> bytes:
    assert child.stdout is not None
    answer = b""
    while len(answer) < LONGEST_ANSWER and (piece := await child.stdout.read(1 << 16)):
        answer += piece
    return answer


async def _drained(child: asyncio.subprocess.Process) -> None:
    """Take what is still in its pipe: the end of a process is seen behind the end of its pipes."""
    assert child.stdout is not None
    while await child.stdout.read(1 << 16):
        pass


def _may_say(part: Part) -> bool:
    kind = part.media_type
    return bool(part.data) and kind not in _LEFT_ALONE and not kind.startswith(_WITHOUT_TEXT)
