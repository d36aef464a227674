"""Which words often follow each other in English and Spanish, such as "don't tell" or "so that".

`word_pairs.txt` has 6,000 pairs of the training corpus, each line a word and those that follow it. Of the pairs found
twelve times or more, and e times as often as by chance, they are those with the greatest product of the count and
the logarithm of that ratio.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path

_PAIRS = Path(__file__).with_name("word_pairs.txt")


@cache
def _common_pairs() -> frozenset[tuple[str, str]]:
    lines = (line.split() for line in _PAIRS.read_text(encoding="utf-8").splitlines())
    return frozenset((first, second) for first, *others in lines for second in others)


def common_pairs(words: Sequence[str]) -> int:
    """How many of the words follow each other as in a language."""
    return sum(map(_common_pairs().__contains__, pairwise(words)))


def common_pairs_apart(words: Sequence[str], step: int) -> int:
    """How many words follow each other as in a language if `step` leads from one to the next."""
    return sum(map(_common_pairs().__contains__, zip(words, words[step:], strict=False)))
