"""The shapes of RTF with text, by where they stand on the page: a person reads them line by line."""

from __future__ import annotations

from collections.abc import Iterator

from classifiers.extract.hidden_writing.word_order import Cell, in_rows_and_columns, sentences_down
from classifiers.extract.readers.xml.placed_shapes import line_by_line

SHAPE_WORDS = {"shpleft": "x", "dpx": "x", "shptop": "y", "dpy": "y"}
"""Words with the places of shapes."""
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
        yield from sentences_down(in_rows_and_columns(placed))
        lines = line_by_line(placed)
        if list(lines) != placed:
            texts = [" ".join(text.split()) for _, _, text in lines]
            yield ("" if len("".join(texts)) <= 2 * len(texts) else " ").join(texts)
