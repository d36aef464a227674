"""The ranges of a binary Word document whose characters are hidden: vanished, deleted, white or tiny ([MS-DOC] 2.9.36).

Styles are not looked up, so text that only its style hides counts as shown.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

_BTE_CHPX = 0xFA
_PAGE = 512
_OPERANDS = (1, 1, 2, 4, 2, 2, 0, 3)
"""Bytes of an operand by the highest three bits of its sprm; 0: its first byte says it."""
_VANISH, _SPECIAL_VANISH, _DELETED = 0x083C, 0x0818, 0x0800
_SIZE, _COLOR, _COLOR_97 = 0x4A43, 0x6870, 0x2A42
_GROUNDS = frozenset((0x2A0C, 0xCA71, 0x4866))
"""Highlights and shades, on which white letters are seen."""
_ON = (1, 0x81)
"""A toggle that is on, or the opposite of its style."""
_WHITE_97 = 8
_MIN_LEVEL, _MIN_HALF_POINTS = 0xF0, 5
"""Levels of a nearly white color, and half points of letters that nobody reads."""


def hidden_ranges(document: bytes, table: bytes) -> list[tuple[int, int]]:
    """The ranges of bytes of the stream WordDocument, in order and without overlaps. Broken properties hide nothing."""
    if len(document) < _BTE_CHPX + 8:
        return []
    at, size = struct.unpack_from("<II", document, _BTE_CHPX)
    pages = table[at : at + size]
    count = (len(pages) - 4) // 8
    if count < 1 or count * _PAGE > len(document):
        return []
    ranges: list[tuple[int, int]] = []
    for start, end in sorted(_hidden_runs(document, struct.unpack_from(f"<{count}I", pages, 4 * (count + 1)))):
        if ranges and start <= ranges[-1][1]:
            ranges[-1] = (ranges[-1][0], max(end, ranges[-1][1]))
        else:
            ranges.append((start, end))
    return ranges


def _hidden_runs(document: bytes, pages: tuple[int, ...]) -> Iterator[tuple[int, int]]:
    for number in pages:
        page = document[(number & 0x3FFFFF) * _PAGE :][:_PAGE]
        runs = page[_PAGE - 1] if len(page) == _PAGE else 0
        if not 0 < runs <= (_PAGE - 5) // 5:
            continue
        places = struct.unpack_from(f"<{runs + 1}I", page)
        for run in range(runs):
            offset = 2 * page[4 * (runs + 1) + run]
            if offset and places[run] < places[run + 1] and _hides(page[offset + 1 : offset + 1 + page[offset]]):
                yield places[run], places[run + 1]


def _hides(properties: bytes) -> bool:
    """Whether the properties of a run hide it: the last value of each counts."""
    values: dict[int, bytes] = {}
    at = 0
    while at + 3 <= len(properties):
        (sprm,) = struct.unpack_from("<H", properties, at)
        length = _OPERANDS[sprm >> 13] or properties[at + 2] + 1
        values[sprm] = properties[at + 2 : at + 2 + length]
        at += 2 + length
    if any(values.get(sprm, b"\0")[0] in _ON for sprm in (_VANISH, _SPECIAL_VANISH, _DELETED)):
        return True
    size, color = values.get(_SIZE, b""), values.get(_COLOR, b"")
    is_tiny = len(size) == 2 and int.from_bytes(size, "little") < _MIN_HALF_POINTS
    is_white = len(color) == 4 and color[3] == 0 and min(color[:3]) >= _MIN_LEVEL
    is_white = is_white or values.get(_COLOR_97, b"") == bytes((_WHITE_97,))
    return is_tiny or (is_white and _GROUNDS.isdisjoint(values))
