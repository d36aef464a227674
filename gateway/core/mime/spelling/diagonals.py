"""The words down the diagonals of a table, which a person may be told to read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from gateway.core.mime.spelling.spelled_words import addresses_somebody

_MIN_ROWS, _MAX_ROWS = 5, 200
_MIN_WIDTH, _MAX_WIDTH = 2, 16
_MAX_IN_CELL = 3
"""Words of a cell that is no text of its own."""
_STEPS = (1, -1, 2, -2)
"""Columns from the cell of one row to that of the next."""


def diagonals(rows: Sequence[Sequence[str]]) -> Iterator[list[str]]:
    """The words of each diagonal that may be said to somebody, where several rows after each other are equally wide.

    A diagonal goes on at the other side of the table when it meets an edge, or comes back from there.
    """
    for width, alike in groupby(rows[:_MAX_ROWS], key=len):
        table = [[cell.split() for cell in row] for row in alike]
        if len(table) < _MIN_ROWS or not _MIN_WIDTH <= width <= _MAX_WIDTH:
            continue
        for columns in _columns(len(table), width):
            cells = [row[column] for row, column in zip(table, columns, strict=True)]
            words = [word for cell in cells if len(cell) <= _MAX_IN_CELL for word in cell]
            if addresses_somebody(words):
                yield words


def _columns(count: int, width: int) -> Iterator[list[int]]:
    """The columns of each diagonal, row by row."""
    for step in _STEPS[: 2 if width <= 3 else None]:
        for first in range(width):
            yield [(first + step * row) % width for row in range(count)]
    if width > _MIN_WIDTH:  # without the last column, or the first one
        yield [row % (width - 1) for row in range(count)]
        yield [width - 1 - row % (width - 1) for row in range(count)]
    around = [*range(width), *range(width - 2, 0, -1)]  # to the last column and back
    for first in (0, width - 1):
        yield [around[(first + row) % len(around)] for row in range(count)]
