"""The header section of a content: fields as bytes, and what the relay needs of them (RFC 5322, RFC 2047).

Nothing here raises, whatever the bytes: real mail breaks every rule.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header
from email.utils import getaddresses

IDENTITY_FIELDS = ("from", "sender", "resent-from")
"""Fields whose addresses say whose message it is, beside the envelope sender."""

_END = re.compile(rb"\r\n\r\n")
_ADDRESS = re.compile(r"[^\s<>()\[\]\",;:\\]+@[^\s<>()\[\]\",;:\\]+")


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One address of a header field with its display name, decoded; the name is empty where there is none."""

    address: str
    name: str = ""


def header_section(content: bytes) -> bytes:
    """The header section with the line end of its last field, without the empty line; the whole where there is none."""
    if content.startswith(b"\r\n"):
        return b""
    end = _END.search(content)
    return content if end is None else content[: end.start() + 2]


def fields(section: bytes) -> Iterator[tuple[str, bytes]]:
    """Name (lower case) and whole raw bytes of each field in order, folding and line ends included."""
    start: int | None = None
    at = 0
    for line in section.splitlines(keepends=True) if b"\r\n" not in section else _lines(section):
        if start is not None and line[:1] not in (b" ", b"\t"):
            yield _field(section[start:at])
            start = None
        if start is None:
            start = at
        at += len(line)
    if start is not None:
        yield _field(section[start:at])


def _lines(section: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(section):
        end = section.find(b"\r\n", at)
        stop = len(section) if end < 0 else end + 2
        yield section[at:stop]
        at = stop


def _field(raw: bytes) -> tuple[str, bytes]:
    name, _, _ = raw.partition(b":")
    return name.strip().decode("latin-1").lower(), raw


def unfolded(raw: bytes) -> bytes:
    """The value of a raw field, line ends taken out (RFC 5322 section 2.2.3) and outer blanks stripped."""
    _, _, value = raw.partition(b":")
    return value.replace(b"\r", b"").replace(b"\n", b"").strip()


def decoded(value: bytes) -> str:
    """A field value as a person reads it: raw UTF-8 and encoded words (RFC 2047) decoded, bad ones left as they are."""
    text = _text(value)
    if "=?" not in text:
        return text
    try:
        chunks = decode_header(text)
    except (HeaderParseError, ValueError, TypeError):
        return text
    return "".join(chunk if isinstance(chunk, str) else _text(chunk, charset or "latin-1") for chunk, charset in chunks)


def _text(value: bytes, charset: str = "utf-8") -> str:
    try:
        return value.decode(charset)
    except (LookupError, UnicodeError):
        return value.decode("latin-1")


def addresses(section: bytes, names: Sequence[str] = IDENTITY_FIELDS) -> tuple[Mailbox, ...]:
    """Every mailbox of the named fields, groups and repeated fields included, anything that looks like one counted.

    An address written inside a display name or a comment is a mailbox too: to a person it says who wrote.
    """
    found: dict[str, Mailbox] = {}
    for name, raw in fields(section):
        if name not in names:
            continue
        value = _text(unfolded(raw))
        for shown, address in _pairs(value):
            shown = decoded(shown.encode())
            for each in (address, *_ADDRESS.findall(shown)):
                if "@" in each or shown:
                    found.setdefault(f"{each.lower()} {shown}", Mailbox(each.strip("<>. "), shown))
        for each in _ADDRESS.findall(value):
            if not any(box.address.lower() == each.strip("<>. ").lower() for box in found.values()):
                found.setdefault(each.lower(), Mailbox(each.strip("<>. ")))
    return tuple(found.values())


def _pairs(value: str) -> list[tuple[str, str]]:
    try:
        return getaddresses([value])
    except (ValueError, IndexError, TypeError, AttributeError):
        return []


def _first(section: bytes, wanted: str) -> bytes:
    return next((unfolded(raw) for name, raw in fields(section) if name == wanted), b"")


def subject(section: bytes) -> str:
    """The first Subject, decoded; empty where there is none."""
    return decoded(_first(section, "subject"))


def message_id(section: bytes) -> str:
    """The first Message-ID as written, angle brackets included; empty where there is none."""
    return _text(_first(section, "message-id"))
