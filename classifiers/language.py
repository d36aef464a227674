"""Which language a text is in: English, Spanish, both, or one that the classifiers do not cover.

By the function words of the languages that American schools meet most, and by scripts. A short text without any of
them counts as English.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FILE = Path(__file__).parent / "lexicons" / "languages.toml"
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
MAX_WORDS = 3000


@dataclass(frozen=True, slots=True)
class Heard:
    """`code` is en, es or the other language's (und where it has no name); `covered` whether it can be judged."""

    code: str
    covered: bool


def heard(text: str) -> Heard:
    """The language of a text; a text with a long stretch in another language is not covered."""
    words = _WORD.findall(text)[:MAX_WORDS]
    if 2 * sum(len(word) == 1 for word in words) > len(words):
        words = [word for word in words if len(word) > 1]  # l e t t e r s apart are words of no language
    letters = sum(map(len, words))
    foreign = 0 if text.isascii() else sum(_foreign(char) for word in words for char in word)
    if letters and foreign > 12 and foreign > 0.3 * letters:
        return Heard("und", False)
    votes = _votes(words)
    if not votes:
        return Heard("en", True)
    best = max(votes, key=lambda code: votes[code])
    covered = max(votes.get("en", 0.0), votes.get("es", 0.0))
    strange = best not in ("en", "es") and votes[best] >= 3 and votes[best] >= 0.15 * len(words)
    if strange and votes[best] > 1.5 * covered and covered < 0.2 * len(words):
        return Heard(best, False)
    if foreign > 60:  # a whole paragraph in another script beside the English one
        return Heard("und", False)
    return Heard("es" if votes.get("es", 0.0) > votes.get("en", 0.0) else "en", True)


def _foreign(char: str) -> bool:
    return (
        ord(char) > 0x24F
        and not 0x1E00 <= ord(char) <= 0x1EFF
        and not 0x1D400 <= ord(char) <= 0x1D7FF
        and not 0xFF00 <= ord(char) <= 0xFF5E
    )


def _votes(words: list[str]) -> dict[str, float]:
    table = _table()
    votes: dict[str, float] = {}
    for word in words:
        for code, weight in table.get(word.lower(), ()):
            votes[code] = votes.get(code, 0.0) + weight
    return votes


@cache
def _table() -> Mapping[str, tuple[tuple[str, float], ...]]:
    """Each function word with the languages that use it; a word of several languages counts less for each."""
    lists: dict[str, str] = tomllib.loads(_FILE.read_text("utf-8"))
    owners: dict[str, list[str]] = {}
    for code, words in lists.items():
        for word in set(words.split()):
            owners.setdefault(word, []).append(code)
    return {word: tuple((code, 1 / len(codes)) for code in codes) for word, codes in owners.items()}
