"""ASCII armor (RFC 9580 section 6): encrypted messages are found; keys and signatures are verified.

Nobody reads keys and signatures, so one that parses is no text.
"""

from __future__ import annotations

import binascii
import re

from classifiers.extract.readers.records import sentences_in
from classifiers.extract.readers.signatures import is_packets

_ARMOR = re.compile(
    r"\s*-----BEGIN PGP (SIGNATURE|PUBLIC KEY BLOCK)-----[ \t]*\r?\n"
    r"(?P<fields>(?:(?:Version|Comment|Charset|Hash): [^\r\n]{0,100}\r?\n){0,8})[ \t]*\r?\n"
    r"(?P<data>(?:[A-Za-z0-9+/]{1,76}={0,2}[ \t]*\r?\n)+)(?:=(?P<sum>[A-Za-z0-9+/]{4})[ \t]*\r?\n)?"
    r"-----END PGP \1-----\s*"
)
_ENCRYPTED = re.compile(r"^-----BEGIN (?:PGP MESSAGE|AGE ENCRYPTED FILE)-----", re.MULTILINE)
_FIELD = re.compile(
    r"(?:Version|Comment|Charset|Hash): (?:\S+(?: v?\d\S*)?(?: \(\S+\))?|[\w -]{0,24}https?://\S+)[ \t]*"
)
_SIGNATURE, _PUBLIC_KEY, _PUBLIC_SUBKEY, _USER_ID = 2, 6, 14, 13
_FIRST_PACKETS = {"SIGNATURE": (_SIGNATURE,), "PUBLIC KEY BLOCK": (_PUBLIC_KEY, _PUBLIC_SUBKEY)}
_KEY_MATERIAL = frozenset(tag for tags in _FIRST_PACKETS.values() for tag in tags)


def has_encrypted_message(text: str) -> bool:
    """Whether a text contains an encrypted message."""
    return _ENCRYPTED.search(text) is not None


def is_verified_armor(text: str) -> bool:
    """Whether a text is one PGP key or signature and nothing else: its data decodes, is whole packets, and sums up."""
    return bool(_verified_data(text))


def words_in_armor(text: str) -> list[str]:
    """The sentences in the names and notes of a PGP key or signature, which programs show with it."""
    return sentences_in(_verified_data(text))


def _verified_data(text: str) -> bytes:
    """The data of a text that is one PGP key or signature; empty for any other text."""
    found = _ARMOR.fullmatch(text)
    if found is None or not all(_FIELD.fullmatch(line) for line in found["fields"].splitlines()):
        return b""
    try:
        data = binascii.a2b_base64("".join(found["data"].split()), strict_mode=True)
        checksum = int.from_bytes(binascii.a2b_base64(found["sum"]), "big") if found["sum"] else None
    except binascii.Error:
        return b""
    is_valid = _first_packet(data) in _FIRST_PACKETS[found[1]] and is_packets(data) and checksum in (None, crc24(data))
    return data if is_valid else b""


def is_key_material(data: bytes) -> bool:
    """Whether data is a PGP signature or key: whole packets, the first of which is one of them."""
    return _first_packet(data) in _KEY_MATERIAL and is_packets(data)


def _first_packet(data: bytes) -> int:
    """The tag of the first packet; -1 if there is none."""
    if not data or not data[0] & 0x80:
        return -1
    return data[0] & 0x3F if data[0] & 0x40 else data[0] >> 2 & 0x0F


def crc24(data: bytes) -> int:
    """The checksum of ASCII armor (RFC 9580 section 6.1)."""
    crc = 0xB704CE
    for byte in data:
        crc ^= byte << 16
        for _ in range(8):
            crc <<= 1
            if crc & 0x1000000:
                crc ^= 0x1864CFB
    return crc & 0xFFFFFF
