"""What formulas of sheets show that put words together: a program computes them, whatever value is stored.

Only what builds texts is computed: joined texts, characters by number, pieces of texts, and cells that are looked up.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from itertools import islice

from classifiers.extract.readers.office.formula_functions import (
    FUNCTIONS,
    MAX_VALUE,
    UnknownValue,
    Value,
    number_of,
    text_of,
)

_TOKEN = re.compile(
    r"\s*+(?:\"((?:[^\"]|\"\")*+)\"|(?:(?:'[^']*+'|[A-Za-z_][\w.]*+)!)?\$?([A-Za-z]{1,3})\$?(\d{1,7})(?![\w(.])"
    r"|(\d{1,15}(?:\.\d{1,15})?)|([A-Za-z_][\w.]{0,40})\s{0,5}\(|(<=|>=|<>|[-+*/&(),;:=<>{}])"
    r"|([A-Za-z_]\w{0,40}))"
)
_BUILDS = re.compile(
    r"&|CHAR\(|MID\(|LEFT\(|RIGHT\(|CONCAT|TEXTJOIN\(|INDEX\(|LOOKUP\(|CHOOSE\(|SUBSTITUTE\(|REPLACE\(|REPT\(|OFFSET\(|SWITCH\(|IFS\(|TEXTAFTER\(|TEXTBEFORE\(|LET\("
    r"|^\s{0,9}\$?[A-Za-z]{1,3}\$?\d{1,7}\s{0,9}$",
    re.IGNORECASE,
)
"""A formula that may show words."""
_OTHER_CELL = re.compile(r"\[(?:\$?[^\[\].]{0,40}\.|\.)|\]|(?<=:)\.")
"""How OpenDocument writes cells: `[.A1:.B2]`."""
_COMPARED = frozenset(("=", "<", ">", "<=", ">=", "<>"))
_MAX_STEPS, _MAX_DEPTH = 60_000, 40
_MAX_FORMULA, _MAX_FORMULAS = 8_192, 2_000
_MAX_RANGE = 2_000
_QUOTED = re.compile(r"\"[^\"]*+\"?")
_SEPARATORS, _SAMPLE, _MAX_ROWS = ",;\t|", 10_000, 2_000
"""Signs between the cells of a table, characters that tell which one it is, and rows that are computed."""

Place = tuple[int, int]
"""The row and column of a cell, from 1."""


class Formulas:
    """Computes the formulas of one sheet. `cells` are the texts of the others."""

    def __init__(self, cells: Mapping[Place, str], formulas: Mapping[Place, str]) -> None:
        self._cells = cells
        self._formulas = formulas
        self._known: dict[Place, Value | None] = {}
        self.steps = _MAX_STEPS
        self.depth = 0

    def texts(self) -> dict[Place, str]:
        """The texts that formulas show, by the places of their cells, as far as they differ from the stored ones."""
        found: dict[Place, str] = {}
        for place, formula in list(self._formulas.items())[:_MAX_FORMULAS]:
            if self.steps <= 0:
                break
            if len(formula) <= _MAX_FORMULA and _BUILDS.search(formula):
                value = self._computed(place)
                if value is not None and (text := text_of(value)) != self._cells.get(place, "") and text.strip():
                    found[place] = text
        return found

    def cell(self, place: Place) -> Value:
        """The value of a cell."""
        if place in self._formulas and (value := self._computed(place)) is not None:
            return value
        return self._cells.get(place, "")

    def _computed(self, place: Place) -> Value | None:
        if place not in self._known:
            self._known[place] = None  # a cell that needs itself
            with suppress(UnknownValue, ArithmeticError, ValueError, IndexError, StopIteration):
                self._known[place] = _Parser(self, self._formulas[place]).value()
        return self._known[place]


def computed_lines(cells: Mapping[Place, str], formulas: Mapping[Place, str]) -> list[str]:
    """The rows of what formulas show with letters in it, as one text."""
    lines: dict[int, list[str]] = {}
    for (row, _), text in sorted(Formulas(cells, formulas).texts().items()):
        lines.setdefault(row, []).append(text)
    said = "\n".join("\t".join(texts) for texts in lines.values())
    return [said] if any(map(str.isalpha, said)) else []


def lines_of_table(table: str) -> list[str]:
    """What the formulas of a table with separators show, as one text."""
    if "=" not in table:
        return []
    sign = max(_SEPARATORS, key=_QUOTED.sub("", table[:_SAMPLE]).count)
    cells: dict[Place, str] = {}
    formulas: dict[Place, str] = {}
    try:
        for number, row in enumerate(islice(csv.reader(table.splitlines(), delimiter=sign), _MAX_ROWS), 1):
            for column, cell in enumerate(row, 1):
                (formulas if cell.lstrip()[:1] == "=" else cells)[number, column] = cell.lstrip()
    except csv.Error:  # a cell that is longer than programs read
        pass
    return computed_lines(cells, formulas) if formulas else []


class _Parser:
    """Computes one formula while it is read."""

    def __init__(self, sheet: Formulas, formula: str) -> None:
        self._sheet = sheet
        formula = formula.removeprefix("of:").removeprefix("oooc:").removeprefix("=")
        self._formula = _OTHER_CELL.sub("", formula) if "[" in formula else formula
        self._at = 0
        self._token: re.Match[str] | None = None
        self._names: dict[str, Value] = {}
        self._next()

    def value(self) -> Value:
        """The value of the whole formula."""
        self._sheet.depth += 1
        try:
            if self._sheet.depth > _MAX_DEPTH:
                raise UnknownValue
            value = self._compared()
        finally:
            self._sheet.depth -= 1
        if self._token is not None or self._formula[self._at :].strip():
            raise UnknownValue
        return value

    def _next(self) -> None:
        self._sheet.steps -= 1
        if self._sheet.steps < 0:
            raise UnknownValue
        self._token = _TOKEN.match(self._formula, self._at)
        if self._token is not None:
            self._at = self._token.end()

    def _sign(self) -> str:
        return (self._token[6] or "") if self._token is not None else ""

    def _compared(self) -> Value:
        left = self._joined()
        while (sign := self._sign()) in _COMPARED and sign:
            self._next()
            right = self._joined()
            is_same = text_of(left).lower() == text_of(right).lower()
            if sign in ("=", "<>"):
                left = float(is_same == (sign == "="))
            else:
                first, second = number_of(left), number_of(right)
                left = float(first < second if sign[0] == "<" else first > second)
                left = float(left or (len(sign) > 1 and first == second))
        return left

    def _joined(self) -> Value:
        left = self._sum()
        while self._sign() == "&":
            self._next()
            left = (text_of(left) + text_of(self._sum()))[:MAX_VALUE]
        return left

    def _sum(self) -> Value:
        left = self._product()
        while (sign := self._sign()) in ("+", "-") and sign:
            self._next()
            right = number_of(self._product())
            left = number_of(left) + (right if sign == "+" else -right)
        return left

    def _product(self) -> Value:
        left = self._single()
        while (sign := self._sign()) in ("*", "/") and sign:
            self._next()
            right = number_of(self._single())
            left = number_of(left) * right if sign == "*" else number_of(left) / right
        return left

    def _single(self) -> Value:
        token = self._token
        if token is None:
            raise UnknownValue
        self._next()
        if token[1] is not None:
            return token[1].replace('""', '"')
        if token[2] is not None:
            return self._cells((int(token[3]), _column(token[2])))
        if token[4] is not None:
            return float(token[4])
        if token[5] is not None:
            return self._call(token[5].upper().removeprefix("_XLFN."))
        if token[7] is not None and token[7].lower() in self._names:
            return self._names[token[7].lower()]
        if token[6] == "{":
            return self._nested(self._array)
        if token[6] == "-":
            return -number_of(self._single())
        if token[6] != "(":
            raise UnknownValue
        value = self._nested(self._compared)
        self._close()
        return value

    def _close(self) -> None:
        if self._sign() != ")":
            raise UnknownValue
        self._next()

    def _array(self) -> Value:
        """The rows of an array that is written out."""
        rows: list[Value] = []
        row: list[Value] = []
        while self._sign() != "}":
            row.append(self._single())
            if (sign := self._sign()) in (";", "}"):
                rows.append(row)
                row = []
            elif sign != ",":
                raise UnknownValue
            if sign != "}":
                self._next()
        self._next()
        return rows

    def _let(self) -> Value:
        """A value in which others have names."""
        while self._token is not None and (name := self._token[7]) is not None:
            before = self._at, self._token
            self._next()
            if self._sign() not in (",", ";"):
                self._at, self._token = before
                break
            self._next()
            self._names[name.lower()] = self._nested(self._compared)
            if self._sign() not in (",", ";"):
                raise UnknownValue
            self._next()
        value = self._nested(self._compared)
        self._close()
        return value

    def _nested(self, read: Callable[[], Value]) -> Value:
        self._sheet.depth += 1
        try:
            if self._sheet.depth > _MAX_DEPTH:
                raise UnknownValue
            return read()
        finally:
            self._sheet.depth -= 1

    def _cells(self, first: Place) -> Value:
        """A cell, or a range from it."""
        if self._sign() != ":":
            return self._sheet.cell(first)
        self._next()
        token = self._token
        if token is None or token[2] is None:
            raise UnknownValue
        self._next()
        last = (int(token[3]), _column(token[2]))
        if (last[0] - first[0] + 1) * (last[1] - first[1] + 1) > _MAX_RANGE:
            raise UnknownValue
        self._sheet.steps -= (last[0] - first[0] + 1) * (last[1] - first[1] + 1)
        return [
            [self._sheet.cell((row, column)) for column in range(first[1], last[1] + 1)]
            for row in range(first[0], last[0] + 1)
        ]

    def _call(self, name: str) -> Value:
        if name == "LET":
            return self._let()
        function = FUNCTIONS.get(name)
        if function is None:
            raise UnknownValue
        arguments: list[Value] = []
        while self._sign() != ")":
            if self._sign() in (",", ";"):  # one that is left out
                arguments.append("")
            else:
                arguments.append(self._nested(self._compared))
            if self._sign() in (",", ";"):
                self._next()
            elif self._sign() != ")":
                raise UnknownValue
        self._close()
        return function(arguments)


def _column(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number
