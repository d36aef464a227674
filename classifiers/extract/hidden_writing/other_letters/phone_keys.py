"""The letters of the keys of a telephone: pressed once, or as often as the place of a letter on its key says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache

from classifiers.normalize.plain_letters import plain_letters
from classifiers.normalize.word_pairs import EVIDENCE, evidence, likeliest_words, words_with_pairs

_KEYS = dict(zip("23456789", "abc def ghi jkl mno pqrs tuv wxyz".split(), strict=True))
KEY_OF_LETTER = str.maketrans({letter: key for key, letters in _KEYS.items() for letter in letters})
_DIGITS = re.compile(r"\d+")
KEYED = re.compile(r"(?<!\S)(?>[2-9]{1,14}[.,!?]?(?:[ \n]|$)){6,}+")
"""Words in the keys of a telephone, one for each letter: which of its letters each key means, a word list tells."""
_MIN_KEYS, _MIN_LONGEST, _MIN_LENGTHS = 20, 5, 4
"""Keys in all, keys of the longest word, and different lengths of words. Grades and numbers of rooms have fewer."""
_MAX_KEYED, _MAX_CHOICES = 60, 24
"""Words in keys that are read, and words that the same keys may mean."""
_BITS_OF_WORD, _OF_CHOICE = 1.0, 4.0
"""Bits of evidence for each word in keys, and beyond those of a sentence: there are others of the same keys."""


def letter_of_key(key: str, times: int) -> str:
    """The letter of a key that is pressed several times, "" if it has fewer."""
    return _KEYS.get(key, "")[times - 1 : times]


def is_keyed(keys: str) -> bool:
    """Whether numbers without zeros and ones have the lengths of words."""
    lengths = list(map(len, _DIGITS.findall(keys)))
    return sum(lengths) >= _MIN_KEYS and max(lengths) >= _MIN_LONGEST and len(set(lengths)) >= _MIN_LENGTHS


def words_of_keys(keys: str) -> Iterator[str]:
    """The words that keys mean which are pressed once for each letter: those that follow each other best."""
    if not is_keyed(keys):
        return
    words = likeliest_words([_words_by_keys().get(number, (number,)) for number in _DIGITS.findall(keys)[:_MAX_KEYED]])
    if evidence(words) >= max(EVIDENCE + _OF_CHOICE, _BITS_OF_WORD * len(words)):
        yield " ".join(words)


@cache
def _words_by_keys() -> Mapping[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for word in words_with_pairs():
        plain = plain_letters(word)
        if plain.isascii() and plain.isalpha():
            found.setdefault(plain.translate(KEY_OF_LETTER), []).append(word)
    return {keys: tuple(words[:_MAX_CHOICES]) for keys, words in found.items()}
