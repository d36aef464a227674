"""Lengths and numbers of CSS in pixels, with calc() and the like."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from tinycss2 import parse_component_value_list

VIEWPORT = (1024.0, 768.0)
"""Width and height of the window that styles are computed for; in pixels."""
UNKNOWN_BASE = 600.0
"""The width assumed for what percentages refer to; in pixels."""

_MAX_VALUE = 300
_MAX_DEPTH = 8
_LENGTH = re.compile(r"([+-]?(?:\d{1,40}(?:\.\d{0,40})?|\.\d{1,40})(?:e[+-]?\d{1,3})?)(%|[a-z]{1,6})?", re.IGNORECASE)
_ABSOLUTE = {
    "": 1.0,
    "px": 1.0,
    "pt": 4 / 3,
    "pc": 16.0,
    "in": 96.0,
    "cm": 96 / 2.54,
    "mm": 9.6 / 2.54,
    "q": 2.4 / 2.54,
}
_OF_FONT = {"em": 1.0, "ex": 0.5, "ch": 0.5, "ic": 1.0, "cap": 0.7, "lh": 1.2}
_OF_ROOT = {"rem": 16.0, "rex": 8.0, "rch": 8.0, "ric": 16.0, "rlh": 19.2}
_OF_VIEWPORT = {
    f"{size}{unit}": base / 100
    for size in ("", "s", "l", "d")
    for unit, base in (
        ("vw", VIEWPORT[0]), ("vi", VIEWPORT[0]), ("vh", VIEWPORT[1]), ("vb", VIEWPORT[1]),
        ("vmin", VIEWPORT[1]), ("vmax", VIEWPORT[0]),
    )
}  # fmt: skip
_CALCULATIONS = ("calc", "min", "max", "clamp", "abs", "-webkit-calc")


def to_pixels(value: str, font: float = 16.0, base: float = UNKNOWN_BASE) -> float | None:
    """A length in pixels, or a plain number; None if the value is no length.

    `font`: the size that em refers to. `base`: what percentages refer to.
    """
    found = _LENGTH.fullmatch(value)
    if found is not None:
        return _scaled(float(found[1]), (found[2] or "").lower(), font, base)
    if "(" not in value or len(value) > _MAX_VALUE:
        return None
    result = _sum(_tokens(value), font, base, 0)
    return None if result is None or math.isnan(result) else result


def is_length(value: str) -> bool:
    """Whether a value has the form of a length or a number."""
    return _LENGTH.fullmatch(value) is not None or value.partition("(")[0] in _CALCULATIONS


@lru_cache(maxsize=256)
def _tokens(value: str) -> tuple[Any, ...]:
    return tuple(parse_component_value_list(value, skip_comments=True))


def _scaled(number: float, unit: str, font: float, base: float) -> float | None:
    if unit == "%":
        return number * base / 100
    if unit in _OF_FONT:
        return number * font * _OF_FONT[unit]
    factor = _ABSOLUTE.get(unit) or _OF_ROOT.get(unit) or _OF_VIEWPORT.get(unit)
    return None if factor is None else number * factor


def _sum(tokens: Sequence[Any], font: float, base: float, depth: int) -> float | None:
    """The value of a sum of products."""
    total, product, operator, sign = 0.0, None, "*", 1.0
    for token in tokens:
        if token.type == "whitespace":
            continue
        if token.type == "literal" and token.value in "+-*/":
            if token.value in "+-":
                if product is None:
                    return None
                total, product, operator, sign = total + sign * product, None, "*", -1.0 if token.value == "-" else 1.0
            else:
                operator = token.value
            continue
        number = _operand(token, font, base, depth)
        if number is None:
            return None
        if product is None:
            product = number
        elif operator == "*":
            product *= number
        else:
            product = product / number if number else math.copysign(math.inf, product)
    return None if product is None else total + sign * product


def _operand(token: Any, font: float, base: float, depth: int) -> float | None:
    match token.type:
        case "number":
            return float(token.value)
        case "percentage":
            return float(token.value) * base / 100
        case "dimension":
            return _scaled(float(token.value), str(token.lower_unit), font, base)
        case "() block" if depth < _MAX_DEPTH:
            return _sum(token.content, font, base, depth + 1)
        case "function" if depth < _MAX_DEPTH:
            return _function(token, font, base, depth + 1)
        case _:
            return None


def _function(token: Any, font: float, base: float, depth: int) -> float | None:
    arguments: list[list[Any]] = [[]]
    for argument in token.arguments:
        if argument.type == "literal" and argument.value == ",":
            arguments.append([])
        else:
            arguments[-1].append(argument)
    values = [value for part in arguments if (value := _sum(part, font, base, depth)) is not None]
    if len(values) != len(arguments):
        return None
    match token.lower_name:
        case "calc" | "-webkit-calc":
            return values[0]
        case "min":
            return min(values)
        case "max":
            return max(values)
        case "clamp" if len(values) == 3:
            return max(values[0], min(values[1], values[2]))
        case "abs":
            return abs(values[0])
        case _:
            return None
