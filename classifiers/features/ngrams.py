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
_FIRST = np.zeros(1, np.int64)

_WORD = re.compile(r"\w+(?:'\w+)*")
_ASCII_WORD = re.compile(rb"\w+(?:'\w+)*")
_DIGIT = re.compile(r"\d")
_SPACE = re.compile(r"\s")
_ASCII = bytes(48 if chr(code).isdigit() else 32 if chr(code).isspace() else code for code in range(128)) + bytes(128)
"""The characters of ASCII: all digits are alike, and all blanks."""


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
    if lowered.isascii():
        data = lowered.encode().translate(_ASCII)
        words = [(found.start(), crc32(found[0])) for found in _ASCII_WORD.finditer(data)]
        codes = np.frombuffer(data, np.uint8).astype(np.uint64)
    else:
        if len(lowered) != len(text):  # some letters become longer in lower case: keep the offsets
            lowered = "".join(char.lower() if len(char.lower()) == 1 else char for char in text)
        lowered = _SPACE.sub(" ", _DIGIT.sub("0", lowered))
        words = [(found.start(), crc32(found[0].encode())) for found in _WORD.finditer(lowered)]
        codes = np.frombuffer(lowered.encode("utf-32-le"), np.uint32).astype(np.uint64)
    word_owner = owners(starts, np.array([start for start, _ in words], np.int64))
    hashes = np.array([number for _, number in words], np.uint64)
    same_sentence = word_owner[:-1] == word_owner[1:]
    numbers = [hashes, (hashes[:-1] * np.uint64(0x9E3779B1) + hashes[1:] + np.uint64(7))[same_sentence]]
    char_owner = owners(starts, np.arange(len(codes)))
    owner_of_grams = []
    rolled = codes
    for size in range(2, max(CHARACTER_GRAMS) + 1):
        if len(codes) < size:
            break
        rolled = rolled[: len(codes) - size + 1] * np.uint64(0x01000193) + codes[size - 1 :]
        if size in CHARACTER_GRAMS:
            numbers.append(rolled + np.uint64(size))
            owner_of_grams.append(char_owner[: len(rolled)])
    buckets = _to_buckets(np.concatenate(numbers))
    word_count = len(numbers[0]) + len(numbers[1])
    return Ngrams(
        buckets[:word_count],
        np.concatenate([word_owner, word_owner[:-1][same_sentence]]),
        buckets[word_count:],
        np.concatenate(owner_of_grams) if owner_of_grams else np.zeros(0, np.int64),
    )


def owners(starts: Numbers, offsets: Numbers) -> Numbers:
    """The sentence of each offset, for sentences that begin at `starts`."""
    if len(starts) == 1:
        return np.zeros(len(offsets), np.int64)
    out: Numbers = np.maximum(np.searchsorted(starts, offsets, side="right") - 1, 0)
    return out


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
        cuts = np.concatenate([_FIRST, np.flatnonzero(owner[1:] != owner[:-1]) + 1])
        np.add.at(out, owner[cuts], np.add.reduceat(values, cuts, axis=0))
    return out
