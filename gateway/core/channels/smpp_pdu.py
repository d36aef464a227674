"""SMPP 3.4 as bytes: commands and statuses, frames cut out of a stream, and what a PDU says about a text.

A PDU's body stays the bytes that came: whoever passes one on changes its sequence number and nothing else.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

_HEADER = struct.Struct("!IIII")
_PAIR = struct.Struct("!HH")
LARGEST = 70_000
"""Bytes of one PDU: a message_payload of 64 KiB with everything around it."""

RESPONSE = GENERIC_NACK = 0x80000000
"""The bit of a response; alone it is the answer to what cannot be understood."""


class Command(IntEnum):
    """The requests that are known here; a response has the bit RESPONSE beside its request's."""

    BIND_RECEIVER = 0x1
    BIND_TRANSMITTER = 0x2
    QUERY_SM = 0x3
    SUBMIT_SM = 0x4
    DELIVER_SM = 0x5
    UNBIND = 0x6
    REPLACE_SM = 0x7
    CANCEL_SM = 0x8
    BIND_TRANSCEIVER = 0x9
    OUTBIND = 0xB
    ENQUIRE_LINK = 0x15
    SUBMIT_MULTI = 0x21
    ALERT_NOTIFICATION = 0x102
    DATA_SM = 0x103


class Status(IntEnum):
    """The values of command_status that are said or understood here (SMPP 3.4, 5.1.3)."""

    OK = 0x0
    INVALID_LENGTH = 0x2
    INVALID_COMMAND = 0x3
    WRONG_STATE = 0x4
    ALREADY_BOUND = 0x5
    SYSTEM_ERROR = 0x8
    INVALID_SOURCE = 0xA
    INVALID_DESTINATION = 0xB
    BIND_FAILED = 0xD
    INVALID_PASSWORD = 0xE
    CANCEL_FAILED = 0x11
    REPLACE_FAILED = 0x13
    QUEUE_FULL = 0x14
    INVALID_SERVICE = 0x15
    INVALID_COUNT = 0x33
    INVALID_LIST = 0x34
    INVALID_FLAG = 0x40
    CANNOT_SUBMIT_TO_LIST = 0x44
    SUBMIT_FAILED = 0x45
    THROTTLED = 0x58
    INVALID_SCHEDULE = 0x61
    INVALID_EXPIRY = 0x62
    TEMPORARY_APP_ERROR = 0x64
    QUERY_FAILED = 0x67
    INVALID_OPTIONAL = 0xC0
    INVALID_FIELD = 0xC2
    UNKNOWN = 0xFF


LATER = frozenset({Status.WRONG_STATE, Status.SYSTEM_ERROR, Status.BIND_FAILED, Status.QUEUE_FULL, Status.THROTTLED,
                   Status.TEMPORARY_APP_ERROR})  # fmt: skip
"""Refusals that say: not now."""
SLOWER = frozenset({Status.QUEUE_FULL, Status.THROTTLED})
"""Of these, what says that everything goes too fast."""


class Malformed(Exception):
    """A PDU that cannot be read; `status` is what its sender is answered."""

    def __init__(self, status: Status) -> None:
        super().__init__(status.name)
        self.status = status


@dataclass(frozen=True, slots=True)
class Pdu:
    """One PDU as it came: the body is not looked into."""

    command: int
    body: bytes = b""
    status: int = 0
    sequence: int = 0

    @property
    def is_response(self) -> bool:
        """Whether it answers a request."""
        return bool(self.command & RESPONSE)

    def encoded(self) -> bytes:
        """As it goes over the wire."""
        return _HEADER.pack(16 + len(self.body), self.command, self.status, self.sequence) + self.body

    def answered(self, status: int = Status.OK, body: bytes = b"") -> Pdu:
        """The response to this request."""
        return Pdu(self.command | RESPONSE, body, status, self.sequence)


class Frames:
    """Cuts a stream into PDUs. A length that no PDU has ends it: where the next one begins nobody knows then."""

    def __init__(self, largest: int = LARGEST) -> None:
        self._buffer, self._largest = bytearray(), largest

    @property
    def waiting(self) -> int:
        """Bytes of a PDU that is not whole yet."""
        return len(self._buffer)

    def fed(self, content: bytes) -> Iterator[Pdu]:
        """The PDUs that are whole with these further bytes. Raises Malformed."""
        buffer = self._buffer
        buffer += content
        at = 0
        try:
            while len(buffer) - at >= 4:
                length = int.from_bytes(buffer[at : at + 4], "big")
                if not 16 <= length <= self._largest:
                    raise Malformed(Status.INVALID_LENGTH)
                if len(buffer) - at < length:
                    break
                _, command, status, sequence = _HEADER.unpack_from(buffer, at)
                body = bytes(buffer[at + 16 : at + length])
                at += length
                yield Pdu(command, body, status, sequence)
        finally:
            del buffer[:at]


@dataclass(frozen=True, slots=True)
class Address:
    """An address with its type of number and numbering plan."""

    ton: int
    npi: int
    digits: str

    def encoded(self) -> bytes:
        """As a field of a PDU."""
        return bytes((self.ton, self.npi)) + self.digits.encode("latin-1") + b"\0"


class Tag(IntEnum):
    """The optional parameters that are looked at."""

    RECEIPTED_ID = 0x001E
    USER_REFERENCE = 0x0204
    SAR_REFERENCE = 0x020C
    SAR_TOTAL = 0x020E
    SAR_NUMBER = 0x020F
    INTERFACE_VERSION = 0x0210
    PAYLOAD = 0x0424
    STATE = 0x0427


@dataclass(frozen=True, slots=True)
class SmppText:
    """What a submit_sm, deliver_sm, data_sm or submit_multi says.

    `lists` are distribution lists of the SMSC; `head` and `tail` the bytes before and behind the destinations, of which
    `tail[:length_at]` comes before the length of the short message (-1 in a data_sm, which has none).
    """

    source: Address
    destinations: tuple[Address, ...]
    lists: tuple[str, ...]
    esm_class: int
    registered: int
    coding: int
    short: bytes
    options: tuple[tuple[int, bytes], ...]
    head: bytes
    tail: bytes
    length_at: int

    def option(self, tag: Tag) -> bytes | None:
        """The value of the first optional parameter of a tag."""
        return next((value for each, value in self.options if each == tag), None)

    def to_one(self, address: Address) -> bytes:
        """The body of a submit_sm that says the same to one address."""
        return self.head + address.encoded() + self.tail

    def saying(self, short: bytes, options: tuple[tuple[int, bytes], ...]) -> bytes:
        """The body with another short message and other optional parameters."""
        fields = self.tail[: self.length_at]
        fields = self.tail[: self.length_at] + bytes((len(short),)) + short if self.length_at >= 0 else self.tail[:3]
        return b"".join((self.head, self.destinations[0].encoded(), fields, optional(options)))


class PduFields:
    """Reads the fields of a body one after the other. Every method raises Malformed."""

    def __init__(self, body: bytes) -> None:
        self._body, self.at = body, 0

    def number(self) -> int:
        """An integer of one octet."""
        if self.at >= len(self._body):
            raise Malformed(Status.INVALID_LENGTH)
        self.at += 1
        return self._body[self.at - 1]

    def text(self, most: int, status: Status = Status.INVALID_FIELD) -> str:
        """A string that NUL ends, of at most so many octets with it."""
        end = self._body.find(b"\0", self.at, self.at + most)
        if end < 0:
            raise Malformed(status if len(self._body) - self.at >= most else Status.INVALID_LENGTH)
        found = self._body[self.at : end].decode("latin-1")
        self.at = end + 1
        return found

    def address(self, most: int, status: Status) -> Address:
        """Type of number, numbering plan and digits."""
        return Address(self.number(), self.number(), self.text(most, status))

    def octets(self, count: int) -> bytes:
        """So many octets."""
        if len(self._body) - self.at < count:
            raise Malformed(Status.INVALID_LENGTH)
        self.at += count
        return self._body[self.at - count : self.at]

    def optional(self) -> tuple[tuple[int, bytes], ...]:
        """The optional parameters, which go to the end."""
        found = []
        while self.at < len(self._body):
            if len(self._body) - self.at < 4:
                raise Malformed(Status.INVALID_OPTIONAL)
            tag, length = _PAIR.unpack_from(self._body, self.at)
            self.at += 4
            if len(self._body) - self.at < length:
                raise Malformed(Status.INVALID_OPTIONAL)
            found.append((tag, self.octets(length)))
        return tuple(found)


def optional(options: tuple[tuple[int, bytes], ...]) -> bytes:
    """The inverse of `PduFields.optional`."""
    return b"".join(_PAIR.pack(tag, len(value)) + value for tag, value in options)


_MOST_DESTINATIONS = 254


def read_text(command: int, body: bytes) -> SmppText:
    """What a PDU that carries a text says. Raises Malformed."""
    fields = PduFields(body)
    is_data = command == Command.DATA_SM
    longest = 65 if is_data else 21
    fields.text(6, Status.INVALID_SERVICE)
    source = fields.address(longest, Status.INVALID_SOURCE)
    head = body[: fields.at]
    destinations, lists = [], []
    if command == Command.SUBMIT_MULTI:
        count = fields.number()
        if not 1 <= count <= _MOST_DESTINATIONS:
            raise Malformed(Status.INVALID_COUNT)
        for _ in range(count):
            match fields.number():
                case 1:
                    destinations.append(fields.address(longest, Status.INVALID_DESTINATION))
                case 2:
                    lists.append(fields.text(21, Status.INVALID_LIST))
                case _:
                    raise Malformed(Status.INVALID_FLAG)
    else:
        destinations.append(fields.address(longest, Status.INVALID_DESTINATION))
    behind = fields.at
    esm_class, length_at, short = fields.number(), -1, b""
    if is_data:
        registered, coding = fields.number(), fields.number()
    else:
        fields.octets(2)  # protocol_id, priority_flag
        fields.text(17, Status.INVALID_SCHEDULE)
        fields.text(17, Status.INVALID_EXPIRY)
        registered, _, coding, _ = fields.octets(4)
        length_at = fields.at - behind
        short = fields.octets(fields.number())
    return SmppText(
        source, tuple(destinations), tuple(lists), esm_class, registered, coding, short, fields.optional(),
        head, body[behind:], length_at,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bind:
    """What somebody who binds says of himself."""

    system_id: str
    password: str
    version: int


def read_bind(body: bytes) -> Bind:
    """The body of a bind. Raises Malformed."""
    fields = PduFields(body)
    system_id, password = fields.text(65), fields.text(129)  # longer than the specification's, as many are in use
    fields.text(65)
    version = fields.number()
    fields.octets(2)
    fields.text(65)
    return Bind(system_id, password, version)


def bind_body(system_id: str, password: str) -> bytes:
    """The body of our own bind."""
    return system_id.encode("latin-1") + b"\0" + password.encode("latin-1") + b"\0\0" + b"\x34\0\0\0"


def c_string(body: bytes) -> str:
    """The string that a body begins with: the message id of a response; "" where there is none."""
    return body.partition(b"\0")[0].decode("latin-1")
