"""A substring index over the texts of the queue: a search finds a word without reading every text.

Texts are split at whitespace. There are few distinct pieces; the index stores which texts contain each piece, and a
search looks for the word inside the pieces. Texts that replaced another one are searched directly.
"""

from __future__ import annotations

from array import array
from typing import Any

import numpy

Flags = numpy.ndarray[Any, Any]
_SEPARATOR = "\n"
_MAX_REPLACED = 5000
"""Replaced texts after which the index is rebuilt."""


class TextIndex:
    """Texts by the number of their slot."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._numbers: dict[str, int] = {}  # of a piece
        self._slots: list[array[int]] = []  # by the number of a piece: the texts that contain it
        self._all_pieces = ""
        self._ends: Flags = numpy.zeros(0, numpy.int64)
        self._replaced: set[int] = set()

    def put(self, slot: int, text: str) -> None:
        """Store a text in the next slot, or replace the text of an earlier one."""
        if slot < len(self._texts):
            self._texts[slot] = text
            self._replaced.add(slot)
            if len(self._replaced) > _MAX_REPLACED:
                self._rebuild()
            return
        self._texts.append(text)
        self._add(slot, text)

    def contains(self, word: str) -> Flags:
        """For each slot, whether its text contains a word. The word has no whitespace."""
        found = numpy.zeros(len(self._texts), bool)
        for number in self._pieces_with(word):
            found[numpy.frombuffer(self._slots[number], numpy.intc)] = True
        for slot in self._replaced:
            found[slot] = word in self._texts[slot]
        return found

    def _add(self, slot: int, text: str) -> None:
        numbers, slots = self._numbers, self._slots
        for piece in set(text.split()):
            number = numbers.get(piece)
            if number is None:
                number = numbers[piece] = len(slots)
                slots.append(array("i"))
            slots[number].append(slot)

    def _rebuild(self) -> None:
        self._numbers, self._slots, self._replaced = {}, [], set()
        for slot, text in enumerate(self._texts):
            self._add(slot, text)

    def _pieces_with(self, word: str) -> list[int]:
        """The numbers of the pieces that contain a word."""
        if len(self._ends) != len(self._slots):
            self._all_pieces = _SEPARATOR.join(self._numbers)
            self._ends = numpy.cumsum(numpy.fromiter((len(piece) + 1 for piece in self._numbers), numpy.int64))
        found, at = [], self._all_pieces.find(word)
        while at >= 0:
            found.append(at)
            end = self._all_pieces.find(_SEPARATOR, at)
            at = self._all_pieces.find(word, end) if end >= 0 else -1
        return list(numpy.searchsorted(self._ends, found, side="right")) if found else []
