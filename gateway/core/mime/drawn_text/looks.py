"""Letters that are drawn by how signs and cells look: marked ones among others are the dots.

Programs tell signs apart in more ways than can be listed: by type, color, ground, lines, size, what a field shows. So a
look is a set of anything that is written down about a sign, and the signs that have one of these things in common are
tried as dots. In ordinary writing a look changes between words. Where it changes inside words, or between signs that
are the same, dots in rows below each other are enough. Where it does not, they need the shapes of letters.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from gateway.core.mime.drawn_text.glyphs import GROUND, INK, are_glyphs, follow_each_other
from gateway.core.mime.drawn_text.signs import are_letters

Look = frozenset[str]
_Item = tuple[str, Look, bool]
"""A text, its look, and whether all of it is one dot."""
PLAIN: Look = frozenset()
_MIN_ROWS, _MIN_CHANGES, _MIN_IN_ROW = 4, 40, 4
"""Rows of drawn letters, and how often the look changes in all of them, and in one of them."""
_MAX_BETWEEN = 4
"""Rows between those in which the look changes."""
_MAX_COLUMNS, _MAX_ROWS, _MAX_SIGNS = 600, 400, 100_000
"""Signs of a row and rows of a drawing, and signs of a page or file, that are looked at."""
_MIN_SHARE, _MAX_SHARE = 0.04, 0.9
"""The share of signs that may be the dots."""
_MAX_LOOKS = 40
"""Things that signs have in common which are tried."""
_INSIDE = 3
"""One change in so many is inside a word, or between signs that are the same, where looks are no marks of words."""
_CHANGE = re.compile(f"{INK}(?={GROUND})|{GROUND}(?={INK})")
_TURNED = str.maketrans(INK + GROUND, GROUND + INK)


class LookRows:
    """Collects the signs and cells of a page or file in rows, with their looks."""

    def __init__(self) -> None:
        self._rows: list[list[_Item]] = []
        self._row: list[_Item] = []
        self._left = _MAX_SIGNS

    @property
    def is_full(self) -> bool:
        """Whether what is added is not looked at anymore."""
        return self._left <= 0

    def add(self, text: str, look: Look) -> None:
        """Add a text, which may have line feeds."""
        first, *others = text.split("\n")
        self._append(first, look, is_cell=False)
        for line in others:
            self.end_row()
            self._append(line, look, is_cell=False)

    def add_cell(self, text: str, look: Look) -> None:
        """Add a cell, picture or field, whatever its text is."""
        self._append(text, look, is_cell=True)

    def _append(self, text: str, look: Look, *, is_cell: bool) -> None:
        if (text or is_cell) and not self.is_full:
            self._left -= 1 if is_cell else len(text)
            self._row.append((text, look, is_cell))

    def end_row(self) -> None:
        """A row ends."""
        self._rows.append(self._row)
        self._row = []

    def draw_letters(self) -> bool:
        """Whether the rows draw letters."""
        self.end_row()
        return any(_draws(block) for block in _blocks(self._rows))


def _blocks(rows: Iterable[list[_Item]]) -> Iterator[list[list[_Item]]]:
    """Rows in which the look changes often, and those between them."""
    block: list[list[_Item]] = []
    changes = drawn = between = 0
    for row in (*rows, *([[]] * (_MAX_BETWEEN + 1))):
        count = sum([before[1] != after[1] for before, after in pairwise(row)]) if len(row) >= _MIN_IN_ROW else 0
        is_drawn = count >= _MIN_IN_ROW and _width(row) <= _MAX_COLUMNS
        between = 0 if is_drawn else between + 1
        if is_drawn or (block and between <= _MAX_BETWEEN):
            block.append(row if is_drawn or _width(row) <= _MAX_COLUMNS else [])
            changes, drawn = changes + count, drawn + is_drawn
        if block and (between > _MAX_BETWEEN or len(block) >= _MAX_ROWS):
            if drawn >= _MIN_ROWS and changes >= _MIN_CHANGES:
                yield block
            block, changes, drawn = [], 0, 0


def _width(row: Sequence[_Item]) -> int:
    return sum([1 if is_cell else len(text) for text, _, is_cell in row])


def _draws(block: Sequence[Sequence[_Item]]) -> bool:
    """Whether the signs that have something in common draw letters."""
    shares: Counter[str] = Counter()
    for row in block:
        for text, look, is_cell in row:
            for name in look:
                shares[name] += 1 if is_cell else len(text)
    total = sum(map(_width, block))
    names = [name for name, count in shares.items() if _MIN_SHARE * total <= count <= _MAX_SHARE * total]
    tried: set[tuple[str, ...]] = set()
    signs = [[sign for item in row for sign in _signs(item)] for row in block]
    for name in names[:_MAX_LOOKS]:
        dots = tuple([
            "".join([(INK if name in look else GROUND) * (1 if is_cell else len(text)) for text, look, is_cell in row])
            for row in block
        ])  # fmt: skip
        if dots not in tried:
            tried.add(dots)
            if _are_drawn(dots, signs):
                return True
    return False


def _signs(item: _Item) -> Sequence[str]:
    text, _, is_cell = item
    return [f"{text} "] if is_cell else text


def _are_drawn(dots: Sequence[str], signs: Sequence[Sequence[str]]) -> bool:
    changes = sum([row.count(INK + GROUND) + row.count(GROUND + INK) for row in dots])
    if changes < _MIN_CHANGES:
        return False
    inside = 0
    for row, written in zip(dots, signs, strict=True):
        for change in _CHANGE.finditer(row):
            left, right = written[change.end() - 1], written[change.end()]
            inside += left == right or (left.isalnum() and right.isalnum())
    rows = [row.rstrip() for row in dots]
    if _INSIDE * inside >= changes and follow_each_other(rows) and are_letters(rows):
        return True
    return are_glyphs(rows) or are_glyphs([row.translate(_TURNED).rstrip() for row in dots])
