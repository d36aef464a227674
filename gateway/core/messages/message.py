"""A message: what passes through the gateway, with its envelope and its exact bytes.

Times are seconds since the epoch, UTC, as floats, everywhere inside the gateway; they become RFC 3339 text at the
edges only (`gateway.core.serialization.wire`).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum

from gateway.core.messages.media import MediaFile
from gateway.core.messages.parties import Relation
from gateway.core.mime.headers import Mailbox, addresses, header_section, message_id, subject
from gateway.core.mime.parts import Part, parts

__all__ = [
    "Channel",
    "EarlierMessage",
    "Envelope",
    "Mailbox",
    "Message",
    "OutgoingMessage",
    "Part",
    "Recipient",
    "addresses",
    "header_section",
    "id_of_number",
    "message_id",
    "new_id",
    "number_of_id",
    "parts",
    "sha256_of",
    "subject",
]

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32, lower case


class Channel(StrEnum):
    """The medium a message travels by."""

    MAIL = "mail"
    SMS = "sms"


@dataclass(frozen=True, slots=True)
class Recipient:
    """One address of the envelope, with the ESMTP parameters of its RCPT (NOTIFY, ORCPT) exactly as they came."""

    address: str
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who a message is really from and to (RFC 5321 section 2.3.1); sender "" is the null sender.

    `options` are the ESMTP parameters of MAIL (BODY, SMTPUTF8, RET, ENVID) exactly as they came; SIZE is not kept.
    """

    sender: str
    recipients: tuple[Recipient, ...]
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """An accepted message in scope, as the store keeps it.

    `content` are the bytes that `sha256` is taken of: what came in, bare newlines normalised and forged fields of our
    own removed. `prefix` are the header fields that we prepend on the way out (Received, X-Chaperone-Id). `excerpt`
    is the beginning of its text, for the conversation's context. `tls`: it came over TLS.
    """

    id: str
    channel: Channel
    envelope: Envelope
    content: bytes
    sha256: str
    received_at: float
    relation: Relation
    prefix: bytes = b""
    subject: str = ""
    message_id: str = ""
    excerpt: str = ""
    tls: bool = False


@dataclass(frozen=True, slots=True)
class EarlierMessage:
    """An earlier message of the conversation: context for the classifiers."""

    id: str
    sender: str
    at: float
    text: str


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """A message to be published, with what its conversations said before it; `place` where it was published before.

    `media`: the pictures and files of a text, without their contents.
    `left`: its content, too large to go along, was left in the store, and is empty here.
    """

    message: Message
    context: tuple[EarlierMessage, ...] = ()
    place: str | None = None
    media: tuple[MediaFile, ...] = ()
    left: bool = False


def new_id(now: float, entropy: bytes) -> str:
    """A message id: 26 characters that sort by time, 48 bits of milliseconds and 80 bits of `entropy` (10 bytes)."""
    number = (int(now * 1000) & (1 << 48) - 1) << 80 | int.from_bytes(entropy[:10], "big")
    return id_of_number(number)


def number_of_id(id_: str) -> int | None:
    """The 128 bits of a message id; None where a text is none."""
    number = 0
    for letter in id_:
        digit = _ALPHABET.find(letter)
        if digit < 0:
            return None
        number = number << 5 | digit
    return number if len(id_) == 26 and number < 1 << 128 else None


def id_of_number(number: int) -> str:
    """The inverse of `number_of_id`."""
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))


def sha256_of(content: bytes) -> str:
    """The hex digest that names a content everywhere: store, bus, release record, evidence."""
    return hashlib.sha256(content).hexdigest()
