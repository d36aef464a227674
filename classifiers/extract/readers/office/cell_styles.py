"""The styles of a workbook's cells: which hide their cells, and which show words for numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

from classifiers.extract.readers.xml.hidden_text import is_tiny_size, is_white

_PARTS = frozenset("numFmts fonts fills borders cellStyleXfs cellXfs cellStyles dxfs".split())
_SECTION = re.compile(r"(?:\"[^\"]*+\"?|\\.|[^;\"\\])++", re.DOTALL)
_PIECE = re.compile(
    r"\"([^\"]*+)\"?|\\(.)|\[[^\[\]]{0,40}\]|[_*].|(General|@|[0#?][0#?,.]{0,40}+)|([^\"\\])", re.DOTALL
)
_WHITE = frozenset(("1", "9", "64", "65"))
"""White, and the colors of the system, in the palette of old workbooks."""
_DATE = re.compile(r"[dmyhs]", re.IGNORECASE)


@dataclass(slots=True)
class CellStyles:
    """Styles by their numbers, as cells name them."""

    unseen: frozenset[str] = frozenset()
    """Styles whose letters are tiny, white on nothing, in the color of their cell, or shown by no part of a format."""
    filled: frozenset[str] = frozenset()
    """Styles that fill their cells with a color other than white, or have borders."""
    formats: dict[str, str] = field(default_factory=dict)
    """Formats that have words or signs in them."""
    conditional: list[str] = field(default_factory=list)
    """The words that conditional formats show, by their numbers."""


def shown_by(number_format: str, value: str) -> str:
    """What a format for numbers shows of a value, as far as it is letters; dates and rounding are left alone."""
    section = _SECTION.match(number_format)
    text, has_value = "", False
    for words, letter, place, other in _PIECE.findall(section[0] if section else ""):
        if place:
            text += "" if has_value else value
            has_value = True
        else:
            text += words or letter or ("" if _DATE.match(other) else other)
    return text


def read_styles(data: bytes) -> CellStyles:
    """The styles of a workbook. Broken ones hide nothing."""
    found = CellStyles()
    formats: dict[str, str] = {}
    colors: dict[str, list[str]] = {"fonts": [], "fills": []}
    unseen: list[str] = []
    filled: list[str] = []
    tiny: set[int] = set()
    inks: set[int] = set()
    borders: list[bool] = []
    place, count, is_painted = "", 0, False

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal place, count, is_painted
        name = tag.rpartition(":")[2]
        if name in _PARTS:
            place, count = name, 0
        elif name == "numFmt":
            code = attributes.get("formatCode", "")
            if place == "dxfs" and found.conditional:
                found.conditional[-1] = shown_by(code, "")
            else:
                formats[attributes.get("numFmtId", "")] = code
        elif name == "dxf":
            found.conditional.append("")
        elif (place, name) in (("fonts", "font"), ("fills", "fill")):
            colors[place].append("")
        elif (place, name) == ("borders", "border"):
            borders.append(False)
        elif place == "borders" and attributes.get("style", "none") != "none" and borders:
            borders[-1] = True
        elif name == "patternFill":
            is_painted = attributes.get("patternType", "none") != "none"
        elif name == "gradientFill" and place == "fills":
            inks.add(len(colors[place]) - 1)
        elif (place, name) in (("fonts", "color"), ("fills", "fgColor")) and colors[place]:
            colors[place][-1] = attributes.get("rgb", "") or _of_theme(attributes)
            is_light = is_white(colors[place][-1]) or attributes.get("indexed", "") in _WHITE
            if name == "fgColor" and is_painted and not is_light:
                inks.add(len(colors[place]) - 1)
        elif (place, name) == ("fonts", "sz") and colors[place] and is_tiny_size(attributes.get("val", "")):
            tiny.add(len(colors[place]) - 1)
        elif (place, name) == ("cellXfs", "xf"):
            font, fill = (
                _at(colors[kind], attributes.get(key, "")) for kind, key in (("fonts", "fontId"), ("fills", "fillId"))
            )
            code = formats.get(attributes.get("numFmtId", ""), "")
            is_off = (code.count(";") > 2 and not code.strip("; ")) or attributes.get("fontId", "") in map(str, tiny)
            if is_off or (is_white(font) and attributes.get("fillId", "0") == "0") or (font and font == fill):
                unseen.append(str(count))
            border = attributes.get("borderId", "")
            is_bordered = border.isdecimal() and len(border) < 7 and any(borders[int(border) : int(border) + 1])
            if is_bordered or attributes.get("fillId", "") in map(str, inks):
                filled.append(str(count))
            if '"' in code or "\\" in code:
                found.formats[str(count)] = code
            count += 1

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, LookupError):
        return CellStyles()
    found.unseen, found.filled = frozenset(unseen), frozenset(filled)
    return found


def _of_theme(attributes: Mapping[str, str]) -> str:
    """A color that a theme names: the first one is that of the sheet. Shades are made of it by a tint."""
    number = attributes.get("theme", "") + attributes.get("tint", "")
    return "FFFFFFFF" if number == "0" else f"theme {number}" if number else ""


def _at(colors: list[str], number: str) -> str:
    return colors[int(number)] if number.isdecimal() and len(number) < 7 and int(number) < len(colors) else ""
