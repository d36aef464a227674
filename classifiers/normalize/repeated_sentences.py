"""Finds sentences that occur many times: only the first few are read, because a flood of one would drown the others."""

from __future__ import annotations

import re
from collections import Counter

MAX_REPEATS, MAX_SHORT_REPEATS = 3, 6
"""How often the same sentence is read, and a short one: that it is repeated may be what it says."""
_SHORT = 24
"""Characters up to which a sentence is short."""
_SMALL_NUMBER = re.compile(r"(?<![\d.,:/-])\d{1,2}(?![\d.,:/-]*\d)")
"""A small number in which the lines of a list may differ; not part of a date, time, sum, phone number or id."""
_SENTENCE = re.compile(r"(?:[^.!?\n]|(?<=\d)\.(?=\d))+[.!?\n]*\s*")


def repeated_sentences(text: str) -> list[tuple[int, int, str]]:
    """Ranges of sentences that occur more than MAX_REPEATS times, ignoring a small number in them."""
    repeated: list[tuple[int, int, str]] = []
    if len(text) < 2 * _SHORT:
        return repeated
    count: Counter[str] = Counter()
    for found in _SENTENCE.finditer(text):
        sentence = found.group().strip()
        is_short = len(sentence) < _SHORT  # such ones may be the numbers of a list
        form = sentence if is_short else _SMALL_NUMBER.sub("0", sentence)
        count[form] += 1
        if count[form] > (MAX_SHORT_REPEATS if is_short else MAX_REPEATS):
            repeated.append((*found.span(), ""))
    return repeated
