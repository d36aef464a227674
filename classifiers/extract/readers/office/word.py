"""The text of binary Word documents ([MS-DOC]): by the piece table, with notes, headers, comments and text boxes.

Hidden text is told apart by the properties of runs.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from dataclasses import dataclass

from classifiers.extract.readers.office.field_codes import read_marked_fields
from classifiers.extract.readers.office.word_runs import hidden_ranges
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
        pieces = _pieces(document, table)
        if pieces is None:
            content.fail(UNREADABLE, "the pieces of a Word document cannot be found")
        else:
            _read_pieces(document, pieces, hidden_ranges(document, table), content)
            content.hidden.append(text_runs(table, narrow=False))  # labels of lists, among names of styles and fonts


def _read_pieces(
    document: bytes, pieces: list[_Piece], hidden: list[tuple[int, int]], content: FileContent
) -> None:  # fmt: skip
    """Add the text: what is shown, and if some of it is hidden, that alone and both together."""
    everything = "".join(piece.text_of(document, piece.start, piece.end) for piece in pieces)
    if not hidden:
        _add_text(everything, content)
        return
    shown: list[str] = []
    unseen: list[str] = []
    for piece in pieces:
        at = piece.start
        for start, end in hidden[max(bisect_right(hidden, (piece.start, 0)) - 1, 0) :]:
            if start >= piece.end:
                break
            if end > at:
                begin = max(start, at)
                shown.append(piece.text_of(document, at, begin))
                at = min(end, piece.end)
                unseen.append(piece.text_of(document, begin, at))
        shown.append(piece.text_of(document, at, piece.end))
    _add_text("".join(shown), content)
    if text := _plain("".join(unseen)):
        content.hidden += [text, _plain(everything)]


def _add_text(text: str, content: FileContent) -> None:
    """Add a text that is shown: of its fields the results, and the addresses of links."""
    shown, fields = read_marked_fields(text)
    content.hidden += map(_plain, fields.readings())
    content.text += filter(None, map(_plain, (shown, "\n".join(fields.links))))
    content.hidden += filter(None, (_plain("\n".join(fields.codes)),))


def _plain(text: str) -> str:
    return tidy(text.translate(_MARKS))


def _read_word_95(document: bytes, flags: int, content: FileContent) -> None:
    begin, end = struct.unpack_from("<II", document, 0x18)
    if flags & _COMPLEX or not 0x40 <= begin <= end <= len(document):
        content.fail(UNREADABLE, "a Word document of an old version")
        return
    _add_text(document[begin:end].decode("cp1252", "replace"), content)


@dataclass(frozen=True, slots=True)
class _Piece:
    """A range of bytes with text: one byte for each character, or two."""

    start: int
    end: int
    is_narrow: bool

    def text_of(self, document: bytes, start: int, end: int) -> str:
        return document[start:end].decode("cp1252" if self.is_narrow else "utf-16-le", "replace")


def _pieces(document: bytes, table: bytes) -> list[_Piece] | None:
    """The pieces of the text, in order; None if the piece table is missing or broken."""
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
            pieces.append(_Piece(start // 2, start // 2 + characters, True))
        else:
            pieces.append(_Piece(start, start + 2 * characters, False))
    return pieces
