"""Handwriting and outlines in files: lines that may be the letters of a sentence, which nobody reads here."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

_MIN_LINES = 40
"""Lines or outlines of a drawing from which they may be the letters of a sentence."""
_MIN_POINTS = 300
"""Points of lines from which a few of them may be a sentence in one stroke."""
_POINT_ELEMENTS = frozenset("lnTo cubicBezTo quadBezTo arcTo vertex".split())
LINE_ELEMENTS = frozenset(
    "lnTo cubicBezTo quadBezTo arcTo moveTo vertex trace stroke cxnSp cxn use line rect circle ellipse polygon "
    "polyline path shape".split()
)
_DRAWN_BY = frozenset("x1 cx from href x width r".split())
"""Attributes that say where a line is. Elements of the same names without them are something else."""
_PATH = re.compile(r"[\d.]+[ ,]{0,3}-?[\d.]+")
_MOVE = re.compile(r"[Mm]")
_STROKES = frozenset(("trace", "stroke"))
_ALWAYS = frozenset("moveTo trace stroke cxnSp cxn".split())
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
        self._lines = 0
        self._points = 0

    def element(self, name: str, attributes: Mapping[str, str]) -> None:
        """An element begins; its attributes by their local names."""
        if name in _POINT_ELEMENTS:
            self._points += 1
        elif name == "shape":
            self._outline(attributes.get("path", ""))
        elif outline := attributes.get("d") or attributes.get("points", ""):
            self._outline(outline)
        elif name != "path":
            self._lines += name in _ALWAYS or not _DRAWN_BY.isdisjoint(attributes)

    def _outline(self, path: str) -> None:
        self._lines += max(len(_MOVE.findall(path)), bool(path))
        self._points += len(_PATH.findall(path)) if len(path) < 200_000 else _MIN_POINTS

    def may_be_letters(self) -> bool:
        """Whether there are enough lines for a sentence."""
        return self._lines >= _MIN_LINES or self._points >= _MIN_POINTS


def is_of_stroke(name: str, text: str) -> bool:
    """Whether a text is the numbers of a stroke of a pen, which say nothing."""
    return name in _STROKES and not any(map(str.isalpha, text))


def draws_lines(text: str) -> bool:
    """Whether a text file is a drawing in numbers: for a machine, a printer or a whiteboard."""
    if text[:1] in "[{":
        return _PEN.search(text) is not None and len(_PAIR.findall(text)) >= _MIN_POINTS
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
