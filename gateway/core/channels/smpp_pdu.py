"""SMPP 3.4 PDUs: commands, statuses, framing, and the fields of a PDU that carries a text.

The body of a PDU is kept as received. When a PDU is passed on, only its sequence number changes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

_HEADER = struct.Struct("!IIII")
_PAIR = struct.Struct("!HH")
MAX_PDU = 70_000
"""The maximum size of a PDU in bytes: a message_payload of 64 KiB and all other fields."""

RESPONSE = GENERIC_NACK = 0x80000000
"""The bit of a response; alone it is the response to an invalid PDU."""


class Command(IntEnum):
    """The known requests; the command of a response also has the bit RESPONSE."""

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
    """The values of command_status that the gateway uses (SMPP 3.4 section 5.1.3)."""

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


TEMPORARY_STATUSES = frozenset({
    Status.WRONG_STATE, Status.SYSTEM_ERROR, Status.BIND_FAILED, Status.QUEUE_FULL, Status.THROTTLED,
    Status.TEMPORARY_APP_ERROR,
})  # fmt: skip
"""Temporary refusals."""
THROTTLING_STATUSES = frozenset({Status.QUEUE_FULL, Status.THROTTLED})
"""Temporary refusals that ask for a lower rate."""


class MalformedPdu(Exception):
    """A PDU that cannot be parsed; `status` is the response to its sender."""

    def __init__(self, status: Status) -> None:
        super().__init__(status.name)
        self.status = status


@dataclass(frozen=True, slots=True)
class Pdu:
    """One PDU; the body is not parsed."""

    command: int
    body: bytes = b""
    status: int = 0
    sequence: int = 0

    @property
    def is_response(self) -> bool:
        """Whether this is a response."""
        return bool(self.command & RESPONSE)

    def encoded(self) -> bytes:
        """The bytes of the PDU."""
        return _HEADER.pack(16 + len(self.body), self.command, self.status, self.sequence) + self.body

    def response(self, status: int = Status.OK, body: bytes = b"") -> Pdu:
        """The response to this request."""
        return Pdu(self.command | RESPONSE, body, status, self.sequence)


class PduDecoder:
    """Splits a stream into PDUs. An invalid length ends the stream, because the next PDU cannot be found."""

    def __init__(self, largest: int = MAX_PDU) -> None:
        self._buffer, self._largest = bytearray(), largest

    @property
    def pending_bytes(self) -> int:
        """The number of bytes of an incomplete PDU."""
        return len(self._buffer)

    def feed(self, content: bytes) -> Iterator[Pdu]:
        """The PDUs that these bytes complete. Raises MalformedPdu."""
        buffer = self._buffer
        buffer += content
        at = 0
        try:
            while len(buffer) - at >= 4:
                length = int.from_bytes(buffer[at : at + 4], "big")
                if not 16 <= length <= self._largest:
                    raise MalformedPdu(Status.INVALID_LENGTH)
                if len(buffer) - at < length:
                    break
                _, command, status, sequence = _HEADER.unpack_from(buffer, at)
                body = bytes(buffer[at + 16 : at + length])
                at += length
                yield Pdu(command, body, status, sequence)
        finally:
            del buffer[:at]


@dataclass(frozen=True, slots=True)
class SmppAddress:
    """An address with its type of number (TON) and numbering plan (NPI)."""

    ton: int
    npi: int
    digits: str

    def encoded(self) -> bytes:
        """The bytes of the address in a PDU."""
        return bytes((self.ton, self.npi)) + self.digits.encode("latin-1") + b"\0"


class Tag(IntEnum):
    """The optional parameters that the gateway reads."""

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
    """The fields of a submit_sm, deliver_sm, data_sm or submit_multi.

    `lists` are distribution lists of the SMSC. `head` and `tail` are the bytes before and after the destinations;
    `tail[:length_at]` ends before the length of the short message (-1 in a data_sm, which has none). `default_message`
    is the number of a text that the SMSC keeps, which it sends where no other is given. `is_malformed`: the body ends
    within the text or an optional parameter; the rest of it is the last parameter, with tag 0 if it has none.
    """

    source: SmppAddress
    destinations: tuple[SmppAddress, ...]
    lists: tuple[str, ...]
    esm_class: int
    registered: int
    coding: int
    short: bytes
    options: tuple[tuple[int, bytes], ...]
    head: bytes
    tail: bytes
    length_at: int
    default_message: int = 0
    is_malformed: bool = False

    def option(self, tag: Tag) -> bytes | None:
        """The value of the first optional parameter of a tag."""
        return next((value for given, value in self.options if given == tag), None)

    @property
    def payloads(self) -> tuple[bytes, ...]:
        """All values of message_payload. There should be one at most."""
        return tuple(value for given, value in self.options if given == Tag.PAYLOAD)

    def addressed_to(self, address: SmppAddress) -> bytes:
        """The body of a submit_sm with the same text to one address."""
        return self.head + address.encoded() + self.tail

    def with_text(self, short: bytes, options: tuple[tuple[int, bytes], ...]) -> bytes:
        """The body with another short message and other optional parameters."""
        fields = self.tail[: self.length_at] + bytes((len(short),)) + short if self.length_at >= 0 else self.tail[:3]
        return b"".join((self.head, self.destinations[0].encoded(), fields, encode_optional(options)))


class PduFields:
    """Reads the fields of a body in order. Every method raises MalformedPdu."""

    def __init__(self, body: bytes) -> None:
        self._body, self.at = body, 0

    def number(self) -> int:
        """A one-octet integer."""
        if self.at >= len(self._body):
            raise MalformedPdu(Status.INVALID_LENGTH)
        self.at += 1
        return self._body[self.at - 1]

    def text(self, most: int, status: Status = Status.INVALID_FIELD) -> str:
        """A NUL-terminated string of at most `most` octets, including the NUL."""
        end = self._body.find(b"\0", self.at, self.at + most)
        if end < 0:
            raise MalformedPdu(status if len(self._body) - self.at >= most else Status.INVALID_LENGTH)
        found = self._body[self.at : end].decode("latin-1")
        self.at = end + 1
        return found

    def address(self, most: int, status: Status) -> SmppAddress:
        """Type of number, numbering plan and digits."""
        return SmppAddress(self.number(), self.number(), self.text(most, status))

    def octets(self, count: int) -> bytes:
        """A number of octets."""
        if len(self._body) - self.at < count:
            raise MalformedPdu(Status.INVALID_LENGTH)
        self.at += count
        return self._body[self.at - count : self.at]

    def octets_left(self, most: int) -> bytes:
        """A number of octets, or those that are left."""
        return self.octets(min(most, len(self._body) - self.at))

    def optional(self) -> tuple[tuple[tuple[int, bytes], ...], bool]:
        """The optional parameters, and whether they end where the body ends.

        Of an incomplete one the rest of the body is kept: what stands before it is readable, and a lenient next hop
        may show all of it.
        """
        found = []
        while self.at < len(self._body):
            rest = self._body[self.at :]
            tag, length = _PAIR.unpack_from(rest) if len(rest) >= _PAIR.size else (0, len(rest))
            if len(rest) - _PAIR.size < length:
                found.append((tag, rest[_PAIR.size :]) if tag == Tag.PAYLOAD else (0, rest))
                return tuple(found), False
            self.at += _PAIR.size
            found.append((tag, self.octets(length)))
        return tuple(found), True


def encode_optional(options: tuple[tuple[int, bytes], ...]) -> bytes:
    """The inverse of `PduFields.optional`."""
    return b"".join(_PAIR.pack(tag, len(value)) + value for tag, value in options)


_MOST_DESTINATIONS = 254
_LONGEST = 65
"""Octets of a field of text in a data_sm. In other PDUs they are fewer, which not every peer knows."""


def read_text(command: int, body: bytes) -> SmppText:
    """Parses a PDU that carries a text. Raises MalformedPdu if it has no readable addresses, or no text.

    Longer fields and an end that is cut off are accepted: the text may be a call for help.
    """
    fields = PduFields(body)
    is_data = command == Command.DATA_SM
    fields.text(_LONGEST, Status.INVALID_SERVICE)
    source = fields.address(_LONGEST, Status.INVALID_SOURCE)
    head = body[: fields.at]
    destinations, lists = [], []
    if command == Command.SUBMIT_MULTI:
        count = fields.number()
        if not 1 <= count <= _MOST_DESTINATIONS:
            raise MalformedPdu(Status.INVALID_COUNT)
        for _ in range(count):
            match fields.number():
                case 1:
                    destinations.append(fields.address(_LONGEST, Status.INVALID_DESTINATION))
                case 2:
                    lists.append(fields.text(21, Status.INVALID_LIST))
                case _:
                    raise MalformedPdu(Status.INVALID_FLAG)
    else:
        destinations.append(fields.address(_LONGEST, Status.INVALID_DESTINATION))
    tail_start = fields.at
    esm_class, length_at, length, short, default_message = fields.number(), -1, 0, b"", 0
    if is_data:
        registered, coding = fields.number(), fields.number()
    else:
        fields.octets(2)  # protocol_id, priority_flag
        fields.text(_LONGEST, Status.INVALID_SCHEDULE)
        fields.text(_LONGEST, Status.INVALID_EXPIRY)
        registered, _, coding, default_message = fields.octets(4)
        length_at = fields.at - tail_start
        length = fields.number()
        short = fields.octets_left(length)
    options, whole = fields.optional()
    return SmppText(
        source, tuple(destinations), tuple(lists), esm_class, registered, coding, short, options,
        head, body[tail_start:], length_at, default_message, len(short) < length or not whole,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class BindRequest:
    """The fields of a bind request."""

    system_id: str
    password: str
    version: int


def read_bind(body: bytes) -> BindRequest:
    """Parses the body of a bind request. Raises MalformedPdu."""
    fields = PduFields(body)
    system_id, password = fields.text(65), fields.text(129)  # longer than in the specification, as is common
    fields.text(65)
    version = fields.number()
    fields.octets(2)
    fields.text(65)
    return BindRequest(system_id, password, version)


def bind_body(system_id: str, password: str) -> bytes:
    """The body of our own bind request."""
    return system_id.encode("latin-1") + b"\0" + password.encode("latin-1") + b"\0\0" + b"\x34\0\0\0"


def parse_c_string(body: bytes) -> str:
    """The string at the start of a body, such as the message id of a response; "" if there is none."""
    return body.partition(b"\0")[0].decode("latin-1")
