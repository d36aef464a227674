"""Whether elements of a page draw something without text.

They are lines and outlines, boxes that are put at their places, or many dots: painted cells, tiny pictures, ticked
fields, signs, shadows, gradients.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from gateway.core.mime.css.style import Style
from gateway.core.mime.drawn_text.page_cells import Cells
from gateway.core.mime.page.frame import Frame
from gateway.core.mime.page.remote_pictures import RemotePictures
from gateway.core.mime.page.runs import SEEN, Run
from gateway.core.mime.page.shapes import Shapes, side_of

MAX_PAINTED = 400
"""Dots from which a page may draw letters: fields, signs and tiny pictures, which ordinary pages have as well."""
MAX_CELLS, _MAX_ROW = 240, 120
"""Painted cells, and tiny pictures one after the other, from which they may be letters."""
_MANY = 8
"""Shadows, colors or pictures of one box, at most, that are no drawing."""
_MAX_STEPS = 120
"""Those of boxes with more, from which they may draw letters."""
_PAINTS = re.compile(
    r"(?:-shadow|clip-path|background(?:-image)?|mask(?:-image)?|border-image|filter)\s{0,9}:([^;{}]*+)", re.IGNORECASE
)
_NO_STEPS = re.compile(r"(?:rgb|hsl)a?\([^()]*+|url\((?:\"[^\"]*+|'[^']*+|[^()\"']*+)", re.IGNORECASE)
"""Colors and addresses, whose commas count nothing."""
_OUTLINE = re.compile(r"\bpath\(([^()]*+)", re.IGNORECASE)
_MOVES = "transform", "translate", "rotate"
_EDGES = "left", "top", "right", "bottom"
_PLACES = *_EDGES, "margin-left", "margin-top", *_MOVES
_BORDER = re.compile(
    r"border[\w-]{0,30}\s{0,9}:[^;]{0,60}(?:solid|double|dotted|dashed|groove|ridge|set)", re.IGNORECASE
)
_BOXES = frozenset("div span b i u p em font s".split())
_MAX_DOT = 16.0
"""Pixels of the shorter side of a picture that may be a dot."""
_SIGN = re.compile(r"(\S)\1{0,400}")
_BORDERLESS = frozenset("hr td th tr div span b i u p a em img font".split())


class Drawing:
    """Counts the lines and dots that a page is painted with."""

    def __init__(self) -> None:
        self.shapes, self.remote, self.cells = Shapes(), RemotePictures(), Cells()
        self._painted = self._fields = self._signs = self._steps = self._pictures = self._in_row = 0
        self._places: set[tuple[str, ...]] = {()}
        """Where boxes were put, and ()."""
        self._around: Frame | None = None
        """The element around the last tiny picture."""
        self._last = 0
        """The number of texts before the end of the last drawing or picture."""
        self._sign: tuple[str, object] = ("", None)

    @property
    def is_drawn(self) -> bool:
        """Whether a page may draw letters."""
        return (
            max(self._fields, self._signs, self._pictures) >= MAX_PAINTED
            or self._painted >= MAX_CELLS
            or self._in_row >= _MAX_ROW
            or self._steps >= _MAX_STEPS
            or self.shapes.may_be_letters()
        )

    def add_style(self, style: str) -> None:
        """A style sheet, or the style of an element."""
        if style.count(",") > _MANY:
            for value in _PAINTS.findall(style):
                steps = _NO_STEPS.sub("", value).count(",")
                self._steps += steps if steps > _MANY else 0
        if "path(" in style:
            for path in _OUTLINE.findall(style):
                self.shapes.strokes.outline(path)

    def add(self, frame: Frame, parent: Frame, runs: Sequence[Run]) -> None:
        """An element ends."""
        name, attributes = frame.name, frame.attributes
        self.cells.add(frame, runs)
        if frame.main.values is None and not attributes and not frame.in_svg:
            return  # it looks like what is around it
        self.remote.add(frame)
        if frame.in_svg:
            self.shapes.add_svg(frame)
            if name == "svg" and not parent.in_svg:
                self._is_beside(frame, runs)
                self.shapes.end_svg(frame)
        elif ":" in name:
            self.shapes.add_vml(name.rpartition(":")[2], attributes)
        if name == "input":
            self._fields += (attributes.get("type") or "").strip().lower() in ("checkbox", "radio")
        elif name == "img":
            self._add_picture(frame, parent, runs)
        style = attributes.get("style") or ""
        self.add_style(style)
        if len(runs) - frame.start > 3:
            return
        text = "".join([run.text for run in runs[frame.start :]]).strip()
        if not text or name == "img":
            is_painted = "bgcolor" in attributes or (
                frame.main.background != parent.main.background and name in _BORDERLESS
            )
            self._painted += is_painted
            if parent.in_svg:
                return
            place = _place(frame.main)
            if place not in self._places:
                self._places.add(place)
                self.shapes.strokes.line()
            elif _is_in_line(frame) and name in _BOXES and _BORDER.search(style):
                self.shapes.strokes.line()
        elif _SIGN.fullmatch(text):
            now = (text[0], frame.main.color)
            before = runs[frame.start - 1].text[-1:] if frame.start else ""
            is_other = now[1] != (self._sign[1] if now[0] == self._sign[0] != before else parent.main.color)
            self._signs += is_other and now[0] in (self._sign[0], before)
            self._sign = now

    def _add_picture(self, frame: Frame, parent: Frame, runs: Sequence[Run]) -> None:
        is_beside = self._is_beside(frame, runs)
        self.shapes.add_picture(frame)
        if _is_dot(frame):
            self._pictures += 1
            self._in_row += is_beside and self._around is parent
            self._around = parent

    def _is_beside(self, frame: Frame, runs: Sequence[Run]) -> bool:
        """Whether there is no text that a person sees between a drawing or picture and the one before."""
        between = runs[self._last : frame.start]
        self._last = len(runs)
        if any(run.mask & SEEN and any(map(str.isalnum, run.text)) for run in between):
            self.shapes.end_row()
            return False
        return True


def _place(style: Style) -> tuple[str, ...]:
    """The place of an element that has one of its own, not the next one; else ()."""
    values = style.values or {}
    if values.get("display") == "none" or values.keys().isdisjoint(_PLACES):
        return ()
    is_moved = style.flow == "out" or "-" in (values.get("margin-left", "")[:1], values.get("margin-top", "")[:1])
    is_moved = is_moved or any(values.get(name, "none") != "none" for name in _MOVES)
    is_moved = is_moved or (values.get("position") == "relative" and not values.keys().isdisjoint(_EDGES))
    return tuple([values.get(name, "") for name in _PLACES]) if is_moved else ()


def _is_in_line(frame: Frame) -> bool:
    """Whether a box stands beside others, as letters do. A border above or below a block is a rule."""
    return frame.main.flow == "float" or frame.display.startswith("inline")


def _is_dot(frame: Frame) -> bool:
    """Whether a picture is so small that it may be a dot of a drawing."""
    sides = side_of(frame, "width"), side_of(frame, "height")
    return min((side for side in sides if side is not None), default=0.0) <= _MAX_DOT
