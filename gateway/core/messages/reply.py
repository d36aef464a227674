"""SMTP replies: passed on word for word, or kept as one line (RFC 5321)."""

from __future__ import annotations

import re
from dataclasses import dataclass

_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}$")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f]+")


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply; `lines` include the code but not the line ends."""

    code: int
    lines: tuple[bytes, ...]

    @property
    def accepted(self) -> bool:
        """Whether the command or the content was accepted (2xx)."""
        return 200 <= self.code <= 299

    @property
    def permanent(self) -> bool:
        """Whether this is a permanent refusal (5xx). A reply that is neither accepted nor permanent is temporary."""
        return 500 <= self.code <= 599

    @property
    def raw(self) -> bytes:
        """The reply as received, its lines joined by CRLF, without the last line end."""
        return b"\r\n".join(self.lines)

    @property
    def text(self) -> str:
        """The reply as one printable line, for records and bounces; the enhanced code appears once."""
        texts = [line[4:].decode("utf-8", "replace").strip() for line in self.lines]
        first, _, _ = texts[0].partition(" ") if texts else ("", "", "")
        if _ENHANCED.match(first):
            texts = [texts[0], *(text.removeprefix(first).strip() for text in texts[1:])]
        return _UNPRINTABLE.sub(" ", f"{self.code} {' '.join(filter(None, texts))}")[:1000].strip()

    @property
    def enhanced(self) -> str:
        """The enhanced status code of the first line (RFC 3463); "" if there is none."""
        word = self.lines[0][4:].split(b" ", 1)[0].decode("ascii", "replace") if self.lines else ""
        return word if _ENHANCED.match(word) else ""


def reply(code: int, enhanced: str, text: str) -> Reply:
    """A reply of one line."""
    return Reply(code, (f"{code} {enhanced} {text}".encode(),))


def to_temporary(answer: Reply) -> Reply:
    """A reply of the next hop that the client may get: 421 and invalid codes become temporary refusals.

    421 would tell the client that its session with us ends; it becomes 451 with the same text.
    """
    if answer.accepted or answer.permanent or (400 <= answer.code <= 499 and answer.code != 421):
        return answer
    if answer.code == 421:
        return Reply(451, tuple(b"451" + line[3:] for line in answer.lines))
    return invalid_answer()


def invalid_answer() -> Reply:
    """Replaces an invalid answer of the next hop, which accepted nothing."""
    return reply(451, "4.5.0", "The next hop gave an answer that cannot be passed on")
