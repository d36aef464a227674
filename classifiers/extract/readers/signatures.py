"""Keys and signatures in binary: OpenPGP (RFC 9580) and PKCS #7. Their structure is verified to the end."""

from __future__ import annotations

_KEY_AND_SIGNATURE_TAGS = frozenset((2, 5, 6, 7, 12, 13, 14, 17))
_USER_ID = 13


def is_packets(data: bytes) -> bool:
    """Whether bytes are whole OpenPGP packets of keys and signatures. Names in keys must be short."""
    at = 0
    while at < len(data):
        tag = data[at]
        if not tag & 0x80:
            return False
        kind, begin, length = _packet(data, at)
        if kind not in _KEY_AND_SIGNATURE_TAGS or length < 0 or begin + length > len(data):
            return False
        if kind == _USER_ID and length > 200:
            return False
        at = begin + length
    return at == len(data) and at > 0


def _packet(data: bytes, at: int) -> tuple[int, int, int]:
    """The tag of a packet, where its body begins, and its length; -1 if it has none."""
    tag = data[at]
    rest = data[at + 1 : at + 7]
    if len(rest) < 2:
        return 0, at, -1
    if tag & 0x40:
        first = rest[0]
        if first < 192:
            return tag & 0x3F, at + 2, first
        if first < 224:
            return tag & 0x3F, at + 3, ((first - 192) << 8) + rest[1] + 192
        return tag & 0x3F, at + 6, int.from_bytes(rest[1:5]) if first == 255 else -1
    size = (1, 2, 4, 0)[tag & 3]
    return (tag >> 2) & 15, at + 1 + size, int.from_bytes(rest[:size]) if size else -1


def is_der(data: bytes) -> bool:
    """Whether bytes are one ASN.1 sequence in DER or BER that is whole: a detached signature."""
    if len(data) < 20 or data[0] != 0x30:
        return False
    first = data[1]
    if first == 0x80:
        return data.rstrip(b"\r\n").endswith(b"\0\0")
    if first < 0x80:
        return 2 + first == len(data.rstrip(b"\r\n")) or 2 + first == len(data)
    size = first & 0x7F
    length = int.from_bytes(data[2 : 2 + size])
    return size <= 4 and 0 <= len(data) - (2 + size + length) <= 2
