"""The numbers and signs before the paragraphs of lists, which programs draw: each may be a letter or a word.

Word's documents name them in a part of their own, OpenDocument in styles, RTF in a table or before each paragraph.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from classifiers.extract.readers.words_in_values import is_address_to_somebody
from gateway.core.mime.page.generated import counter_text
from gateway.core.mime.spelling.spelled_words import spells_words

LETTERS = {"lowerLetter": "lower-alpha", "upperLetter": "upper-alpha", "a": "lower-alpha", "A": "upper-alpha"}
"""Kinds of numbers that are letters, as Word and OpenDocument call them."""
_PLACE = re.compile(r"%\d")
_MAX_MARKERS = 5_000
_MIN_WORDS = 6


@dataclass(slots=True)
class Level:
    """The first level of a list: the kind of its numbers, where they start, and the sign around or for them."""

    kind: str = ""
    start: int = 1
    text: str = "%1"


@dataclass(slots=True)
class ListMarkers:
    """The levels of lists by their names, and the markers of the paragraphs that were read."""

    levels: dict[str, Level] = field(default_factory=dict)
    _counts: dict[str, int] = field(default_factory=dict)
    _letters: list[str] = field(default_factory=list)
    _words: list[str] = field(default_factory=list)

    def paragraph(self, name: str, start: int | None = None) -> None:
        """A paragraph of a list begins, with a number of its own if there is a start."""
        level = self.levels.get(name)
        if level is None or len(self._letters) + len(self._words) > _MAX_MARKERS:
            return
        number = start if start is not None else self._counts.get(name, level.start)
        self._counts[name] = number + 1
        if level.kind in LETTERS and "%" in level.text:
            self.add(counter_text(number, LETTERS[level.kind]))
        elif any(map(str.isalpha, sign := _PLACE.sub("", level.text))):
            self._words.append(sign.strip(" ."))

    def add(self, letters: str) -> None:
        """A paragraph has letters for its number."""
        self._letters.append(letters)

    def said(self) -> list[str]:
        """What the markers say: letters that spell words, or words that are a sentence."""
        letters, sentence = "".join(self._letters), " ".join(self._words)
        is_said = len(self._words) >= _MIN_WORDS and is_address_to_somebody(sentence)
        return [letters] * spells_words(letters) + [sentence] * is_said


def start_of(attributes: Mapping[str, str], name: str) -> int | None:
    """A number among the attributes of an element."""
    value = attributes.get(name, "")
    return int(value) if value.isdecimal() and len(value) < 7 else None
