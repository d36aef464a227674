"""Whether a text is something that a person could have written, or other bytes read as text."""

from __future__ import annotations

import re

from gateway.core.mime.charsets.marks import LETTER_SIGNS, has_letters, without_marks

_UNWRITTEN = re.compile(r"[^\w\s.,:;!?'\"()<>/@-]|_")
"""Signs that few texts of people have."""
_SIGN_OR_BLANK = re.compile(f"[\u2800{LETTER_SIGNS}]")
"""A sign that is read as a letter, or the blank of Braille."""
_LATIN = re.compile(r"[\t\n\r -~\u3000\uff01-\uff5e\U0001d400-\U0001d7ff]")
_MIN_LATIN = 16
"""Characters of a text in Latin letters, at least, if nothing else says so."""
_CONTROL_CHARACTERS = re.compile("[\0-\x08\x0e-\x1f\x7f-\x9f\ufffd]")
_LONE_SURROGATES = re.compile("[\ud800-\udfff]")
SAMPLE = 4096
"""Bytes or characters of a text that tell what it is."""


def is_written(text: str) -> bool:
    """Whether a text is something that a person could have written: mostly letters and blanks, nothing unprintable."""
    sample = text[:SAMPLE]
    if any(map(str.isalpha, sample)) and len(_UNWRITTEN.findall(sample)) * 10 <= len(sample):
        return True
    return not sample.isascii() and is_latin(sample)


def is_printable(text: str) -> bool:
    """Whether a text has letters and hardly any control characters, as the source of a message has."""
    sample = text[:SAMPLE]
    odd = len(_CONTROL_CHARACTERS.findall(sample))
    return odd * 10 <= len(sample) and has_letters(sample)


def is_latin(text: str) -> bool:
    """Whether a text is ASCII but for marks, styled letters and signs that are read as letters."""
    bare = _SIGN_OR_BLANK.sub("a", without_marks(text))
    if "\ufffd" in text[:-1] or len(_UNWRITTEN.findall(bare)) * 10 > len(bare):
        return False
    return len(_LATIN.findall(bare)) >= max(0.95 * len(bare), _MIN_LATIN)


def without_lone_surrogates(text: str) -> str:
    """A text with U+FFFD for halves of characters, which are no characters: nothing writes, stores or reads them."""
    return text if text.isascii() else _LONE_SURROGATES.sub("\ufffd", text)
