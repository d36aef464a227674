"""In which order words are a sentence: across the rows of a table or page, or down its columns.

Words that follow each other as in a language are evidence of a sentence (`classifiers.normalize.word_pairs`). Few do in
another order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby, pairwise

from classifiers.normalize.word_pairs import EVIDENCE, evidence

_WORD_SIGNS = ".,;:!?¿¡()\"'-*|"
_MORE, _IN_PROSE = 8.0, 16.0
"""Bits of evidence that words have more down the columns than across the rows, and down those that may be no table."""
_MIN_WORDS, _MIN_ROWS, _MAX_CELLS = 5, 2, 2_000
"""Words and rows of a table, and cells that are looked at."""
_MAX_IN_CELL = 3
"""Words of a cell that is no text of its own."""
_EDGES = 40
"""Parts of the width or height of a page within which things stand in one column or row."""

Cell = tuple[float, float, str]
"""The row or height, the column or left edge, and the text of a cell."""


def plain_words(words: Iterable[str]) -> list[str]:
    """Words in small letters, without the signs of sentences."""
    return [word.strip(_WORD_SIGNS).lower().replace("\u2019", "'") for word in words]


def reads_down(down: Sequence[str], across: Sequence[str], *, is_prose: bool = False) -> bool:
    """Whether words are a sentence down the columns rather than across the rows. `is_prose`: whether rows are lines."""
    bits, others = evidence(plain_words(down)), max(evidence(plain_words(across)), 0.0)
    return bits >= others + _MORE and (not is_prose or (bits >= _IN_PROSE and bits > 2 * others))


def sentences_down(cells: Iterable[Cell]) -> list[str]:
    """What cells of a word or two say down their columns: all columns in a row, or one of them."""
    short = [
        (row, column, words)
        for row, column, text in cells
        if 1 <= len(words := text.split()) <= _MAX_IN_CELL and any(map(str.isalpha, text))
    ][:_MAX_CELLS]
    across = [word for cell in sorted(short, key=lambda cell: cell[:2]) for word in cell[2]]
    if len(across) < _MIN_WORDS:
        return []
    ordered = sorted(short, key=lambda cell: (cell[1], cell[0]))
    columns = [
        [word for cell in column for word in cell[2]] for _, column in groupby(ordered, key=lambda cell: cell[1])
    ]
    if len(columns) < 2 or len({row for row, _, _ in short}) < _MIN_ROWS:
        return []
    down = [word for column in columns for word in column]
    said = [down] if reads_down(down, across) else []
    return [" ".join(words) for words in (*said, *(column for column in columns if is_natural(plain_words(column))))]


def sentences_of_pieces(pieces: Iterable[str]) -> list[str]:
    """What every second piece of a text says, if that is more of a sentence than all of them.

    Pieces are what differs in looks: words that are raised, bold or in a color, among others.
    """
    short = [words for piece in pieces if 1 <= len(words := piece.split()) <= _MAX_IN_CELL]
    together = [word for words in short for word in words]
    if len(together) < 2 * _MIN_WORDS:
        return []
    ways = ([word for words in short[first::2] for word in words] for first in (0, 1))
    return [" ".join(way) for way in ways if is_natural(plain_words(way)) and reads_down(way, together)]


def is_natural(plain: Sequence[str], other: float = 0.0, least: float = EVIDENCE) -> bool:
    """Whether words in a row are a sentence by themselves, more than the row from which they were picked.

    `other`: the bits of evidence for each word of that row. `least`: the bits that are asked for.
    """
    bits = evidence(plain) if len(plain) >= _MIN_WORDS else 0.0
    return bits >= least and bits > other * (len(plain) - 1)


def natural_texts(texts: Iterable[str]) -> list[str]:
    """The texts whose words are a sentence."""
    return [text for text in texts if is_natural(plain_words(text.split()))]


def in_rows_and_columns(placed: Sequence[Cell]) -> list[Cell]:
    """Texts at places as cells of numbered rows and columns. The first row is the one of the least height."""
    rows, columns = _numbered(placed, lambda cell: cell[0]), _numbered(placed, lambda cell: cell[1])
    return [(rows[row], columns[column], text) for row, column, text in placed]


def _numbered(placed: Sequence[Cell], edge: Callable[[Cell], float]) -> dict[float, int]:
    """The number of the row or column of each edge. Edges that are near each other share one."""
    edges = sorted(set(map(edge, placed)))
    gap = (edges[-1] - edges[0]) / _EDGES if edges else 0.0
    number, numbers = 0, dict[float, int]()
    for before, at in pairwise((edges[:1] or [0.0]) + edges):
        number += at - before > gap
        numbers[at] = number
    return numbers
