"""Colors of CSS and HTML as sRGB, and how well text of one color can be read on another."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import lru_cache

from tinycss2.color4 import Color as ParsedColor
from tinycss2.color5 import parse_color as parse_css_color

Color = tuple[float, float, float, float]
"""Red, green, blue and alpha, each from 0 to 1."""

WHITE: Color = (1.0, 1.0, 1.0, 1.0)
BLACK: Color = (0.0, 0.0, 0.0, 1.0)

_MAX_VALUE = 200
_SYSTEM = {"canvas": WHITE, "field": WHITE, "canvastext": BLACK, "fieldtext": BLACK, "buttontext": BLACK}
_NOT_HEX = re.compile("[^0-9a-f]")
_OKLAB_TO_LMS = (
    (1.0, 0.3963377774, 0.2158037573),
    (1.0, -0.1055613458, -0.0638541728),
    (1.0, -0.0894841775, -1.291485548),
)
_LMS_TO_RGB = (
    (4.0767416621, -3.3077115913, 0.2309699292),
    (-1.2684380046, 2.6097574011, -0.3413193965),
    (-0.0041960863, -0.7034186147, 1.707614701),
)
_D50_TO_RGB = (
    (3.1341359, -1.6172199, -0.4906601), (-0.9787684, 1.9161415, 0.0334540), (0.0719453, -0.2289914, 1.4052427),
)  # fmt: skip
_D50 = (0.96422, 1.0, 0.82521)


@lru_cache(maxsize=1024)
def parse_color(value: str) -> Color | None:
    """A color in CSS notation; None if it is not understood or depends on another color."""
    value = value.strip().lower()
    if not value or len(value) > _MAX_VALUE:
        return None
    if value in _SYSTEM:
        return _SYSTEM[value]
    try:
        parsed = parse_css_color(value)
        return None if parsed is None or isinstance(parsed, str) else _to_srgb(parsed)
    except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError):  # of malformed colors
        return None


@lru_cache(maxsize=1024)
def legacy_color(value: str) -> Color | None:
    """The color of an HTML attribute, which may be any word ("Rules for parsing a legacy color value")."""
    value = value.strip().lower()[:128]
    if not value or value == "transparent":
        return None
    if (named := parse_color(value)) is not None and not value.startswith("#"):
        return named
    value = _NOT_HEX.sub("0", value.removeprefix("#"))
    if len(value) == 3:
        value = "".join(digit * 2 for digit in value)
    size = max(1, -(-len(value) // 3))
    value = value.ljust(3 * size, "0")
    digits = [value[size * at : size * (at + 1)][-8:] for at in range(3)]
    while len(digits[0]) > 2 and all(digit[0] == "0" for digit in digits):
        digits = [digit[1:] for digit in digits]
    red, green, blue = (int(digit[:2], 16) / (255 if len(digit) > 1 else 15 * 17) for digit in digits)
    return red, green, blue, 1.0


def difference(one: Color, other: Color) -> float:
    """How much two colors differ, from 0 to 765 (as sums of red, green and blue from 0 to 255)."""
    return 255 * sum(abs(mine - theirs) for mine, theirs in zip(one[:3], other[:3], strict=True))


def blend(color: Color, background: Color) -> Color:
    """A partly transparent color on an opaque background."""
    alpha = color[3]
    red, green, blue = (
        alpha * mine + (1 - alpha) * theirs for mine, theirs in zip(color[:3], background[:3], strict=True)
    )
    return red, green, blue, 1.0


def _to_srgb(parsed: ParsedColor) -> Color | None:
    alpha = min(1.0, max(0.0, float(parsed.alpha)))
    values = [0.0 if value is None else float(value) for value in parsed.coordinates]
    match parsed.space:
        case "oklab" | "oklch":
            rgb = _from_oklab(*_rectangular(parsed.space == "oklch", values))
        case "lab" | "lch":
            rgb = _from_lab(*_rectangular(parsed.space == "lch", values))
        case _:
            converted = parsed.to("srgb")
            rgb = [0.0 if value is None else float(value) for value in converted.coordinates]
    red, green, blue = (min(1.0, max(0.0, value)) for value in rgb)
    return red, green, blue, alpha


def _rectangular(is_polar: bool, values: list[float]) -> list[float]:
    if not is_polar:
        return values
    lightness, chroma, hue = values
    return [lightness, chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))]


def _from_oklab(lightness: float, a: float, b: float) -> list[float]:
    lms = [
        sum(factor * value for factor, value in zip(row, (lightness, a, b), strict=True)) ** 3 for row in _OKLAB_TO_LMS
    ]
    return [_gamma(sum(factor * value for factor, value in zip(row, lms, strict=True))) for row in _LMS_TO_RGB]


def _from_lab(lightness: float, a: float, b: float) -> list[float]:
    middle = (lightness + 16) / 116
    xyz = [
        white * (value**3 if value > 6 / 29 else 3 * (6 / 29) ** 2 * (value - 4 / 29))
        for white, value in zip(_D50, (middle + a / 500, middle, middle - b / 200), strict=True)
    ]
    return [_gamma(value) for value in _multiply(_D50_TO_RGB, xyz)]


def _multiply(matrix: Sequence[Sequence[float]], vector: Sequence[float]) -> list[float]:
    return [sum(factor * value for factor, value in zip(row, vector, strict=True)) for row in matrix]


def _gamma(value: float) -> float:
    value = min(1.0, max(0.0, value))
    return 12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055
