"""Which language a text is in: English, Spanish, both, or one that the classifiers do not cover.

By the function words of the languages that American schools meet most, and by scripts. A short text is foreign where
its words are another language's rather than those of English and Spanish; one without any sign counts as English.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path

from classifiers.normalize.unicode_styles import undressed
from classifiers.normalize.word_segmentation import LEET

_FILE = Path(__file__).parents[1] / "lexicons" / "languages.toml"
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
MAX_WORDS = 3000
COVERED = ("en", "es")

_SHORT = 40
"""Words up to which a text is weighed word by word."""
_LEAST = 2
"""Words of another language that it takes."""
_SHARE = 0.25
"""The share of a short text's words that they have to be."""
_AGAINST = 1.5
"""How many of them there have to be for each word of English or Spanish, and twice as many where these are MORE."""
_MORE = 3
_FEW = 12
"""Words up to which one word of another language, or one with its letters, is enough beside words of no covered one."""
_MOST = 0.7
_FOURTH = 4
_NUMBERED = re.compile(r"(?<![^\W_])(?:[a-z]+[2357][a-z]+|[37][a-z]{3,})(?![^\W_])")
"""Words with the digits that stand for letters in Arabic (3 for ayn, 7 for ha, 2 for hamza)."""
_MARKED = re.compile("[äößàèìòùâêîôûëïãõåæøœșțşţăğıłńśźżćęąčšžěřůőűđƒ\u1e00-\u1eff]")
"""Letters of other languages that neither English nor Spanish has."""


@dataclass(frozen=True, slots=True)
class Heard:
    """`code` is en, es or the other language's (und where it has no name); `covered` whether it can be judged."""

    code: str
    covered: bool


@dataclass(frozen=True, slots=True)
class _Words:
    """The lists: for each function word its languages, with the weight of its vote; words of English and Spanish;
    those that are only another language's; and what is said in a few words."""

    votes: Mapping[str, tuple[tuple[str, float], ...]]
    known: frozenset[str]
    own: Mapping[str, tuple[str, ...]]
    said: frozenset[tuple[str, ...]]


def heard(text: str, vocabulary: Collection[str] = frozenset()) -> Heard:
    """The language of a text; a text with a long stretch in another language is not covered.

    `vocabulary` are words of English and Spanish beyond those of the lists.
    """
    text = undressed(text)
    words = _WORD.findall(text.lower().replace("’", "'"))[:MAX_WORDS]
    letters = sum(map(len, words))
    if letters < 3 * len(words) and 2 * sum(len(word) == 1 for word in words) > len(words):
        words = [word for word in words if len(word) > 1]  # l e t t e r s apart are words of no language
        letters = sum(map(len, words))
    foreign = 0 if text.isascii() else sum(_foreign(char) for word in words for char in word)
    if letters and foreign > 12 and foreign > 0.3 * letters:
        return Heard("und", False)
    if len(words) <= _SHORT and (code := _strange(words, vocabulary, text.isascii())):
        return Heard(code, False)
    if _is_numbered(text.lower(), words, vocabulary):
        return Heard("ar", False)
    votes = _votes(words)
    if not votes:
        return Heard("en", True)
    best = max(votes, key=lambda code: votes[code])
    covered = max(votes.get("en", 0.0), votes.get("es", 0.0))
    strange = best not in COVERED and votes[best] >= 3 and votes[best] >= 0.15 * len(words)
    if strange and votes[best] > 1.5 * covered and covered < 0.2 * len(words):
        return Heard(best, False)
    if foreign > 60:  # a whole paragraph in another script beside the English one
        return Heard("und", False)
    return Heard("es" if votes.get("es", 0.0) > votes.get("en", 0.0) else "en", True)


def _strange(words: Sequence[str], vocabulary: Collection[str], plain: bool) -> str:
    """The language of a short text that is neither English nor Spanish, "" of one that may be either.

    `plain`: it has only letters of English.
    """
    lists = _lists()
    tally: dict[str, int] = {}
    known = unknown = marked = 0
    nothing = plain and lists.own.keys().isdisjoint(words)
    for word in () if nothing else words:
        marked += not word.isascii() and _MARKED.search(word) is not None
        if codes := lists.own.get(word):
            for code in codes:
                tally[code] = tally.get(code, 0) + 1
        elif word in lists.known:
            known += 1
        elif word not in vocabulary and len(word) > 1:
            unknown += 1
    best = max(tally, key=lambda code: tally[code], default="")
    count = tally.get(best, 0)
    if len(words) > _LEAST:
        if count >= max(_LEAST, _SHARE * len(words), _AGAINST * known * (1 + (known >= _MORE))):
            return best
        strange = count + marked + unknown >= _MOST * len(words) if vocabulary else False
        if len(words) <= _FEW and (count or marked) and strange and _FOURTH * known <= len(words):
            return best or "und"
    return "und" if len(words) <= 6 and _says(words, lists.said) else ""


def _is_numbered(text: str, words: Sequence[str], vocabulary: Collection[str]) -> bool:
    """Whether digits stand for letters as Arabic in Latin letters has them, and not as in a disguised English word."""
    found = {each.group() for each in islice(_NUMBERED.finditer(text), MAX_WORDS)}
    count = sum(each.translate(LEET) not in vocabulary for each in found)
    if count < _LEAST:
        return False
    known = _lists().known
    return count >= sum(len(word) > _LEAST and (word in known or word in vocabulary) for word in words)


def _says(words: Sequence[str], said: Collection[tuple[str, ...]]) -> bool:
    """Whether half of a text or more is one of these sayings."""
    count = len(words)
    runs = ((at, at + size) for size in range((count + 1) // 2, count + 1) for at in range(count - size + 1))
    return any(tuple(words[start:end]) in said for start, end in runs)


def _foreign(char: str) -> bool:
    return (
        ord(char) > 0x24F
        and not 0x1E00 <= ord(char) <= 0x1EFF
        and not 0x1D400 <= ord(char) <= 0x1D7FF
        and not 0xFF00 <= ord(char) <= 0xFF5E
    )


def _votes(words: Sequence[str]) -> dict[str, float]:
    table = _lists().votes
    votes: dict[str, float] = {}
    for word in words:
        for code, weight in table.get(word, ()):
            votes[code] = votes.get(code, 0.0) + weight
    return votes


@cache
def _lists() -> _Words:
    """The lists of the file."""
    table = tomllib.loads(_FILE.read_text("utf-8"))
    said = frozenset(tuple(_WORD.findall(each)) for each in table.pop("said"))
    known = frozenset(table.pop("known").split())
    lists: dict[str, frozenset[str]] = {code: frozenset(words.split()) for code, words in table.items()}
    owners: dict[str, list[str]] = {}
    for code, words in lists.items():
        for word in words:
            owners.setdefault(word, []).append(code)
    covered = lists["en"] | lists["es"]
    foreign = frozenset(owners) - covered
    return _Words(
        votes={word: tuple((code, _weight(code, codes)) for code in codes) for word, codes in owners.items()},
        known=(known | covered) - frozenset(word for word in known if word in foreign),
        own={word: tuple(codes) for word, codes in owners.items() if word in foreign and word not in known},
        said=said,
    )


def _weight(code: str, codes: Sequence[str]) -> float:
    """A word of several languages counts less for each; for English and Spanish only where both have it."""
    return 1 / (sum(each in COVERED for each in codes) if code in COVERED else len(codes))
