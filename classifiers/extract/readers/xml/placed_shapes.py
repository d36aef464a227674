"""Shapes with text in drawings of Office files, read by where they stand.

The order of shapes in a file is that in which they were drawn. A person reads them line by line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from classifiers.extract.hidden_writing.word_order import Cell, in_rows_and_columns
from classifiers.extract.readers.orders.across import sentences_across, sentences_of_cells
from classifiers.extract.readers.orders.referred import ReferredThings

_CONTAINERS = frozenset("sp anchor frame shape rect twoCellAnchor oneCellAnchor p custom-shape text tspan".split())
"""Elements that may be placed by themselves."""
_PLACED = frozenset("off framePr frame custom-shape text tspan".split())
_MOVED = re.compile(
    r"translate ?\(\s{0,9}(-?[\d.]{1,12})(?:cm|in|mm|pt|px)?[\s,]{1,9}(-?[\d.]{1,12})"
    r"|matrix\((?:[^(),\s]{1,20}[\s,]{1,9}){4}(-?[\d.]{1,12})[\s,]{1,9}(-?[\d.]{1,12})"
)
_TURNED = frozenset("text frame custom-shape".split())
_NUMBER = re.compile(r"-?\d{1,9}(?:\.\d{1,9})?")
_STYLE = re.compile(r"(?:margin-)?(left|top)\s*:\s*(-?\d{1,6}(?:\.\d{1,6})?)")
_MIN_SHAPES = 3
_MAX_SHAPES = 5_000
_LINES = 40
"""Lines that the height of a page is divided into, in which shapes stand beside each other."""


@dataclass(slots=True)
class _Shape:
    depth: int
    start: int
    place: dict[str, float] = field(default_factory=dict)
    name: str = ""


class PlacedShapes:
    """Collects shapes while a file is read; `shown` is the list to which its text is added."""

    def __init__(self, shown: Sequence[str]) -> None:
        self._shown = shown
        self._open: list[_Shape] = []
        self._axis = ""
        self._placed: list[list[Cell]] = [[]]
        """The shapes of each page."""
        self._columns: dict[float, list[tuple[float, str]]] = {}
        """Texts at the same height, with their left edges."""
        self._referred = ReferredThings()
        self._count = 0

    def start(self, name: str, attributes: Mapping[str, str], depth: int) -> None:
        """An element begins."""
        if name == "page":
            self._placed.append([])
        named = self._referred.name_of(name, attributes)
        if name in _CONTAINERS or (name == "pt" and named):
            self._open.append(_Shape(depth, len(self._shown)))
        if not self._open:
            return
        if named:
            self._open[-1].name = named
        if name in ("positionH", "positionV"):
            self._axis = "x" if name[-1] == "H" else "y"
        place = self._open[-1].place
        for key, value in attributes.items():
            local = key.rpartition(":")[2]
            if local in ("x", "y") and name in _PLACED and local not in place:
                place[local] = _number(value)
            elif local == "transform" and name in _TURNED and (moved := _MOVED.search(value)):
                place["x"], place["y"] = _number(moved[1] or moved[3]), _number(moved[2] or moved[4])
            elif local == "style" and name in ("shape", "rect"):
                place |= {"x" if edge == "left" else "y": float(size) for edge, size in _STYLE.findall(value)}

    def text(self, name: str, text: str) -> None:
        """Text between tags, which may be the place of a shape."""
        if name == "posOffset" and self._open and self._axis:
            self._open[-1].place[self._axis] = _number(text)
        elif name in ("col", "row") and self._open:
            self._open[-1].place.setdefault("x" if name == "col" else "y", _number(text))

    def end(self, depth: int) -> None:
        """An element ends."""
        if not self._open or self._open[-1].depth != depth:
            return
        shape = self._open.pop()
        if shape.name:
            self._referred.add(shape.name, " ".join("".join(self._shown[shape.start :]).split()))
        if shape.place and self._count < _MAX_SHAPES:
            lines = "".join(self._shown[shape.start :])
            text = " ".join(lines.split())
            if text:
                column = (shape.place.get("x", 0.0), lines)
                self._columns.setdefault(shape.place.get("y", 0.0), []).append(column)
                self._count += 1
                self._placed[-1].append((shape.place.get("y", 0.0), shape.place.get("x", 0.0), text))

    def readings(self) -> Iterator[str]:
        """The texts of the shapes line by line, if that is not the order of the file, and down their columns."""
        yield from self._referred.said()
        if self._count < _MIN_SHAPES:
            return
        for columns in self._columns.values():
            yield from sentences_across([lines for _, lines in sorted(columns)])
        pages = list(filter(None, self._placed))
        lines = [line_by_line(page) for page in pages]
        if lines != pages:
            yield " ".join(text for page in lines for _, _, text in page)
        for page in pages:
            yield from sentences_of_cells(in_rows_and_columns(page))


def line_by_line(placed: Sequence[Cell]) -> Sequence[Cell]:
    """Placed texts in the order of lines, and from left to right in each."""
    top = min(y for y, _, _ in placed)
    line = (max(y for y, _, _ in placed) - top) / _LINES or 1.0
    return sorted(placed, key=lambda shape: (round((shape[0] - top) / line), shape[1]))


def _number(value: str) -> float:
    found = _NUMBER.match(value.strip())
    return float(found[0]) if found else 0.0
