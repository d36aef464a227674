"""Texts in disguise, as students and staff disguise them: to measure how much of the plain recall is left."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from classifiers.training.examples import Example

_LOOKS = {"a": "а", "c": "с", "e": "е", "i": "і", "o": "о", "p": "р", "s": "ѕ", "x": "х", "y": "у"}
_LEET = {"a": "4", "e": "3", "i": "1", "o": "0", "s": "$"}
_WORD = re.compile(r"[A-Za-z]{4,}")
_RUN = re.compile(r"[A-Za-z']+(?: [A-Za-z']+){3,6}")
Way = Callable[[str, random.Random, float], str]
"""A disguise: the text, chance, and the share of it that is disguised."""


def _look_alike(word: str, draw: random.Random) -> str:
    return "".join(_LOOKS.get(char, char) for char in word)


def _leet(word: str, draw: random.Random) -> str:
    return "".join(_LEET.get(char, char) for char in word)


def _unseen(word: str, draw: random.Random) -> str:
    at = draw.randint(1, len(word) - 1)
    return f"{word[:at]}\u200b{word[at:]}"


def _spaced(word: str, draw: random.Random) -> str:
    return draw.choice(" .-").join(word)


def _stretched(word: str, draw: random.Random) -> str:
    at = draw.randint(1, len(word) - 1)
    return word[:at] + word[at] * 3 + word[at:]


def _in_words(change: Callable[[str, random.Random], str]) -> Way:
    """A share of the longer words changed."""

    def changed(text: str, draw: random.Random, share: float) -> str:
        return _WORD.sub(lambda found: change(found[0], draw) if draw.random() < share else found[0], text)

    return changed


def _run_together(text: str, draw: random.Random, share: float) -> str:
    """A share of the runs of a few words without their spaces."""
    return _RUN.sub(lambda found: found[0].replace(" ", "") if draw.random() < share else found[0], text)


def _backwards(text: str, draw: random.Random, share: float) -> str:
    """Every line from its end: who writes so writes all of it so."""
    return "\n".join(line[::-1] for line in text.split("\n"))


WAYS: Mapping[str, Way] = {
    "look-alikes": _in_words(_look_alike),
    "leet": _in_words(_leet),
    "zero-width": _in_words(_unseen),
    "spaced": _in_words(_spaced),
    "stretched": _in_words(_stretched),
    "run together": _run_together,
    "backwards": _backwards,
}


def disguised(example: Example, way: str, share: float = 0.4) -> Example:
    """The example with a share of it disguised in one way; the same every time."""
    draw = random.Random(f"{example.id}:{way}")
    return replace(example, id=f"{example.id}:{way}", text=WAYS[way](example.text, draw, share))
