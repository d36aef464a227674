"""Lines that are written backwards: letter by letter from their end, or each word by itself."""

from __future__ import annotations

import re
from collections.abc import Collection

_SIGN = re.compile(
    r"(?<![a-z])(?:eht|uoy|dna|ruoy|siht|taht|htiw|evah|tsuj|nehw|lliw|tnac|tnod|euq|arap|orep|etse|ogitnoc)(?![a-z])",
    re.IGNORECASE,
)
"""Common words backwards, none of them a word as it stands: one search, and most texts are done with."""
_WORD = re.compile(r"[^\W\d_]{3,}")
_TOKEN = re.compile(r"\S+")
_LEAST = 3
"""Words that must make sense backwards, and twice as many as do forwards."""
_BEGINNINGS = frozenset(
    "i you we the do don't dont can what hey hi please let lets if my no yo tu no que el la".split()
)


def turned(text: str, known: Collection[str]) -> list[int]:
    """The places of the characters in the order in which they are meant; empty where nothing is written backwards."""
    if _SIGN.search(text) is None:
        return []
    order: list[int] = []
    found, at = False, 0
    for line in text.splitlines(keepends=True):
        body = range(at, at + len(line.rstrip("\r\n")))
        at += len(line)
        if _is_backwards(line, known):
            found = True
            order += _by_word(line, body.start) if _keeps_order(line) else reversed(body)
            order += range(body.stop, at)
        else:
            order += range(body.start, at)
    return order if found else []


def _is_backwards(line: str, known: Collection[str]) -> bool:
    words = [found.group().lower() for found in _WORD.finditer(line)]
    forwards = sum(word in known for word in words)
    backwards = sum(word[::-1] in known and word[::-1] != word for word in words)
    return backwards >= _LEAST and backwards > 2 * forwards


def _keeps_order(line: str) -> bool:
    """Whether the words stand in the order in which they are meant."""
    words = line.split()
    first, last = words[0].strip(".,!?")[::-1], words[-1].strip(".,!?")[::-1]
    if line.lstrip()[0] in ".?!,":
        return False
    if first[:1].isupper() != last[:1].isupper():
        return first[:1].isupper()
    return first.lower() in _BEGINNINGS and last.lower() not in _BEGINNINGS


def _by_word(line: str, start: int) -> list[int]:
    order: list[int] = []
    at = 0
    for token in _TOKEN.finditer(line.rstrip("\r\n")):
        order += range(start + at, start + token.start())
        order += range(start + token.end() - 1, start + token.start() - 1, -1)
        at = token.end()
    return [*order, *range(start + at, start + len(line.rstrip("\r\n")))]
