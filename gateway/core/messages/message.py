"""A message: its envelope and its exact bytes.

Inside the gateway, times are seconds since the epoch, UTC, as floats. They become RFC 3339 text only at the edges
(`gateway.core.serialization.json_fields`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.core.messages.media import MediaFile
from gateway.core.messages.parties import Relation

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32, lower case


@dataclass(frozen=True, slots=True)
class Recipient:
    """One address of the envelope.

    `options` are the ESMTP parameters of its RCPT (NOTIFY, ORCPT) as they came, or what its channel keeps there.
    """

    address: str
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Envelope:
    """The actual sender and recipients of a message (RFC 5321 section 2.3.1); sender "" is the null sender.

    `options` are the ESMTP parameters of MAIL (BODY, SMTPUTF8, RET, ENVID) as they came, without SIZE, or what the
    channel keeps there.
    """

    sender: str
    recipients: tuple[Recipient, ...]
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """An accepted message in scope, as it is stored.

    `channel` is a name in `gateway.core.channels.registry.CHANNELS`. `content` are the bytes that `sha256` covers: as
    received, with bare newlines normalized and forged fields of our own removed. `prefix` are the header fields that
    the gateway prepends on delivery (Received, X-Chaperone-Id). `excerpt` is the start of its text, used as context of
    later messages. `tls`: it was received over TLS.
    """

    id: str
    channel: str
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
    """An earlier message of the conversation, which classifiers use as context."""

    id: str
    sender: str
    at: float
    text: str


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """A message to be published, with the earlier messages of its conversations.

    `place`: where it was published before. `media`: its media files, without their contents. `left`: its content is
    too large for the record and stays in the store; it is empty here.
    """

    message: Message
    context: tuple[EarlierMessage, ...] = ()
    place: str | None = None
    media: tuple[MediaFile, ...] = ()
    left: bool = False


def option(options: Sequence[str], name: str) -> str:
    """The value of an envelope option (an ESMTP parameter), "" if it is missing; `name` is upper case."""
    for given in options:
        keyword, _, value = given.partition("=")
        if keyword.upper() == name:
            return value
    return ""


def new_id(now: float, entropy: bytes) -> str:
    """A message id: 26 characters that sort by time, 48 bits of milliseconds and 80 bits of `entropy` (10 bytes)."""
    number = (int(now * 1000) & (1 << 48) - 1) << 80 | int.from_bytes(entropy[:10], "big")
    return id_of_number(number)


def number_of_id(id_: str) -> int | None:
    """The 128 bits of a message id; None if the text is not an id."""
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


def is_plain_id(text: str) -> bool:
    """Whether a text from outside can be an id at all: printable ASCII that every database takes."""
    return 0 < len(text) <= 128 and text.isascii() and text.isprintable()


def derived_id(*words: str) -> str:
    """The message id of something that may arrive twice: the same words give the same id."""
    digest = hashlib.sha256("\n".join(words).encode("utf-8", "surrogatepass")).digest()
    return id_of_number(int.from_bytes(digest[:16], "big"))


def sha256_of(content: bytes) -> str:
    """The hex digest that identifies a content in the store, on the bus, in the release record and in evidence."""
    return hashlib.sha256(content).hexdigest()
