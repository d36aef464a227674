"""Letters that are drawn with words, names of emoji, or letters of two kinds, and with any letters over blanks.

Each word or letter of a line is a dot, or ground between dots. Which of them are dots is tried like the looks of signs
in a page: one word among others, capitals among small letters, digits, letters of another alphabet, letters with marks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby, pairwise

from gateway.core.mime.drawn_text.looks import PLAIN, Look, LookRows
from gateway.core.mime.drawn_text.signs import without_quote

_MIN_LINES = 4
_NAME = re.compile(r":[a-z][\w+-]{1,40}:|&#?\w{2,12};|\S")
_NAMES = re.compile(r"(?::[a-z][\w+-]{1,40}:[^\S\n]{0,2}){6}|(?:&#?\w{2,12};[^\S\n]{0,2}){6}")
"""Names of emoji, and references to signs, that follow each other."""
_WORD = re.compile(r"[^\W_]+")
_MIN_WORDS, _MIN_EQUAL = 8, 20
"""Words of a line; and one pair of neighbors in so many that is the same word, where words are dots."""
_MAX_LINE = 8_000
_UNBROKEN = re.compile(r"^[^\S\n]{0,40}[^\W_]{18}[\w\u0300-\u036f\u20d0-\u20ff ]{0,500}$", re.MULTILINE)
"""A line that begins with many letters or digits and has no other signs."""
_MARK = re.compile("[\u0300-\u036f\u20d0-\u20ff]")
_MARKED = re.compile("(.)([\u0300-\u036f\u20d0-\u20ff]*)")
_MIN_MARKS = 60
_GAPS = re.compile(r"\S[ \u00a0\u3000\t]{2,40}(?=\S)")
_BLANK = frozenset(" \u00a0\u3000\u2800")
_WIDTH_OF_TAB = 8
_MIN_BLANK = 0.3
"""The share of blanks in lines of letters over blanks. Sentences have a sixth."""
_BLOCK = 7
"""Bits of a character's number within characters of one kind, beyond ASCII."""


def drawn_with_words(text: str) -> bool:
    """Whether words or letters of a text are the dots of letters."""
    if text.count("\n") < _MIN_LINES - 1:
        return False
    lines = [without_quote(line)[:_MAX_LINE] for line in text.split("\n")]
    return any(find(text, lines) for find in (_of_names, _of_words, _of_kinds, _of_marks))


def without_letters_over_blanks(text: str) -> tuple[str, bool]:
    """The text with blanks for letters that are drawn with any letters over blanks, and whether there are any.

    Only the shapes of letters tell them from a table.
    """
    if text.count("\n") < _MIN_LINES - 1 or len(_GAPS.findall(text)) < _MIN_LINES:
        return text, False
    lines = text.split("\n")
    drawn = set(_over_blanks([without_quote(line)[:_MAX_LINE] for line in lines]))
    if not drawn:
        return text, False
    return "\n".join(" " * len(line) if at in drawn else line for at, line in enumerate(lines)), True


def _draw(lines: Iterable[str], cells: Callable[[str], Iterable[tuple[str, Look]]]) -> bool:
    rows = LookRows()
    for line in lines:
        for sign, look in cells(line):
            rows.add_cell(sign, look)
        rows.end_row()
    return rows.draw_letters()


def _of_names(text: str, lines: Sequence[str]) -> bool:
    """Names of emoji or references, in which no sign stands for itself."""
    if sum(1 for _ in _NAMES.finditer(text)) < _MIN_LINES:
        return False
    named = (line if _NAMES.search(line) else "" for line in lines)
    return _draw(named, lambda line: (("", Look((name,))) for name in _NAME.findall(line)))


def _of_words(_: str, lines: Sequence[str]) -> bool:
    """Words that are repeated beside each other, as in no sentence."""
    found = [words if len(words := _WORD.findall(line)) >= _MIN_WORDS else [] for line in lines]
    pairs = equal = 0
    for words in found:
        pairs += max(len(words) - 1, 0)
        equal += sum([before == after for before, after in pairwise(words)])
    if sum(map(bool, found)) < _MIN_LINES or not equal or equal * _MIN_EQUAL < pairs:
        return False
    kept = [line if words else "" for line, words in zip(lines, found, strict=True)]
    by_number = _draw(kept, lambda line: (("", Look((word,))) for word in _WORD.findall(line)))
    return by_number or _draw(kept, _letters_of_words)


def _letters_of_words(line: str) -> Iterator[tuple[str, Look]]:
    for word in _WORD.findall(line):
        for _ in range(len(word) + 1):
            yield "", Look((word,))


def _of_kinds(text: str, _: Sequence[str]) -> bool:
    """Capitals, digits or letters of another alphabet among others, without blanks between them."""
    if sum(1 for _ in _UNBROKEN.finditer(text)) < _MIN_LINES:
        return False
    rows = LookRows()
    for line in text.split("\n"):
        if _UNBROKEN.match(line):
            for kind, signs in groupby(line, _kind):
                rows.add("".join(signs), Look((kind,)))
        rows.end_row()
    return rows.draw_letters()


def _kind(sign: str) -> str:
    if sign.isascii():
        return "digit" if sign.isdigit() else "capital" if sign.isupper() else "small" if sign.islower() else "sign"
    return f"{ord(sign) >> _BLOCK} {sign.isupper()}"


def _of_marks(text: str, lines: Sequence[str]) -> bool:
    """Letters with lines through or below them, or other marks."""
    if text.isascii() or len(_MARK.findall(text)) < _MIN_MARKS:
        return False
    return _draw(lines, lambda line: (("", Look((marks,))) for _, marks in _MARKED.findall(line)))


def _over_blanks(lines: Sequence[str]) -> Sequence[int]:
    """The numbers of lines that draw letters with any letters."""
    drawn: list[int] = []
    rows, ink = LookRows(), Look(("ink",))
    group: list[str] = []
    for at, line in enumerate((*lines, "")):
        if line.strip():
            group.append(line.rstrip().expandtabs(_WIDTH_OF_TAB))
            continue
        if len(group) >= _MIN_LINES and _is_thin(group):
            drawn += range(at - len(group), at)
            for row in group:
                for is_blank, signs in groupby(row, _BLANK.__contains__):
                    rows.add("".join(signs), PLAIN if is_blank else ink)
                rows.end_row()
        group = []
        rows.end_row()
    return drawn if rows.draw_letters() else ()


def _is_thin(lines: Sequence[str]) -> bool:
    """Whether lines have less ink than sentences have."""
    size = blanks = 0
    for line in lines:
        inner = line.lstrip()
        size += len(inner)
        blanks += sum(map(inner.count, _BLANK))
    return blanks >= _MIN_BLANK * size
