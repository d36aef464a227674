"""The part of a box through which its text is seen: cut at its width or height, by a shape or by a mask."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.core.mime.css.colors import parse_color
from gateway.core.mime.css.lengths import UNKNOWN_BASE, to_pixels
from gateway.core.mime.css.style import MIN_ALPHA, Style

CUTTING = frozenset(
    "overflow-x overflow-y contain clip clip-path mask mask-image -webkit-line-clamp line-clamp "
    "max-lines background-clip -webkit-background-clip".split()
)
"""Properties by which a box shows a part of its text."""

_CUTS_OVERFLOW = ("hidden", "clip", "scroll", "auto", "overlay")
_CONTAINS = ("paint", "strict", "content")
_WIDTHS, _HEIGHTS = ("width", "max-width", "flex-basis"), ("height", "max-height")
_CLAMPS = "-webkit-line-clamp", "line-clamp", "max-lines"
_SMALLEST = 2.0
"""Pixels of a box that shows nothing."""
_FUNCTION = re.compile(r"([a-z-]{4,30})\(([^()]{0,200}(?:\([^()]{0,100}\)[^()]{0,100}){0,12})\)")
_BEHIND_SHAPE = re.compile(r" (?:round|at) .*")
_BETWEEN = re.compile(r",(?![^()]{0,100}\))")
"""A comma outside of parentheses."""
_SEPARATORS = re.compile(r"[\s,]+")
_STOP = re.compile(r"((?:#|[a-z])[\w-]{0,40}(?:\([^()]{0,100}\))?)((?:\s+[-+.\w%]{1,20}){0,2})")
_SIZED = re.compile(r"/\s{0,9}([\d.]{1,9}[a-z%]{1,4})")
"""The width of a picture that is a mask."""
_TO_LEFT, _TO_RIGHT = ("to left", "270deg", "-90deg"), ("to right", "90deg", "-270deg")
_LENGTH = re.compile(r"-?[\d.]{1,20}(%|[a-z]{1,4})?")
_COUNTED = re.compile(r"[\d.]ch\b")
"""A width in letters."""
_MEASURING = *_WIDTHS, "clip-path", "clip", "mask", "mask-image", "mask-size", "background-image", "text-indent"
_MAX_STOPS = 20

Edge = tuple[float, float]
"""Where something ends: pixels, and a share of the width or height of the box."""
WHOLE = (0.0, 0.0), (0.0, 1.0)


@dataclass(frozen=True, slots=True)
class Window:
    """What is seen of a box.

    `width`, `height`: of the box, None if they are those of its text. `across`, `down`: the edges between which text is
    seen, None if it is not cut that way. `lines`: how many are seen. `start`: where the text begins. `is_counted`: its
    width is a number of letters. All lengths are pixels, and those of edges a share of the box besides.
    """

    width: float | None
    height: float | None
    across: tuple[Edge, Edge] | None
    down: tuple[Edge, Edge] | None
    lines: int | None
    start: tuple[float, float]
    is_counted: bool


def window_of(style: Style, is_box: bool, base: str, widths: Sequence[str] = (), is_cut: bool = False) -> Window | None:
    """The window of a style; None if it cuts nothing, or everything.

    `is_box`: it has a width of its own, unlike text in a line. `base`: the width that percentages refer to. `widths`:
    those that something else than the style gives the box. `is_cut`: it shows nothing outside of it, whatever its
    style.
    """

    def sizes(names: Sequence[str], others: Sequence[str] = ()) -> float | None:
        values = [*map(style.value, names), *others]
        known = (size for value in values if (size := to_pixels(value, style.font, around)) is not None)
        return min(known, default=None)

    around = to_pixels(base, style.font) or UNKNOWN_BASE

    others = [*widths, *(size for size in style.value("flex").split()[-1:] if not size.isdigit())]
    padding = [sizes((f"padding-{side}",)) or 0.0 for side in ("left", "right", "top", "bottom")]
    width, height = sizes(_WIDTHS, others), sizes(_HEIGHTS)
    if style.value("box-sizing") == "border-box":
        width = None if width is None else max(width - padding[0] - padding[1], 0.0)
        height = None if height is None else max(height - padding[2] - padding[3], 0.0)
    if is_box and any(word in _CONTAINS for word in style.value("contain").split()):
        is_cut = True
    cuts = [is_cut or (is_box and style.value(f"overflow-{axis}") in _CUTS_OVERFLOW) for axis in "xy"]
    across: tuple[Edge, Edge] | None = None
    down: tuple[Edge, Edge] | None = None
    if cuts[0] and width is not None:
        across = (0.0, 0.0), (padding[0] + width + padding[1], 0.0)
    if cuts[1] and height is not None:
        down = (0.0, 0.0), (padding[2] + height + padding[3], 0.0)
    if (shape := _shape(style)) is not None:
        across, down = shape
    elif (mask := _mask(style)) is not None:
        across = mask
    lines = next((int(value) for name in _CLAMPS if (value := style.value(name)).isdigit()), None)
    if across is None and down is None and lines is None:
        return None
    if any(edges is not None and _is_nothing(edges) for edges in (across, down)):
        return None
    measures = [base] if any("%" in style.value(name) for name in _WIDTHS) else []
    measures += [*map(style.value, _MEASURING), *others]
    is_counted = any(map(_COUNTED.search, measures))
    return Window(width, height, across, down, lines, (padding[0], padding[2]), is_counted)


def _is_nothing(edges: tuple[Edge, Edge]) -> bool:
    (start, start_share), (end, end_share) = edges
    return start_share == end_share and end - start <= _SMALLEST


def _shape(style: Style) -> tuple[tuple[Edge, Edge] | None, tuple[Edge, Edge] | None] | None:
    """The edges that a clip leaves."""
    clip = style.value("clip")
    if clip.startswith("rect") and style.flow == "out":
        parts = _SEPARATORS.split(clip.partition("(")[2].strip(") "))
        return _between(style, parts) if len(parts) == 4 else None
    found = _FUNCTION.match(style.value("clip-path"))
    if found is None:
        return None
    arguments = _BEHIND_SHAPE.sub("", found[2]).strip()
    parts = _values(arguments)
    match found[1]:
        case "inset" if 1 <= len(parts) <= 4:
            top, right, bottom, left = _four(parts)
            return (_edge(style, left), _from_end(_edge(style, right))), (
                _edge(style, top),
                _from_end(_edge(style, bottom)),
            )
        case "rect" if len(parts) == 4:
            return _between(style, parts)
        case "xywh" if len(parts) == 4:
            x, y, width, height = (_edge(style, part) for part in parts)
            return (x, (x[0] + width[0], x[1] + width[1])), (y, (y[0] + height[0], y[1] + height[1]))
        case "polygon":
            points = [point for pair in _BETWEEN.split(found[2]) if len(point := _values(pair.strip())) == 2]
            if len(points) < 3:
                return None
            sides = [sorted((_edge(style, point[axis]) for point in points), key=_place) for axis in (0, 1)]
            return (sides[0][0], sides[0][-1]), (sides[1][0], sides[1][-1])
    return None


def _between(style: Style, parts: Sequence[str]) -> tuple[tuple[Edge, Edge], tuple[Edge, Edge]]:
    """The edges of a rectangle: top, right, bottom, left, each from the upper left corner."""
    top, right, bottom, left = (
        WHOLE[at in (1, 2)] if part == "auto" else _edge(style, part) for at, part in enumerate(parts)
    )
    return (left, right), (top, bottom)


def _values(text: str) -> list[str]:
    """Lengths that blanks separate; those that are computed keep their own blanks."""
    values: list[str] = []
    depth = 0
    for part in text.split(" "):
        if depth and values:
            values[-1] += f" {part}"
        elif part:
            values.append(part)
        depth += part.count("(") - part.count(")")
    return values


def _four(parts: Sequence[str]) -> tuple[str, str, str, str]:
    right = parts[1] if len(parts) > 1 else parts[0]
    return (
        parts[0], right, parts[2] if len(parts) > 2 else parts[0], parts[3] if len(parts) > 3 else right,
    )  # fmt: skip


def _edge(style: Style, value: str) -> Edge:
    """A length as pixels and a share of the box."""
    whole, none = to_pixels(value, style.font, 1_000.0), to_pixels(value, style.font, 0.0)
    if whole is None or none is None:
        return 0.0, 0.0
    return none, (whole - none) / 1_000.0


def _from_end(edge: Edge) -> Edge:
    return -edge[0], 1.0 - edge[1]


def _place(edge: Edge) -> float:
    return edge[0] + 100.0 * edge[1]


def _mask(style: Style) -> tuple[Edge, Edge] | None:
    """The edges between which a mask, or a background of which letters are cut, is painted."""
    mask = " ".join(style.value(name) for name in ("mask", "mask-image"))
    if "gradient" not in mask and "text" in (style.value("background-clip"), style.value("-webkit-background-clip")):
        mask = style.value("background-image")
    if "gradient" not in mask:
        return None
    size = _SIZED.search(mask) or _LENGTH.match(style.value("mask-size"))
    if size is not None and "repeat-x" not in mask.replace("no-repeat", ""):
        return (0.0, 0.0), _edge(style, size[1] if size.re is _SIZED else size[0])
    found = next((match for match in _FUNCTION.finditer(mask) if match[1].endswith("linear-gradient")), None)
    if found is None:
        return None
    first, *stops = _BETWEEN.split(found[2])[:_MAX_STOPS]
    is_from_right = first.strip() in _TO_LEFT
    if not is_from_right and first.strip() not in _TO_RIGHT:
        return None
    painted: list[Edge] = []
    for at, stop in enumerate(stops):
        is_seen, places = _stop(stop.strip())
        if is_seen:  # the first and the last color go on to the edges
            painted += [(0.0, 0.0)] * (at == 0) + [(0.0, 1.0)] * (at == len(stops) - 1)
            painted += [_edge(style, place) for place in places]
    if not painted or (painted[0], painted[-1]) == WHOLE:
        return None
    start, *_, end = sorted(painted, key=_place)
    return (_from_end(end), _from_end(start)) if is_from_right else (start, end)


def _stop(stop: str) -> tuple[bool, list[str]]:
    """Whether a color of a gradient is seen, and its places."""
    found = _STOP.match(stop)
    if found is None:
        return False, []
    color = parse_color(found[1])
    return color is None or color[3] >= MIN_ALPHA, found[2].split()
