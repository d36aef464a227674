"""The content of DATA as it arrives, in pieces of any size: end of data, dots and line endings (RFC 5321, 4.5.2).

Only CRLF.CRLF ends it, and dots are removed only after CRLF. A bare CR or LF becomes CRLF, so that no server after us
can see a second end of data in the content (SMTP smuggling). Everything else, including NUL and 8-bit bytes, is
unchanged.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from gateway.core.messages.refusal import Refused

_END = b"\r\n.\r\n"
_DOT = re.compile(rb"\n\.")  # a regular expression scans large pieces faster than bytes.find
_BARE_CR = re.compile(rb"\r(?!\n)")


class ContentDecoder:
    """Decodes the bytes of DATA into content.

    `finished`: the end of data was seen; `rest`: the bytes after it; `bare`: there was a bare CR or LF.
    """

    def __init__(self) -> None:
        self._held = b"\r\n"  # a line ending before the first line, so that it is like any other line
        self._begun = False
        self.finished = False
        self.bare = False
        self.rest = b""

    def feed(self, data: bytes) -> bytes:
        """The content up to this piece. Bytes that may be part of the end of data are kept for the next call."""
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
            raw = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")
        if self._begun:
            return raw
        self._begun = True
        return raw[2:]


class ClientGone(Exception):
    """The client disconnected, or must be disconnected."""


class IncomingContent:
    """The content after DATA as it arrives. `ahead` was already read; `more` reads on or raises ClientGone."""

    def __init__(
        self, ahead: bytes, more: Callable[[], Awaitable[bytes]], *, max_size: int, refuse_bare: bool = False
    ) -> None:
        self._ahead, self._more = ahead, more
        self._max_size, self._refuse_bare = max_size, refuse_bare
        self._decoder = ContentDecoder()
        self._size = self._read = 0

    @property
    def rest(self) -> bytes:
        """The bytes after the end of data."""
        return self._decoder.rest

    async def next_piece(self) -> bytes:
        """See gateway.relays.smtp.transaction.ContentReader."""
        while not self._decoder.finished:
            piece = await self._next()
            self._size += len(piece)
            if self._size > self._max_size:
                await self.discard()
                raise message_too_big()
            if self._decoder.bare and self._refuse_bare:
                await self.discard()
                raise Refused(550, "5.5.2", "Bare CR or LF in the content", "bare_newline")
            if piece:
                return piece
        return b""

    async def discard(self) -> None:
        """Read and drop everything up to the end. Raises ClientGone, also if the content is far too long."""
        while not self._decoder.finished:
            await self._next()
            if self._read > 4 * self._max_size + (1 << 26):
                raise ClientGone

    async def _next(self) -> bytes:
        data = self._ahead or await self._more()
        self._ahead = b""
        self._read += len(data)
        return self._decoder.feed(data)


def message_too_big() -> Refused:
    """The content is larger than smtp.max_size."""
    return Refused(552, "5.3.4", "Message too big", "too_large")
