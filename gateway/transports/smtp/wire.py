"""SMTP on the wire to a next hop: dot stuffing, line endings and replies (RFC 5321), without I/O."""

from __future__ import annotations

import re

from gateway.core.messages.reply import Reply

_DOT = re.compile(rb"\n\.")  # a regular expression scans large pieces faster than bytes.find
_BARE_CR = re.compile(rb"\r(?!\n)")
_MAX_REPLY = 1 << 16


class InvalidReply(Exception):
    """What arrived is not an SMTP reply, or is too long for one."""


class ReplyParser:
    """Parses replies from the bytes that arrive."""

    def __init__(self) -> None:
        self._rest = b""
        self._lines: list[bytes] = []

    def feed(self, data: bytes) -> list[Reply]:
        """The replies that this piece completes. Raises InvalidReply."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        complete = []
        for line in lines:
            line = line.rstrip(b"\r")
            if not (line[:3].isdigit() and line[3:4] in (b"", b" ", b"-")):
                raise InvalidReply
            self._lines.append(line)
            if line[3:4] != b"-":
                complete.append(Reply(int(line[:3]), tuple(self._lines)))
                self._lines = []
        if len(self._rest) + sum(map(len, self._lines)) > _MAX_REPLY:
            raise InvalidReply
        return complete


class ContentEncoder:
    """Encodes content for DATA, in pieces of any size: leading dots doubled, every line ending CRLF.

    Stored content has no bare CR or LF. If one appears anyway it becomes CRLF, so that no next hop can see a second
    end of data in the content (SMTP smuggling).
    """

    def __init__(self) -> None:
        self._tail = b"\r\n"
        self._held = b""

    def feed(self, content: bytes) -> bytes:
        """The next piece, encoded. A CR at its end is kept until the next piece shows what follows."""
        if self._held:
            content = self._held + content
            self._held = b""
        if content.endswith(b"\r"):
            self._held = b"\r"
            content = content[:-1]
        if not content:
            return b""
        if content.count(b"\n") != content.count(b"\r") or _BARE_CR.search(content):
            content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")
        tail = self._tail
        self._tail = (tail + content)[-2:] if len(content) < 2 else content[-2:]
        if content[:1] == b"." or _DOT.search(content):
            return (tail + content).replace(b"\r\n.", b"\r\n..")[len(tail) :]
        return content

    def end(self) -> bytes:
        """The end of data, after everything that `feed` returned. An unfinished last line is ended first."""
        if self._held:
            self._held = b""
            return b"\r\n.\r\n"
        return b".\r\n" if self._tail == b"\r\n" else b"\r\n.\r\n"
