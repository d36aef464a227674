"""Handwriting and outlines in files: lines that may be the letters of a sentence, which nobody reads here."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

from gateway.core.mime.page.drawing import MAX_CELLS
from gateway.core.mime.page.strokes import MIN_POINTS, Strokes

_POINT_ELEMENTS = frozenset("lnTo cubicBezTo quadBezTo arcTo vertex".split())
_ALWAYS = frozenset("moveTo trace stroke cxnSp cxn".split())
_OF_DRAWINGS = _POINT_ELEMENTS | frozenset("moveTo cxnSp ext prstGeom framePr".split())
"""Elements of DrawingML. A document may have each drawing a second time, in VML for old programs."""
DRAWN_SHAPES = frozenset("sp wsp p".split())
"""Elements that may draw something if there is no text in them."""
LINE_ELEMENTS = (
    _OF_DRAWINGS
    | _ALWAYS
    | frozenset(
        "use line rect circle ellipse polygon polyline path shape connector measure enhanced-geometry roundrect oval "
        "arc curve".split()
    )
)
_DRAWN_BY = frozenset("x1 cx from href x width r fillcolor strokecolor".split())
"""Attributes that say where a line is. Elements of the same names without them are something else."""
_OTHER_SHAPES = ("_x0000_t75", "_x0000_t202", "_x0000_t136")
"""Shapes of VML without lines of their own: pictures and boxes with text."""
_LINES = frozenset("line straightConnector1 lineInv".split())
"""Preset shapes that are lines."""
_MIN_RATIO = 4
"""Of the sides of a box from which it is a line."""
_FREE_FORM = "non-primitive"
"""The type of a shape in OpenDocument that somebody drew."""
_STROKES = frozenset(("trace", "stroke"))
_PROGRAM = re.compile(
    r"^[ \t]{0,20}(?:G0?[0-3] ?[XYZ]-?[\d.]+ |vertex [-\d.]+ |v -?[\d.]+ -?[\d.]+ |(?:LW|POLY)?LINE\r?$"
    r"|\\(?:draw|path|filldraw)\b)|\bP[UD]-?\d{1,6},",
    re.MULTILINE,
)
"""A line of a file for machines or printers that draws one: G-code, STL, OBJ, DXF, TikZ, HPGL."""
_MIN_PROGRAM = 100
_MIN_ALIKE = 20
_DIGITS = re.compile(r"-?[\d.]+")
_PEN = re.compile(r"\"(?:freedraw|freehand|draw|pen|stroke|strokes|ink|points)\"")
_PAIR = re.compile(r"\[\s{0,20}-?[\d.]{1,20}\s{0,20},\s{0,20}-?[\d.]{1,20}\s{0,20}[,\]]")

_DRAWING = re.compile(r"\\p[1-9][^{}\n]{0,200}\}([^{}\n]*)")
_STEP = re.compile(r"\b[mnlbsc] -?\d")


class DrawnLines:
    """Counts the lines of a file while it is read."""

    def __init__(self) -> None:
        self._drawings, self._others = Strokes(), Strokes()
        self._boxes = self._blanks = 0
        self._is_connector = False
        self._sides = (0.0, 0.0)
        self._shape = self._frame = ""
        """The form of the shape or frame that is open."""

    def element(self, name: str, attributes: Mapping[str, str]) -> None:
        """An element begins; its attributes by their local names."""
        strokes = self._drawings if name in _OF_DRAWINGS else self._others
        if name in _POINT_ELEMENTS:
            strokes.points += 1
        elif name in _ALWAYS:
            strokes.line()
            self._is_connector = name == "cxnSp"
        elif name == "ext":
            self._sides = _number(attributes.get("cx", "")), _number(attributes.get("cy", ""))
        elif name == "prstGeom":
            self._preset(attributes.get("prst", ""))
        elif name == "framePr":
            self._frame = "line"
        elif name == "enhanced-geometry":
            if attributes.get("type", _FREE_FORM).endswith(_FREE_FORM):
                strokes.outline(attributes.get("enhanced-path", ""))
            else:
                self._boxes += 1
        elif name == "shape":
            if path := attributes.get("path", ""):
                strokes.outline(path, is_vml=True)
            elif not attributes.get("type", _OTHER_SHAPES[0]).endswith(_OTHER_SHAPES):
                strokes.line()
        elif outline := attributes.get("d"):
            strokes.outline(outline)
        elif corners := attributes.get("points"):
            strokes.corners(corners)
        elif name == "use":
            if not _DRAWN_BY.isdisjoint(attributes):
                strokes.shape()
        elif name != "path" and not _DRAWN_BY.isdisjoint(attributes) and "hr" not in attributes:
            strokes.line()
        if dashes := attributes.get("stroke-dasharray"):
            strokes.dashes(dashes)

    def _preset(self, kind: str) -> None:
        """A shape by its name. A long one is a line; others may be dots. That of a connector was counted."""
        if self._is_connector:
            self._is_connector = False
            return
        short, long = sorted(self._sides)
        self._shape = "line" if kind in _LINES or long >= _MIN_RATIO * max(short, 1.0) else "box"

    def text(self, text: str) -> None:
        """A text: a shape or frame around it is a box for it."""
        if len(text.strip()) > 1:
            self._shape = self._frame = ""

    def end(self, name: str) -> None:
        """A shape or a paragraph ends."""
        if name == "p":
            self._drawings.lines += bool(self._frame)
            self._frame = ""
        else:
            self._drawings.lines += self._shape == "line"
            self._boxes += self._shape == "box"
            self._shape = ""

    def numbers(self, text: str) -> None:
        """The numbers of a stroke of a pen."""
        self._others.points += (text.count(",") + text.count(" ")) // 2

    def blank(self) -> None:
        """A colored blank."""
        self._blanks += 1

    def may_be_letters(self) -> bool:
        """Whether there are enough lines or dots for a sentence."""
        is_drawn = self._drawings.may_be_letters() or self._others.may_be_letters()
        return is_drawn or max(self._boxes, self._blanks) >= MAX_CELLS


def _number(value: str) -> float:
    return float(value) if value.isdecimal() and len(value) < 12 else 0.0


def is_of_stroke(name: str, text: str) -> bool:
    """Whether a text is the numbers of a stroke of a pen, which say nothing."""
    return name in _STROKES and not any(map(str.isalpha, text))


def draws_lines(text: str) -> bool:
    """Whether a text file is a drawing in numbers: for a machine, a printer or a whiteboard."""
    if text[:1] in "[{":
        return _PEN.search(text) is not None and len(_PAIR.findall(text)) >= MIN_POINTS
    return len(_PROGRAM.findall(text)) >= _MIN_PROGRAM


def without_lines(text: str) -> str:
    """A drawing in numbers without the lines that are alike but for their numbers: they say nothing."""
    lines = text.split("\n")
    forms = [_DIGITS.sub("0", line) for line in lines]
    count = Counter(forms)
    return "\n".join(line for line, form in zip(lines, forms, strict=True) if count[form] < _MIN_ALIKE)


def draws_in_subtitles(text: str) -> bool:
    """Whether subtitles (Advanced SubStation Alpha) draw enough lines for a sentence."""
    return "\\p" in text and sum(len(_STEP.findall(found)) for found in _DRAWING.findall(text)) >= _MIN_PROGRAM
