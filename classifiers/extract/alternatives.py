"""Compares alternatives of a message (multipart/alternative): only text that one has and the others lack is kept.

The same words in another order may mean something else, so runs of words are compared. A link is known by its host,
because the rest of it differs between alternatives.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gateway.core.mime.charsets.marks import LETTER_SIGNS

_LINK = re.compile(r"<?(?:https?://|mailto:|tel:|sms:)(?P<place>[^\s/?#>]*)\S*", re.IGNORECASE)
_WORDS, _WORDS_OF_SIGNS = re.compile(r"\w+"), re.compile(rf"[\w{LETTER_SIGNS}]+")
_RUN_WORDS = 3
"""Words in a row by which a text is recognized."""
_SHARED_WORDS = 0.97
"""The share of its distinct words that an alternative must have in common with another one."""
_MAX_MISSING = 0.5
"""The share of its words that may be missing from the other text, or stand among different words there."""


@dataclass(frozen=True, slots=True)
class ExtraText:
    """The lines that a text has beyond another one, each with its offset. There may be none."""

    lines: tuple[tuple[int, str], ...] = ()


def extra_text(text: str, others: Sequence[str]) -> ExtraText | None:
    """The lines that a text adds to the most similar other one; None if no other one says nearly the same."""
    lines = list(_lines(text))
    words = [word for _, _, line_words in lines for word in line_words]
    if not words:
        return None if text.strip() else ExtraText()
    needed = _SHARED_WORDS * len(set(words))
    similar = [other for other in map(_words, others) if len(set(words) & set(other)) >= needed]
    missing = min((_missing(words, other) for other in similar), key=len, default=None)
    if missing is None or len(missing) > _MAX_MISSING * len(words):
        return None
    elsewhere = "\n".join(others).lower()
    extra, first = [], 0
    for at, line, line_words in lines:
        has_new_link = any(found["place"].lower() not in elsewhere for found in _LINK.finditer(line))
        if has_new_link or not missing.isdisjoint(range(first, first + len(line_words))):
            extra.append((at, line))
        first += len(line_words)
    return ExtraText(tuple(extra))


def _words(text: str) -> list[str]:
    pattern = _WORDS if text.isascii() else _WORDS_OF_SIGNS
    return pattern.findall(_LINK.sub(" ", text).lower())


def _lines(text: str) -> Iterator[tuple[int, str, list[str]]]:
    """Each line with its offset and its words."""
    at = 0
    for line in text.splitlines(keepends=True):
        yield at, line.rstrip(), _words(line)
        at += len(line)


def _missing(words: Sequence[str], other: Sequence[str]) -> set[int]:
    """The positions of words that the other text lacks, or has in no such run."""
    size = min(_RUN_WORDS, len(words))
    known, runs = set(other), set(_runs(other, size))
    new = {at for at, word in enumerate(words) if word not in known}
    reordered = {
        at + offset
        for at, run in enumerate(_runs(words, size))
        if run not in runs and new.isdisjoint(range(at, at + size))
        for offset in range(size)
    }
    return new | reordered


def _runs(words: Sequence[str], size: int) -> Iterator[tuple[str, ...]]:
    return zip(*(words[at:] for at in range(size)), strict=False)
