"""Properties that hide text in Office files and drawings: white, tiny, narrow, clear, or in the color behind it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

OFF = ("0", "false", "off")
_WHITE = re.compile(r"(?:FF)?#?F[A-F0-9]F[A-F0-9]F[A-F0-9]", re.IGNORECASE)
"""A color that is white or nearly so, also with an alpha channel before it."""
TINY_POINTS = 2.5
_NARROW_PERCENT = 10
"""Of the width of a letter, at most: one that nobody sees."""
_SMALL_PERCENT = 20
"""Of the size of the letters around it, at most."""
_CLEAR = 10_000
"""Thousandths of a percent of opacity, at most."""
_SIZE = re.compile(r"(\d{0,6}(?:\.\d{0,6})?)(pt|px|cm|mm|in|pc|%|)")
_POINTS = {"pt": 1.0, "px": 0.75, "cm": 28.35, "mm": 2.835, "in": 72.0, "pc": 12.0, "": 0.75}
_WHITE_THEMES = frozenset(("background1", "light1", "bg1", "lt1"))
_CLEAR_NUMBERS = frozenset(("0", "0.0", "0%", ".0"))
_STYLE = re.compile(r"([a-z-]{4,20})\s{0,5}:\s{0,5}([^;]{1,100})")


def is_theme_white(attributes: Mapping[str, str]) -> bool:
    """Whether a color is that of the page, by its name in the theme."""
    theme = attributes.get("themeColor", "") if attributes.get("val", "auto") == "auto" else ""
    return theme in _WHITE_THEMES and not attributes.keys() & {"themeShade", "themeTint"}


def is_white(value: str) -> bool:
    """Whether a color is white or nearly so, or that of the page by its name in a scheme."""
    return _WHITE.fullmatch(value) is not None or value in _WHITE_THEMES


def is_tiny_size(points: str) -> bool:
    """Whether letters of a size in points are too small to see."""
    return _is_tiny(f"{points}pt")


def is_narrow(value: str) -> bool:
    """Whether letters are scaled to almost no width; in percent."""
    number = value.rstrip("%")
    return number.isdecimal() and 0 < int(number[:9]) <= _NARROW_PERCENT


def is_clear(name: str, value: str, around: Sequence[str]) -> bool:
    """Whether an element of a fill makes letters invisible, by the names of the elements around it."""
    if "rPr" not in around:
        return False
    if name == "noFill":
        return around[-1] in ("textFill", "rPr")
    opacity = int(value[:9]) if value.isdecimal() else 100_000
    return (100_000 - opacity if "textFill" in around else opacity) <= _CLEAR  # Word says how transparent it is


def is_hidden_odf(attributes: Mapping[str, str]) -> bool:
    """Whether text properties of OpenDocument hide text."""
    color, ground = attributes.get("color", ""), attributes.get("background-color", "transparent")
    is_white = _WHITE.fullmatch(color) is not None and (ground == "transparent" or _WHITE.fullmatch(ground) is not None)
    height = attributes.get("text-position", "").split()[1:]
    return (
        attributes.get("display") == "none"
        or _is_tiny(attributes.get("font-size", ""))
        or is_white
        or bool(color and color.lower() == ground.lower())
        or is_narrow(attributes.get("text-scale", ""))
        or attributes.get("opacity", "") in _CLEAR_NUMBERS
        or attributes.get("char-transparency", "") == "100%"
        or bool(height and _is_tiny(height[0]))
    )


def is_off_odf(name: str, value: str) -> bool:
    """Whether an attribute of an element of OpenDocument, or of a row in XML of 2003, hides it."""
    return (
        (name.endswith(":display") and value == "none")
        or (name.endswith(":visibility") and value in ("collapse", "filter"))
        or (name.endswith(":Hidden") and value == "1")
    )


def is_hidden_box_odf(attributes: Mapping[str, str]) -> bool:
    """Whether the properties of a table, row or page of OpenDocument hide it."""
    return (
        attributes.get("display") == "false"
        or attributes.get("visibility") == "hidden"
        or _is_tiny(attributes.get("row-height", ""), least=0)
    )


def is_hidden_svg(attributes: Mapping[str, str]) -> bool:
    """Whether an element of a drawing hides its text."""
    style = attributes.get("style", "")
    given = {**attributes, **dict(_STYLE.findall(style))} if ":" in style else attributes
    return (
        given.get("display", "").strip() == "none"
        or given.get("visibility", "").strip() in ("hidden", "collapse")
        or any(given.get(name, "").strip() in _CLEAR_NUMBERS for name in ("opacity", "fill-opacity"))
        or (given.get("fill", "").strip() in ("none", "transparent") and given.get("stroke", "none").strip() == "none")
        or _is_tiny(given.get("font-size", "").strip(), least=0)
    )


def _is_tiny(size: str, *, least: float = 1e-9) -> bool:
    found = _SIZE.fullmatch(size)
    if found is None or not any(map(str.isdecimal, found[1])):
        return False
    number = float(found[1])
    if found[2] == "%":
        return least <= number <= _SMALL_PERCENT
    return least <= number * _POINTS[found[2]] <= TINY_POINTS
