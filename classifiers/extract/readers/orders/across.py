"""Words of a table that a person reads in another direction than the file: across its lines, down, or aslant."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import groupby, zip_longest

from classifiers.extract.hidden_writing.word_order import Cell, natural_texts, reads_down, sentences_down
from classifiers.extract.readers.words_in_values import is_address_to_somebody
from gateway.core.mime.spelling.diagonals import diagonals
from gateway.core.mime.spelling.spelled_words import spells_words

_MIN_COLUMNS, _MIN_LINES = 3, 2
_MAX_COLUMNS, _MAX_LINES = 200, 200
_MAX_TEXT = 20_000
_CELL_EDGE = re.compile(r"[\t|;,]|  +")


def sentences_across(columns: Sequence[str]) -> list[str]:
    """What columns say across their lines, if that is more of a sentence than down each of them."""
    rows = [text.strip("\n").split("\n")[:_MAX_LINES] for text in columns[:_MAX_COLUMNS]]
    rows = [[" ".join(line.split()) for line in lines] for lines in rows if lines != [""]]
    if len(rows) < _MIN_COLUMNS or max(map(len, rows)) < _MIN_LINES:
        return []
    across = [piece for line in zip_longest(*rows, fillvalue="") for piece in line if piece]
    letters = "".join(across)
    if len(letters) <= 2 * len(across):
        return [letters] if spells_words("".join(filter(str.isalpha, letters))) else []
    down = [piece for lines in rows for piece in lines if piece]
    said = " ".join(across)
    return [said] if is_address_to_somebody(said) and reads_down(said.split(), " ".join(down).split()) else []


def sentences_of_cells(cells: Iterable[Cell]) -> list[str]:
    """What cells of a word or two say down the columns and diagonals of their table."""
    cells = list(cells)
    rows = [[text for _, _, text in row] for _, row in groupby(sorted(cells), key=lambda cell: cell[0])]
    return [*sentences_down(cells), *natural_texts(map(" ".join, diagonals(rows)))]


def sentences_aslant(text: str) -> list[str]:
    """What the words or cells of the lines of a text say down the diagonals."""
    lines = [line.strip() for line in text[:_MAX_TEXT].split("\n")]
    words = list(map(str.split, filter(None, lines)))[:_MAX_LINES]
    width = min(map(len, words), default=0)
    from_sides = ([row[:width] for row in words], [row[-width:] for row in words]) if width else ()
    tables = (list(map(str.split, lines)), list(map(_CELL_EDGE.split, lines)), *from_sides)
    stairs = ([row[min(at, len(row) - 1)] for at, row in enumerate(rows)] for rows in (words, [r[::-1] for r in words]))
    said = (*stairs, *(words for rows in tables for words in diagonals(rows)))
    return list(dict.fromkeys(natural_texts(map(" ".join, said))))
