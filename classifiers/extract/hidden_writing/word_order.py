"""In which order words are a sentence: across the rows of a table or page, or down its columns.

Words that follow each other in a language are common pairs (`classifiers.normalize.word_pairs`). In another order few
pairs are common ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby, pairwise

from classifiers.extract.hidden_writing.link_words import SPEAKING
from classifiers.normalize.word_pairs import common_pairs

_WORD_SIGNS = ".,;:!?¿¡()\"'-*|"
_MIN_MORE = 2
"""Common pairs that words have more of down the columns than across the rows."""
_MIN_IN_PROSE = 4
"""Common pairs down the columns of lines that may be no table at all."""
MIN_NATURAL, _NATURAL_SHARE = 4, 0.28
"""Common pairs of words that are a sentence, in number, and share of the words."""
_MIN_WORDS, _MIN_ROWS, _MAX_CELLS = 8, 2, 2_000
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
    pairs, others = common_pairs(plain_words(down)), common_pairs(plain_words(across))
    return pairs >= others + _MIN_MORE and (not is_prose or (pairs >= _MIN_IN_PROSE and pairs > 2 * others))


def sentences_down(cells: Iterable[Cell]) -> list[str]:
    """What cells of a word or two say down their columns: all columns in a row, or one of them."""
    short = [
        (row, column, words)
        for row, column, text in cells
        if 1 <= len(words := text.split()) <= _MAX_IN_CELL and any(map(str.isalpha, text))
    ][:_MAX_CELLS]
    across = [word for cell in sorted(short, key=lambda cell: cell[:2]) for word in cell[2]]
    if len(across) < _MIN_WORDS or SPEAKING.isdisjoint(plain_words(across)):
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
    if len(together) < 2 * _MIN_WORDS or SPEAKING.isdisjoint(plain_words(together)):
        return []
    ways = ([word for words in short[first::2] for word in words] for first in (0, 1))
    return [" ".join(way) for way in ways if is_natural(plain_words(way)) and reads_down(way, together)]


def is_natural(plain: Sequence[str], share: float = 0.0) -> bool:
    """Whether words in a row are a sentence to somebody by themselves, at least as much as another row.

    `share`: the share of the words of that row that follow each other as in a language.
    """
    if len(plain) < _MIN_WORDS or SPEAKING.isdisjoint(plain):
        return False
    return common_pairs(plain) >= max(MIN_NATURAL, max(_NATURAL_SHARE, share) * (len(plain) - 1))


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
