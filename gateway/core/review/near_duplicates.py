"""Near-duplicates: messages of one sender that say nearly the same to many, to be reviewed and decided together."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

MIN_SHARED = 0.8
"""The share of words that two near-duplicates have in common."""
MIN_SHARED_WORDS = 6
"""The number of words that two near-duplicates have in common."""
_MAX_GROUPS = 24  # groups of one sender and subject that new messages are compared with
_WORD = re.compile(r"\w+")
_REPLY = re.compile(r"(?:(?<!\s)\s*+(?:re|fw|fwd|aw)\s*+:)++", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ComparedMessage:
    """The fields of a message that are compared. `text` is the start of its text."""

    sender: str
    direction: str
    channel: str
    subject: str
    text: str


class NearDuplicateGroups:
    """Numbers groups of near-duplicates, message by message.

    Takes linear time: a message is compared with the first ones of at most 24 groups of its sender and subject.
    """

    def __init__(self) -> None:
        self._count = 0
        self._first: dict[tuple[str, str, str, str], list[tuple[frozenset[str], int]]] = {}

    def number(self, message: ComparedMessage) -> int:
        """The number of the group of a message: a new one if it resembles no earlier message."""
        key = (message.sender.lower(), message.direction, message.channel, _fold_subject(message.subject))
        groups, words = self._first.setdefault(key, []), words_of(message.text)
        if message.sender:
            for first_words, number in groups:
                if is_near_duplicate(first_words, words):
                    return number
        self._count += 1
        if len(groups) < _MAX_GROUPS:
            groups.append((words, self._count))
        return self._count


def group_near_duplicates(messages: Sequence[ComparedMessage]) -> list[list[int]]:
    """The positions of messages, grouped by near-duplicates, in the order of their first messages."""
    numbers = NearDuplicateGroups()
    groups: dict[int, list[int]] = {}
    for position, message in enumerate(messages):
        groups.setdefault(numbers.number(message), []).append(position)
    return list(groups.values())


def words_of(text: str) -> frozenset[str]:
    """The words of a text, in lower case."""
    return frozenset(_WORD.findall(text.lower()))


def is_near_duplicate(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether two texts, as sets of words, say nearly the same. A few common words are not enough."""
    if one == other:
        return True
    shared = len(one & other)
    return shared >= MIN_SHARED_WORDS and shared >= MIN_SHARED * len(one | other)


def _fold_subject(subject: str) -> str:
    """A subject without numbers and reply prefixes, which differ between near-duplicates."""
    return " ".join(re.sub(r"\d+", "#", _REPLY.sub("", subject, count=1)).lower().split())
