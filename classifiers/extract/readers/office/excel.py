"""The text of binary Excel workbooks ([MS-XLS], BIFF5 and BIFF8): cells, sheet names, notes, text boxes, headers."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import groupby

from classifiers.extract.readers.orders.across import sentences_of_cells
from classifiers.extract.readers.reading import ENCRYPTED, TOO_LARGE, UNREADABLE, FileContent
from classifiers.extract.readers.records import keep_sentences
from classifiers.extract.readers.text_runs import text_runs
from classifiers.extract.readers.xml_text import tidy

_CONTINUE, _FILEPASS, _SST, _BOF = 0x3C, 0x2F, 0xFC, 0x809
_TXO = 0x1B6
_LABEL_SST, _LABEL, _RSTRING, _STRING, _NUMBER, _RK, _MULRK, _FORMULA = (
    0xFD,
    0x204,
    0xD6,
    0x207,
    0x203,
    0x27E,
    0xBD,
    0x06,
)
_TEXTS = {
    0x85: 6, 0x14: 0, 0x15: 0, 0x41E: 2, 0x100D: 2, 0x1C: 10, 0x18: 14,
}  # fmt: skip
"""Records with one text, and its offset: name of a sheet, header, footer, format, chart text, author of a note."""
_OTHER_TEXTS = frozenset((0x1B8, 0x1BE, 0x1B2, 0x5D, 0x13D, 0x293, 0x1AE, 0x5B, 0x5C, 0x51, 0x868, 0x800))
"""Records with texts among other data: links, rules for input, styles, users, tips."""
_TEXT_TOKEN, _NUMBER_TOKEN, _CALLS, _CHARACTER = 0x17, 0x1E, (0x21, 0x41, 0x61), b"\x6f\x00"
"""Tokens of formulas: a text, a number, calls of a function, and the number of CHAR ([MS-XLS] 2.5.198)."""
_OPERANDS = {0x1C: 1, 0x1D: 1, 0x1E: 2, 0x1F: 8, 0x19: 3, **dict.fromkeys((0x24, 0x44, 0x64), 4),
             **dict.fromkeys((0x25, 0x45, 0x65), 8), **dict.fromkeys(_CALLS, 2),
             **dict.fromkeys((0x22, 0x42, 0x62), 3)}  # fmt: skip
"""Bytes after a token."""
_MAX_CELLS = 200_000


def read_excel(stream: bytes, content: FileContent) -> None:
    """Add the text of the stream Workbook (BIFF8) or Book (BIFF5)."""
    is_wide = True
    strings: list[str] = []
    rows: dict[tuple[int, int, int], str] = {}
    texts: list[str] = []
    used: set[int] = set()
    sheet = -1
    last = (0, 0, 0)
    records = list(_records(stream))
    if not records:
        content.fail(UNREADABLE, "not a workbook")
        return
    for kind, chunks in records:
        data = chunks[0]
        try:
            if kind == _FILEPASS:
                content.fail(ENCRYPTED, "a workbook with a password")
                return
            if len(rows) > _MAX_CELLS:
                content.fail(TOO_LARGE, "more cells than are read")
                break
            if kind == _BOF:
                is_wide = struct.unpack_from("<H", data)[0] >= 0x600
                sheet += 1
            elif kind == _SST:
                strings = list(_shared_strings(chunks))
            elif kind in (_LABEL_SST, _LABEL, _RSTRING, _NUMBER, _RK, _FORMULA):
                row, column = struct.unpack_from("<HH", data)
                last = (sheet, row, column)
                if kind == _LABEL_SST:
                    (number,) = struct.unpack_from("<I", data, 6)
                    used.add(number)
                    rows[last] = strings[number]
                elif kind in (_LABEL, _RSTRING):
                    rows[last] = _text(data, 6, is_wide)
                elif kind == _NUMBER:
                    rows[last] = f"{struct.unpack_from('<d', data, 6)[0]:.15g}"
                elif kind == _RK:
                    rows[last] = f"{_rk(struct.unpack_from('<I', data, 6)[0]):.15g}"
                else:
                    formula = b"".join(chunks)[20:]
                    texts += [text_runs(formula), *keep_sentences([_formula_text(formula[2:])])]
            elif kind == _MULRK:
                row, column = struct.unpack_from("<HH", data)
                for number in range((len(data) - 6) // 6):
                    value = _rk(struct.unpack_from("<I", data, 6 + 6 * number)[0])
                    rows[(sheet, row, column + number)] = f"{value:.15g}"
            elif kind == _STRING:
                rows[last] = _text(b"".join(chunks), 0, is_wide)
            elif kind == _TXO and len(chunks) > 1:
                texts.append(_decoded(chunks[1][1:], bool(chunks[1][:1] == b"\1")))
            elif kind in _TEXTS and data:
                texts.append(_text(data, _TEXTS[kind], is_wide, short=kind in (0x85, 0x100D)))
            elif kind in _OTHER_TEXTS:
                texts.append(text_runs(b"".join(chunks)))
        except (struct.error, LookupError):
            content.fail(UNREADABLE, "a broken record of a workbook")
    lines: dict[tuple[int, int], list[str]] = {}
    for (sheet, row, _), text in sorted(rows.items()):
        lines.setdefault((sheet, row), []).append(text)
    content.text.append(tidy("\n".join("\t".join(cells) for cells in lines.values())))
    content.text.append(tidy("\n".join(filter(None, texts))))
    for _, cells_of_sheet in groupby(sorted(rows.items()), key=lambda cell: cell[0][0]):
        content.hidden += sentences_of_cells((row, column, text) for (_, row, column), text in cells_of_sheet)
    content.hidden.append(tidy("\n".join(text for number, text in enumerate(strings) if number not in used)))


def _records(stream: bytes) -> Iterator[tuple[int, list[bytes]]]:
    """Each record as its kind and its data, followed by that of its CONTINUE records."""
    at = 0
    current: tuple[int, list[bytes]] | None = None
    while at + 4 <= len(stream):
        kind, size = struct.unpack_from("<HH", stream, at)
        data = stream[at + 4 : at + 4 + size]
        at += 4 + size
        if kind == _CONTINUE and current is not None:
            current[1].append(data)
            continue
        if current is not None:
            yield current
        current = (kind, [data])
        if kind == 0 and size == 0:
            break
    if current is not None:
        yield current


def _shared_strings(chunks: list[bytes]) -> Iterator[str]:
    """The shared strings. A string may go on in the next record, which repeats whether its characters are wide."""
    (count,) = struct.unpack_from("<I", chunks[0], 4)
    number, at = 0, 8
    for _ in range(min(count, 1_000_000)):
        if at >= len(chunks[number]):
            number, at = number + 1, 0
            if number >= len(chunks):
                return
        chunk = chunks[number]
        if at + 3 > len(chunk):
            return
        length, flags = struct.unpack_from("<HB", chunk, at)
        at += 3
        runs = extra = 0
        if flags & 8:
            (runs,) = struct.unpack_from("<H", chunk, at)
            at += 2
        if flags & 4:
            (extra,) = struct.unpack_from("<I", chunk, at)
            at += 4
        is_wide = bool(flags & 1)
        pieces: list[str] = []
        while length > 0:
            width = 2 if is_wide else 1
            here = chunk[at : at + length * width]
            pieces.append(_decoded(here, is_wide))
            length -= len(here) // width
            at += len(here)
            if length > 0:
                number, at = number + 1, 1
                if number >= len(chunks) or not chunks[number]:
                    yield "".join(pieces)
                    return
                chunk = chunks[number]
                is_wide = bool(chunk[0] & 1)
        yield "".join(pieces)
        skip = 4 * runs + extra
        while skip > 0:
            step = min(skip, len(chunk) - at)
            skip, at = skip - step, at + step
            if skip > 0:
                number, at = number + 1, 0
                if number >= len(chunks):
                    return
                chunk = chunks[number]


def _text(data: bytes, at: int, is_wide_format: bool, short: bool = False) -> str:
    """One text: its length, in BIFF8 whether it is wide, its characters."""
    if is_wide_format:
        length = data[at] if short else struct.unpack_from("<H", data, at)[0]
        at += 1 if short else 2
        is_wide = bool(data[at] & 1) if at < len(data) else False
        at += 1
        return _decoded(data[at : at + length * (2 if is_wide else 1)], is_wide)
    length = data[at]
    at += 1
    if at < len(data) and data[at] == 0 and length:
        at += 1
    return _decoded(data[at : at + max(length, 1)], False)


def _decoded(data: bytes, is_wide: bool) -> str:
    return data.decode("utf-16-le" if is_wide else "cp1252", "replace").replace("\0", "")


def _formula_text(tokens: bytes) -> str:
    """The texts, and the characters by number, that a formula joins; as far as its tokens are known."""
    pieces: list[str] = []
    at, number = 0, 0
    while at < len(tokens):
        token = tokens[at]
        if token == _TEXT_TOKEN and at + 3 <= len(tokens):
            size = tokens[at + 1] * (1 + (tokens[at + 2] & 1))
            pieces.append(_decoded(tokens[at + 3 : at + 3 + size], bool(tokens[at + 2] & 1)))
            at += 3 + size
            continue
        if token == _NUMBER_TOKEN:
            number = int.from_bytes(tokens[at + 1 : at + 3], "little")
        elif token in _CALLS and tokens[at + 1 : at + 3] == _CHARACTER and number:
            pieces.append(chr(number & 0xFF))
        size = _OPERANDS.get(token, 0 if 0x03 <= token <= 0x16 else -1)
        if size < 0:
            break
        at += 1 + size
    return "".join(pieces)


def _rk(value: int) -> float:
    """A number in the short format RK."""
    if value & 2:
        number = float((value >> 2) - (1 << 30 if value & 0x80000000 else 0))
    else:
        (number,) = struct.unpack("<d", struct.pack("<Q", (value & 0xFFFFFFFC) << 32))
    return number / 100 if value & 1 else number
