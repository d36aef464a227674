"""What a text file says beside its lines: in the order of numbers, with words for names."""

from __future__ import annotations

import re

from classifiers.extract.readers.orders.across import sentences_aslant
from classifiers.extract.readers.orders.named import sentences_of_names
from classifiers.extract.readers.orders.numbered import sentences_by_number
from classifiers.extract.readers.records import say_together

_MAX_TEXT = 200_000
_SIGNED = re.compile(r"^([-+<>!|=~])[ \t]{0,9}([^\s][^\n]{0,40})$", re.MULTILINE)


def other_orders(text: str) -> list[str]:
    """The sentences of a text file that stand in another order than its words."""
    text = text[:_MAX_TEXT]
    return [*sentences_by_number(text), *sentences_of_names(text), *_by_first_signs(text), *sentences_aslant(text)]


def _by_first_signs(text: str) -> list[str]:
    """What the lines with one sign before them say, such as those that a change adds."""
    lines: dict[str, list[str]] = {}
    for found in _SIGNED.finditer(text):
        lines.setdefault(found[1], []).append(found[2])
    return say_together(lines.values())
