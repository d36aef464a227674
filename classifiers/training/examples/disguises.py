"""Disguises texts the way students and staff do, to measure how much recall is left."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from classifiers.training.examples.labeled import Example

_LOOK_ALIKES = {"a": "а", "c": "с", "e": "е", "i": "і", "o": "о", "p": "р", "s": "ѕ", "x": "х", "y": "у"}
_LEET = {"a": "4", "e": "3", "i": "1", "o": "0", "s": "$"}
_WORD = re.compile(r"[A-Za-z]{4,}")
_RUN = re.compile(r"[A-Za-z']+(?: [A-Za-z']+){3,6}")
Disguise = Callable[[str, random.Random, float], str]
"""A disguise: takes the text, a random source, and the share of the text to disguise."""


def _look_alike(word: str, random_source: random.Random) -> str:
    return "".join(_LOOK_ALIKES.get(char, char) for char in word)


def _leet(word: str, random_source: random.Random) -> str:
    return "".join(_LEET.get(char, char) for char in word)


def _zero_width(word: str, random_source: random.Random) -> str:
    at = random_source.randint(1, len(word) - 1)
    return f"{word[:at]}\u200b{word[at:]}"


def _spaced(word: str, random_source: random.Random) -> str:
    return random_source.choice(" .-").join(word)


def _stretched(word: str, random_source: random.Random) -> str:
    at = random_source.randint(1, len(word) - 1)
    return word[:at] + word[at] * 3 + word[at:]


def _in_words(change: Callable[[str, random.Random], str]) -> Disguise:
    """Change a share of the longer words."""

    def changed(text: str, random_source: random.Random, share: float) -> str:
        return _WORD.sub(
            lambda found: change(found[0], random_source) if random_source.random() < share else found[0], text
        )

    return changed


def _run_together(text: str, random_source: random.Random, share: float) -> str:
    """Remove the spaces from a share of the runs of a few words."""
    return _RUN.sub(lambda found: found[0].replace(" ", "") if random_source.random() < share else found[0], text)


def _reversed(text: str, random_source: random.Random, share: float) -> str:
    """Reverse every line, because people who write like this reverse whole texts."""
    return "\n".join(line[::-1] for line in text.split("\n"))


DISGUISES: Mapping[str, Disguise] = {
    "look-alikes": _in_words(_look_alike),
    "leet": _in_words(_leet),
    "zero-width": _in_words(_zero_width),
    "spaced": _in_words(_spaced),
    "stretched": _in_words(_stretched),
    "run together": _run_together,
    "reversed": _reversed,
}


def disguise(example: Example, name: str, share: float = 0.4) -> Example:
    """The example with a share of it disguised in one way. Repeatable."""
    random_source = random.Random(f"{example.id}:{name}")
    return replace(example, id=f"{example.id}:{name}", text=DISGUISES[name](example.text, random_source, share))
