"""Mailings: messages of one sender that say nearly the same to many, to be looked at and decided as one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

ALIKE = 0.8
"""Share of words that two messages of one mailing have in common."""
_HEADS = 24
_WORD = re.compile(r"\w+")
_REPLY = re.compile(r"(?:\s*(?:re|fw|fwd|aw)\s*:)+", re.IGNORECASE)

Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class Letter:
    """What is compared: who wrote it, which way and by which channel, under which subject, and how it begins."""

    sender: str
    direction: str
    channel: str
    subject: str
    text: str


@dataclass(slots=True)
class _Head:
    words: frozenset[str]
    members: list[int]


def mailings(letters: Sequence[Letter]) -> list[list[int]]:
    """Places of letters, those of one mailing together, in the order of their first ones.

    Linear for letters of different senders; within one sender's each is compared with the first of a few mailings.
    """
    found: list[_Head] = []
    heads: dict[tuple[str, str, str, str], list[_Head]] = {}
    for at, letter in enumerate(letters):
        key = (letter.sender.lower(), letter.direction, letter.channel, _folded(letter.subject))
        near = heads.setdefault(key, [])
        words = words_of(letter.text)
        home = next((head for head in near if alike(head.words, words)), None) if letter.sender else None
        if home is None:
            home = _Head(words, [])
            found.append(home)
            if len(near) < _HEADS:
                near.append(home)
        home.members.append(at)
    return [head.members for head in found]


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
