"""Columns of lines that stand beside each other, read across: the cells of a row, or boxes at the same height."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from classifiers.extract.hidden_writing.word_order import reads_down
from classifiers.extract.readers.words_in_values import is_address_to_somebody
from gateway.core.mime.spelling.spelled_words import spells_words

_MIN_COLUMNS, _MIN_LINES = 3, 2
_MAX_COLUMNS, _MAX_LINES = 200, 200


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
