"""Words and letters as numbers: hashed word 1-2 grams and character 3-5 grams, counted per sentence.

Counts add up, so the features of any run of sentences are the sums of theirs, divided by the root of how many there
are: a reader can look through windows of every size at the price of one look.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from zlib import crc32

import numpy as np

from classifiers.features.annotations import Floats, Numbers

BUCKETS = 1 << 18
"""Columns of the hashed features, word and character grams together."""

CHARACTER_GRAMS = (3, 4, 5)

_WORD = re.compile(r"\w+(?:'\w+)*")
_DIGIT = re.compile(r"\d")
_SPACE = re.compile(r"\s")


@dataclass(frozen=True, slots=True)
class Grams:
    """Buckets of all grams with the sentence each belongs to, words and characters apart."""

    words: Numbers
    word_owner: Numbers
    chars: Numbers
    char_owner: Numbers


def grams(text: str, starts: Numbers) -> Grams:
    """The grams of a text whose sentences begin at `starts`; letters folded, digits all alike."""
    lowered = text.lower()
    if len(lowered) != len(text):  # a few letters grow when lowered: keep the offsets
        lowered = "".join(char.lower() if len(char.lower()) == 1 else char for char in text)
    lowered = _SPACE.sub(" ", _DIGIT.sub("0", lowered))
    words = [(found.start(), crc32(found.group().encode())) for found in _WORD.finditer(lowered)]
    at = np.fromiter((start for start, _ in words), np.int64, len(words))
    single = np.fromiter((number for _, number in words), np.uint64, len(words))
    owner = _owner(starts, at)
    pairs = _mixed(single[:-1] * np.uint64(0x9E3779B1) + single[1:] + np.uint64(7))
    same = owner[:-1] == owner[1:]
    codes = np.frombuffer(lowered.encode("utf-32-le"), np.uint32).astype(np.uint64)
    place = _owner(starts, np.arange(len(codes)))
    chars, owners = [], []
    rolled = codes.copy()
    for size in range(2, max(CHARACTER_GRAMS) + 1):
        if len(codes) < size:
            break
        rolled = rolled[: len(codes) - size + 1] * np.uint64(0x01000193) + codes[size - 1 :]
        if size in CHARACTER_GRAMS:
            chars.append(_mixed(rolled + np.uint64(size)))
            owners.append(place[: len(rolled)])
    empty = np.zeros(0, np.int64)
    return Grams(
        np.concatenate([_mixed(single), pairs[same]]),
        np.concatenate([owner, owner[:-1][same]]),
        np.concatenate(chars) if chars else empty,
        np.concatenate(owners) if owners else empty,
    )


def _owner(starts: Numbers, at: Numbers) -> Numbers:
    return np.clip(np.searchsorted(starts, at, side="right") - 1, 0, None)


def _mixed(numbers: np.ndarray[tuple[int, ...], np.dtype[np.uint64]]) -> Numbers:
    numbers = numbers ^ (numbers >> np.uint64(15))
    numbers = numbers * np.uint64(0x2C1B3C6D)
    numbers = numbers ^ (numbers >> np.uint64(12))
    numbers = numbers * np.uint64(0x297A2D39)
    return ((numbers ^ (numbers >> np.uint64(15))) & np.uint64(BUCKETS - 1)).astype(np.int64)


def per_sentence(values: Floats, owner: Numbers, sentences: int) -> Floats:
    """Rows of `values` summed by the sentence they belong to."""
    out = np.zeros((sentences, values.shape[1]), np.float32)
    if len(owner):
        cuts = np.flatnonzero(np.diff(owner, prepend=-1))
        np.add.at(out, owner[cuts], np.add.reduceat(values, cuts, axis=0))
    return out
