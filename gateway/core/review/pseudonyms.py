"""Pseudonyms: masks the names of people in a text, so that a person is called "Staff A" wherever the text names them.

Masks what is known about the people: their names and each part of them, in any case and with or without accents, their
addresses and numbers. Other spellings, such as nicknames, stay.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_PIECE = re.compile(r"[^\s<>\"(),;:@]{1,64}@[^\s<>\"(),;:@]{1,254}\w|\(?\+?\d[\d().\x20\u00a0-]{5,20}\d|[^\W\d_]+")
"""An address, a number, or a run of letters."""
_BETWEEN_NAMES = re.compile(r"(?:[\s\u00a0]+|[\s\u00a0]*[.,'\u2019-][\s\u00a0]*)(?:[^\W\d_]\.?[\s\u00a0]+)?")
"""What can separate the parts of one name: a space, a comma, a hyphen, an initial."""
_MIN_NAME = 2  # characters
COMMON_WORDS = frozenset(
    "al an art bell bill bishop bob brown chance chase church cook dawn day dean do drew earl ed faith field "
    "forest frank gene glen grace grant green hall harry he hill holly hope hunter in iris ivy jack jean jo "
    "joy june king lane le lee little long love mark may me miles my no page park pat price rich rob rose "
    "ross short sky sue summer to van von wade white will win wood woods young".split()
)
"""Names that are also common words: masked only when they start with a capital."""


def fold(text: str) -> str:
    """A text in lower case and without accents."""
    if text.isascii():
        return text.lower()
    return "".join(char for char in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(char))


@dataclass(frozen=True, slots=True)
class MaskedText:
    """A text with names masked. `replacements` are (start, end, new start, new end) of what was masked, in order."""

    text: str
    replacements: tuple[tuple[int, int, int, int], ...] = ()

    def map_span(self, start: int, end: int) -> tuple[int, int]:
        """The place in the masked text of a span of the original. An end inside a name moves behind its pseudonym."""
        return self._map(start, is_end=False), self._map(end, is_end=True)

    def _map(self, at: int, *, is_end: bool) -> int:
        number = bisect_right(self.replacements, at, key=lambda replacement: replacement[0]) - 1
        if number < 0:
            return at
        start, end, new_start, new_end = self.replacements[number]
        if at >= end:
            return at - end + new_end
        return new_start if at == start or not is_end else new_end


class Pseudonyms:
    """The pseudonyms of some people, by what they replace. False while there is nobody."""

    def __init__(self) -> None:
        self._words: dict[str, str] = {}
        self._accounts: dict[str, str] = {}

    def __bool__(self) -> bool:
        return bool(self._words or self._accounts)

    def add(self, label: str, names: Iterable[str], accounts: Iterable[str]) -> None:
        """Mask a person's names, addresses and numbers with a label. A name of two people keeps the first label."""
        for account in accounts:
            self._accounts.setdefault(account_key(account), label)
            local, at, _ = account.partition("@")
            if at:
                names = (*names, local.partition("+")[0])
        for name in names:
            for word in re.findall(r"[^\W\d_]+", name):
                if len(word) >= _MIN_NAME:
                    self._words.setdefault(fold(word), label)

    def mask(self, text: str) -> MaskedText:
        """Mask everybody in a text."""
        if not self or not text:
            return MaskedText(text)
        out: list[str] = []
        replacements: list[tuple[int, int, int, int]] = []
        done = length = 0
        for start, end, label in self._find_names(text):
            out += [text[done:start], label]
            length += start - done
            replacements.append((start, end, length, length + len(label)))
            length += len(label)
            done = end
        out.append(text[done:])
        return MaskedText("".join(out), tuple(replacements))

    def _find_names(self, text: str) -> list[tuple[int, int, str]]:
        """Start, end and label of each name in a text; adjacent parts of one person's name are joined."""
        found: list[tuple[int, int, str]] = []
        for start, end, label in self._find_parts(text):
            last = found[-1] if found else None
            if last is not None and last[2] == label and _BETWEEN_NAMES.fullmatch(text, last[1], start):
                found[-1] = last[0], end, label
            else:
                found.append((start, end, label))
        return found

    def _find_parts(self, text: str) -> Iterator[tuple[int, int, str]]:
        for piece in _PIECE.finditer(text):
            word = piece[0]
            if "@" in word or not word[-1].isalpha():
                label = self._accounts.get(account_key(word))
                if label is None and "@" in word:  # an unknown address can still contain a name
                    for part in re.finditer(r"[^\W\d_]+", word):
                        if (label := self._label_of(part[0])) is not None:
                            yield piece.start() + part.start(), piece.start() + part.end(), label
                    continue
            else:
                label = self._label_of(word)
            if label is not None:
                yield piece.start(), piece.end(), label

    def _label_of(self, word: str) -> str | None:
        key = fold(word)
        return None if key in COMMON_WORDS and word[0].islower() else self._words.get(key)


def account_key(text: str) -> str:
    """An address in lower case, or the last ten digits of a number."""
    if "@" in text:
        return text.lower()
    digits = "".join(filter(str.isdigit, text))
    return digits[-10:]


def letter_label(number: int) -> str:
    """A for 0, B … Z, AA, AB and so on."""
    label = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        label = chr(ord("A") + rest) + label
    return label
