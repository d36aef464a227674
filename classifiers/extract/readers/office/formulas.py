"""What formulas of sheets show that put words together: a program computes them, whatever value is stored.

Only what builds texts is computed: joined texts, characters by number, pieces of texts, and cells that are looked up.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

_TOKEN = re.compile(
    r"\s*+(?:\"((?:[^\"]|\"\")*+)\"|(?:(?:'[^']*+'|[A-Za-z_][\w.]*+)!)?\$?([A-Za-z]{1,3})\$?(\d{1,7})(?![\w(.])"
    r"|(\d{1,15}(?:\.\d{1,15})?)|([A-Za-z_][\w.]{0,40})\s{0,5}\(|(<=|>=|<>|[-+*/&(),;:=<>]))"
)
_BUILDS = re.compile(
    r"&|CHAR\(|MID\(|LEFT\(|RIGHT\(|CONCAT|TEXTJOIN\(|INDEX\(|LOOKUP\(|CHOOSE\(|SUBSTITUTE\(|REPT\(|OFFSET\("
    r"|^\s{0,9}\$?[A-Za-z]{1,3}\$?\d{1,7}\s{0,9}$",
    re.IGNORECASE,
)
"""A formula that may show words."""
_OTHER_CELL = re.compile(r"\[(?:\$?[^\[\].]{0,40}\.|\.)|\]|(?<=:)\.")
"""How OpenDocument writes cells: `[.A1:.B2]`."""
_COMPARED = frozenset(("=", "<", ">", "<=", ">=", "<>"))
_MAX_STEPS, _MAX_DEPTH = 60_000, 40
_MAX_FORMULA, _MAX_FORMULAS = 8_192, 2_000
_MAX_RANGE, _MAX_VALUE = 2_000, 2_000

Place = tuple[int, int]
"""The row and column of a cell, from 1."""
Value = str | float | list["Value"]


class _Unknown(Exception):
    """A formula that is not computed here."""


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
                if value is not None and (text := _text(value)) != self._cells.get(place, "") and text.strip():
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
            with suppress(_Unknown, ArithmeticError, ValueError, IndexError):
                self._known[place] = _Parser(self, self._formulas[place]).value()
        return self._known[place]


def computed_lines(cells: Mapping[Place, str], formulas: Mapping[Place, str]) -> list[str]:
    """The rows of what formulas show with letters in it, as one text."""
    lines: dict[int, list[str]] = {}
    for (row, _), text in sorted(Formulas(cells, formulas).texts().items()):
        lines.setdefault(row, []).append(text)
    said = "\n".join("\t".join(texts) for texts in lines.values())
    return [said] if any(map(str.isalpha, said)) else []


class _Parser:
    """Computes one formula while it is read."""

    def __init__(self, sheet: Formulas, formula: str) -> None:
        self._sheet = sheet
        formula = formula.removeprefix("of:").removeprefix("oooc:").removeprefix("=")
        self._formula = _OTHER_CELL.sub("", formula) if "[" in formula else formula
        self._at = 0
        self._token: re.Match[str] | None = None
        self._next()

    def value(self) -> Value:
        """The value of the whole formula."""
        self._sheet.depth += 1
        try:
            if self._sheet.depth > _MAX_DEPTH:
                raise _Unknown
            value = self._compared()
        finally:
            self._sheet.depth -= 1
        if self._token is not None or self._formula[self._at :].strip():
            raise _Unknown
        return value

    def _next(self) -> None:
        self._sheet.steps -= 1
        if self._sheet.steps < 0:
            raise _Unknown
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
            is_same = _text(left).lower() == _text(right).lower()
            if sign in ("=", "<>"):
                left = float(is_same == (sign == "="))
            else:
                first, second = _number(left), _number(right)
                left = float(first < second if sign[0] == "<" else first > second)
                left = float(left or (len(sign) > 1 and first == second))
        return left

    def _joined(self) -> Value:
        left = self._sum()
        while self._sign() == "&":
            self._next()
            left = (_text(left) + _text(self._sum()))[:_MAX_VALUE]
        return left

    def _sum(self) -> Value:
        left = self._product()
        while (sign := self._sign()) in ("+", "-") and sign:
            self._next()
            right = _number(self._product())
            left = _number(left) + (right if sign == "+" else -right)
        return left

    def _product(self) -> Value:
        left = self._single()
        while (sign := self._sign()) in ("*", "/") and sign:
            self._next()
            right = _number(self._single())
            left = _number(left) * right if sign == "*" else _number(left) / right
        return left

    def _single(self) -> Value:
        token = self._token
        if token is None:
            raise _Unknown
        self._next()
        if token[1] is not None:
            return token[1].replace('""', '"')
        if token[2] is not None:
            return self._cells((int(token[3]), _column(token[2])))
        if token[4] is not None:
            return float(token[4])
        if token[5] is not None:
            return self._call(token[5].upper().removeprefix("_XLFN."))
        if token[6] == "-":
            return -_number(self._single())
        if token[6] != "(":
            raise _Unknown
        value = self._nested(self._compared)
        self._close()
        return value

    def _close(self) -> None:
        if self._sign() != ")":
            raise _Unknown
        self._next()

    def _nested(self, read: Callable[[], Value]) -> Value:
        self._sheet.depth += 1
        try:
            if self._sheet.depth > _MAX_DEPTH:
                raise _Unknown
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
            raise _Unknown
        self._next()
        last = (int(token[3]), _column(token[2]))
        if (last[0] - first[0] + 1) * (last[1] - first[1] + 1) > _MAX_RANGE:
            raise _Unknown
        self._sheet.steps -= (last[0] - first[0] + 1) * (last[1] - first[1] + 1)
        return [
            [self._sheet.cell((row, column)) for column in range(first[1], last[1] + 1)]
            for row in range(first[0], last[0] + 1)
        ]

    def _call(self, name: str) -> Value:
        function = _FUNCTIONS.get(name)
        if function is None:
            raise _Unknown
        arguments: list[Value] = []
        while self._sign() != ")":
            if self._sign() in (",", ";"):  # one that is left out
                arguments.append("")
            else:
                arguments.append(self._nested(self._compared))
            if self._sign() in (",", ";"):
                self._next()
            elif self._sign() != ")":
                raise _Unknown
        self._close()
        return function(arguments)


def _column(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number


def _text(value: Value) -> str:
    if isinstance(value, list):
        raise _Unknown
    return f"{value:.15g}" if isinstance(value, float) else value


def _number(value: Value) -> float:
    return float(_text(value) or "0")


def _flat(value: Value) -> list[Value]:
    return [inner for item in value for inner in _flat(item)] if isinstance(value, list) else [value]


def _flats(values: Sequence[Value]) -> list[str]:
    return [_text(item) for value in values for item in _flat(value)]


def _character(values: Sequence[Value]) -> str:
    number = int(_number(values[0]))
    return chr(number) if 0 < number < 0xD800 or 0xE000 <= number < 0x110000 else ""


def _middle(values: Sequence[Value]) -> str:
    begin = int(_number(values[1])) - 1
    return _text(values[0])[max(begin, 0) : max(begin, 0) + max(int(_number(values[2])), 0)]


def _end(values: Sequence[Value]) -> str:
    size = int(_number(values[1])) if len(values) > 1 else 1
    return _text(values[0])[-size:] if size > 0 else ""


def _substituted(values: Sequence[Value]) -> str:
    text, old, new = map(_text, values[:3])
    enough = _MAX_VALUE // len(new) + 1 if new else -1  # replacements that fill a value
    return text.replace(old, new, enough)[:_MAX_VALUE] if old else text


def _strung(values: Sequence[Value], between: str = "") -> str:
    """The texts of values one after the other, as far as a value goes."""
    pieces: list[str] = []
    left = _MAX_VALUE
    for value in values:
        for item in _flat(value):
            if left <= 0:
                break
            if text := _text(item):
                left -= len(text) + (len(between) if pieces else 0)
                pieces.append(text)
    return between.join(pieces)[:_MAX_VALUE]


def _indexed(values: Sequence[Value]) -> Value:
    rows = values[0] if isinstance(values[0], list) else [values[0]]
    row, column = (int(_number(value)) if value != "" else 0 for value in (*values[1:3], "")[:2])
    cells = [cell for line in rows for cell in _flat(line)]
    is_line = len(rows) == 1 or len(cells) == len(rows)
    if is_line and not (row and column):
        return cells[max(row, column, 1) - 1]
    return _flat(rows[max(row, 1) - 1])[max(column, 1) - 1]


def _looked_up(values: Sequence[Value], *, down: bool) -> Value:
    table = values[1]
    if not isinstance(table, list):
        raise _Unknown
    lines = [_flat(line) for line in table] if down else [list(line) for line in zip(*map(_flat, table), strict=True)]
    wanted = _text(values[0]).lower()
    for line in lines:
        if _text(line[0]).lower() == wanted:
            return line[int(_number(values[2])) - 1]
    raise _Unknown


def _found(values: Sequence[Value]) -> Value:
    """XLOOKUP and LOOKUP: the value that stands where the wanted one does in another range."""
    places = _flats(values[1:2])
    results = _flat(values[2]) if len(values) > 2 else _flat(values[1])
    return results[[text.lower() for text in places].index(_text(values[0]).lower())]


def _matched(values: Sequence[Value]) -> Value:
    return float([text.lower() for text in _flats(values[1:2])].index(_text(values[0]).lower()) + 1)


_FUNCTIONS: dict[str, Callable[[Sequence[Value]], Value]] = {
    "CHAR": _character,
    "UNICHAR": _character,
    "CODE": lambda values: float(ord(_text(values[0])[0])),
    "UNICODE": lambda values: float(ord(_text(values[0])[0])),
    "MID": _middle,
    "LEFT": lambda values: _text(values[0])[: max(int(_number(values[1])), 0) if len(values) > 1 else 1],
    "RIGHT": _end,
    "CONCATENATE": _strung,
    "CONCAT": _strung,
    "TEXTJOIN": lambda values: _strung(values[2:], _text(values[0])),
    "INDEX": _indexed,
    "CHOOSE": lambda values: values[1:][int(_number(values[0])) - 1],
    "VLOOKUP": lambda values: _looked_up(values, down=True),
    "HLOOKUP": lambda values: _looked_up(values, down=False),
    "XLOOKUP": _found,
    "LOOKUP": _found,
    "MATCH": _matched,
    "SUBSTITUTE": _substituted,
    "REPT": lambda values: (_text(values[0]) * min(max(int(_number(values[1])), 0), 100))[:_MAX_VALUE],
    "UPPER": lambda values: _text(values[0]).upper(),
    "LOWER": lambda values: _text(values[0]).lower(),
    "PROPER": lambda values: _text(values[0]).title(),
    "TRIM": lambda values: " ".join(_text(values[0]).split()),
    "T": lambda values: _text(values[0]),
    "LEN": lambda values: float(len(_text(values[0]))),
    "IF": lambda values: values[1 if _number(values[0]) else 2],
    "IFERROR": lambda values: values[0],
    "TRUE": lambda _: 1.0,
    "FALSE": lambda _: 0.0,
}
