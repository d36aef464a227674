"""The header section of a message: its fields as bytes, and the decoded values that the gateway needs.

See RFC 5322 and RFC 2047. Nothing here raises on any input: real mail breaks every rule.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from email.utils import getaddresses
from inspect import signature
from typing import Any

from gateway.core.cached_value import cached_value
from gateway.core.mime.charsets.decoding import to_text
from gateway.core.mime.encoded_words import decode_words

IDENTITY_FIELDS = ("from", "sender", "resent-from")
"""Fields whose addresses claim to be the author, in addition to the envelope sender."""
MAX_IDENTITIES = 2000
"""Parsing stops after this many addresses and names. No legitimate message claims so many authors."""

_END = re.compile(rb"\r\n\r\n")
_BARE_END = re.compile(rb"\n\n")
_FIELD = re.compile(rb"[^\n]*\n?(?:[ \t][^\n]*\n?)*")
_WORD = re.compile(r"[^\s<>()\[\]\",;:\\]+")
_NAME_DELIMITERS = ' \t<>()[]",;:'
_INVISIBLE = re.compile("[\x00-\x08\x0a-\x1f\x7f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")

_PLAIN_MAILBOX = re.compile(
    r'(?:(?:"([A-Za-z0-9 ,.()-]*)"|([A-Za-z0-9-]+(?: [A-Za-z0-9-]+)*)) )?'
    r"<([A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*)>"
)
"""The most common form of an address field. The standard library reads it as the same, in a hundred steps."""
_TOLERANT: Any = {"strict": False} if "strict" in signature(getaddresses).parameters else {}
"""Strict parsing, the default of newer Python versions, returns nothing for malformed fields."""
_MAX_PARSED = 1 << 12
"""Bytes of an address field that the standard library parses: it takes quadratic time on some input.

The rest of the field is searched for addresses as well.
"""
_MAX_KEPT = 1 << 18
"""Header sections above this size are split again on each use: their fields would take many times their size."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One address of a header field with its decoded display name, which may be empty."""

    address: str
    name: str = ""


class HeaderSection:
    """A header section that is split into fields once; decoded values are computed on first use and kept.

    `raw` includes the line end of the last field but not the empty line. Two sections are equal if their bytes are.
    """

    def __init__(self, raw: bytes = b"") -> None:
        self.raw = raw

    @classmethod
    def of(cls, content: bytes) -> HeaderSection:
        """The header section of a message; the whole content if there is no empty line.

        If the content has no CRLF at all, as in a file from another system, line feeds count as line ends.
        """
        if content.startswith((b"\r\n", b"\n")):
            return cls()
        end = _END.search(content)
        if end is not None:
            return cls(content[: end.start() + 2])
        bare = None if b"\r\n" in content else _BARE_END.search(content)
        return cls(content if bare is None else content[: bare.start() + 1])

    def __len__(self) -> int:
        return len(self.raw)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, HeaderSection) and self.raw == other.raw

    def __hash__(self) -> int:
        return hash(self.raw)

    @property
    def fields(self) -> Iterable[tuple[str, bytes]]:
        """Lower-case name and raw bytes of each field in order; see `split_fields`."""
        return self._fields if len(self.raw) <= _MAX_KEPT else split_fields(self.raw)

    @cached_value
    def _fields(self) -> tuple[tuple[str, bytes], ...]:
        return tuple(split_fields(self.raw))

    @cached_value
    def subject(self) -> str:
        """All Subject fields, decoded, one per line. Only one is allowed, but readers differ in which they show.

        One in letters of two bytes may begin with plain ones, so what its bytes other than zero say is a line too.
        """
        fields = [unfold(raw) for name, raw in self.fields if name == "subject"]
        plain = [raw.replace(b"\0", b"") for raw in fields if b"\0" in raw]
        return "\n".join(map(decode_value, fields + plain))

    @cached_value
    def message_id(self) -> str:
        """The first Message-ID as written, with angle brackets; empty if there is none."""
        return to_text(next((unfold(raw) for name, raw in self.fields if name == "message-id"), b""))

    @cached_value
    def received_count(self) -> int:
        """The number of Received fields: how many servers the message has passed."""
        return sum(name == "received" for name, _ in self.fields)

    def mailboxes(self, names: Sequence[str] = IDENTITY_FIELDS) -> tuple[Mailbox, ...]:
        """Every mailbox in the named fields, including groups, repeated fields and malformed addresses.

        An address inside a display name or a comment counts as a mailbox: to a reader it names the author. So does
        text beside an address that lacks the standard punctuation. Invisible characters are removed. The result is
        truncated soon after MAX_IDENTITIES entries.
        """
        found: dict[tuple[str, str], Mailbox] = {}
        known: set[str] = set()
        read_before: set[bytes] = set()
        for name, raw in self.fields:
            if name not in names or raw in read_before:
                continue
            if len(found) > MAX_IDENTITIES:
                break
            read_before.add(raw)
            value = to_text(unfold(raw))
            if not value.isprintable():
                value = _INVISIBLE.sub("", value)
            before = len(found)
            for display_name, address in _parse_addresses(value[:_MAX_PARSED]):
                display_name = decode_words(display_name)
                for candidate in (address, *_address_like(display_name)):
                    if "@" in candidate or display_name:
                        known.add(candidate.strip("<>. ").lower())
                        box = Mailbox(candidate.strip("<>. "), display_name)
                        found.setdefault((candidate.lower(), display_name), box)
            text = decode_words(value) if "=?" in value else value
            for display_name, address in _named_addresses(text):
                if display_name:
                    found.setdefault((address.lower(), display_name), Mailbox(address, display_name))
                elif address.lower() not in known:
                    found.setdefault((address.lower(), ""), Mailbox(address))
                known.add(address.lower())
                if len(found) > MAX_IDENTITIES:
                    break
            if len(found) == before and text and "@" not in text:
                found.setdefault(("", text), Mailbox("", text[:_MAX_PARSED]))  # a name without an address
        return tuple(found.values())


def split_fields(section: bytes) -> Iterator[tuple[str, bytes]]:
    """Lower-case name and raw bytes of each field in order, with folding and line ends.

    Concatenated, the raw bytes are the section. A line that is not a field is returned like one; it has no colon.
    """
    for found in _FIELD.finditer(section):
        if raw := found[0]:
            yield raw.partition(b":")[0].strip().decode("latin-1").lower(), raw


def unfold(raw: bytes) -> bytes:
    """The value of a raw field without line ends (RFC 5322 section 2.2.3) and outer blanks."""
    _, _, value = raw.partition(b":")
    return value.replace(b"\r", b"").replace(b"\n", b"").strip()


def decode_value(value: bytes) -> str:
    """A field value as a reader sees it: UTF-8 and encoded words (RFC 2047) decoded, malformed words left as is.

    Some programs write Japanese without encoded words.
    """
    text = to_text(value, "iso-2022-jp" if b"\x1b$" in value else "utf-8")
    return decode_words(text) if "=?" in text else text


def _address_like(text: str) -> list[str]:
    return [word for word in _WORD.findall(text) if "@" in word[1:-1]]


def _named_addresses(text: str) -> Iterator[tuple[str, str]]:
    """Everything that looks like an address, with the words before it; the last one also with the words after it."""
    at, last = 0, ""
    for word in _WORD.finditer(text):
        if "@" in word[0][1:-1]:
            last = word[0].strip(".")
            yield _display_name(text[at : word.start()]), last
            at = word.end()
    if last and (display_name := _display_name(text[at:])):
        yield display_name, last


def _display_name(text: str) -> str:
    return text[:_MAX_PARSED].strip(_NAME_DELIMITERS).replace("\\", "")


def _parse_addresses(value: str) -> list[tuple[str, str]]:
    if (plain := _PLAIN_MAILBOX.fullmatch(value)) is not None:
        quoted, name, address = plain.groups()
        return [(quoted or name or "", address)]
    try:
        return getaddresses([value], **_TOLERANT)
    except (ValueError, IndexError, TypeError, AttributeError, RecursionError):
        return []
