"""Mailings: messages of one sender that say nearly the same to many, to be looked at and decided as one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

ALIKE = 0.8
"""Share of words that two messages of one mailing have in common."""
_HEADS = 24
_WORD = re.compile(r"\w+")
_REPLY = re.compile(r"(?:\s*(?:re|fw|fwd|aw)\s*:)+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Letter:
    """What is compared: who wrote it, which way and by which channel, under which subject, and how it begins."""

    sender: str
    direction: str
    channel: str
    subject: str
    text: str


class Mailings:
    """The mailings that were seen so far, each under a number.

    Linear for letters of different senders; within one sender's each is compared with the first of a few mailings.
    """

    def __init__(self) -> None:
        self._count = 0
        self._heads: dict[tuple[str, str, str, str], list[tuple[frozenset[str], int]]] = {}

    def number(self, letter: Letter) -> int:
        """The number of the mailing that a letter belongs to: a new one where it is like none before."""
        key = (letter.sender.lower(), letter.direction, letter.channel, _folded(letter.subject))
        near, words = self._heads.setdefault(key, []), words_of(letter.text)
        if letter.sender:
            for head, number in near:
                if alike(head, words):
                    return number
        self._count += 1
        if len(near) < _HEADS:
            near.append((words, self._count))
        return self._count


def mailings(letters: Sequence[Letter]) -> list[list[int]]:
    """Places of letters, those of one mailing together, in the order of their first ones."""
    seen = Mailings()
    found: dict[int, list[int]] = {}
    for at, letter in enumerate(letters):
        found.setdefault(seen.number(letter), []).append(at)
    return list(found.values())


def words_of(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(_WORD.findall(text.lower()))


def alike(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether two texts say nearly the same; a few short words alone do not."""
    if one == other:
        return True
    both = len(one & other)
    return both >= 6 and both >= ALIKE * len(one | other)


def _folded(subject: str) -> str:
    """A subject without what differs from one to the next: numbers, and the marks of an answer."""
    return " ".join(re.sub(r"\d+", "#", _REPLY.sub("", subject, count=1)).lower().split())
