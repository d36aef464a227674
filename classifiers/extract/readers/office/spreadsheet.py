"""The cells of Excel's sheets (Office Open XML) as rows of text, with the shared strings in their places."""

from __future__ import annotations

import re
import time
from xml.parsers import expat

from classifiers.extract.readers.office.cell_styles import CellStyles, shown_by
from classifiers.extract.readers.office.formulas import computed_lines
from classifiers.extract.readers.orders.across import sentences_of_cells
from classifiers.extract.readers.orders.numbered import sentences_by_number
from classifiers.extract.readers.reading import PICTURED, TOO_LARGE, Budget, FileContent
from classifiers.extract.readers.records import formula_words, keep_sentences
from classifiers.extract.readers.xml.cell_grid import CellGrid
from gateway.core.mime.drawn_text.looks import PLAIN, Look

_REFERENCE = re.compile(r"\$?([A-Za-z]{1,3})\$?(\d{1,7})")
_MAX_COLUMNS = 20_000
_SIZE = re.compile(r"\d{1,4}(?:\.\d{1,9})?")
_TINY = 0.6
"""Points of a row, or letters of a column, below which nothing is seen in it."""
_MAX_SORTED = 1_200
"""Cells of a sheet that somebody may sort to read it."""
_CHECK_EVERY = 4_096


class _Stop(Exception):
    """The budget is used up."""


class SharedStrings:
    """The table of strings of a workbook, and which of them a sheet uses."""

    def __init__(self) -> None:
        self.strings: list[str] = []
        self.used: set[int] = set()
        self.styles = CellStyles()
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
        self.formulas: dict[tuple[int, int], str] = {}
        self._left_merged = _MAX_COLUMNS
        self.conditional: list[tuple[int, int, str]] = []
        """The words of conditional formats, at their first cells."""
        self._area = (0, 0)
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
        elif name == "mergeCell":
            self._merge(attributes.get("ref", ""))
        elif name == "conditionalFormatting":
            found = _REFERENCE.match(attributes.get("sqref", ""))
            self._area = (int(found[2]), _column(found[1])) if found else (0, 0)
        elif name == "cfRule":
            self._condition(attributes.get("dxfId", ""))
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
            self.formulas[self._row, self._column] = "".join(self._formula)
            self._formula = []
        if tag.rpartition(":")[2] != "c":
            return
        text = _unescaped("".join(self._pieces))
        is_ink = bool(text.strip()) or self._look in self._strings.styles.filled
        if len(text) < 2:
            self.grid.add(self._row, self._column, text or self._look, is_ink=is_ink)
        self.grid.add_look(self._row, self._column, text, Look((self._look,)) if is_ink else PLAIN)
        if not text:
            return
        if self._type == "s" and text.strip().isdecimal() and len(text) < 10:
            number = int(text)
            self._strings.used.add(number)
            text = self._strings.strings[number] if number < len(self._strings.strings) else ""
        elif self._type in ("", "n") and (code := self._strings.styles.formats.get(self._look)):
            text = shown_by(code, text)
        self._left -= len(text) + 1
        if self._is_hidden_row or self._column in self._hidden_columns or self._look in self._strings.styles.unseen:
            self.hidden.add((self._row, self._column))
        self.cells.append((self._row, self._column, text))
        if self._left < 0:
            raise _Stop

    def _condition(self, number: str) -> None:
        """A rule for the cells of an area, which may show words."""
        words = self._strings.styles.conditional
        if number.isdecimal() and len(number) < 6 and int(number) < len(words):
            self.conditional.append((*self._area, words[int(number)]))

    def _merge(self, area: str) -> None:
        """Cells that are one: all but the first are not shown."""
        first, _, last = area.partition(":")
        begin, end = _REFERENCE.fullmatch(first), _REFERENCE.fullmatch(last)
        if begin is None or end is None:
            return
        columns = range(_column(begin[1]), _column(end[1]) + 1)
        for row in range(int(begin[2]), int(end[2]) + 1):
            self._left_merged -= len(columns)
            if self._left_merged < 0:
                return
            self.hidden.update((row, column) for column in columns)
        self.hidden.discard((int(begin[2]), columns.start))

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
    sheet.hidden.intersection_update((row, column) for row, column, _ in sheet.cells)
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
    content.hidden += sentences_of_cells(sheet.cells)
    content.hidden += keep_sentences(map(formula_words, sheet.formulas.values()))
    content.hidden += _said_otherwise(sheet)
    if sheet.grid.draws_letters():
        content.text[-1] = "\n".join(
            "\t".join(cells) for cells in rows.values() if any(len(cell) > 1 for cell in cells)
        )
        content.fail(PICTURED, "cells that may draw words")
    return bool(sheet.hidden)


def _said_otherwise(sheet: _Sheet) -> list[str]:
    """What formulas and conditional formats show in the places of cells, and rows in another order."""
    cells = {(row, column): text for row, column, text in sheet.cells}
    said = computed_lines(cells, sheet.formulas) if sheet.formulas else []
    formatted = [text for _, _, text in sorted(sheet.conditional) if text.strip()]
    said += [("" if len("".join(formatted)) <= 2 * len(formatted) else " ").join(formatted)]
    if len(sheet.cells) <= _MAX_SORTED:
        said += sentences_by_number("\n".join(f"{text}" for _, _, text in sorted(sheet.cells)))
    return [text for text in said if text]


def _is_hidden(attributes: dict[str, str]) -> bool:
    """Whether a row or column is hidden, or almost without height or width."""
    size = attributes.get("ht") or attributes.get("width", "")
    is_tiny = _SIZE.fullmatch(size) is not None and float(size) < _TINY
    return attributes.get("hidden", "") in ("1", "true") or is_tiny


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
