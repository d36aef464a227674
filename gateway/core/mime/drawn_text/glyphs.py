"""Whether dots in rows have the shapes of letters, whatever the dots are.

Rows are texts of `#` for a dot and blanks. Columns of a table have gaps between them as letters have, but a column is
as wide in its middle as at its ends, and what stands in it differs from row to row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import sqrt

INK, GROUND = "#", " "
_MIN_ROWS, _MIN_GLYPHS, _MIN_KINDS = 4, 10, 5
"""Rows of a letter; and letters, and different ones, that may be a sentence."""
_MIN_OPEN = 4
"""One letter in so many has ground between its dots in one row, at least."""
_MAX_SHARE = 0.75
"""The share of dots in letters, at most."""
_MAX_KINDS = 0.85
"""The share of shapes that differ from all others, at most: a sentence has some letters several times."""
_MIN_AGREEMENT, _MIN_FOLLOWING = 0.25, 0.35
"""How far rows of letters agree with the next row, with shapes and without: 1 for the same row, 0 for any other."""


def are_glyphs(rows: Sequence[str]) -> bool:
    """Whether rows have shapes with gaps between them that may be letters."""
    glyphs = list(_glyphs(rows))
    if len(glyphs) < _MIN_GLYPHS:
        return False
    is_open = sum([any(GROUND in row.strip() for row in glyph) for glyph in glyphs])
    dots = sum([row.count(INK) for glyph in glyphs for row in glyph])
    places = sum([len(glyph) * len(glyph[0]) for glyph in glyphs])
    return (
        _MIN_KINDS <= len(set(glyphs)) <= _MAX_KINDS * len(glyphs)
        and is_open * _MIN_OPEN >= len(glyphs)
        and dots <= _MAX_SHARE * places
        and _agreement(rows) >= _MIN_AGREEMENT
    )


def follow_each_other(rows: Sequence[str]) -> bool:
    """Whether dots stand below dots more often than by chance, as in letters."""
    return _agreement(rows) >= _MIN_FOLLOWING


def _glyphs(rows: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """The shapes between columns without dots. Bars and blocks are none: columns of tables look like them."""
    group: list[str] = []
    for row in (*rows, ""):
        if row.strip():
            group.append(row)
            continue
        if len(group) >= _MIN_ROWS:
            yield from _cut(group)
        group = []


def _cut(group: Sequence[str]) -> Iterator[tuple[str, ...]]:
    width = max(map(len, group))
    columns = ["".join(column) for column in zip(*(row.ljust(width) for row in group), strict=True)]
    glyph: list[str] = []
    for column in (*columns, ""):
        if column.strip():
            glyph.append(column)
            continue
        shape = tuple(map("".join, zip(*glyph, strict=True)))
        if len(glyph) > 1 and len({row for row in shape if row.strip()}) > 1:
            yield shape
        glyph = []


def _agreement(rows: Sequence[str]) -> float:
    """The correlation of dots with those below them, where both rows have any."""
    spans = [(_bits(row), len(row) - len(row.lstrip()), len(row.rstrip())) for row in rows]
    both = above = below = total = 0
    for (upper, start, end), (lower, other_start, other_end) in pairwise(spans):
        first, last = max(start, other_start), min(end, other_end)
        if last <= first:
            continue
        mask = (1 << last) - (1 << first)
        both += (upper & lower & mask).bit_count()
        above += (upper & mask).bit_count()
        below += (lower & mask).bit_count()
        total += last - first
    spread = above * (total - above) * below * (total - below)
    return (total * both - above * below) / sqrt(spread) if spread else 0.0


def _bits(row: str) -> int:
    return int(row[::-1].replace(INK, "1").replace(GROUND, "0") or "0", 2)
