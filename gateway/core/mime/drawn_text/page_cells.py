"""The letters, cells and fields of a page in rows, with what tells them apart from each other."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Sequence

from gateway.core.mime.css.colors import Color
from gateway.core.mime.css.style import Style
from gateway.core.mime.drawn_text.looks import Look, LookRows
from gateway.core.mime.page.frame import Attributes, Frame
from gateway.core.mime.page.pieces import Looks
from gateway.core.mime.page.runs import CELL, SEEN, Run

_MIN_IN_ROW, _MIN_ROWS = 8, 4
"""Pieces of a line, and such lines, from which they may draw letters."""
_SIZES, _SHARES = (7, 10, 14, 18, 24, 36), (0.2, 0.4, 0.6, 0.8)
"""Sizes of letters, and shares of what a field may show, by which dots may differ from the ground."""
_NUMBER = re.compile(r"\d{0,6}(?:\d|\.\d{1,9})")
_FULL_RANGE = 100.0
"""The value of a full range that says nothing else (HTML, 4.10.5.1.13)."""
_DARK = 1.5
"""The sum of red, green and blue below which a color is dark."""
_MAX_BREAKS = 20
"""Breaks of a cell without text."""
_MAX_VALUE = 80
_Cell = tuple[int, list[Frame]]
"""The number of pieces of text before the end of an element, and this element with those in it."""
_DEPTH, _MAX_INSIDE, _MAX_PIECES = 3, 8, 16
"""Elements around one of a cell, elements of a cell and pieces in it, that are looked at."""
_SHOWING_VALUES = frozenset("meter progress input img".split())
"""Elements that show a value, not a text."""
WITH_BOXES = _SHOWING_VALUES | frozenset("hr select button textarea svg video td th".split())
"""Elements that take room without text and without attributes."""


class Cells:
    """Notes the elements of pages that have no text: cells, pictures, fields, boxes."""

    def __init__(self) -> None:
        self._pages: dict[int, tuple[Sequence[Run], list[_Cell]]] = {}
        """The cells of each page, by the list of its pieces of text."""

    def add(self, frame: Frame, runs: Sequence[Run]) -> None:
        """An element ends. One without text is a cell, together with the elements in it."""
        if not (frame.main.is_displayed or frame.name in _SHOWING_VALUES):
            return
        if len(runs) - frame.start > _MAX_PIECES or any(
            run.text and run.frame is not None for run in runs[frame.start :]
        ):
            return
        cells = self._pages.setdefault(id(runs), (runs, []))[1]
        frames = [frame]
        while cells and _is_inside(cells[-1][1][0], frame):
            frames += cells.pop()[1][:_MAX_INSIDE]
        cells.append((len(runs), frames))

    def draw_letters(self, runs: Sequence[Run]) -> bool:
        """Whether letters, cells and fields of a page draw letters by how they look."""
        lines = list(_lines(runs, self._pages.get(id(runs), (runs, []))[1]))
        if sum([len(line) >= _MIN_IN_ROW for line in lines]) < _MIN_ROWS:
            return False
        rows, looks = LookRows(), _PageLooks()
        for line in lines:
            if rows.is_full:
                break
            if any(isinstance(item, Run) and item.kind is CELL for item in line):
                _add_table_row(line, rows, looks)
            else:
                for item in line:
                    if not isinstance(item, Run):
                        rows.add_cell("", looks.of_cell(item))
                    elif item.frame.name in _SHOWING_VALUES:
                        rows.add_cell("", looks.of_cell((item.frame,)))
                    else:
                        rows.add(item.text, looks.of_text(item))
            rows.end_row()
        return rows.draw_letters()


def _is_inside(inner: Frame, frame: Frame) -> bool:
    at: Frame | None = inner
    for _ in range(_DEPTH):
        at = at.parent if at is not None else None
        if at is frame:
            return True
    return False


def _lines(runs: Sequence[Run], cells: Sequence[_Cell]) -> Iterator[list[Run | list[Frame]]]:
    """The texts and cells of each line. Breaks in a cell without text end none."""
    line: list[Run | list[Frame]] = []
    left = deque(cells)
    empty_until = 0
    for at, run in enumerate(runs):
        while left and left[0][0] <= at:
            line.append(left.popleft()[1])
        if run.kind is CELL:
            line.append(run)
            empty_until = _end_of_empty(runs, at)
        elif run.text[:1] == "\n":
            if run.mask & SEEN and line and at >= empty_until:
                yield line
                line = []
        elif run.text and run.frame is not None and (run.mask or run.frame.main.is_displayed):
            line.append(run)
    line += [frames for _, frames in left]
    if line:
        yield line


def _end_of_empty(runs: Sequence[Run], start: int) -> int:
    """Where a cell of a table ends that has nothing but breaks; 0 if it has more."""
    for at in range(start + 1, min(start + _MAX_BREAKS, len(runs))):
        if runs[at].text[:1] not in ("\n", ""):
            return at if runs[at].text == " " and runs[at].frame is None else 0
    return 0


def _add_table_row(line: Sequence[Run | list[Frame]], rows: LookRows, looks: _PageLooks) -> None:
    """Add the cells of a row of a table."""
    text, look, is_open = "", Look(), False
    for item in line:
        if not isinstance(item, Run):
            look |= looks.of_cell(item)
        elif item.kind is CELL:
            if is_open:
                rows.add_cell(text, look)
            text, look, is_open = "", Look(), True
        else:
            text += item.text.strip()
            look |= looks.of_text(item)
    rows.add_cell(text, look)


class _PageLooks:
    """What is written down about the looks of elements, and what follows from it."""

    def __init__(self) -> None:
        self._looks = Looks()
        self._texts: dict[tuple[int, int, bool], Look] = {}
        """The looks of texts, by what their elements have, their styles, and whether they are seen."""

    def of_text(self, run: Run) -> Look:
        """The look of a text."""
        frame: Frame | None = run.frame
        if frame is None:
            return Look()
        is_seen = bool(run.mask & SEEN)
        features = self._looks.features(frame)
        key = id(features), id(frame.main), is_seen
        look = self._texts.get(key)
        if look is None:
            look = self._texts[key] = features.union(_shades(frame.main), ("seen",) if is_seen else ())
        return look

    def of_cell(self, frames: Sequence[Frame]) -> Look:
        """The look of an element without text and of those in it. Their values are what they show."""
        look: set[str] = set()
        for frame in frames:
            look.update(self._looks.features(frame), _shades(frame.main), _fullness(frame.attributes))
            look.update(
                [f"{name}={value}" for name, value in frame.attributes.items() if value and len(value) <= _MAX_VALUE]
            )
        return Look(look)


def _shades(style: Style) -> Iterator[str]:
    """Whether letters and their ground are dark or light, and how large they are."""
    for name, color in (("letter", style.color), ("ground", style.background)):
        yield f"{name} {_shade(color)}"
    yield from (f"larger than {size}" for size in _SIZES if style.font > size)
    if not style.is_visible:
        yield "not visible"


def _fullness(attributes: Attributes) -> Iterator[str]:
    """How full a meter, a progress bar or a range is."""
    value, most = attributes.get("value") or "", attributes.get("max") or ""
    if not _NUMBER.fullmatch(value):
        return
    whole = float(most) if _NUMBER.fullmatch(most) else _FULL_RANGE if "type" in attributes else 1.0
    yield from (f"fuller than {share}" for share in _SHARES if float(value) > share * whole)


def _shade(color: Color | None) -> str:
    return "unknown" if color is None else "dark" if sum(color[:3]) < _DARK else "light"
