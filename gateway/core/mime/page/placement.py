"""How a style moves a box: where it puts it, in which order, mirrored or not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum

from gateway.core.mime.css.lengths import VIEWPORT, to_pixels
from gateway.core.mime.css.style import Style

_OFFSETS = frozenset("left top right bottom".split())
_TRANSFORMS = frozenset("transform translate scale rotate".split())
_MARGINS = ("margin-left", "margin-top", "margin-right", "margin-bottom")
_GRID = frozenset("order grid-row grid-column grid-row-start grid-column-start grid-area".split())
_MOVERS = (
    _OFFSETS | _TRANSFORMS | _GRID | frozenset((*_MARGINS, "position", "float", "display", "width", "caption-side"))
)
_GROUPS = {"table-header-group": -1, "table-footer-group": 1}
_SVG_BOXES = frozenset("text tspan g svg foreignobject use a".split())
_FUNCTION = re.compile(r"([a-z0-9]{1,20})\(([^()]{0,200}(?:\([^()]{0,100}\)[^()]{0,100}){0,4})\)")
_SEPARATORS = re.compile(r"[\s,]+")
_HALF_TURNS = ("180deg", "-180deg", "0.5turn", ".5turn", "-0.5turn", "200grad", "180")
_STRINGS = re.compile(r"\"([^\"]*)\"|'([^']*)'")
_LINE_NAMES = re.compile(r"\[([^\[\]]*)\]")
_WIDE_MARGIN = 40.0
"""A margin at the top from which a box counts as moved; in pixels."""
_WINDOW = 800.0
_MAX_TEMPLATE = 300
"""Names in a template of a grid."""
_NO_LENGTHS = (None, None, None, None)


class Kind(Enum):
    """How a box takes part in the layout of its parent."""

    INLINE = "in a line"
    BLOCK = "on lines of its own"
    RIGHT = "at the right edge"
    OUT = "out of the flow"


@dataclass(frozen=True, slots=True)
class Placement:
    """What moves a box. `dx`, `dy`: from where it would be; `edges`: left, top, right and bottom of a box out of the
    flow; `cell`: row and column of a grid; `group`: -1 before the other parts of a table, 1 after them; `flips`:
    mirrored from left to right, from top to bottom. `is_positioned`: boxes inside are placed by its edges. All lengths
    are pixels.
    """

    kind: Kind
    dx: float = 0.0
    dy: float = 0.0
    edges: tuple[float | None, float | None, float | None, float | None] = _NO_LENGTHS
    margins: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    width: float | None = None
    height: float | None = None
    order: int = 0
    cell: tuple[str, str] = ("", "")
    group: int = 0
    flips: tuple[bool, bool] = (False, False)
    is_positioned: bool = False
    moves: bool = False

    @property
    def is_moved_back(self) -> bool:
        """Whether a box is moved out of its container, not farther than onto the boxes around that."""
        least = min(self.dx, self.dy, *self.margins, *(edge for edge in self.edges if edge is not None))
        return -_WINDOW < least < 0


def place(
    style: Style, display: str, is_block: bool, name: str, attributes: Mapping[str, str | None], in_svg: bool
) -> Placement:
    """How a box is placed. `display` is its own or the default of its name. `in_svg`: it is a part of a drawing."""
    values = style.values
    kind = Kind.BLOCK if is_block else Kind.INLINE
    group = _GROUPS.get(display, 0)
    if name in ("thead", "tfoot") and not style.display:
        group = -1 if name == "thead" else 1
    if is_right_table(name, attributes):
        return Placement(Kind.RIGHT, moves=True)
    if in_svg and name in _SVG_BOXES and (found := _svg(kind, name, attributes)) is not None:
        return found
    if values is None or values.keys().isdisjoint(_MOVERS):
        return Placement(kind, group=group, moves=group != 0)
    font = style.font

    def pixels(name: str, base: float = VIEWPORT[0]) -> float | None:
        value = style.value(name)
        return to_pixels(value, font, base) if value else None

    if style.value("caption-side") == "bottom" and (display == "table-caption" or name == "caption"):
        group = 2
    left, top, right, bottom = (pixels(margin) or 0.0 for margin in _MARGINS)
    margins = (left, top, right, bottom)
    width, height = pixels("width", 600.0), pixels("height")
    dx, dy, flips = _transformed(style, width, height)
    position = style.value("position")
    edges = (pixels("left"), pixels("top", VIEWPORT[1]), pixels("right"), pixels("bottom", VIEWPORT[1]))
    has_transform = dx != 0 or dy != 0 or True in flips
    is_positioned = position not in ("", "static") or has_transform
    if position not in ("relative", "sticky") and style.flow != "out":
        edges = _NO_LENGTHS
    if style.flow == "float":
        kind = Kind.RIGHT if style.value("float") in ("right", "inline-end") else Kind.INLINE
    elif style.flow == "out":
        kind = Kind.OUT
    else:
        dx += edges[0] if edges[0] is not None else -(edges[2] or 0.0)
        dy += edges[1] if edges[1] is not None else -(edges[3] or 0.0)
        edges = _NO_LENGTHS
    order = pixels("order") or 0.0
    cell = _cell(style)
    moves = (
        style.flow != "" or dx != 0 or dy != 0 or True in flips or order != 0 or cell != ("", "") or group != 0
        or min(margins) < 0 or margins[1] >= _WIDE_MARGIN or (width == 0 and margins[0] != 0)
    )  # fmt: skip
    return Placement(
        kind, dx, dy, edges, margins, width, height, int(order) if abs(order) < 1e9 else 0, cell, group, flips,
        is_positioned, moves,
    )  # fmt: skip


def is_right_table(name: str, attributes: Mapping[str, str | None]) -> bool:
    """Whether an attribute puts a table at the right edge, with what follows beside it."""
    return name == "table" and (attributes.get("align") or "").strip().lower() == "right"


def _transformed(style: Style, width: float | None, height: float | None) -> tuple[float, float, tuple[bool, bool]]:
    """How far transforms move a box, and which ways they mirror it."""
    if style.values is None or style.values.keys().isdisjoint(_TRANSFORMS):
        return 0.0, 0.0, (False, False)
    functions = [(name, arguments) for name, arguments in _FUNCTION.findall(style.value("transform"))]
    functions += [(name, value) for name in ("translate", "scale", "rotate") if (value := style.value(name))]
    return _moved(functions, style.font, width, height)


def _moved(
    functions: list[tuple[str, str]], font: float, width: float | None, height: float | None
) -> tuple[float, float, tuple[bool, bool]]:
    dx = dy = 0.0
    flip_x = flip_y = False
    for name, arguments in functions:
        parts = [part for part in _SEPARATORS.split(arguments.strip()) if part]
        bases = (width or 60.0, height or 20.0, 1.0)
        numbers = [
            to_pixels(part, font, bases[min(at, 2)] if name.startswith("translate") else 1.0) or 0.0
            for at, part in enumerate(parts)
        ]
        if not numbers:
            continue
        if name in ("translate", "translate3d", "translatex"):
            dx += numbers[0]
            dy += numbers[1] if name != "translatex" and len(numbers) > 1 else 0.0
        elif name == "translatey":
            dy += numbers[0]
        elif name in ("matrix", "matrix3d") and len(numbers) in (6, 16):
            across, down = (0, 3) if len(numbers) == 6 else (0, 5)
            at = 4 if len(numbers) == 6 else 12
            dx, dy = dx + numbers[at], dy + numbers[at + 1]
            flip_x, flip_y = flip_x ^ (numbers[across] < 0), flip_y ^ (numbers[down] < 0)
        elif name.startswith("scale"):
            across = 0 if name != "scaley" else -1
            down = {"scale": min(1, len(numbers) - 1), "scale3d": 1, "scaley": 0}.get(name, -1)
            flip_x ^= across >= 0 and numbers[across] < 0
            flip_y ^= 0 <= down < len(numbers) and numbers[down] < 0
        elif name.startswith("rotate") and parts[-1] in _HALF_TURNS:
            axis = name[6:] or (parts[0] if len(parts) == 2 and parts[0] in "xyz" else "")
            flip_x ^= axis in ("", "z", "y")
            flip_y ^= axis in ("", "z", "x")
    return dx, dy, (flip_x, flip_y)


def _svg(kind: Kind, name: str, attributes: Mapping[str, str | None]) -> Placement | None:
    """How the attributes of an element of SVG place it; None if they do not."""
    numbers = {key: _first(attributes.get(key)) for key in ("x", "y", "dx", "dy")}
    dx, dy, flips = _moved(_FUNCTION.findall((attributes.get("transform") or "").lower()), 16.0, None, None)
    is_container = name in ("g", "svg", "foreignobject", "use", "a")
    if name == "svg" and not any(attributes.get(key) for key in ("x", "y")):
        return Placement(kind, is_positioned=True, flips=flips, moves=True in flips)
    if not is_container and (numbers["x"] is not None or numbers["y"] is not None):
        edges = (numbers["x"], numbers["y"] or 0.0, None, None)
        return Placement(Kind.OUT, dx, dy, edges, flips=flips, moves=True)
    if name != "tspan":
        found = Placement(kind, dx, dy, flips=flips, is_positioned=is_container, moves=True)
        if is_container or dx or dy:
            edges = (numbers["x"] or 0.0, numbers["y"] or 0.0, None, None)
            return replace(found, kind=Kind.OUT, edges=edges)
        return found if True in flips else None
    if numbers["dx"] or numbers["dy"]:
        return Placement(Kind.INLINE, 0.0, numbers["dy"] or 0.0, margins=(numbers["dx"] or 0.0, 0, 0, 0), moves=True)
    return None


def _first(value: str | None) -> float | None:
    return to_pixels(_SEPARATORS.split(value.strip())[0].lower()) if value else None


def _cell(style: Style) -> tuple[str, str]:
    """The row and the column of a grid that a box begins in, as numbers or names."""
    area = [part.strip() for part in style.value("grid-area").split("/")]
    row = style.value("grid-row-start") or style.value("grid-row").partition("/")[0].strip() or area[0]
    column = style.value("grid-column-start") or style.value("grid-column").partition("/")[0].strip()
    return row, column or (area[1] if len(area) > 1 else area[0] if not area[0].lstrip("+-").isdigit() else "")


def grid_places(style: Style) -> Mapping[str, tuple[int, int]]:
    """The rows and columns that the names in the templates of a grid stand for."""
    places: dict[str, tuple[int, int]] = {}
    whole = " ".join(style.value(name) for name in ("grid-template-areas", "grid-template", "grid"))
    rows = [(one or two).split() for one, two in _STRINGS.findall(whole)]
    for row, names in enumerate(rows[:_MAX_TEMPLATE], 1):
        for column, name in enumerate(names[:_MAX_TEMPLATE], 1):
            if len(places) < _MAX_TEMPLATE:
                places.setdefault(name, (row, column))
    for axis in ("grid-template-rows", "grid-template-columns"):
        for line, names in enumerate(_LINE_NAMES.findall(style.value(axis))[:_MAX_TEMPLATE], 1):
            for name in names.split()[:2]:
                places.setdefault(name, (line, 1) if axis.endswith("rows") else (1, line))
    return places
