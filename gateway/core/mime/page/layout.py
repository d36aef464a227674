"""Text that a page shows in another order than it is written: reversed, moved, or placed letter by letter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.core.mime.css.lengths import to_pixels
from gateway.core.mime.css.style import Style
from gateway.core.mime.page.runs import SEEN, Run

ROWS = frozenset("flex inline-flex grid inline-grid -webkit-flex -webkit-box -ms-flexbox".split())
"""Values of display that put children side by side."""
_MAX_MOVES = 300_000
"""Pieces of text that are moved in one page."""
_MAX_PLACED = 3
"""Letters of a text that counts as placed by itself."""
_MIN_PLACED = 5
_MAX_BOXES = 1_000
_MAX_PIECES = 4
_LINE = 12.0


@dataclass(slots=True)
class _Box:
    """An open element. `children`: start and end of those that may be moved, order, whether they float right."""

    is_row: bool
    place: tuple[float, float] | None
    children: list[tuple[int, int, int, bool]] = field(default_factory=list)


class Layout:
    """Moves pieces of text to the order in which they are seen."""

    def __init__(self, runs: list[Run]) -> None:
        self._runs = runs
        self._open = [_Box(False, None)]
        self._placed: list[tuple[float, float, str]] = []
        self._markers: list[str] = []
        self._lines: list[str] = []
        self._moves = 0

    @property
    def is_complete(self) -> bool:
        """Whether everything was moved."""
        return self._moves <= _MAX_MOVES

    def enter(self, style: Style, display: str, attributes: Mapping[str, str | None], name: str) -> None:
        """An element begins."""
        is_placed = style.flow == "out" or name in ("text", "tspan")
        self._open.append(_Box(display in ROWS, _place(style, attributes, name) if is_placed else None))

    def leave(self, start: int, style: Style, in_row: bool) -> None:
        """An element ends, before its last line break. `start`: its first piece of text. `in_row`: beside others."""
        box = self._open.pop()
        end = len(self._runs)
        if box.place is not None and end - start <= _MAX_PIECES:
            text = "".join([run.text for run in self._runs[start:end] if run.mask & SEEN]).strip()
            if 0 < len(text) <= _MAX_PLACED:
                self._placed.append((*box.place, text))
        if box.children:
            self._arrange(start, end, style, box)
        if style.is_reversed:
            self._reverse(start, end)
        elif style.direction == "rtl" and style.value("direction") == "rtl":
            self._add_from_the_right(start, end)
        is_right = style.flow == "float" and style.value("float") in ("right", "inline-end")
        if is_right or in_row:
            self._open[-1].children.append((start, end, _order(style) if style.values else 0, is_right))

    def add_marker(self, marker: str) -> None:
        """A letter in front of a list item; "" if it is none."""
        if marker:
            self._markers.append(marker)

    def variants(self) -> list[str]:
        """Lines that are put together of single letters."""
        found = self._lines
        if len(self._markers) >= _MIN_PLACED:
            found.append("".join(self._markers))
        if len(self._placed) >= _MIN_PLACED:
            for key in (_by_line, _by_column):
                found.append("".join(text for _, _, text in sorted(self._placed, key=key)))
        return found

    def _add_from_the_right(self, start: int, end: int) -> None:
        """Boxes of a letter each are seen from right to left."""
        if end - start <= _MAX_BOXES:
            texts = [text for run in self._runs[start:end] if run.mask & SEEN and (text := run.text.strip())]
            if len(texts) >= _MIN_PLACED and max(map(len, texts)) <= _MAX_PLACED:
                self._lines.append("".join(reversed(texts)))

    def _take(self, count: int) -> bool:
        self._moves += count
        return self._moves <= _MAX_MOVES

    def _reverse(self, start: int, end: int) -> None:
        if not self._take(end - start):
            return
        line: list[Run] = []
        arranged: list[Run] = []
        for run in self._runs[start:end]:
            if run.text[:1] == "\n":
                arranged += [*reversed(line), run]
                line = []
            else:
                line.append(Run(run.text[::-1], run.mask, run.kind))
        self._runs[start:end] = [*arranged, *reversed(line)]

    def _arrange(self, start: int, end: int, style: Style, box: _Box) -> None:
        is_row, children = box.is_row, box.children
        is_reversed = is_row and style.value("flex-direction").endswith("reverse")
        has_right = any(is_right for _, _, _, is_right in children)
        if not (is_reversed or has_right or (is_row and any(order for _, _, order, _ in children))):
            return
        if not self._take(end - start):
            return
        segments: list[tuple[int, list[Run], bool]] = []
        at = start
        for first, last, order, is_right in children:
            if first > at:
                segments.append((0, self._runs[at:first], False))
            segments.append((order, self._runs[first:last], is_right))
            at = last
        if at < end:
            segments.append((0, self._runs[at:end], False))
        if is_row:
            segments.sort(key=lambda segment: segment[0])
            if is_reversed:
                segments.reverse()
        elif has_right:
            at_right = [segment for segment in segments if segment[2]]
            segments = [*(segment for segment in segments if not segment[2]), *reversed(at_right)]
        self._runs[start:end] = [run for _, runs, _ in segments for run in runs]


def _by_line(placed: tuple[float, float, str]) -> tuple[float, float]:
    return placed[0] // _LINE, placed[1]


def _by_column(placed: tuple[float, float, str]) -> tuple[float, float]:
    return placed[1] // _LINE, placed[0]


def _order(style: Style) -> int:
    value = to_pixels(style.value("order"))
    if value is None:
        row, column = to_pixels(style.value("grid-row") or "0"), to_pixels(style.value("grid-column") or "0")
        value = 1000 * (row or 0) + (column or 0)
    return int(value) if abs(value) < 1e9 else 0


def _place(style: Style, attributes: Mapping[str, str | None], name: str) -> tuple[float, float] | None:
    """Where on the page an element is, if it is placed by its coordinates."""
    if name in ("text", "tspan") and attributes:
        x, y = to_pixels((attributes.get("x") or "0").strip()), to_pixels((attributes.get("y") or "0").strip())
        return None if x is None or y is None else (y, x)
    if style.flow != "out":
        return None
    left, top = to_pixels(style.value("left") or "0", style.font), to_pixels(style.value("top") or "0", style.font)
    if not style.value("left") and style.value("right"):
        right = to_pixels(style.value("right"), style.font)
        left = -right if right is not None else None
    return None if left is None or top is None else (top, left)
