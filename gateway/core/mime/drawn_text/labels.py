"""Labels before and after the rows of a drawing: numbers, names, words like `row`.

A row is what stands between them. Rows have long runs of one sign, which sentences do not have.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import islice

_RUN = re.compile(r"([^\n])\1\1")
"""One sign three times in a row."""
_WORD = re.compile(r"[^\W_]{1,16}[^\w\n]")
_MAX_WORDS, _MAX_LENGTH = 4, 60
"""Words of a label, and its characters."""
_MIN_ROW = 14
"""Signs of a row between labels."""


def may_have_rows(text: str, least: int) -> bool:
    """Whether a text has runs of signs as rows of drawings have, at least this many."""
    return sum(1 for _ in islice(_RUN.finditer(text), least)) == least


def without_labels(line: str, is_row: Callable[[str], bool]) -> str:
    """What stands between labels, if it is a row; otherwise the line."""
    if is_row(line) or len(line) < _MIN_ROW or _RUN.search(line) is None:
        return line
    starts, ends = list(_ends_of_words(line)), list(_ends_of_words(line[::-1]))
    between = [line[start : len(line) - end] for start in starts for end in ends]
    return min([row for row in between if len(row) >= _MIN_ROW and is_row(row)], key=_count_letters, default=line)


def _count_letters(row: str) -> int:
    """Different letters and digits: a row with those of a label has more."""
    return sum(map(str.isalnum, set(row)))


def _ends_of_words(line: str) -> Iterator[int]:
    """Where a label may end: nowhere, or after each of its words."""
    yield 0
    for word in islice(_WORD.finditer(line, 0, _MAX_LENGTH), _MAX_WORDS):
        yield word.end() - 1
