"""Alternatives of a message that say nearly the same: what the one says and no other does is read by itself.

The same words in another order may say something else, so it is runs of words that have to be there. Where links lead
is said by the place that they name, for what comes behind it differs from one alternative to the next.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_LINK = re.compile(r"<?(?:https?://|mailto:|tel:|sms:)(?P<place>[^\s/?#>]*)\S*", re.IGNORECASE)
_WORDS = re.compile(r"\w+")
_RUN = 3
"""Words in a row by which a text is known again."""
_ALIKE = 0.97
"""The share of its different words that an alternative has to have in common with another to be nearly the same."""
_IN_ORDER = 0.5
"""The share of its words that have to stand among the same others."""


@dataclass(frozen=True, slots=True)
class More:
    """What a text says beyond another one: its lines, each with where it begins. There may be none."""

    lines: tuple[tuple[int, str], ...] = ()


def beyond(text: str, others: Sequence[str]) -> More | None:
    """What a text says beyond the one of the others that says most of it, None where none says nearly the same."""
    lines = list(_lines(text))
    words = [word for _, _, said in lines for word in said]
    if not words:
        return None if text.strip() else More()
    few = _ALIKE * len(set(words))
    alike = [each for each in map(_words, others) if len(set(words) & set(each)) >= few]
    missing = min((_missing(words, each) for each in alike), key=len, default=None)
    if missing is None or len(missing) > _IN_ORDER * len(words):
        return None
    elsewhere = "\n".join(others).lower()
    more, first = [], 0
    for at, line, said in lines:
        leads = any(found["place"].lower() not in elsewhere for found in _LINK.finditer(line))
        if leads or not missing.isdisjoint(range(first, first + len(said))):
            more.append((at, line))
        first += len(said)
    return More(tuple(more))


def _words(text: str) -> list[str]:
    return _WORDS.findall(_LINK.sub(" ", text).lower())


def _lines(text: str) -> Iterator[tuple[int, str, list[str]]]:
    """Each line with where it begins and its words."""
    at = 0
    for line in text.splitlines(keepends=True):
        yield at, line.rstrip(), _words(line)
        at += len(line)


def _missing(words: Sequence[str], other: Sequence[str]) -> set[int]:
    """Which of some words the other text does not have, or has in no such run."""
    size = min(_RUN, len(words))
    known, runs = set(other), set(_runs(other, size))
    new = {at for at, word in enumerate(words) if word not in known}
    turned = {
        at + further
        for at, run in enumerate(_runs(words, size))
        if run not in runs and new.isdisjoint(range(at, at + size))
        for further in range(size)
    }
    return new | turned


def _runs(words: Sequence[str], size: int) -> Iterator[tuple[str, ...]]:
    return zip(*(words[at:] for at in range(size)), strict=False)
