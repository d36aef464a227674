"""Values of files that may be words for people, among names, codes and numbers."""

from __future__ import annotations

import re

from classifiers.extract.link_words import SPEAKS

_MIN_BLANKS = 4
_JOINED_WORDS = re.compile(r"(?:[A-Z][a-z]{1,20}){5}")
ODD = re.compile(r"[\u0250-\u1fff\u2070-\uffff\U00010000-\U0010ffff]")
_MIN_ODD = 12
"""Characters beyond Western ones from which a value may be words in odd letters."""


def has_words(value: str) -> bool:
    """Whether a value looks like words for people: two words or more, mostly letters."""
    if len(value) < 5:
        return False
    if not value.isascii() and len(ODD.findall(value[:2000])) >= _MIN_ODD:
        return True
    if value.isalnum():
        return _JOINED_WORDS.search(value) is not None
    words = [word for word in value[:2000].split() if any(map(str.isalpha, word))]
    return len(words) > 1 and sum(map(str.isalpha, value)) * 2 > len(value)


def is_address_to_somebody(value: str) -> bool:
    """Whether a text that programs seldom show has several words and speaks of somebody."""
    return value.count(" ") >= _MIN_BLANKS and SPEAKS.search(value.lower()) is not None and has_words(value)


def from_the_right(text: str) -> tuple[str, str, str]:
    """A text from its last word to the first, and with the words, or the letters, of each line that way."""
    lines = text.split("\n")
    by_words = "\n".join(" ".join(reversed(line.split())) for line in lines)
    return " ".join(reversed(text.split())), by_words, "\n".join(line[::-1] for line in lines)
