"""Finds letters that are drawn with characters: banners of `#`, blocks, squares or Braille dots.

Nobody reads such a drawing here, so it is reported like a picture with words. Its lines are blanked: their characters
say nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from gateway.core.mime.drawn_text.labels import may_have_rows, without_labels

_SIGNS = r"(?:[^\w\n]|_)*+"
_ROW = rf"[^\S\n]*+(?!\n){_SIGNS}(?:(\w)(?:[^\w\n]|_|\1)*+(?:(\w)(?:[^\w\n]|_|\1|\2)*+)?)?"
_MAY_BE_DRAWN = re.compile(rf"^(?:{_ROW}(?:\n(?:[^\S\n]*+\n)?|\Z)){{3}}", re.MULTILINE)
"""Three rows with at most two different letters or digits; an empty row may be between them."""
_QUOTE = re.compile(r"^[> ]{0,12}>|\r$")
_MAX_SIGNS = 2
"""Different letters and digits in a drawn line."""
_MIN_LETTERS, _MIN_ROWS, _MIN_DIFFERENT = 14, 4, 4
"""Of a line of drawn letters: half its changes between ink and ground, its rows, and its different rows."""
_LOW_ROWS, _MANY_ROWS, _MIN_OF_MANY = 3, 24, 18
"""Rows of letters that are lower than most; and rows of a drawing that may have them, and half the changes in it."""
_HIGH_ROWS, _WIDE_ROWS = 10, 24
"""Rows of the highest letters. More rows of such a width without a gap are several lines of letters."""
_MAX_MARGIN = 4
"""Signs at the beginning of every row, as of a comment in a program."""
_FEW_SIGNS, _MIN_LETTERS_OF_SIGNS = 3, 24
"""Signs of a drawing from which it may be no writing, and the letters that it must have then."""
_MIN_STACKED = 30
"""Rows of letters that are drawn one below the other."""
_MAX_ROWS = 400
_MAX_PERIOD = 4
"""Characters from one dot of a drawing to the next one, as with commas or quotes between them."""
_MAX_SEPARATORS = 3
"""Different signs between the dots of one drawing, as where the columns of a table follow its rows."""
_DOTS = re.compile(r"[\u2580-\u259f\u2800-\u28ff]")
_MIN_DOTS = 40
_BLANKS = frozenset(" \t\r\u00a0\u3000\u2800")
_NO_INK = str.maketrans("", "", "\ufe0f")


def without_drawn_letters(text: str) -> tuple[str, bool]:
    """The text with blanks for drawn letters, at the same offsets, and whether there are any."""
    if text.count("\n") < _MIN_ROWS - 1 or not (_MAY_BE_DRAWN.search(text) or may_have_rows(text, _MIN_ROWS)):
        return text, False
    lines = text.split("\n")
    rows = [without_labels(without_quote(line), _is_drawn) for line in lines]
    drawn: list[tuple[int, int]] = []
    first = -1
    for at, row in enumerate([*rows, "end of the text"]):
        if not row.strip() or _is_drawn(row):
            first = at if first < 0 and row.strip() else first
            continue
        if first >= 0 and at - first >= _MIN_ROWS and are_letters(rows[first:at]):
            drawn.append((first, at))
        first = -1
    if not drawn:
        return text, False
    for first, last in reversed(
        drawn
    ):  # blanks for the ends of lines as well: a model reads something into many of them
        lines[first:last] = [" " * (sum(map(len, lines[first:last])) + last - first - 1)]
    return "\n".join(lines), True


def without_quote(line: str) -> str:
    """A line without the signs of a quote before it."""
    return _QUOTE.sub("", line)


def _is_drawn(row: str) -> bool:
    signs = set(row)
    if len(signs) > 16 and not _DOTS.search(row):
        return False
    return sum(map(str.isalnum, signs)) <= _MAX_SIGNS


def are_letters(rows: Sequence[str]) -> bool:
    """Whether rows of a few signs draw letters."""
    if not any(row.strip() for row in rows[1::2]):  # an empty row after each one
        rows = rows[::2]
    rows = _without_separators(_without_margin([row.translate(_NO_INK).rstrip() for row in rows[:_MAX_ROWS]]))
    if sum(len(_DOTS.findall(row)) for row in rows) >= _MIN_DOTS and len(set(rows)) >= _MIN_ROWS - 1:
        return True
    signs = Counter("".join(rows))
    if not signs:
        return False
    blank = (
        _BLANKS
        if sum(signs[sign] for sign in _BLANKS) * 10 > signs.total()
        else {*_BLANKS, max(signs, key=signs.__getitem__)}
    )
    if len(rows) >= _MIN_STACKED and _is_stacked(rows):
        return True
    total = low = 0
    for group in _lines_of_letters("".join(" " if sign in blank else "#" for sign in row).rstrip() for row in rows):
        letters = max(map(_changes, group)) // 2
        if len(group) >= _MIN_ROWS and len(set(group)) >= _MIN_DIFFERENT:
            total += letters
        elif len(set(group)) >= _LOW_ROWS:
            low += letters
    least = _MIN_LETTERS if len(signs.keys() - _BLANKS) <= _FEW_SIGNS else _MIN_LETTERS_OF_SIGNS
    return total >= least or (len(rows) >= _MANY_ROWS and total + low >= _MIN_OF_MANY)


def _lines_of_letters(inks: Iterable[str]) -> Iterator[list[str]]:
    """The rows of each line of letters: those up to the next empty row, or to the height of high letters."""
    group: list[str] = []
    for ink in inks:
        if ink:
            group.append(ink)
        if group and (not ink or (len(group) >= _HIGH_ROWS and max(map(len, group)) >= _WIDE_ROWS)):
            yield group
            group = []
    if group:
        yield group


def _without_margin(rows: Sequence[str]) -> Sequence[str]:
    """Rows without the signs that all of them begin with."""
    for _ in range(_MAX_MARGIN):
        first = rows[0][:1]
        if not first or not all(row.startswith(first) for row in rows):
            break
        rows = [row[1:] for row in rows]
    return rows


def _without_separators(rows: Sequence[str]) -> Sequence[str]:
    """Rows without the same signs between all their dots: those of a table (CSV), or blanks."""
    usual = Counter(between for row in rows if (between := _separators(row))).most_common(_MAX_SEPARATORS)
    return [
        next((row[between.index("") :: len(between)] for between, _ in usual if _has(row, between)), row)
        for row in rows
    ]


def _has(row: str, between: Sequence[str]) -> bool:
    """Whether a row has nothing but these signs between its dots."""
    return all(not sign or set(row[at :: len(between)]) <= {sign} for at, sign in enumerate(between))


def _separators(row: str) -> tuple[str, ...]:
    """The signs from one dot of a row to the next one, "" for the dot; none if it has nothing else between dots."""
    for period in range(_MAX_PERIOD, 1, -1):
        places = [set(row[at::period]) for at in range(period)]
        if sum(len(signs) > 1 for signs in places) == 1:
            return tuple("" if len(signs) > 1 else "".join(signs) for signs in places)
    return ()


def _is_stacked(rows: Sequence[str]) -> bool:
    """Whether rows draw letters one below the other: one sign in a row, and many different ones altogether."""
    inks = [set(row) - _BLANKS for row in rows]
    drawn = [next(iter(ink)) for ink in inks if len(ink) == 1]
    lengths = {row.count(sign) for row in rows for sign in row[:1]}
    return (
        len(drawn) * 10 >= 7 * len([ink for ink in inks if ink])
        and len(set(drawn)) > 2 * _MAX_SIGNS
        and len(lengths) > 2
    )


def _changes(row: str) -> int:
    return sum(before != after for before, after in pairwise(f" {row} "))
