"""The situations that a message is shown in, and the conditions of CSS under which rules apply in them."""

from __future__ import annotations

import re

from gateway.core.mime.css.lengths import to_pixels

MAIN, NARROW, DARK, INLINE = 1, 2, 4, 8
"""A wide light window; a telephone, and whatever is not certain; dark mode; a program that drops style sheets."""
SHEETS = MAIN | NARROW | DARK

_WIDTHS = {MAIN: 1024.0, NARROW: 375.0, DARK: 1024.0}
_HEIGHTS = {MAIN: 768.0, NARROW: 667.0, DARK: 768.0}
_MAX_QUERY = 1_000
_FEATURE = re.compile(r"\(\s*([a-z-]{1,60})\s*(?::\s*([^()]{1,100}))?\)")
_RANGE = re.compile(
    r"\(\s*(width|height)\s*([<>]=?|=)\s*([0-9.a-z]{1,30})\s*\)"
    r"|\(\s*([0-9.a-z]{1,30})\s*([<>]=?)\s*(width|height)\s*\)"
)
_UNKNOWN_WORDS = re.compile(r"\b(?:or|calc)\b|[<>]")


def media_environments(query: str) -> int:
    """The environments in which a media query list holds."""
    query = query.strip().lower()
    if not query:
        return SHEETS
    if len(query) > _MAX_QUERY:
        return NARROW
    result = 0
    for part in query.split(","):
        result |= _one_query(part.strip())
    return result


def _one_query(query: str) -> int:
    negated = query.startswith("not ")
    query = query.removeprefix("not ").removeprefix("only ").strip()
    kind = "all" if query.startswith("(") else re.split(r"[\s(]", query, maxsplit=1)[0]
    result = SHEETS if kind in ("all", "screen") else 0
    if kind not in (
        "all",
        "screen",
        "print",
        "speech",
        "tty",
        "tv",
        "projection",
        "handheld",
        "braille",
        "embossed",
        "aural",
    ):
        return NARROW
    rest = query
    for found in _RANGE.finditer(rest):
        feature, operator, value = (
            (found[1], found[2], found[3]) if found[1] else (found[6], _FLIPPED[found[5]], found[4])
        )
        result &= _compared(feature, operator, value)
    rest = _RANGE.sub("", rest)
    for found in _FEATURE.finditer(rest):
        result &= _feature(found[1], (found[2] or "").strip())
    if _UNKNOWN_WORDS.search(_FEATURE.sub("", rest)) or "not" in rest.split():
        return NARROW
    return SHEETS & ~result if negated else result


_MEDIA = frozenset("all screen print speech tty tv projection handheld braille embossed aural".split())
_FLIPPED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}


def _compared(feature: str, operator: str, value: str) -> int:
    number = to_pixels(value)
    if number is None:
        return NARROW
    sizes = _WIDTHS if feature == "width" else _HEIGHTS
    result = 0
    for environment, size in sizes.items():
        holds = {"<": size < number, ">": size > number, "<=": size <= number, ">=": size >= number}.get(
            operator, size == number
        )
        result |= environment if holds else 0
    return result


def _feature(name: str, value: str) -> int:
    match name:
        case "min-width" | "min-device-width":
            return _compared("width", ">=", value)
        case "max-width" | "max-device-width":
            return _compared("width", "<=", value)
        case "min-height" | "min-device-height":
            return _compared("height", ">=", value)
        case "max-height" | "max-device-height":
            return _compared("height", "<=", value)
        case "prefers-color-scheme":
            return DARK if value == "dark" else MAIN | NARROW
        case "orientation":
            return NARROW if value == "portrait" else MAIN | DARK
        case "color" | "min-color":
            return SHEETS
        case "hover" | "any-hover":
            return NARROW if value == "none" else MAIN | DARK
        case "-webkit-min-device-pixel-ratio" | "min-device-pixel-ratio":
            return SHEETS if to_pixels(value) in (0.0, 1.0, 0.5) else NARROW
        case _:
            return NARROW  # not certain


def supports_environments(condition: str) -> int:
    """The environments in which a condition of @supports holds. Negated and combined ones are not certain."""
    condition = condition.strip().lower()
    if not condition or "not" in condition or " or " in condition or "selector" in condition:
        return NARROW
    return SHEETS
