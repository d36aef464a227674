"""The functions of sheets that build texts, by their names in formulas."""

from __future__ import annotations

from collections.abc import Callable, Sequence

MAX_VALUE = 2_000
"""Characters of a text that a formula builds."""
Value = str | float | list["Value"]


class UnknownValue(Exception):
    """A formula that is not computed here."""


def text_of(value: Value) -> str:
    """A value as a text."""
    if isinstance(value, list):
        raise UnknownValue
    return f"{value:.15g}" if isinstance(value, float) else value


def number_of(value: Value) -> float:
    """A value as a number."""
    return float(text_of(value) or "0")


def _flat(value: Value) -> list[Value]:
    return [inner for item in value for inner in _flat(item)] if isinstance(value, list) else [value]


def _flats(values: Sequence[Value]) -> list[str]:
    return [text_of(item) for value in values for item in _flat(value)]


def _character(values: Sequence[Value]) -> str:
    number = int(number_of(values[0]))
    return chr(number) if 0 < number < 0xD800 or 0xE000 <= number < 0x110000 else ""


def _middle(values: Sequence[Value]) -> str:
    begin = int(number_of(values[1])) - 1
    return text_of(values[0])[max(begin, 0) : max(begin, 0) + max(int(number_of(values[2])), 0)]


def _end(values: Sequence[Value]) -> str:
    size = int(number_of(values[1])) if len(values) > 1 else 1
    return text_of(values[0])[-size:] if size > 0 else ""


def _substituted(values: Sequence[Value]) -> str:
    text, old, new = map(text_of, values[:3])
    enough = MAX_VALUE // len(new) + 1 if new else -1  # replacements that fill a value
    return text.replace(old, new, enough)[:MAX_VALUE] if old else text


def _replaced(values: Sequence[Value]) -> str:
    text, begin, size = text_of(values[0]), int(number_of(values[1])) - 1, int(number_of(values[2]))
    if begin < 0 or size < 0:
        raise UnknownValue
    return (text[:begin] + text_of(values[3]) + text[begin + size :])[:MAX_VALUE]


def _switched(values: Sequence[Value]) -> Value:
    wanted, *rest = values
    for case, value in zip(rest[::2], rest[1::2], strict=False):
        if text_of(case).lower() == text_of(wanted).lower():
            return value
    return rest[-1] if len(rest) % 2 else ""


def _first_true(values: Sequence[Value]) -> Value:
    return next(value for case, value in zip(values[::2], values[1::2], strict=True) if number_of(case))


def _strung(values: Sequence[Value], between: str = "") -> str:
    """The texts of values one after the other, as far as a value goes."""
    pieces: list[str] = []
    left = MAX_VALUE
    for value in values:
        for item in _flat(value):
            if left <= 0:
                break
            if text := text_of(item):
                left -= len(text) + (len(between) if pieces else 0)
                pieces.append(text)
    return between.join(pieces)[:MAX_VALUE]


def _indexed(values: Sequence[Value]) -> Value:
    rows = values[0] if isinstance(values[0], list) else [values[0]]
    row, column = (int(number_of(value)) if value != "" else 0 for value in (*values[1:3], "")[:2])
    cells = [cell for line in rows for cell in _flat(line)]
    is_line = len(rows) == 1 or len(cells) == len(rows)
    if is_line and not (row and column):
        return cells[max(row, column, 1) - 1]
    return _flat(rows[max(row, 1) - 1])[max(column, 1) - 1]


def _looked_up(values: Sequence[Value], *, down: bool) -> Value:
    table = values[1]
    if not isinstance(table, list):
        raise UnknownValue
    lines = [_flat(line) for line in table] if down else [list(line) for line in zip(*map(_flat, table), strict=True)]
    wanted = text_of(values[0]).lower()
    for line in lines:
        if text_of(line[0]).lower() == wanted:
            return line[int(number_of(values[2])) - 1]
    raise UnknownValue


def _found(values: Sequence[Value]) -> Value:
    """XLOOKUP and LOOKUP: the value that stands where the wanted one does in another range."""
    places = _flats(values[1:2])
    results = _flat(values[2]) if len(values) > 2 else _flat(values[1])
    return results[[text.lower() for text in places].index(text_of(values[0]).lower())]


def _matched(values: Sequence[Value]) -> Value:
    return float([text.lower() for text in _flats(values[1:2])].index(text_of(values[0]).lower()) + 1)


FUNCTIONS: dict[str, Callable[[Sequence[Value]], Value]] = {
    "CHAR": _character,
    "UNICHAR": _character,
    "CODE": lambda values: float(ord(text_of(values[0])[0])),
    "UNICODE": lambda values: float(ord(text_of(values[0])[0])),
    "MID": _middle,
    "LEFT": lambda values: text_of(values[0])[: max(int(number_of(values[1])), 0) if len(values) > 1 else 1],
    "RIGHT": _end,
    "CONCATENATE": _strung,
    "CONCAT": _strung,
    "TEXTJOIN": lambda values: _strung(values[2:], text_of(values[0])),
    "INDEX": _indexed,
    "CHOOSE": lambda values: values[1:][int(number_of(values[0])) - 1],
    "VLOOKUP": lambda values: _looked_up(values, down=True),
    "HLOOKUP": lambda values: _looked_up(values, down=False),
    "XLOOKUP": _found,
    "LOOKUP": _found,
    "MATCH": _matched,
    "SUBSTITUTE": _substituted,
    "REPLACE": _replaced,
    "SWITCH": _switched,
    "IFS": _first_true,
    "TEXTAFTER": lambda values: text_of(values[0]).partition(text_of(values[1]))[2],
    "TEXTBEFORE": lambda values: text_of(values[0]).partition(text_of(values[1]))[0],
    "REPT": lambda values: (text_of(values[0]) * min(max(int(number_of(values[1])), 0), 100))[:MAX_VALUE],
    "UPPER": lambda values: text_of(values[0]).upper(),
    "LOWER": lambda values: text_of(values[0]).lower(),
    "PROPER": lambda values: text_of(values[0]).title(),
    "TRIM": lambda values: " ".join(text_of(values[0]).split()),
    "T": lambda values: text_of(values[0]),
    "LEN": lambda values: float(len(text_of(values[0]))),
    "IF": lambda values: values[1 if number_of(values[0]) else 2],
    "IFERROR": lambda values: values[0],
    "TRUE": lambda _: 1.0,
    "FALSE": lambda _: 0.0,
}
