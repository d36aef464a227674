"""The header section of a content: fields as bytes, and what the relay needs of them (RFC 5322, RFC 2047).

Nothing here raises, whatever the bytes: real mail breaks every rule.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.utils import getaddresses
from inspect import signature
from typing import Any

from gateway.core.mime.charsets import to_text
from gateway.core.mime.encoded_words import decoded_words

IDENTITY_FIELDS = ("from", "sender", "resent-from")
"""Fields whose addresses say whose message it is, beside the envelope sender."""

_END = re.compile(rb"\r\n\r\n")
_BARE_END = re.compile(rb"\n\n")
_FIELD = re.compile(rb"[^\n]*\n?(?:[ \t][^\n]*\n?)*")
_WORD = re.compile(r"[^\s<>()\[\]\",;:\\]+")
_AROUND_NAME = ' \t<>()[]",;:'
_UNSEEN = re.compile("[\x00-\x08\x0a-\x1f\x7f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
MOST_CLAIMED = 2000
"""Where more addresses and names than this say who wrote nobody reads on: no message of anybody's has so many."""

_TOLERANT: Any = {"strict": False} if "strict" in signature(getaddresses).parameters else {}  # newer ones see nothing
_PARSED = 1 << 12
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

    An address written inside a display name or a comment is a mailbox too: to a person it says who wrote. So is what
    is written beside an address without the punctuation of the standard; what nobody sees is left out. More than
    MOST_CLAIMED are not all given.
    """
    found: dict[tuple[str, str], Mailbox] = {}
    known: set[str] = set()
    read_before: set[bytes] = set()
    for name, raw in fields(section):
        if name not in names or raw in read_before:
            continue
        if len(found) > MOST_CLAIMED:
            break
        read_before.add(raw)
        value = to_text(unfolded(raw))
        if not value.isprintable():
            value = _UNSEEN.sub("", value)
        before = len(found)
        for shown, address in _pairs(value[:_PARSED]):
            shown = decoded_words(shown)
            for each in (address, *_looks_like(shown)):
                if "@" in each or shown:
                    known.add(each.strip("<>. ").lower())
                    found.setdefault((each.lower(), shown), Mailbox(each.strip("<>. "), shown))
        read = decoded_words(value) if "=?" in value else value
        for shown, each in _beside(read):
            if shown:
                found.setdefault((each.lower(), shown), Mailbox(each, shown))
            elif each.lower() not in known:
                found.setdefault((each.lower(), ""), Mailbox(each))
            known.add(each.lower())
            if len(found) > MOST_CLAIMED:
                break
        if len(found) == before and read and "@" not in read:
            found.setdefault(("", read), Mailbox("", read[:_PARSED]))  # a name and no address at all
    return tuple(found.values())


def _looks_like(text: str) -> list[str]:
    return [each for each in _WORD.findall(text) if "@" in each[1:-1]]


def _beside(text: str) -> Iterator[tuple[str, str]]:
    """Whatever looks like an address, with the words in front of it; with those behind it too where it is the last."""
    at, last = 0, ""
    for word in _WORD.finditer(text):
        if "@" in word[0][1:-1]:
            last = word[0].strip(".")
            yield _name(text[at : word.start()]), last
            at = word.end()
    if last and (shown := _name(text[at:])):
        yield shown, last


def _name(text: str) -> str:
    return text[:_PARSED].strip(_AROUND_NAME).replace("\\", "")


def _pairs(value: str) -> list[tuple[str, str]]:
    try:
        return getaddresses([value], **_TOLERANT)
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
