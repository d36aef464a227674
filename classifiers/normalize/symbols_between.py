"""Emoji and other symbols between the words of a text, in the place of blanks: "so 👏 tired 👏 of 👏 this"."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection

from classifiers.normalize.borrowed_letters import BORROWED
from gateway.core.mime.charsets.marks import LETTER_SIGNS

_GAP = re.compile(rf"[^\w'{LETTER_SIGNS}]++")
_KEPT = frozenset(".,!?\n")
_MIN_GAPS, _MIN_SHARE, _MIN_REPEATS = 3, 0.4, 3


def symbols_between_words(text: str, meaningful: Collection[str]) -> list[tuple[int, int, str]]:
    """Blanks for the symbols between words, if they stand between many of them.

    A symbol with a meaning of its own (`meaningful`) stays where it is not repeated.
    """
    if text.isascii():
        return []
    gaps = [gap for gap in _GAP.finditer(text) if gap.start() > 0 and gap.end() < len(text)]
    found = [(gap, [char for char in gap[0] if _is_symbol(char)]) for gap in gaps]
    between = [(gap, symbols) for gap, symbols in found if symbols]
    if len(between) < max(_MIN_GAPS, _MIN_SHARE * len(gaps)):
        return []
    counts = Counter(symbol for _, symbols in between for symbol in set(symbols))
    return [
        (gap.start(), gap.end(), "".join(filter(_KEPT.__contains__, gap[0])) + " ")
        for gap, symbols in between
        if all(counts[symbol] >= _MIN_REPEATS or symbol not in meaningful for symbol in symbols)
    ]


def _is_symbol(char: str) -> bool:
    return char > "\u2000" and unicodedata.category(char) == "So" and char not in BORROWED
