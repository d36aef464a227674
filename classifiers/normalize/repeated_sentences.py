"""Finds sentences that occur many times: only the first few are read, because a flood of one would drown the others."""

from __future__ import annotations

import re
from collections import Counter

MAX_REPEATS = 3
"""How often the same sentence is read."""
_MIN_LENGTH = 24
"""Characters of a repeated sentence from which further repetitions are dropped. Shorter ones may be a flood."""
_SMALL_NUMBER = re.compile(r"(?<![\d.,:/-])\d{1,2}(?![\d.,:/-]*\d)")
"""A small number in which the lines of a list may differ; not part of a date, time, sum, phone number or id."""
_SENTENCE = re.compile(r"(?:[^.!?\n]|(?<=\d)\.(?=\d))+[.!?\n]*\s*")


def repeated_sentences(text: str) -> list[tuple[int, int, str]]:
    """Ranges of sentences that occur more than MAX_REPEATS times, ignoring a small number in them."""
    repeated: list[tuple[int, int, str]] = []
    if len(text) < 2 * _MIN_LENGTH:
        return repeated
    count: Counter[str] = Counter()
    for found in _SENTENCE.finditer(text):
        if len(sentence := found.group().strip()) >= _MIN_LENGTH:
            form = _SMALL_NUMBER.sub("0", sentence)
            count[form] += 1
            if count[form] > MAX_REPEATS:
                repeated.append((*found.span(), ""))
    return repeated
