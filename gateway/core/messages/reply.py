"""A reply of SMTP as it came: its code and its lines, to be said again word for word or kept as one line (RFC 5321)."""

from __future__ import annotations

import re
from dataclasses import dataclass

_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}$")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f]+")


@dataclass(frozen=True, slots=True)
class Reply:
    """`lines` are whole, code included, without their line ends."""

    code: int
    lines: tuple[bytes, ...]

    @property
    def taken(self) -> bool:
        """The command or the content was accepted."""
        return 200 <= self.code <= 299

    @property
    def lasting(self) -> bool:
        """Refused for good; whatever is neither taken nor lasting is temporary."""
        return 500 <= self.code <= 599

    @property
    def raw(self) -> bytes:
        """The reply as it came, several lines joined by CRLF, without the last line end."""
        return b"\r\n".join(self.lines)

    @property
    def text(self) -> str:
        """The reply as one printable line, for records and bounces; an enhanced code is said once."""
        said = [line[4:].decode("utf-8", "replace").strip() for line in self.lines]
        first, _, _ = said[0].partition(" ") if said else ("", "", "")
        if _ENHANCED.match(first):
            said = [said[0], *(each.removeprefix(first).strip() for each in said[1:])]
        return _UNPRINTABLE.sub(" ", f"{self.code} {' '.join(filter(None, said))}")[:1000].strip()

    @property
    def enhanced(self) -> str:
        """The enhanced status code of the first line (RFC 3463), "" where there is none."""
        word = self.lines[0][4:].split(b" ", 1)[0].decode("ascii", "replace") if self.lines else ""
        return word if _ENHANCED.match(word) else ""


def reply(code: int, enhanced: str, text: str) -> Reply:
    """A reply of our own, in one line."""
    return Reply(code, (f"{code} {enhanced} {text}".encode(),))


def as_temporary(said: Reply) -> Reply:
    """A reply that closes the next hop's channel, or that is none a client may get, as a temporary refusal of ours.

    421 would tell the client that its session with us ends, which it does not; its words stay.
    """
    if said.taken or said.lasting or (400 <= said.code <= 499 and said.code != 421):
        return said
    if said.code == 421:
        return Reply(451, tuple(b"451" + line[3:] for line in said.lines))
    return nonsense()


def nonsense() -> Reply:
    """What is said in place of an answer of the next hop that makes no sense: it took nothing."""
    return reply(451, "4.5.0", "The next hop gave an answer that cannot be passed on")
