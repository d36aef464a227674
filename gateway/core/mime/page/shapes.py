"""Drawings in a page: SVG, which Apple Mail shows, VML, which Outlook shows, and pictures of a letter each."""

from __future__ import annotations

import re

from gateway.core.mime.css.lengths import to_pixels
from gateway.core.mime.page.frame import Attributes, Frame
from gateway.core.mime.page.strokes import MIN_OUTLINES, Strokes

MAX_ICON = 64.0
"""Pixels of either side of an icon, at most. It shows a letter or two."""
_MIN_POINTS = 60
"""Points from which a larger drawing of a few lines may show words. One with fewer counts as two icons."""
_MIN_ICONS, _MIN_DIFFERENT = 14, 8
"""Icons without text between them, and different ones, from which each may be a letter of a sentence."""
_MIN_LETTER = 6.0
"""Pixels of either side of a picture below which it shows no letter."""
_EMBEDDED = ("data:", "cid:")
"""How the address of a picture in the mail begins, which is seldom there to be large."""
_SIDE = 300.0, 150.0
"""Pixels of a drawing without a size (CSS 2.2 section 10.3.2)."""
_LINES = frozenset("line rect circle ellipse".split())
_VML_LINES = frozenset("line rect oval arc curve roundrect".split())
_CHANGING_SIZE = "transform", "scale", "zoom"
_PICTURE = "_x0000_t75"
"""The shape of a picture in VML."""
_VML_TAG = re.compile(r"<\w{1,20}:(shape|polyline|line|rect|oval|arc|curve|roundrect)\b([^<>]*+)", re.IGNORECASE)
_VALUE = re.compile(r"\b(path|points|type|href)\s{0,9}=\s{0,9}(?:\"([^\"]*+)\"|'([^']*+)')", re.IGNORECASE)
_NUMBER = re.compile(r"\d{1,9}(?:\.\d{0,9})?")


class Shapes:
    """Counts the strokes of the drawings of a page. An element is added when it ends, after those inside it."""

    def __init__(self) -> None:
        self.strokes = Strokes()
        self._open = Strokes()
        """Those of the drawing that is open."""
        self._looks: list[str] = []
        self._icons = 0
        self._different: set[int] = set()
        self._is_row = False

    def may_be_letters(self) -> bool:
        """Whether the drawings may be letters: the strokes of large ones together, or small ones in a row."""
        return self._is_row or self.strokes.may_be_letters()

    def add_svg(self, frame: Frame) -> None:
        """An element of a drawing ends."""
        name, attributes = frame.name, frame.attributes
        path, points = attributes.get("d") or "", attributes.get("points") or ""
        if path:
            self._open.outline(path)
        elif points:
            self._open.corners(points)
        elif name in _LINES:
            self._open.line()
        elif name == "use":
            self._open.shape()
        self._open.dashes(attributes.get("stroke-dasharray") or "")
        if name != "svg":
            self._looks.append(path or points or attributes.get("href") or attributes.get("xlink:href") or name)

    def end_svg(self, frame: Frame) -> None:
        """A drawing ends."""
        if frame.box and self._looks:
            is_small = _is_icon(frame)
            if not is_small and (self._open.lines >= MIN_OUTLINES or self._open.points >= _MIN_POINTS):
                self.strokes.add(self._open)
            else:
                self._icon(hash(tuple(self._looks)), 1 if is_small else 2)
        self._open, self._looks = Strokes(), []

    def add_picture(self, frame: Frame) -> None:
        """A picture, which may be a letter if it is small."""
        address = (frame.attributes.get("src") or "").strip()
        sides = [side for side in (side_of(frame, "width"), side_of(frame, "height")) if side is not None]
        is_known = len(sides) == 2 or address[:5].lower().startswith(_EMBEDDED)
        if is_known and min(sides, default=MAX_ICON) >= _MIN_LETTER and max(sides, default=0.0) <= MAX_ICON:
            self._icon(hash(address), 1)

    def end_row(self) -> None:
        """There is text between two drawings or pictures, unlike between letters."""
        self._icons = 0
        self._different.clear()

    def _icon(self, look: int, letters: int) -> None:
        """A small drawing or picture, which may be a letter or two."""
        self._icons += letters
        self._different.add(look)
        self._is_row |= self._icons >= _MIN_ICONS and len(self._different) >= _MIN_DIFFERENT

    def add_vml(self, name: str, attributes: Attributes) -> None:
        """An element of VML. A box with a target is a button."""
        if name == "shape" and (path := attributes.get("path")):
            self.strokes.outline(path, is_vml=True)
        elif name == "polyline":
            self.strokes.corners(attributes.get("points") or "")
        elif name == "shape" and _PICTURE not in (attributes.get("type") or _PICTURE):
            self.strokes.shape()
        elif name in _VML_LINES and not attributes.get("href"):
            self.strokes.line()

    def add_vml_source(self, html: str) -> None:
        """The source of a page that only Outlook shows."""
        for found in _VML_TAG.finditer(html):
            self.add_vml(found[1].lower(), {name.lower(): one or two for name, one, two in _VALUE.findall(found[2])})


def _is_icon(frame: Frame) -> bool:
    """Whether a drawing is too small for words. What is not certain is large."""
    main, attributes = frame.main, frame.attributes
    if "visible" in (main.value("overflow-x"), main.value("overflow-y"), attributes.get("overflow")):
        return False
    if any(main.value(name) not in ("", "none") for name in _CHANGING_SIZE):
        return False
    width, height = side_of(frame, "width"), side_of(frame, "height")
    if width is None or height is None:
        ratio = _ratio(attributes.get("viewBox") or attributes.get("viewbox") or "")
        if width is not None:
            height = width / ratio if ratio else _SIDE[1]
        elif height is not None:
            width = height * ratio if ratio else _SIDE[0]
        else:
            return False
    return max(width or 0.0, height or 0.0) <= MAX_ICON


def side_of(frame: Frame, name: str) -> float | None:
    """The width or height of an element by its style or attribute; None if it has neither."""
    return to_pixels(frame.main.value(name) or (frame.attributes.get(name) or "").strip().lower(), frame.main.font)


def _ratio(box: str) -> float:
    """The width of a drawing for its height; 0 if it does not say."""
    sides = [float(side) for side in _NUMBER.findall(box)[-2:]]
    return sides[0] / sides[1] if len(sides) == 2 and min(sides) > 0 else 0.0
