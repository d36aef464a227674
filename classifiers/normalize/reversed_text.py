"""Finds lines written backwards: as a whole, or each word by itself."""

from __future__ import annotations

import re
from collections.abc import Collection

_REVERSED_WORD = re.compile(
    r"(?<![a-z])(?:eht|uoy|dna|ruoy|siht|taht|htiw|evah|tsuj|nehw|lliw|tnac|tnod"
    r"|esaelp|pleh|emoh|thgin|terces|ydobyna|enola|euq|arap|orep|etse|atse|ogitnoc|ogimnoc|asac|ehcon|odeim|sadot|sodot"
    r"|rovaf|ognet|yotse|oreiuq|eidan|euqrop|acnun|erpmeis|oterces|ortseun|artseun|ejasnem|erdap|erdam"
    r"|aleucse|ogla|erbmoh|agima|ogima|aduya|adúya|ednod|ednód|odnauc|odnáuc|anañam|emadúya|emaduya)(?![a-z])",
    re.IGNORECASE,
)
"""Common words reversed, none of which is a word itself. Most texts have none, and one search is enough."""
_WORD = re.compile(r"[^\W\d_]{3,}")
_TOKEN = re.compile(r"\S+")
_MIN_REVERSED_WORDS = 3
"""Words that must be known when reversed, and more than twice as many as are known forwards."""
_FIRST_WORDS = frozenset(
    "i you we the do don't dont can what hey hi please let lets if my no yo tu no que el la".split()
)


def reading_order(text: str, known: Collection[str]) -> list[int]:
    """The positions of the characters in the intended order; empty if nothing is reversed."""
    if _REVERSED_WORD.search(text) is None:
        return []
    order: list[int] = []
    any_reversed, at = False, 0
    for line in text.splitlines(keepends=True):
        body = range(at, at + len(line.rstrip("\r\n")))
        at += len(line)
        if _is_reversed(line, known):
            any_reversed = True
            order += _word_order(line, body.start) if _is_reversed_by_word(line) else reversed(body)
            order += range(body.stop, at)
        else:
            order += range(body.start, at)
    return order if any_reversed else []


def _is_reversed(line: str, known: Collection[str]) -> bool:
    words = [any_reversed.group().lower() for any_reversed in _WORD.finditer(line)]
    forwards = sum(word in known for word in words)
    backwards = sum(word[::-1] in known and word[::-1] != word for word in words)
    return backwards >= _MIN_REVERSED_WORDS and backwards > 2 * forwards


def _is_reversed_by_word(line: str) -> bool:
    """Whether each word is reversed by itself, and the words stand in the intended order."""
    words = line.split()
    first, last = words[0].strip(".,!?")[::-1], words[-1].strip(".,!?")[::-1]
    if line.lstrip()[0] in ".?!,":
        return False
    if first[:1].isupper() != last[:1].isupper():
        return first[:1].isupper()
    return first.lower() in _FIRST_WORDS and last.lower() not in _FIRST_WORDS


def _word_order(line: str, start: int) -> list[int]:
    order: list[int] = []
    at = 0
    for token in _TOKEN.finditer(line.rstrip("\r\n")):
        order += range(start + at, start + token.start())
        order += range(start + token.end() - 1, start + token.start() - 1, -1)
        at = token.end()
    return [*order, *range(start + at, start + len(line.rstrip("\r\n")))]
