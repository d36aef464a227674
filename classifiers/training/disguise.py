"""Texts in disguise, as students and staff disguise them: to measure how much of the plain recall is left."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import replace

from classifiers.training.examples import Example

_LOOKS = {"a": "а", "c": "с", "e": "е", "i": "і", "o": "о", "p": "р", "s": "ѕ", "x": "х", "y": "у"}
_LEET = {"a": "4", "e": "3", "i": "1", "o": "0", "s": "$"}
_WORD = re.compile(r"[A-Za-z]{4,}")


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


WAYS: dict[str, Callable[[str, random.Random], str]] = {
    "look-alikes": _look_alike,
    "leet": _leet,
    "zero-width": _unseen,
    "spaced": _spaced,
    "stretched": _stretched,
}


def disguised(example: Example, way: str, share: float = 0.4) -> Example:
    """The example with a share of its longer words disguised in one way; the same every time."""
    draw = random.Random(f"{example.id}:{way}")

    def change(found: re.Match[str]) -> str:
        return WAYS[way](found.group(), draw) if draw.random() < share else found.group()

    return replace(example, id=f"{example.id}:{way}", text=_WORD.sub(change, example.text))
