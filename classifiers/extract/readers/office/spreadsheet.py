"""The cells of Excel's sheets (Office Open XML) as rows of text, with the shared strings in their places."""

from __future__ import annotations

import re
import time
from xml.parsers import expat

from classifiers.extract.hidden_writing.word_order import sentences_down
from classifiers.extract.readers.reading import PICTURED, TOO_LARGE, Budget, FileContent
from classifiers.extract.readers.records import formula_words, keep_sentences
from classifiers.extract.readers.xml.cell_grid import CellGrid
from classifiers.extract.readers.xml.hidden_text import is_white

_REFERENCE = re.compile(r"\$?([A-Za-z]{1,3})\$?(\d{1,7})")
_MAX_COLUMNS = 20_000
_CHECK_EVERY = 4_096


class _Stop(Exception):
    """The budget is used up."""


class SharedStrings:
    """The table of strings of a workbook, and which of them a sheet uses."""

    def __init__(self) -> None:
        self.strings: list[str] = []
        self.used: set[int] = set()
        self.white: frozenset[str] = frozenset()
        """Numbers of the styles of cells whose letters are white on nothing."""
        self._pieces: list[str] = []
        self._is_text = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        if name == "si":
            self._pieces = []
        self._is_text = name == "t"

    def end(self, tag: str) -> None:
        self._is_text = False
        if tag.rpartition(":")[2] == "si":
            self.strings.append(_unescaped("".join(self._pieces)))

    def characters(self, data: str) -> None:
        if self._is_text:
            self._pieces.append(data)

    def read(self, data: bytes) -> None:
        """Read the table as far as it goes; `read_xml` reports what is broken in it."""
        _parse(data, self)

    def unused(self) -> str:
        """The strings that no cell shows."""
        return "\n".join(text for number, text in enumerate(self.strings) if number not in self.used)


class _Sheet:
    """Handlers for one sheet. Formulas and other texts are read with the rest of the part."""

    def __init__(self, strings: SharedStrings, budget: Budget) -> None:
        self._strings = strings
        self._deadline = budget.deadline
        self._left = budget.characters
        self._count = 0
        self._row = self._column = 0
        self._type = ""
        self._pieces: list[str] = []
        self._is_value = self._is_formula = False
        self._look = ""
        self._formula: list[str] = []
        self.formulas: list[str] = []
        self.grid = CellGrid()
        self.hidden: set[tuple[int, int]] = set()
        self._hidden_columns: set[int] = set()
        self._left_columns = _MAX_COLUMNS
        self._is_hidden_row = False
        self.cells: list[tuple[int, int, str]] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        self._is_value, self._is_formula = name in ("v", "t"), name == "f"
        if name == "col" and _is_hidden(attributes):
            edges = (attributes.get(edge, "")[:6] for edge in ("min", "max"))
            first, last = (int(edge) if edge.isdecimal() else 0 for edge in edges)
            columns = range(first, min(last, first + self._left_columns) + 1)
            self._left_columns -= len(columns)
            self._hidden_columns.update(columns)
        if name == "row":
            number = attributes.get("r", "")
            self._is_hidden_row = _is_hidden(attributes)
            self._row = int(number) if number.isdecimal() and len(number) < 9 else self._row + 1
            self._column = 0
        elif name == "c":
            self._count += 1
            if self._count % _CHECK_EVERY == 0 and time.monotonic() > self._deadline:
                raise _Stop
            self._type, self._pieces, self._look = attributes.get("t", ""), [], attributes.get("s", "")
            self._column += 1
            if found := _REFERENCE.fullmatch(attributes.get("r", "")):
                self._row, self._column = int(found[2]), _column(found[1])

    def end(self, tag: str) -> None:
        self._is_value = self._is_formula = False
        if self._formula and tag.rpartition(":")[2] == "f":
            self.formulas.append("".join(self._formula))
            self._formula = []
        if tag.rpartition(":")[2] != "c":
            return
        text = _unescaped("".join(self._pieces))
        if len(text) < 2:
            self.grid.add(self._row, self._column, text or self._look)
        if not text:
            return
        if self._type == "s" and text.strip().isdecimal() and len(text) < 10:
            number = int(text)
            self._strings.used.add(number)
            text = self._strings.strings[number] if number < len(self._strings.strings) else ""
        self._left -= len(text) + 1
        if self._is_hidden_row or self._column in self._hidden_columns or self._look in self._strings.white:
            self.hidden.add((self._row, self._column))
        self.cells.append((self._row, self._column, text))
        if self._left < 0:
            raise _Stop

    def characters(self, data: str) -> None:
        if self._is_value:
            self._pieces.append(data)
        elif self._is_formula:
            self._formula.append(data)


def read_sheet(data: bytes, strings: SharedStrings, content: FileContent, budget: Budget) -> bool:
    """Add the cells of a sheet, row by row, to a content. Returns whether some of them are hidden."""
    sheet = _Sheet(strings, budget)
    try:
        _parse(data, sheet)
    except _Stop:
        content.fail(TOO_LARGE, "more cells than are read")
    everything: dict[int, list[str]] = {}
    rows: dict[int, list[str]] = {}
    for row, column, text in sorted(sheet.cells, key=lambda cell: cell[:2]):
        everything.setdefault(row, []).append(text)
        if (row, column) not in sheet.hidden:
            rows.setdefault(row, []).append(text)
    content.text.append("\n".join("\t".join(cells) for cells in rows.values()))
    if sheet.hidden:
        content.hidden.append("\n".join("\t".join(cells) for cells in everything.values()))
    columns: dict[int, list[str]] = {}
    for _, column, text in sorted(sheet.cells, key=lambda cell: cell[:2]):
        columns.setdefault(column, []).append(text)
    content.hidden += keep_sentences(" ".join(cells) for cells in columns.values())
    content.hidden += sentences_down(sheet.cells)
    content.hidden += keep_sentences(map(formula_words, sheet.formulas))
    if sheet.grid.draws_letters():
        content.text[-1] = "\n".join(
            "\t".join(cells) for cells in rows.values() if any(len(cell) > 1 for cell in cells)
        )
        content.fail(PICTURED, "cells that may draw words")
    return bool(sheet.hidden)


def _is_hidden(attributes: dict[str, str]) -> bool:
    """Whether a row or column is hidden."""
    return attributes.get("hidden", "") in ("1", "true") or attributes.get("width", "") == "0"


def white_styles(data: bytes) -> frozenset[str]:
    """The numbers of the styles in a workbook whose letters are white on cells without a color."""
    fonts: list[bool] = []
    styles: list[bool] = []
    place = ""

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal place
        name = tag.rpartition(":")[2]
        if name in ("fonts", "cellXfs", "cellStyleXfs", "fills", "dxfs"):
            place = name
        elif place == "fonts" and name == "font":
            fonts.append(False)
        elif place == "fonts" and name == "color" and fonts:
            fonts[-1] = is_white(attributes.get("rgb", ""))
        elif place == "cellXfs" and name == "xf":
            font = attributes.get("fontId", "")
            number = int(font) if font.isdecimal() and len(font) < 7 else len(fonts)
            styles.append(number < len(fonts) and fonts[number] and attributes.get("fillId", "0") == "0")

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, LookupError):
        return frozenset()
    return frozenset(str(number) for number, hides in enumerate(styles) if hides)


_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


def _unescaped(text: str) -> str:
    """A text with the characters that Excel writes by number (ECMA-376 part 1, 22.9.2.19)."""
    if "_x" not in text:
        return text
    plain = _ESCAPED.sub(lambda escape: chr(int(escape[1], 16)), text)
    return plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _parse(data: bytes, handlers: SharedStrings | _Sheet) -> None:
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = handlers.start
    parser.EndElementHandler = handlers.end
    parser.CharacterDataHandler = handlers.characters
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, LookupError):
        return


def _column(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return min(number, _MAX_COLUMNS)
