"""Marks on letters, invisible signs between them, and signs that are read as letters."""

from __future__ import annotations

import re

LETTER_SIGNS = "\u2460-\u24ff\u2801-\u28ff\U0001f100-\U0001f1ff"
"""Signs that are read as letters: in circles, brackets, boxes, flags, Braille. A part of a class in a pattern."""
_LETTER_SIGN = re.compile(f"[{LETTER_SIGNS}]")
_INVISIBLE = (
    "\u00ad\u0300-\u036f\u0488\u0489\u061c\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u20d0-\u20f0"
    "\ufe00-\ufe0f\ufeff"
)  # fmt: skip
"""Marks that stand on or between letters. A part of a class in a pattern."""
_SPLITTING = "\u00ad\u034f\u061c\u115f\u1160\u180e\u200b\u200c\u200d\u2060\u2061\u2062\u2063\u2064\u3164\ufe0f\ufeff"
_MARKS = re.compile(f"[{_INVISIBLE}\u115f\u1160\u3164\uffa0\U000e0000-\U000e01ef]+")


def is_letter_sign(char: str) -> bool:
    """Whether a character is a sign that is read as a letter."""
    return _LETTER_SIGN.match(char) is not None


def without_marks(text: str) -> str:
    """A text without marks on its letters and invisible signs between them."""
    return text if text.isascii() else _MARKS.sub("", text)


def visible(text: str) -> str:
    """A text without marks and invisible signs, if it has any of the invisible signs that may split words."""
    return without_marks(text) if not text.isascii() and any(map(text.__contains__, _SPLITTING)) else text


def has_letters(text: str) -> bool:
    """Whether a text has letters, or signs that are read as letters."""
    return any(map(str.isalpha, text)) or (not text.isascii() and _LETTER_SIGN.search(text) is not None)
