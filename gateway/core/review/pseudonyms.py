"""Names covered by pseudonyms in a text: a person is called "Staff A" wherever the text names them.

What is known of the persons is covered: their names and each part of these, in any case and with or without accents,
their addresses and numbers. What is spelt otherwise (a nickname, letters in between) stays.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

_PIECE = re.compile(r"[^\s<>\"(),;:@]{1,64}@[^\s<>\"(),;:@]{1,254}\w|\(?\+?\d[\d().\x20\u00a0-]{5,20}\d|[^\W\d_]+")
"""An address, a number, or a run of letters."""
_BETWEEN = re.compile(r"(?:[\s\u00a0]+|[\s\u00a0]*[.,'\u2019-][\s\u00a0]*)(?:[^\W\d_]\.?[\s\u00a0]+)?")
"""What may stand between the parts of one name: a blank, a comma, a hyphen, an initial."""
_SHORTEST = 2
_WORDS = frozenset(
    "al an art bell bill bishop bob brown chance chase church cook dawn day dean do drew earl ed faith field "
    "forest frank gene glen grace grant green hall harry he hill holly hope hunter in iris ivy jack jean jo "
    "joy june king lane le lee little long love mark may me miles my no page park pat price rich rob rose "
    "ross short sky sue summer to van von wade white will win wood woods young".split()
)
"""Names that are words as well: they count where they begin with a capital."""


def folded(text: str) -> str:
    """Letters without case and accents."""
    if text.isascii():
        return text.lower()
    return "".join(each for each in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(each))


@dataclass(frozen=True, slots=True)
class Covered:
    """A text with names covered; `cuts` are where something was covered: (start, end, start now, end now)."""

    text: str
    cuts: tuple[tuple[int, int, int, int], ...] = ()

    def moved(self, start: int, end: int) -> tuple[int, int]:
        """Where a stretch of the text as it was is now; one that ends inside a name has all of what covers it."""
        return self._at(start, late=False), self._at(end, late=True)

    def _at(self, at: int, *, late: bool) -> int:
        number = bisect_right(self.cuts, at, key=lambda cut: cut[0]) - 1
        if number < 0:
            return at
        start, end, now, until = self.cuts[number]
        if at >= end:
            return at - end + until
        return now if at == start or not late else until


class Pseudonyms:
    """What covers whom."""

    def __init__(self) -> None:
        self._words: dict[str, str] = {}
        self._accounts: dict[str, str] = {}

    def __bool__(self) -> bool:
        return bool(self._words or self._accounts)

    def cover(self, label: str, names: Iterable[str], accounts: Iterable[str]) -> None:
        """Cover somebody's names, addresses and numbers by a label; whoever came first keeps what two are called."""
        for account in accounts:
            self._accounts.setdefault(_account(account), label)
            local, at, _ = account.partition("@")
            if at:
                names = (*names, local.partition("+")[0])
        for name in names:
            for word in re.findall(r"[^\W\d_]+", name):
                if len(word) >= _SHORTEST:
                    self._words.setdefault(folded(word), label)

    def covered(self, text: str) -> Covered:
        """A text with everybody covered."""
        if not self or not text:
            return Covered(text)
        out: list[str] = []
        cuts: list[tuple[int, int, int, int]] = []
        done = length = 0
        for start, end, label in self._joined(text):
            out += [text[done:start], label]
            length += start - done
            cuts.append((start, end, length, length + len(label)))
            length += len(label)
            done = end
        out.append(text[done:])
        return Covered("".join(out), tuple(cuts))

    def _joined(self, text: str) -> list[tuple[int, int, str]]:
        """Where somebody is named; the parts of one name are one place."""
        found: list[tuple[int, int, str]] = []
        for start, end, label in self._found(text, 0, len(text)):
            last = found[-1] if found else None
            if last is not None and last[2] == label and _BETWEEN.fullmatch(text, last[1], start):
                found[-1] = last[0], end, label
            else:
                found.append((start, end, label))
        return found

    def _found(self, text: str, begin: int, stop: int) -> Iterable[tuple[int, int, str]]:
        for piece in _PIECE.finditer(text, begin, stop):
            word = piece[0]
            if "@" in word or not word[-1].isalpha():
                label = self._accounts.get(_account(word))
                if label is None and "@" in word:  # a stranger's address can still say a name
                    for part in re.finditer(r"[^\W\d_]+", word):
                        if (label := self._named(part[0])) is not None:
                            yield piece.start() + part.start(), piece.start() + part.end(), label
                    continue
            else:
                label = self._named(word)
            if label is not None:
                yield piece.start(), piece.end(), label

    def _named(self, word: str) -> str | None:
        key = folded(word)
        return None if key in _WORDS and word[0].islower() else self._words.get(key)


def _account(text: str) -> str:
    """An address or a number in the form under which it is covered."""
    if "@" in text:
        return text.lower()
    digits = "".join(filter(str.isdigit, text))
    return digits[-10:]


def letters(number: int) -> str:
    """A, B … Z, AA, AB …"""
    found = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        found = chr(ord("A") + rest) + found
    return found
