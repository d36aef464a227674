"""What the places of texts on a page of a PDF tell: the order of words."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Collection, Iterable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from classifiers.extract.hidden_writing.link_words import SPEAKS
from classifiers.extract.hidden_writing.word_order import in_rows_and_columns
from classifiers.extract.readers.orders.across import sentences_of_cells

MAX_NESTED = 40
"""Forms inside each other whose objects are looked at. PDFium draws no more."""
_TINY = 1.2
"""Height in points below which nobody can read a text."""
_MIN_BACKWARD = 4
"""Texts that stand before the one drawn before them on their line, from which a page is read by place as well."""
_MIN_ABOVE, _ABOVE_SHARE = 6, 0.3
"""Texts that stand above the one drawn before them, in number and share, from which that is so as well."""
_SAME_LINE = 3.0
_AGAIN = 1.5
"""Points from a text within which the next one is the same again, to make it bold."""
_MAX_LETTERS = 20_000
_GAP, _WIDE_GAP = 0.9, 2.5
"""Widths of a letter from which a gap is a blank, and from which the texts beside it are of two columns."""
_MIN_EVEN, _EVEN, _EVEN_SHARE, _BLANK_OF_PITCH = 6, 0.1, 0.6, 1.5
"""Steps from letter to letter from which they may be even, how even they are and their share, and steps of a blank."""
_SHORT_LINE, _MIN_SHORT, _MAX_SHORT = 8, 3, 5_000
"""Words of a short line, such lines, and characters of a page whose columns are read."""
_FEW_LETTERS, MIN_STEPS, _MIN_STEP, _STEPS_SHARE = 8, 6, 0.5, 0.8
"""Letters of a step of a slanted line, its steps, points from one to the next, and the share that goes one way."""

Box = tuple[float, float, float, float]


def box_of(item: Any) -> Box | None:
    """Left, bottom, right and top of an object; None if it has no place."""
    from pypdfium2 import raw

    edges = [ctypes.c_float() for _ in range(4)]
    if not raw.FPDFPageObj_GetBounds(item, *map(ctypes.byref, edges)):
        return None
    left, bottom, right, top = (edge.value for edge in edges)
    return left, bottom, right, top


def is_tiny(box: Box | None) -> bool:
    """Whether a text is too small to read, in both directions: turned ones are high."""
    return box is not None and box[3] - box[1] < _TINY and box[2] - box[0] < _TINY


def is_out_of_order(boxes: Iterable[Box]) -> bool:
    """Whether texts stand before or between those that were drawn before them on the same line, or many above them."""
    count, ends = 0, dict[int, float]()
    above = total = 0
    before = height = 0.0
    for left, bottom, right, _ in boxes:
        total += 1
        above += bottom > height + 2 * _SAME_LINE
        height = bottom
        line = round(bottom / _SAME_LINE)
        end = ends.get(line, left)
        count += left + 1 < end and abs(left - before) > _AGAIN
        ends[line], before = max(end, right), left
    return count >= _MIN_BACKWARD or above >= max(_MIN_ABOVE, _ABOVE_SHARE * total)


def read_by_place(text_page: Any, *, above: float = -math.inf, without: Collection[int] = ()) -> str:
    """The letters of a page line by line, from left to right: those above a height, and not those of some numbers."""
    return "\n".join(" ".join(text for _, text in _texts(line)) for line in _lines(text_page, above, without))


def read_down(text: str, text_page: Any) -> list[str]:
    """What the words of a page say down its columns, if its lines are short."""
    lines = [words for line in text.split("\n") if (words := line.split())]
    short = sum(len(words) <= _SHORT_LINE for words in lines)
    if short < _MIN_SHORT or short * 2 < len(lines) or len(text) > _MAX_SHORT or not SPEAKS.search(text.lower()):
        return []
    cells = [(-line[0].line, left, said) for line in _lines(text_page) for left, said in _texts(line)]
    return sentences_of_cells(in_rows_and_columns(cells))


def read_slanted(text_page: Any) -> str:
    """The letters of a page that go up or down in steps, from left to right; "" if none do."""
    steps = [line for line in _lines(text_page) if len(line) <= _FEW_LETTERS]
    lefts = [line[0].left for line in steps]
    right = sum(after - before > _MIN_STEP for before, after in pairwise(lefts))
    left = sum(before - after > _MIN_STEP for before, after in pairwise(lefts))
    if max(right, left) < max(MIN_STEPS, _STEPS_SHARE * len(steps)):
        return ""
    letters = sorted((letter for line in steps for letter in line), key=lambda letter: letter.left)
    return " ".join(text for _, text in _texts(letters))


class _Letter(NamedTuple):
    line: float
    origin: float
    left: float
    right: float
    letter: str


def _lines(text_page: Any, above: float = -math.inf, without: Collection[int] = ()) -> list[list[_Letter]]:
    """The letters of a page, line by line, each from left to right."""
    from pypdfium2 import raw

    edges = [ctypes.c_double() for _ in range(4)]
    origin = [ctypes.c_double() for _ in range(2)]
    letters: list[_Letter] = []
    for number in range(min(text_page.count_chars(), _MAX_LETTERS)):
        letter = chr(raw.FPDFText_GetUnicode(text_page, number))
        if letter.isspace() and raw.FPDFText_IsGenerated(text_page, number):
            continue
        raw.FPDFText_GetCharOrigin(text_page, number, *map(ctypes.byref, origin))
        x, line = (place.value for place in origin)
        if line < above or number in without:
            continue
        if raw.FPDFText_GetCharBox(text_page, number, *map(ctypes.byref, edges)):
            left, right = (x, x) if letter.isspace() else (edge.value for edge in edges[:2])
            letters.append(_Letter(line, x, left, right, letter))
    lines: list[list[_Letter]] = []
    for item in sorted(letters, key=lambda letter: -letter.line):
        if lines and lines[-1][0].line - item.line <= 2 * _SAME_LINE:
            lines[-1].append(item)
        else:
            lines.append([item])
    return [sorted(line, key=lambda letter: letter.left) for line in lines]


def _texts(letters: Sequence[_Letter]) -> list[tuple[float, str]]:
    """The texts of a line that stand apart, with their left edges. There is a blank where there is a small gap."""
    widths = sorted(letter.right - letter.left for letter in letters if letter.letter != " ") or [0.0]
    width = widths[len(widths) // 2]
    gap, wide = max(width * _GAP, 1.0), max(width * _WIDE_GAP, 3.0)
    texts: list[tuple[float, list[str]]] = []
    end = before = -math.inf
    pitch = _pitch(letters)
    for _, origin, left, right, letter in letters:
        if letter == " ":
            if texts:
                texts[-1][1].append(letter)
            continue
        is_apart = origin - before > _BLANK_OF_PITCH * pitch if pitch else left - end > gap
        if left - end > max(wide, 2 * _BLANK_OF_PITCH * pitch):
            texts.append((left, []))
        texts[-1][1].extend([" "] * is_apart + [letter])
        end, before = max(end, right), origin
    return [(left, " ".join("".join(pieces).split())) for left, pieces in texts]


def _pitch(letters: Sequence[_Letter]) -> float:
    """The distance of the letters of a line, if it is mostly the same one; else 0."""
    places = [letter.origin for letter in letters if letter.letter != " "]
    steps = sorted(after - before for before, after in pairwise(places))
    if len(steps) < _MIN_EVEN:
        return 0.0
    usual = steps[len(steps) // 2]
    even = sum(abs(step - usual) <= _EVEN * usual for step in steps)
    return usual if even >= _EVEN_SHARE * len(steps) else 0.0
