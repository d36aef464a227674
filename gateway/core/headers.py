"""The header section of a content: fields as bytes, and what the relay needs of them (RFC 5322, RFC 2047).

Nothing here raises, whatever the bytes: real mail breaks every rule.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.utils import getaddresses

from gateway.core.charsets import to_text
from gateway.core.encoded import decoded_words

IDENTITY_FIELDS = ("from", "sender", "resent-from")
"""Fields whose addresses say whose message it is, beside the envelope sender."""

_END = re.compile(rb"\r\n\r\n")
_BARE_END = re.compile(rb"\n\n")
_FIELD = re.compile(rb"[^\n]*\n?(?:[ \t][^\n]*\n?)*")
_APART = re.compile(r"[\s<>()\[\]\",;:\\]+")
_PARSED = 1 << 15
"""Bytes of an address field that are parsed; the standard library takes quadratic time for some. The rest is searched
for addresses all the same."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One address of a header field with its display name, decoded; the name is empty where there is none."""

    address: str
    name: str = ""


def header_section(content: bytes) -> bytes:
    """The header section with the line end of its last field, without the empty line; the whole where there is none.

    A content without any CRLF (a file of another system) has bare line feeds for line ends.
    """
    if content.startswith((b"\r\n", b"\n")):
        return b""
    end = _END.search(content)
    if end is not None:
        return content[: end.start() + 2]
    bare = None if b"\r\n" in content else _BARE_END.search(content)
    return content if bare is None else content[: bare.start() + 1]


def fields(section: bytes) -> Iterator[tuple[str, bytes]]:
    """Name (lower case) and whole raw bytes of each field in order, folding and line ends included.

    Together the raw bytes are the section. A line that is no field is given like one; it has no colon.
    """
    for found in _FIELD.finditer(section):
        if raw := found[0]:
            yield raw.partition(b":")[0].strip().decode("latin-1").lower(), raw


def unfolded(raw: bytes) -> bytes:
    """The value of a raw field, line ends taken out (RFC 5322 section 2.2.3) and outer blanks stripped."""
    _, _, value = raw.partition(b":")
    return value.replace(b"\r", b"").replace(b"\n", b"").strip()


def decoded(value: bytes) -> str:
    """A field value as a person reads it: raw UTF-8 and encoded words (RFC 2047) decoded, bad ones left as they are."""
    text = to_text(value)
    return decoded_words(text) if "=?" in text else text


def addresses(section: bytes, names: Sequence[str] = IDENTITY_FIELDS) -> tuple[Mailbox, ...]:
    """Every mailbox of the named fields, groups and repeated fields included, anything that looks like one counted.

    An address written inside a display name or a comment is a mailbox too: to a person it says who wrote.
    """
    found: dict[tuple[str, str], Mailbox] = {}
    known: set[str] = set()
    for name, raw in fields(section):
        if name not in names:
            continue
        value = to_text(unfolded(raw))
        before = len(found)
        for shown, address in _pairs(value[:_PARSED]):
            shown = decoded_words(shown)
            for each in (address, *_looks_like(shown)):
                if "@" in each or shown:
                    known.add(each.strip("<>. ").lower())
                    found.setdefault((each.lower(), shown), Mailbox(each.strip("<>. "), shown))
        for each in _looks_like(value):
            if (each := each.strip("<>. ")).lower() not in known:
                known.add(each.lower())
                found.setdefault((each.lower(), ""), Mailbox(each))
        if len(found) == before and value and "@" not in value and not value.endswith(";"):
            found.setdefault(("", value), Mailbox("", decoded_words(value[:_PARSED])))  # a name and no address at all
    return tuple(found.values())


def _looks_like(text: str) -> list[str]:
    return [each for each in _APART.split(text) if "@" in each[1:-1]]


def _pairs(value: str) -> list[tuple[str, str]]:
    try:
        return getaddresses([value])
    except (ValueError, IndexError, TypeError, AttributeError, RecursionError):
        return []


def _first(section: bytes, wanted: str) -> bytes:
    return next((unfolded(raw) for name, raw in fields(section) if name == wanted), b"")


def subject(section: bytes) -> str:
    """Every Subject, decoded, in lines of their own: there may be one only, and readers differ in which they show."""
    return "\n".join(decoded(unfolded(raw)) for name, raw in fields(section) if name == "subject")


def message_id(section: bytes) -> str:
    """The first Message-ID as written, angle brackets included; empty where there is none."""
    return to_text(_first(section, "message-id"))
