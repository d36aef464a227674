"""Words in the texts of the queue: which texts have one is looked up, so that a search reads no text again.

A word is found anywhere in a text, also inside another word. Each text is cut at its blanks; the pieces that there are
at all are few, and of each it is known which texts have it. What was written over since is looked at itself.
"""

from __future__ import annotations

from array import array
from typing import Any

import numpy

Flags = numpy.ndarray[Any, Any]
_BREAK = "\n"
_MOST_WRITTEN_OVER = 5000


class TextIndex:
    """Texts by the number of their place."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._numbers: dict[str, int] = {}
        self._places: list[array[int]] = []
        self._all = ""
        self._ends: Flags = numpy.zeros(0, numpy.int64)
        self._over: set[int] = set()

    def put(self, place: int, text: str) -> None:
        """A text in the next place, or in one that had another."""
        if place < len(self._texts):
            self._texts[place] = text
            self._over.add(place)
            if len(self._over) > _MOST_WRITTEN_OVER:
                self._anew()
            return
        self._texts.append(text)
        self._enter(place, text)

    def _enter(self, place: int, text: str) -> None:
        numbers, places = self._numbers, self._places
        for piece in set(text.split()):
            number = numbers.get(piece)
            if number is None:
                number = numbers[piece] = len(places)
                places.append(array("i"))
            places[number].append(place)

    def _anew(self) -> None:
        self._numbers, self._places, self._over = {}, [], set()
        for place, text in enumerate(self._texts):
            self._enter(place, text)

    def having(self, word: str) -> Flags:
        """Of each place whether its text has a word, which has no blanks."""
        found = numpy.zeros(len(self._texts), bool)
        for number in self._pieces(word):
            found[numpy.frombuffer(self._places[number], numpy.intc)] = True
        for place in self._over:
            found[place] = word in self._texts[place]
        return found

    def _pieces(self, word: str) -> list[int]:
        """The numbers of the pieces that a word is in."""
        if len(self._ends) != len(self._places):
            self._all = _BREAK.join(self._numbers)
            self._ends = numpy.cumsum(numpy.fromiter((len(each) + 1 for each in self._numbers), numpy.int64))
        ats, at = [], self._all.find(word)
        while at >= 0:
            ats.append(at)
            end = self._all.find(_BREAK, at)
            at = self._all.find(word, end) if end >= 0 else -1
        return list(numpy.searchsorted(self._ends, ats, side="right")) if ats else []
