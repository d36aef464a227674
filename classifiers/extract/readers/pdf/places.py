"""What the places of texts on a page of a PDF tell: the order of words."""

from __future__ import annotations

import ctypes
from collections.abc import Iterable, Sequence
from typing import Any

MAX_NESTED = 40
"""Forms inside each other whose objects are looked at. PDFium draws no more."""
_TINY = 1.2
"""Height in points below which nobody can read a text."""
_MIN_BACKWARD = 4
"""Texts that stand before the one drawn before them on their line, from which a page is read by place as well."""
_SAME_LINE = 3.0
_AGAIN = 1.5
"""Points from a text within which the next one is the same again, to make it bold."""
_MAX_LETTERS = 20_000

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
    """Whether texts stand before or between those that were drawn before them on the same line."""
    count, ends = 0, dict[int, float]()
    before = 0.0
    for left, bottom, right, _ in boxes:
        line = round(bottom / _SAME_LINE)
        end = ends.get(line, left)
        count += left + 1 < end and abs(left - before) > _AGAIN
        ends[line], before = max(end, right), left
    return count >= _MIN_BACKWARD


def read_by_place(text_page: Any) -> str:
    """The letters of a page line by line, from left to right."""
    from pypdfium2 import raw

    edges = [ctypes.c_double() for _ in range(4)]
    letters: list[tuple[float, float, float, str]] = []
    for number in range(min(text_page.count_chars(), _MAX_LETTERS)):
        letter = chr(raw.FPDFText_GetUnicode(text_page, number))
        if letter.isspace() or not raw.FPDFText_GetCharBox(text_page, number, *map(ctypes.byref, edges)):
            continue
        left, right, bottom, _ = (edge.value for edge in edges)
        letters.append((bottom, left, right, letter))
    lines: list[list[tuple[float, float, float, str]]] = []
    for item in sorted(letters, key=lambda letter: -letter[0]):
        if lines and lines[-1][0][0] - item[0] <= 2 * _SAME_LINE:
            lines[-1].append(item)
        else:
            lines.append([item])
    return "\n".join(_line(sorted(line, key=lambda letter: letter[1])) for line in lines)


def _line(letters: Sequence[tuple[float, float, float, str]]) -> str:
    """The letters of a line, with a blank where there is a gap."""
    widths = sorted(right - left for _, left, right, _ in letters)
    gap = max(widths[len(widths) // 2] * 0.9, 1.0)
    pieces: list[str] = []
    end = letters[0][1]
    for _, left, right, letter in letters:
        pieces += [" "] * (left - end > gap) + [letter]
        end = right
    return "".join(pieces)
