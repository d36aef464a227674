"""What goes over the wire to a next hop, and what comes back: dots, line ends and replies (RFC 5321), without I/O."""

from __future__ import annotations

import re

from gateway.core.messages.reply import Reply

_DOT = re.compile(rb"\n\.")  # a search by a pattern runs through large pieces faster than those of bytes
_BARE_CR = re.compile(rb"\r(?!\n)")
_BARE = re.compile(rb"\r(?!\n)|(?<!\r)\n")
_MAX_REPLY = 1 << 16


class Unreadable(Exception):
    """What came is no reply of SMTP, or has no end."""


class Replies:
    """Puts replies together from what comes in."""

    def __init__(self) -> None:
        self._rest = b""
        self._lines: list[bytes] = []

    def feed(self, data: bytes) -> list[Reply]:
        """The replies that are whole with this piece. Raises Unreadable."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        whole = []
        for line in lines:
            line = line.rstrip(b"\r")
            if not (line[:3].isdigit() and line[3:4] in (b"", b" ", b"-")):
                raise Unreadable
            self._lines.append(line)
            if line[3:4] != b"-":
                whole.append(Reply(int(line[:3]), tuple(self._lines)))
                self._lines = []
        if len(self._rest) + sum(map(len, self._lines)) > _MAX_REPLY:
            raise Unreadable
        return whole


class Encoder:
    """Turns content into what goes over the wire, in pieces of any size: dots doubled, every line end CRLF.

    Content of ours has no bare CR or LF; where one came all the same it becomes CRLF, so that whatever hop is next
    finds no second end of data in it (SMTP smuggling).
    """

    def __init__(self) -> None:
        self._tail = b"\r\n"
        self._held = b""

    def feed(self, content: bytes) -> bytes:
        """The next piece as it goes over the wire; a CR at its end waits to see what follows."""
        if self._held:
            content = self._held + content
            self._held = b""
        if content.endswith(b"\r"):
            self._held = b"\r"
            content = content[:-1]
        if not content:
            return b""
        if content.count(b"\n") != content.count(b"\r") or _BARE_CR.search(content):
            content = _BARE.sub(b"\r\n", content)
        tail = self._tail
        self._tail = (tail + content)[-2:] if len(content) < 2 else content[-2:]
        if content[:1] == b"." or _DOT.search(content):
            return (tail + content).replace(b"\r\n.", b"\r\n..")[len(tail) :]
        return content

    def end(self) -> bytes:
        """What ends the data, behind whatever `feed` gave; a last line without its end gets one."""
        if self._held:
            self._held = b""
            return b"\r\n.\r\n"
        return b".\r\n" if self._tail == b"\r\n" else b"\r\n.\r\n"
