"""Whether words in a row are a sentence, by which words follow each other in English and Spanish.

`word_pairs.txt` has a line for each word that the training corpus has five times or more: a sign for the words that
never follow it, and the words that do, each behind its sign. A sign says how much likelier the word is there than
anywhere, from 0 for 8 bits less up, in steps of half a bit. The sum over the words is the evidence that they are a
sentence: words by chance have b bits or more once in 2^b times (a likelihood ratio; Neyman and Pearson, 1933). The
counts are discounted by 0.8 (Ney, Essen and Kneser, 1994).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from itertools import pairwise
from math import log2
from pathlib import Path

_PAIRS = Path(__file__).with_name("word_pairs.txt")
_BITS, _LEAST_BITS = 0.5, -8.0
EVIDENCE = 10.0
"""Bits of evidence from which words are a sentence."""

Followers = tuple[float, dict[str, float]]
"""The bits of words that never follow a word, and of those that do."""
_UNKNOWN: Followers = 0.0, {}


@cache
def _followers() -> dict[str, Followers]:
    lines = (line.split() for line in _PAIRS.read_text(encoding="utf-8").splitlines())
    return {word: (_bits(other), {item[1:]: _bits(item) for item in items}) for word, other, *items in lines}


def _bits(item: str) -> float:
    return _BITS * (ord(item[0]) - ord("0")) + _LEAST_BITS


@cache
def words_with_pairs() -> Mapping[str, int]:
    """The words of the training corpus of which it is known what follows them, in small letters, and how many do.

    Those with most followers are the first.
    """
    followers = _followers()
    return {word: len(followers[word][1]) for word in sorted(followers, key=lambda word: -len(followers[word][1]))}


def evidence(words: Sequence[str]) -> float:
    """The bits of evidence that words in small letters are a sentence. The same pair again is no more evidence."""
    followers, bits = _followers(), 0.0
    for first, second in dict.fromkeys(pairwise(words)):
        if (found := followers.get(first)) is not None:
            bits += found[1].get(second, found[0])
    return bits


def likeliest_words(choices: Sequence[Sequence[str]]) -> list[str]:
    """One word of each choice: those that follow each other best, the common ones rather (Viterbi, 1967)."""
    followers = _followers()
    best: dict[str, tuple[float, tuple[str, ...]]] = {"": (0.0, ())}
    for words in choices:
        before = [(bits, path, followers.get(last, _UNKNOWN)) for last, (bits, path) in best.items()]
        best = {}
        for word in words:
            bits, path = max((bits + after[1].get(word, after[0]), path) for bits, path, after in before)
            best[word] = bits + log2(1 + len(followers.get(word, _UNKNOWN)[1])), (*path, word)
    return [*max(best.values())[1]]
