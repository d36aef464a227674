"""Whether clipping, transforms or small boxes leave nothing of the text of an element."""

from __future__ import annotations

import re
from collections.abc import Callable

from gateway.core.mime.css.lengths import VIEWPORT, to_pixels

_FAR = 90.0
_SMALL = 0.06
_FAINT = 0.4
_FUNCTION = re.compile(r"([a-z0-9-]{1,30})\(([^()]{0,200}(?:\([^()]{0,100}\)[^()]{0,100}){0,4})\)")
_SEPARATORS = re.compile(r"[\s,]+")
_HIDES_OVERFLOW = ("hidden", "clip", "scroll", "auto")
_INLINE = ("inline", "contents", "ruby-text")

SQUEEZING = frozenset("width height max-width max-height line-height zoom letter-spacing overflow-y overflow-x".split())
"""Properties that can make a box too small for its text."""
CLIPPING = frozenset("clip clip-path transform scale translate rotate".split())
"""Properties that can clip or transform text away."""

Get = Callable[..., str]
Pixels = Callable[..., float | None]


def squeezes(get: Get, pixels: Pixels, line_height: float | None, font: float, display: str) -> tuple[bool, bool]:
    """Whether a box is too small for its text, and whether it may be."""
    faint = False
    for axis, names in (("x", ("width", "max-width")), ("y", ("height", "max-height"))):
        sizes = [size for name in names if (size := pixels(name)) is not None and size >= 0]
        if not sizes:
            continue
        size = min(sizes)
        if size <= 1 and get(f"max-{'width' if axis == 'x' else 'height'}").rstrip("pxtem%") in ("0", "0.0"):
            return True, True
        if get(f"overflow-{axis}", "visible") in _HIDES_OVERFLOW and display not in _INLINE:
            if size <= 2:
                return True, True
            faint = faint or size < 0.7 * font
    if line_height is not None and line_height <= 2 and get("overflow-y", "visible") in _HIDES_OVERFLOW:
        return True, True
    zoom = to_pixels(get("zoom", "1"), base=1.0)
    if zoom is not None and zoom < _SMALL:
        return True, True
    spacing = pixels("letter-spacing")
    if spacing is not None and font > 0 and spacing <= -0.55 * font:
        return True, True
    return False, faint


def clips(get: Get, pixels: Pixels, position: str) -> tuple[bool, bool]:
    """Whether a clip or a transform hides the text, and whether it may."""
    clip = get("clip", "auto")
    if position in ("absolute", "fixed") and clip.startswith("rect"):
        edges = [
            to_pixels(part) or 0.0 for part in _SEPARATORS.split(clip.partition("(")[2].strip(") ")) if part != "auto"
        ]
        if len(edges) == 4 and (edges[2] - edges[0] <= 2 or edges[1] - edges[3] <= 2):
            return True, True
    hidden = faint = False
    shape = get("clip-path", "none")
    if shape != "none":
        hidden, faint = _shape(shape)
    for name in ("transform", "scale", "translate", "rotate"):
        value = get(name, "none")
        if value not in ("none", ""):
            functions = _FUNCTION.findall(value) if name == "transform" else [(name, value)]
            for function, arguments in functions:
                now_hidden, now_faint = _transform(
                    function, [part for part in _SEPARATORS.split(arguments.strip()) if part]
                )
                hidden, faint = hidden or now_hidden, faint or now_faint
    return hidden, faint


def _shape(shape: str) -> tuple[bool, bool]:
    found = _FUNCTION.match(shape)
    if found is None:
        return False, True
    name, arguments = found[1], found[2]
    if name == "polygon":
        points = [point.split() for point in arguments.split(",")]
        widths = {point[0] for point in points if len(point) == 2}
        heights = {point[1] for point in points if len(point) == 2}
        return len(widths) <= 1 or len(heights) <= 1, True
    sizes = [to_pixels(part, base=100.0) for part in arguments.partition(" round ")[0].partition(" at ")[0].split()]
    known = [size for size in sizes if size is not None]
    if name == "inset" and known:
        bottom, left = (
            (known * 4)[2 if len(known) > 2 else 0],
            (known * 4)[3 if len(known) > 3 else min(1, len(known) - 1)],
        )
        right = known[min(1, len(known) - 1)]
        hidden = known[0] + bottom >= 98 or left + right >= 98
        return hidden, known[0] + bottom > 30 or left + right > 30
    if name in ("circle", "ellipse"):
        return bool(known) and min(known) <= 2, True
    return False, True


def _transform(name: str, arguments: list[str]) -> tuple[bool, bool]:
    if name.startswith("scale"):
        factors = [factor for part in arguments[:2] if (factor := to_pixels(part, base=1.0)) is not None]
        smallest = min((abs(factor) for factor in factors), default=1.0)
        return smallest < _SMALL, smallest < _FAINT or any(factor < 0 for factor in factors)
    if name.startswith("translate"):
        bases = VIEWPORT[::-1] if name.endswith("y") else VIEWPORT
        moved = [to_pixels(part, base=100.0) for part in arguments[:2]]
        far = any(
            (size is not None and (size <= -_FAR * (1 if "%" not in part else 3) or size >= 3 * base))
            for size, part, base in zip(moved, arguments, bases, strict=False)
        )
        return far, far
    if name == "matrix" and len(arguments) == 6:
        numbers = [to_pixels(part) or 0.0 for part in arguments]
        size = abs(numbers[0] * numbers[3] - numbers[1] * numbers[2])
        return size < _SMALL**2 or min(numbers[4:]) <= -_FAR, size < _FAINT**2
    if name in ("rotatex", "rotatey", "rotate3d"):
        angle = arguments[-1] if arguments else ""
        return angle in ("90deg", "-90deg", "270deg", "0.25turn", "100grad"), True
    if name.startswith("skew"):
        return arguments[:1] in (["90deg"], ["-90deg"]), False
    return False, name in ("matrix3d", "perspective")
