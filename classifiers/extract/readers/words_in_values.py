"""Values of files that may be words for people, among names, codes and numbers."""

from __future__ import annotations

import re

from classifiers.extract.hidden_writing.link_words import SPEAKS
from classifiers.normalize.plain_letters import has_letters_apart, possible_readings
from gateway.core.mime.charsets.marks import without_marks
from gateway.core.mime.page.attributes import is_disguised

_MIN_BLANKS = 4
_MIN_DISGUISED, _MAX_LOOKED_AT = 24, 2_000
"""Characters of a value that may be words in disguise, and those at its beginning that tell."""
_JOINED_WORDS = re.compile(r"(?:[A-Z][a-z]{1,20}){5}")
ODD = re.compile(r"[\u0250-\u1fff\u2070-\uffff\U00010000-\U0010ffff]")
_MIN_ODD = 12
"""Characters beyond Western ones from which a value may be words in odd letters."""


def has_words(value: str) -> bool:
    """Whether a value looks like words for people: two words or more, mostly letters, or words in disguise."""
    if len(value) < 5:
        return False
    value = value[:_MAX_LOOKED_AT]
    if not value.isascii():
        if len(ODD.findall(value)) >= _MIN_ODD:
            return True
        value = without_marks(value)
    if value.isalnum():
        return _JOINED_WORDS.search(value) is not None
    words = [word for word in value.split() if any(map(str.isalpha, word))]
    if len(words) > 1 and sum(map(str.isalpha, value)) * 2 > len(value):
        return True
    return is_disguised(value)


def is_address_to_somebody(value: str) -> bool:
    """Whether a text that programs seldom show has several words and speaks of somebody."""
    if value.count(" ") >= _MIN_BLANKS and SPEAKS.search(value.lower()) is not None and has_words(value):
        return True
    if len(value) < _MIN_DISGUISED or (value.isascii() and not is_disguised(value[:_MAX_LOOKED_AT])):
        return False
    return has_letters_apart(value) or any(
        words.count(" ") >= _MIN_BLANKS and SPEAKS.search(words) for words in possible_readings(value)
    )


def from_the_right(text: str) -> tuple[str, str, str]:
    """A text from its last word to the first, and with the words, or the letters, of each line that way."""
    lines = text.split("\n")
    by_words = "\n".join(" ".join(reversed(line.split())) for line in lines)
    return " ".join(reversed(text.split())), by_words, "\n".join(line[::-1] for line in lines)
