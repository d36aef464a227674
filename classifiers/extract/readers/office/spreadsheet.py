"""The cells of Excel's sheets (Office Open XML) as rows of text, with the shared strings in their places."""

from __future__ import annotations

import re
import time
from xml.parsers import expat

from classifiers.extract.readers.reading import PICTURED, TOO_LARGE, Budget, FileContent
from classifiers.extract.readers.records import formula_words, keep_sentences
from classifiers.extract.readers.xml.cell_grid import CellGrid

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
        self.cells: list[tuple[int, int, str]] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        self._is_value, self._is_formula = name in ("v", "t"), name == "f"
        if name == "row":
            number = attributes.get("r", "")
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
        self.cells.append((self._row, self._column, text))
        if self._left < 0:
            raise _Stop

    def characters(self, data: str) -> None:
        if self._is_value:
            self._pieces.append(data)
        elif self._is_formula:
            self._formula.append(data)


def read_sheet(data: bytes, strings: SharedStrings, content: FileContent, budget: Budget) -> None:
    """Add the cells of a sheet, row by row, to a content."""
    sheet = _Sheet(strings, budget)
    try:
        _parse(data, sheet)
    except _Stop:
        content.fail(TOO_LARGE, "more cells than are read")
    rows: dict[int, list[str]] = {}
    for row, _, text in sorted(sheet.cells, key=lambda cell: cell[:2]):
        rows.setdefault(row, []).append(text)
    content.text.append("\n".join("\t".join(cells) for cells in rows.values()))
    columns: dict[int, list[str]] = {}
    for _, column, text in sorted(sheet.cells, key=lambda cell: cell[:2]):
        columns.setdefault(column, []).append(text)
    content.hidden += keep_sentences(" ".join(cells) for cells in columns.values())
    content.hidden += keep_sentences(map(formula_words, sheet.formulas))
    if sheet.grid.draws_letters():
        content.text[-1] = "\n".join(
            "\t".join(cells) for cells in rows.values() if any(len(cell) > 1 for cell in cells)
        )
        content.fail(PICTURED, "cells that may draw words")


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
