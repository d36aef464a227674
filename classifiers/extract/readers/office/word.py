"""The text of binary Word documents ([MS-DOC]): by the piece table, with notes, headers, comments and text boxes."""

from __future__ import annotations

import struct

from classifiers.extract.readers.reading import ENCRYPTED, UNREADABLE, FileContent
from classifiers.extract.readers.text_runs import text_runs
from classifiers.extract.readers.xml_text import tidy

_MAGIC = (0xA5EC, 0xA5DC)
_ENCRYPTED, _TABLE_1, _COMPLEX = 0x0100, 0x0200, 0x0004
_WORD_97 = 0x00C1
_CLX = 0x01A2
_MAX_PIECES = 200_000
_MARKS = {ord(mark): "\n" for mark in "\r\x0b\x0c\x0e"} | {
    0x07: "\t", 0x1E: "-", 0x1F: "", 0x01: "", 0x02: "", 0x03: "", 0x04: "", 0x05: "", 0x08: "", 0x13: " ", 0x14: " ",
    0x15: " ", 0xA0: " ", 0x00: "",
}  # fmt: skip


def read_word(document: bytes, tables: dict[str, bytes], content: FileContent) -> None:
    """Add the text of the stream WordDocument; `tables` are the streams 0Table and 1Table."""
    if len(document) < 0x40:
        content.fail(UNREADABLE, "a Word document without a header")
        return
    magic, version = struct.unpack_from("<HH", document)
    (flags,) = struct.unpack_from("<H", document, 10)
    if magic not in _MAGIC:
        content.fail(UNREADABLE, "not a Word document")
    elif flags & _ENCRYPTED:
        content.fail(ENCRYPTED, "a Word document with a password")
    elif version < _WORD_97:
        _read_word_95(document, flags, content)
    else:
        table = tables.get("1table" if flags & _TABLE_1 else "0table", b"")
        text = _pieces(document, table)
        if text is None:
            content.fail(UNREADABLE, "the pieces of a Word document cannot be found")
        else:
            content.text.append(tidy(text.translate(_MARKS)))
            content.hidden.append(text_runs(table, narrow=False))  # labels of lists, among names of styles and fonts


def _read_word_95(document: bytes, flags: int, content: FileContent) -> None:
    begin, end = struct.unpack_from("<II", document, 0x18)
    if flags & _COMPLEX or not 0x40 <= begin <= end <= len(document):
        content.fail(UNREADABLE, "a Word document of an old version")
        return
    content.text.append(tidy(document[begin:end].decode("cp1252", "replace").translate(_MARKS)))


def _pieces(document: bytes, table: bytes) -> str | None:
    """The text of all pieces, in order; None if the piece table is missing or broken."""
    if len(document) < _CLX + 8:
        return None
    at, size = struct.unpack_from("<II", document, _CLX)
    clx = table[at : at + size]
    place = 0
    while place + 3 <= len(clx) and clx[place] == 1:  # properties before the table
        place += 3 + struct.unpack_from("<H", clx, place + 1)[0]
    if place + 5 > len(clx) or clx[place] != 2:
        return None
    (length,) = struct.unpack_from("<I", clx, place + 1)
    plc = clx[place + 5 : place + 5 + length]
    count = (len(plc) - 4) // 12
    if not 0 < count <= _MAX_PIECES:
        return None
    positions = struct.unpack_from(f"<{count + 1}I", plc)
    pieces = []
    total = 0
    for number in range(count):
        characters = positions[number + 1] - positions[number]
        (place_of_piece,) = struct.unpack_from("<I", plc, 4 * (count + 1) + 8 * number + 2)
        start = place_of_piece & 0x3FFFFFFF
        is_narrow = bool(place_of_piece & 0x40000000)
        if characters < 0:
            return None
        total += characters
        if total > 2 * len(document) + 65_536:  # pieces that repeat each other
            return None
        if is_narrow:
            pieces.append(document[start // 2 : start // 2 + characters].decode("cp1252", "replace"))
        else:
            pieces.append(document[start : start + 2 * characters].decode("utf-16-le", "replace"))
    return "".join(pieces)
