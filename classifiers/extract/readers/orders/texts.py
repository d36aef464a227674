"""What a text says beside its lines: in the order of numbers, with words for names, by lines of one kind."""

from __future__ import annotations

import re

from classifiers.extract.hidden_writing.word_order import natural_texts
from classifiers.extract.readers.orders.across import sentences_aslant
from classifiers.extract.readers.orders.named import sentences_of_names
from classifiers.extract.readers.orders.numbered import sentences_by_number
from classifiers.extract.readers.records import say_together

_MAX_TEXT = 200_000
_MAX_LINES, _MIN_LINES, _SHARE = 2_000, 5, 0.8
"""Lines that are looked at, and the least and the share of them that are of one kind."""
_MAX_WORDS, _BEFORE, _MAX_OWN = 40, 5, 3
"""Words of a line, those before its own that may tell its kind, and its own."""
_SIGNED = re.compile(r"^([-+<>!|=~])[ \t]{0,9}([^\s][^\n]{0,40})$", re.MULTILINE)


def sentences_of_lines(text: str) -> list[str]:
    """What the words of a text say down a diagonal of its lines, and what its lines of one kind say."""
    return [*sentences_aslant(text), *_by_shared_words(text[:_MAX_TEXT])]


def other_orders(text: str) -> list[str]:
    """The sentences of a text file that stand in another order than its words."""
    text = text[:_MAX_TEXT]
    return [*sentences_by_number(text), *sentences_of_names(text), *_by_first_signs(text), *sentences_of_lines(text)]


def _by_first_signs(text: str) -> list[str]:
    """What the lines with one sign before them say, such as those that a change adds."""
    lines: dict[str, list[str]] = {}
    for found in _SIGNED.finditer(text):
        lines.setdefault(found[1], []).append(found[2])
    return say_together(lines.values())


def _by_shared_words(text: str) -> list[str]:
    """What the lines say that share a word before their own, such as the level of a message in a log."""
    lines = [
        words for line in text.split("\n", _MAX_LINES)[:_MAX_LINES] if 1 < len(words := line.split()) <= _MAX_WORDS
    ]
    kinds: dict[tuple[int, str], list[str]] = {}
    for words in lines:
        for at, word in enumerate(words[: min(_BEFORE, len(words) - 1)]):
            if len(words) - at - 1 <= _MAX_OWN:
                kinds.setdefault((at, word), []).append(" ".join(words[at + 1 :]))
    return natural_texts(" ".join(own) for own in kinds.values() if _MIN_LINES <= len(own) <= _SHARE * len(lines))
