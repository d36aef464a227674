"""Puts the letters of a box into rows, as a program does that shows it, and tells which of them are in its window."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from gateway.core.mime.cut_text.letter_widths import Measure
from gateway.core.mime.cut_text.windows import Edge, Window
from gateway.core.mime.page.frame import Frame

_LINE_HEIGHT = 1.2
_ROUNDING = 0.05
"""Pixels by which a sum of widths may be wrong."""


@dataclass(frozen=True, slots=True)
class Shift:
    """How elements in a box move a text: by their places, and by margins, which move what follows as well.

    `own`: the share of its width by which a text moves. `anchor`: the shares of what does not fit that are cut at the
    left and at the top. `font`, `spacing`: the size of its letters, and what is between them. All lengths are pixels.
    """

    dx: float
    dy: float
    own: float
    indent: float
    anchor: tuple[float, float]
    margins: tuple[tuple[Frame, float, float], ...]
    font: float
    spacing: float


@dataclass(frozen=True, slots=True)
class Sign:
    """A letter of a piece of text with a number, and how it is moved."""

    number: int
    letter: str
    shift: Shift

    def width(self, measure: Measure) -> float:
        """Its width in pixels."""
        return measure(self.letter) * self.shift.font + self.shift.spacing


Row = list[Sign]


def broken(line: Row, width: float | None, is_any_place: bool, measure: Measure) -> list[Row]:
    """A line as it is broken in a box of a width, None if it is not. `is_any_place`: also inside words."""
    if width is None:
        return [line]
    rows: list[Row] = [[]]
    room = width
    for word in _words(line):
        widths = [sign.width(measure) for sign in word]
        if sum(widths[: -1 if word[-1].letter == " " else None]) <= room + _ROUNDING:
            rows[-1] += word
            room -= sum(widths)
            continue
        for at, sign in enumerate(word):
            is_full = widths[at] > room + _ROUNDING if is_any_place else at == 0
            if is_full and rows[-1]:
                rows.append([])
                room = width
            rows[-1].append(sign)
            room -= widths[at]
    return rows


def _words(line: Row) -> Iterator[Row]:
    word: Row = []
    for sign, following in pairwise((*line, line[-1])):
        word.append(sign)
        if sign.letter == " " and following.letter != " ":
            yield word
            word = []
    if word:
        yield word


def seen_in(window: Window, rows: Sequence[Row], high: float | None, font: float, measure: Measure) -> Iterator[Sign]:
    """The letters of rows that are seen in a window. `high`: the height of a row."""
    high = high or _LINE_HEIGHT * font
    totals = [sum([sign.width(measure) for sign in row]) for row in rows]
    width = max(totals, default=0.0) if window.width is None else window.width
    height = len(rows) * high if window.height is None else window.height
    known: set[Frame] = set()
    below = window.start[1]
    for at, (row, total) in enumerate(zip(rows, totals, strict=True)):
        if window.lines is not None and at >= window.lines:
            return
        anchor = row[0].shift.anchor
        x = window.start[0] + row[0].shift.indent + anchor[0] * min(0.0, width - total)
        y = below + at * high + anchor[1] * min(0.0, height - len(rows) * high)
        for sign in row:
            shift = sign.shift
            for box, right, down in shift.margins:
                if box not in known:
                    known.add(box)
                    x, y, below = x + right, y + down, below + down
            own = sign.width(measure)
            if _is_between(x + shift.dx + shift.own * total + own / 2, window.across, width) and _is_between(
                y + shift.dy + high / 2, window.down, height
            ):
                yield sign
            x += own


def _is_between(at: float, edges: tuple[Edge, Edge] | None, size: float) -> bool:
    if edges is None:
        return True
    (start, start_share), (end, end_share) = edges
    return start + start_share * size - _ROUNDING <= at <= end + end_share * size + _ROUNDING
