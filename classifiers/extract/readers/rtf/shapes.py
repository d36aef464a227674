"""The shapes of RTF: those with text by where they stand on the page, and those without, which may be letters."""

from __future__ import annotations

import re
from collections.abc import Iterator

from classifiers.extract.hidden_writing.word_order import Cell, in_rows_and_columns
from classifiers.extract.readers.orders.across import sentences_of_cells
from classifiers.extract.readers.xml.placed_shapes import line_by_line
from gateway.core.mime.page.drawing import MAX_CELLS
from gateway.core.mime.page.strokes import Strokes

SHAPE_WORDS = {"shpleft": "x", "dpx": "x", "shptop": "y", "dpy": "y"}
"""Words with the places of shapes."""
_POINTS = re.compile(r"\(-?\d{1,9},-?\d{1,9}\)")
_TYPE = "shapeType"
_WITHOUT_LINES = frozenset(("0", "75", "136", "202"))
"""Types of shapes that are counted by their points, or that are a picture or a text."""
_MIN_SHAPES, _MAX_SHAPES = 3, 2_000


class RtfShapes:
    """Collects paragraphs and shapes that are placed."""

    def __init__(self) -> None:
        self._placed: list[Cell] = []
        self._places: list[dict[str, int]] = []
        self._texts: list[str] = []

    def begin(self) -> int:
        """A shape begins. Returns its number."""
        if len(self._places) < _MAX_SHAPES:
            self._places.append({})
            self._texts.append("")
        return len(self._places) - 1

    def place(self, shape: int, word: str, number: int) -> None:
        """The left or upper edge of a shape."""
        if shape >= 0:
            self._places[shape][SHAPE_WORDS[word]] = number

    def text(self, shape: int, text: str) -> None:
        """The text of a shape."""
        if shape >= 0:
            self._texts[shape] = text

    def add(self, height: int, left: int, text: str) -> None:
        """A paragraph that is placed."""
        if len(self._placed) < _MAX_SHAPES:
            self._placed.append((height, left, text))

    def readings(self) -> Iterator[str]:
        """The texts line by line, if that is not the order of the file, and down their columns."""
        shapes = (
            (place.get("y", 0), place.get("x", 0), text) for place, text in zip(self._places, self._texts, strict=True)
        )
        placed = [*self._placed, *(shape for shape in shapes if shape[2])]
        if len(placed) < _MIN_SHAPES:
            return
        yield from sentences_of_cells(in_rows_and_columns(placed))
        lines = line_by_line(placed)
        if list(lines) != placed:
            texts = [" ".join(text.split()) for _, _, text in lines]
            yield ("" if len("".join(texts)) <= 2 * len(texts) else " ").join(texts)


class RtfDrawing:
    """Counts what is drawn: shapes of Word, the same shapes for its first versions, and colored cells and blanks."""

    def __init__(self) -> None:
        self._shapes, self._old_shapes = Strokes(), Strokes()
        self._cells = self._blanks = 0
        self._color, self._color_before = 0, -1
        self.property = ""
        """The name of the property of a shape whose value follows."""

    def word(self, word: str, number: int) -> None:
        """A word of DRAWN_WORDS."""
        match word:
            case "trowd":
                self._color, self._color_before = 0, -1
            case "clcbpat":
                self._color = number
            case "cellx":
                self._cells += self._color_before not in (-1, self._color)
                self._color, self._color_before = 0, self._color
            case "dppt" | "dpptx":
                self._old_shapes.points += 1
            case _:
                self._old_shapes.line()

    def value(self, value: str) -> None:
        """The value of a property of a shape."""
        if self.property == _TYPE and value.strip() not in _WITHOUT_LINES:
            self._shapes.line()
        if points := len(_POINTS.findall(value)):
            self._shapes.line(points)

    def blank(self) -> None:
        """A colored blank."""
        self._blanks += 1

    def may_be_letters(self) -> bool:
        """Whether there is enough for a sentence."""
        is_drawn = self._shapes.may_be_letters() or self._old_shapes.may_be_letters()
        return is_drawn or max(self._cells, self._blanks) >= MAX_CELLS
