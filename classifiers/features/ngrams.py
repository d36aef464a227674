"""Hashed n-grams: word 1-2-grams and character 3-5-grams, counted per sentence.

Counts are additive. The features of any run of sentences are the sums of theirs, divided by the root of their number,
so windows of all sizes cost hardly more than one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from zlib import crc32

import numpy as np

from classifiers.features.annotations import Floats, Numbers

BUCKETS = 1 << 18
"""Buckets of the hashed features, for word and character n-grams together."""

CHARACTER_GRAMS = (3, 4, 5)

_WORD = re.compile(r"\w+(?:'\w+)*")
_DIGIT = re.compile(r"\d")
_SPACE = re.compile(r"\s")


@dataclass(frozen=True, slots=True)
class Ngrams:
    """The buckets of all n-grams and the sentence of each, words and characters separately."""

    words: Numbers
    word_owner: Numbers
    characters: Numbers
    character_owner: Numbers


def hash_ngrams(text: str, starts: Numbers) -> Ngrams:
    """The n-grams of a text whose sentences begin at `starts`. Letters are lowered, all digits are alike."""
    lowered = text.lower()
    if len(lowered) != len(text):  # some letters become longer in lower case: keep the offsets
        lowered = "".join(char.lower() if len(char.lower()) == 1 else char for char in text)
    lowered = _SPACE.sub(" ", _DIGIT.sub("0", lowered))
    words = [(found.start(), crc32(found.group().encode())) for found in _WORD.finditer(lowered)]
    word_starts = np.fromiter((start for start, _ in words), np.int64, len(words))
    word_hashes = np.fromiter((number for _, number in words), np.uint64, len(words))
    owner = _owner(starts, word_starts)
    pairs = _to_buckets(word_hashes[:-1] * np.uint64(0x9E3779B1) + word_hashes[1:] + np.uint64(7))
    same_sentence = owner[:-1] == owner[1:]
    codes = np.frombuffer(lowered.encode("utf-32-le"), np.uint32).astype(np.uint64)
    sentence_of_char = _owner(starts, np.arange(len(codes)))
    characters, owners = [], []
    rolled = codes.copy()
    for size in range(2, max(CHARACTER_GRAMS) + 1):
        if len(codes) < size:
            break
        rolled = rolled[: len(codes) - size + 1] * np.uint64(0x01000193) + codes[size - 1 :]
        if size in CHARACTER_GRAMS:
            characters.append(_to_buckets(rolled + np.uint64(size)))
            owners.append(sentence_of_char[: len(rolled)])
    empty = np.zeros(0, np.int64)
    return Ngrams(
        np.concatenate([_to_buckets(word_hashes), pairs[same_sentence]]),
        np.concatenate([owner, owner[:-1][same_sentence]]),
        np.concatenate(characters) if characters else empty,
        np.concatenate(owners) if owners else empty,
    )


def _owner(starts: Numbers, word_starts: Numbers) -> Numbers:
    return np.clip(np.searchsorted(starts, word_starts, side="right") - 1, 0, None)


def _to_buckets(numbers: np.ndarray[tuple[int, ...], np.dtype[np.uint64]]) -> Numbers:
    numbers = numbers ^ (numbers >> np.uint64(15))
    numbers = numbers * np.uint64(0x2C1B3C6D)
    numbers = numbers ^ (numbers >> np.uint64(12))
    numbers = numbers * np.uint64(0x297A2D39)
    return ((numbers ^ (numbers >> np.uint64(15))) & np.uint64(BUCKETS - 1)).astype(np.int64)


def sum_by_sentence(values: Floats, owner: Numbers, sentences: int) -> Floats:
    """Rows of `values` summed by the sentence that they belong to."""
    out = np.zeros((sentences, values.shape[1]), np.float32)
    if len(owner):
        cuts = np.flatnonzero(np.diff(owner, prepend=-1))
        np.add.at(out, owner[cuts], np.add.reduceat(values, cuts, axis=0))
    return out
