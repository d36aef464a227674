"""The content of DATA as it arrives: end of data, dots and line ends (RFC 5321 section 4.5.2), in pieces of any size.

Only CRLF.CRLF ends it. Dots are taken away only after CRLF. A bare CR or LF becomes CRLF, so that what goes on has one
reading only and nobody behind us finds a second end of data in it (SMTP smuggling); everything else, NUL and 8-bit
included, stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from gateway.core.messages.refusal import Refused

_END = b"\r\n.\r\n"
_DOT = re.compile(rb"\n\.")  # a search by a pattern runs through large pieces faster than those of bytes
_BARE_CR = re.compile(rb"\r(?!\n)")
_BARE = re.compile(rb"\r(?!\n)|(?<!\r)\n")


class Decoder:
    """Turns what comes over the wire into content.

    `finished`: the end of data was seen, and `rest` is what came behind it. `bare`: a bare CR or LF was there.
    """

    def __init__(self) -> None:
        self._held = b"\r\n"  # the line end before the first line, so that the first line is like any other
        self._begun = False
        self.finished = False
        self.bare = False
        self.rest = b""

    def feed(self, data: bytes) -> bytes:
        """The content that is settled by this piece; what may be a part of the end of data waits for the next."""
        raw = self._held + data
        dot = _DOT.search(raw)
        end = -1 if dot is None else raw.find(_END, max(dot.start() - 1, 0))
        if end >= 0:
            self.finished = True
            self.rest = raw[end + len(_END) :]
            self._held = b""
            raw = raw[: end + 2]
        else:
            keep = next((n for n in (4, 3, 2, 1) if raw.endswith(_END[:n])), 0)
            self._held = raw[len(raw) - keep :]
            raw = raw[: len(raw) - keep]
        if not raw:
            return b""
        if dot is not None and dot.end() <= len(raw):
            raw = raw.replace(b"\r\n.", b"\r\n")
        if raw.count(b"\n") != raw.count(b"\r") or _BARE_CR.search(raw):
            self.bare = True
            raw = _BARE.sub(b"\r\n", raw)
        if self._begun:
            return raw
        self._begun = True
        return raw[2:]


class Gone(Exception):
    """The client left, or was told to."""


class Content:
    """What follows DATA, as it arrives. `ahead` came already, `more` waits for the next bytes (raises Gone).

    `rest` is what came behind its end.
    """

    def __init__(
        self, ahead: bytes, more: Callable[[], Awaitable[bytes]], *, max_size: int, refuse_bare: bool = False
    ) -> None:
        self._ahead, self._more = ahead, more
        self._max_size, self._refuse_bare = max_size, refuse_bare
        self._decoder = Decoder()
        self._size = self._read = 0

    @property
    def rest(self) -> bytes:
        """What came behind the end of the data."""
        return self._decoder.rest

    async def piece(self) -> bytes:
        """The next piece, empty at the end; see gateway.relays.smtp.transaction.Incoming."""
        while not self._decoder.finished:
            piece = await self._next()
            self._size += len(piece)
            if self._size > self._max_size:
                await self.discard()
                raise too_big()
            if self._decoder.bare and self._refuse_bare:
                await self.discard()
                raise Refused(550, "5.5.2", "Bare CR or LF in the content", "bare_newline")
            if piece:
                return piece
        return b""

    async def discard(self) -> None:
        """Read to the end, keeping nothing; a client that never ends is left. Raises Gone."""
        while not self._decoder.finished:
            await self._next()
            if self._read > 4 * self._max_size + (1 << 26):
                raise Gone

    async def _next(self) -> bytes:
        data = self._ahead or await self._more()
        self._ahead = b""
        self._read += len(data)
        return self._decoder.feed(data)


def too_big() -> Refused:
    """More than smtp.max_size."""
    return Refused(552, "5.3.4", "Message too big", "too_large")
