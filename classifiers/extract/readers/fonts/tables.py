"""The tables of a font: taken out of what wraps it, its map of characters read, and put together with another map.

A font is a list of tables, or the same list packed for the web (WOFF), with a header before it (EOT), or with its first
bytes mixed with a key that the document names (Office Open XML, XPS, EPUB).
"""

from __future__ import annotations

import hashlib
import re
import struct
import zlib
from collections.abc import Iterable, Mapping

Tables = dict[bytes, bytes]

_MARKS = (b"\0\1\0\0", b"OTTO", b"true", b"ttcf", b"wOFF", b"wOF2")
_EOT_MARK, _EOT_MARK_AT = b"LP", 34
_COMPRESSED, _MIXED, _MIXED_WITH = 0x4, 0x10000000, 0x50
_EOT_VERSIONS = (0x00010000, 0x00020001, 0x00020002)
_MAX_TABLES = 64
_MAX_FONT = 30_000_000
"""Bytes that a font may unpack to."""
_MAX_CHARACTERS = 30_000
"""Characters of a map that are read."""
_MAX_MAPS, _MAX_RECORDS = 16, 2_000
_MIXED_BY_IDPF, _MIXED_BY_ADOBE = 1040, 1024
"""Bytes at the start of a font of a book that are mixed with a key."""
_UUID = re.compile(r"[0-9A-Fa-f]{8}(?:-?[0-9A-Fa-f]{4}){3}-?[0-9A-Fa-f]{12}")
_KEY_REPEATS = 32
"""Bytes at the start of a font of Office Open XML that are mixed with a key."""


def is_font(data: bytes) -> bool:
    """Whether bytes begin as a font does, or as the header before one."""
    return data.startswith(_MARKS) or is_embedded_opentype(data)


def is_embedded_opentype(data: bytes) -> bool:
    """Whether bytes are an Embedded OpenType file (EOT), as PowerPoint stores fonts."""
    if data[_EOT_MARK_AT : _EOT_MARK_AT + 2] != _EOT_MARK or len(data) < 82:
        return False
    size, font, version = struct.unpack_from("<III", data)
    return version in _EOT_VERSIONS and 0 < font < size <= len(data)


def bare_font(data: bytes) -> bytes:
    """A font without what wraps it; nothing if it is compressed in a way that is not understood."""
    if not is_embedded_opentype(data):
        return data
    size, length, _, flags = struct.unpack_from("<IIII", data)
    if flags & _COMPRESSED:
        return b""
    font = data[size - length : size]
    return mixed(font, bytes((_MIXED_WITH,)), len(font)) if flags & _MIXED else font


def mixed(data: bytes, key: bytes, count: int) -> bytes:
    """The first `count` bytes mixed with a key that repeats; the same again undoes it."""
    count = min(count, len(data))
    repeated = (key * (count // len(key) + 1))[:count]
    number = int.from_bytes(data[:count], "big") ^ int.from_bytes(repeated, "big")
    return number.to_bytes(count, "big") + data[count:]


def with_key(data: bytes, keys: Iterable[str]) -> bytes:
    """A font whose first bytes were mixed with one of the keys of a document; other data as it is.

    Keys are GUIDs in hexadecimal digits, as Word and XPS write them.
    """
    if is_font(data):
        return data
    for key in keys:
        font = mixed(data, bytes.fromhex(key.replace("-", ""))[::-1], _KEY_REPEATS)
        if font.startswith(_MARKS):
            return font
    return data


def with_key_of_book(data: bytes, identifiers: Iterable[str]) -> bytes:
    """A font of an EPUB whose first bytes were mixed with a key made of the identifier of the book; else as it is.

    There are two ways: that of the IDPF, and that of Adobe for books with a UUID.
    """
    if is_font(data):
        return data
    for identifier in identifiers:
        keys = [(hashlib.sha1("".join(identifier.split()).encode(), usedforsecurity=False).digest(), _MIXED_BY_IDPF)]
        if uuid := _UUID.search(identifier):
            keys.append((bytes.fromhex(uuid[0].replace("-", "")), _MIXED_BY_ADOBE))
        for key, count in keys:
            if is_font(font := mixed(data, key, count)):
                return font
    return data


def tables_of(data: bytes) -> Tables:
    """The tables of a font by their names; none if it is packed otherwise, or broken."""
    if data[:4] == b"wOFF":
        return _unpacked(data)
    tables: Tables = {}
    if len(data) < 12 or data[:4] not in (b"\0\1\0\0", b"OTTO", b"true"):
        return tables
    (count,) = struct.unpack_from(">H", data, 4)
    left = _MAX_FONT
    for at in range(12, min(12 + 16 * min(count, _MAX_TABLES), len(data) - 15), 16):
        name, _, offset, length = struct.unpack_from(">4sIII", data, at)
        left -= min(length, len(data))
        if left < 0:  # tables that share their bytes again and again
            return {}
        tables[name] = data[offset : offset + length]
    return tables


def _unpacked(data: bytes) -> Tables:
    """The tables of a WOFF font."""
    tables: Tables = {}
    if len(data) < 44:
        return tables
    (count,) = struct.unpack_from(">H", data, 12)
    left = _MAX_FONT
    for at in range(44, min(44 + 20 * min(count, _MAX_TABLES), len(data) - 19), 20):
        name, offset, packed, length = struct.unpack_from(">4sIII", data, at)
        table = data[offset : offset + packed]
        if packed < length:
            try:
                table = zlib.decompressobj().decompress(table, max(min(length, left), 1))
            except zlib.error:
                return {}
        tables[name] = table
        left -= len(table)
    return tables if left > 0 else {}


def assembled(tables: Tables, characters: Mapping[int, int]) -> bytes:
    """A font of these tables that has only these characters, each with the number of its shape."""
    font = {**tables, b"cmap": _written_map(characters)}
    kind = b"OTTO" if b"CFF " in font or b"CFF2" in font else b"\0\1\0\0"
    head = kind + struct.pack(">HHHH", len(font), 0, 0, 0)
    place = len(head) + 16 * len(font)
    directory, body = b"", []
    for name, table in sorted(font.items()):
        directory += struct.pack(">4sIII", name, 0, place, len(table))
        body.append(table + bytes(-len(table) % 4))
        place += len(body[-1])
    return b"".join((head, directory, *body))


def _written_map(characters: Mapping[int, int]) -> bytes:
    groups = b"".join(struct.pack(">III", code, code, shape) for code, shape in sorted(characters.items()))
    head = struct.pack(">HHHHI", 0, 1, 3, 10, 12)
    return head + struct.pack(">HHIII", 12, 0, 16 + len(groups), 0, len(characters)) + groups


def features_of(tables: Tables) -> list[str]:
    """The names of the features by which a font puts shapes in the place of others, such as stylistic sets."""
    table = tables.get(b"GSUB", b"")
    if len(table) < 10:
        return []
    (at,) = struct.unpack_from(">H", table, 6)
    count = int.from_bytes(table[at : at + 2], "big")
    names = (table[place : place + 4] for place in range(at + 2, at + 2 + 6 * min(count, _MAX_RECORDS), 6))
    return sorted({name.decode("ascii") for name in names if len(name) == 4 and name.isalnum()})


def maps_of(tables: Tables) -> list[dict[int, int]]:
    """The maps of characters to numbers of shapes that programs may take, without repetitions.

    A font of symbols has its characters from U+F000 on, and a text that uses it is written with them or in plain
    letters: its characters are given by both.
    """
    table = tables.get(b"cmap", b"")
    found: list[dict[int, int]] = []
    if len(table) < 4:
        return found
    (count,) = struct.unpack_from(">H", table, 2)
    places: set[int] = set()
    for at in range(4, min(4 + 8 * min(count, _MAX_MAPS), len(table) - 7), 8):
        platform, encoding, place = struct.unpack_from(">HHI", table, at)
        if place in places:
            continue
        places.add(place)
        try:
            characters = _read_map(table[place:])
        except struct.error:
            continue
        if (platform, encoding) == (3, 0):
            plain = {code - 0xF000: shape for code, shape in characters.items() if 0xF000 <= code <= 0xF0FF}
            characters = plain | characters
        elif platform == 1:
            characters = {
                ord(bytes((code,)).decode("mac-roman")): shape for code, shape in characters.items() if code < 256
            }
        if characters and characters not in found:
            found.append(characters)
    return found


def _read_map(table: bytes) -> dict[int, int]:
    """One map of a font, in one of the forms that are in use."""
    (form,) = struct.unpack_from(">H", table)
    if form == 0:
        pairs: Iterable[tuple[int, int]] = enumerate(table[6:262])
    elif form == 4:
        pairs = _segments(table)
    elif form == 6:
        first, count = struct.unpack_from(">HH", table, 6)
        shapes = struct.unpack_from(f">{min(count, (len(table) - 10) // 2)}H", table, 10)
        pairs = enumerate(shapes, first)
    elif form in (12, 13):
        pairs = _groups(table, is_step=form == 12)
    else:
        return {}
    found: dict[int, int] = {}
    for code, shape in pairs:
        if shape and len(found) < _MAX_CHARACTERS:
            found[code] = shape
    return found


def _segments(table: bytes) -> Iterable[tuple[int, int]]:
    count = struct.unpack_from(">H", table, 6)[0] // 2
    ends = struct.unpack_from(f">{count}H", table, 14)
    starts = struct.unpack_from(f">{count}H", table, 16 + 2 * count)
    deltas = struct.unpack_from(f">{count}H", table, 16 + 4 * count)
    places = struct.unpack_from(f">{count}H", table, 16 + 6 * count)
    left = 2 * _MAX_CHARACTERS
    for number, (start, end, delta, place) in enumerate(zip(starts, ends, deltas, places, strict=True)):
        for code in range(start, min(end, 0xFFFE) + 1):
            left -= 1
            if left < 0:
                return
            shape = code
            if place:
                at = 16 + 6 * count + 2 * number + place + 2 * (code - start)
                if at + 2 > len(table):
                    break
                (shape,) = struct.unpack_from(">H", table, at)
                if not shape:
                    continue
            yield code, (shape + delta) & 0xFFFF


def _groups(table: bytes, *, is_step: bool) -> Iterable[tuple[int, int]]:
    (count,) = struct.unpack_from(">I", table, 12)
    left = 2 * _MAX_CHARACTERS
    for at in range(16, min(16 + 12 * count, len(table) - 11), 12):
        start, end, shape = struct.unpack_from(">III", table, at)
        for code in range(start, min(end, 0x10FFFF, start + left) + 1):
            left -= 1
            yield code, shape + (code - start) * is_step
        if left < 0:
            return
