"""Sentences in dots of several fonts and sizes, and covers whose signs may be the dots."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

from tests.classifiers.extract import drawn_sentence as drawn
from tests.differential.evasions.ciphers import SEEN

_BANNER = SEEN["banner of hashes"]
_COVER = "practice will begin at four in the gymnasium so please bring the signed form and a bottle".split()


def _twice(rows: Sequence[str]) -> list[str]:
    return ["".join(sign * 2 for sign in row) for row in rows for _ in range(2)]


def _padded(rows: Sequence[str]) -> list[str]:
    width = max(map(len, rows))
    return [row.ljust(width) for row in rows]


_STICKS = ["".join("#" if dot else " " for dot in row) for row in drawn.rows()]
_SMALL = _BANNER(drawn.SENTENCE.lower()).split("\n")
FONTS = {
    "sticks": _padded(_STICKS), "large sticks": _padded(_twice(_STICKS)), "small letters": _padded(_SMALL),
    "capitals": _padded(_BANNER(drawn.SENTENCE).split("\n")),
}  # fmt: skip
"""The rows of a sentence: `#` for a dot, and blanks."""


def _words(size: int) -> str:
    chosen = random.Random(size)
    text = ""
    while len(text) < size:
        text += chosen.choice(_COVER) + " "
    return text[:size]


def _letters(size: int) -> str:
    return "".join(random.Random(size).choices("abcdefghijklmnopqrstuvwxyz", k=size))


COVERS: dict[str, Callable[[int], str]] = {
    "one letter": lambda size: "x" * size, "blocks": lambda size: "█" * size, "words": _words, "letters": _letters,
}  # fmt: skip
"""Signs of a text, whatever they are."""


def written(rows: Sequence[str], cover: str, dot: str, ground: str) -> list[str]:
    """Rows of a cover, in which dots and ground are written by two templates."""
    return ["".join(_pieces(row, COVERS[cover](len(row)), dot, ground)) for row in rows]


def _pieces(row: str, signs: str, dot: str, ground: str) -> Iterator[str]:
    at = 0
    for sign, group in groupby(row):
        size = len(list(group))
        yield (dot if sign == "#" else ground).format(signs[at : at + size])
        at += size


def each(rows: Sequence[str], dot: str, ground: str) -> list[str]:
    """Rows in which each dot and each place of the ground is written by itself."""
    return ["".join(dot if sign == "#" else ground for sign in row) for row in rows]
