"""Detects the language of a text: English, Spanish, both, or one that the classifiers do not cover.

It uses scripts and the function words of the languages that are most common in American schools. A short text is
foreign if its words belong to another language rather than to English or Spanish. A text without any clue counts as
English.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path

from classifiers.normalize.unicode_styles import unstyled
from classifiers.normalize.word_segmentation import LEET

_FILE = Path(__file__).parents[1] / "lexicons" / "languages.toml"
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
MAX_WORDS = 3000
COVERED = ("en", "es")

_SHORT_TEXT = 40
"""Words of a short text, at most. Short texts are judged word by word."""
_MIN_FOREIGN_WORDS = 2
"""Words of another language that are needed."""
_MIN_FOREIGN_SHARE = 0.25
"""The share of a short text's words that must be foreign."""
_FOREIGN_PER_KNOWN = 1.5
"""Foreign words needed for each English or Spanish word; twice as many from _MANY_KNOWN known words on."""
_MANY_KNOWN = 3
_VERY_SHORT_TEXT = 12
"""In a text of at most this many words, one foreign word or letter is enough if the other words are unknown."""
_MIN_UNKNOWN_SHARE = 0.7
_WORDS_PER_KNOWN = 4
_ARABIC_DIGITS = re.compile(r"(?<![^\W_])(?:[a-z]+[2357][a-z]+|[37][a-z]{3,})(?![^\W_])")
"""Words with digits that stand for Arabic letters (3 for ayn, 7 for ha, 2 for hamza)."""
_FOREIGN_LETTER = re.compile("[äößàèìòùâêîôûëïãõåæøœșțşţăğıłńśźżćęąčšžěřůőűđƒ\u1e00-\u1eff]")
"""Letters that neither English nor Spanish has."""


@dataclass(frozen=True, slots=True)
class DetectedLanguage:
    """A language. `code` is en, es, another code, or und if unknown; `covered` says whether it can be classified."""

    code: str
    covered: bool


@dataclass(frozen=True, slots=True)
class _WordLists:
    """The word lists of the file.

    `votes`: for each function word its languages, with the weight of its vote. `known`: words of English and Spanish.
    `foreign_only`: words of other languages only. `phrases`: short phrases of other languages.
    """

    votes: Mapping[str, tuple[tuple[str, float], ...]]
    known: frozenset[str]
    foreign_only: Mapping[str, tuple[str, ...]]
    phrases: frozenset[tuple[str, ...]]


def detect_language(text: str, vocabulary: Collection[str] = frozenset()) -> DetectedLanguage:
    """The language of a text. A text with a long passage in another language is not covered.

    `vocabulary` are English and Spanish words beyond those of the lists.
    """
    text = unstyled(text)
    words = _WORD.findall(text.lower().replace("’", "'"))[:MAX_WORDS]
    letters = sum(map(len, words))
    if letters < 3 * len(words) and 2 * sum(len(word) == 1 for word in words) > len(words):
        words = [word for word in words if len(word) > 1]  # single l e t t e r s are words of no language
        letters = sum(map(len, words))
    foreign = 0 if text.isascii() else sum(_is_foreign_letter(char) for word in words for char in word)
    if letters and foreign > 12 and foreign > 0.3 * letters:
        return DetectedLanguage("und", False)
    if len(words) <= _SHORT_TEXT and (code := _foreign_short_text(words, vocabulary, text.isascii())):
        return DetectedLanguage(code, False)
    if _has_arabic_digits(text.lower(), words, vocabulary):
        return DetectedLanguage("ar", False)
    votes = _votes(words)
    if not votes:
        return DetectedLanguage("en", True)
    best = max(votes, key=lambda code: votes[code])
    covered = max(votes.get("en", 0.0), votes.get("es", 0.0))
    mostly_foreign = best not in COVERED and votes[best] >= 3 and votes[best] >= 0.15 * len(words)
    if mostly_foreign and votes[best] > 1.5 * covered and covered < 0.2 * len(words):
        return DetectedLanguage(best, False)
    if foreign > 60:  # a whole paragraph in another script
        return DetectedLanguage("und", False)
    return DetectedLanguage("es" if votes.get("es", 0.0) > votes.get("en", 0.0) else "en", True)


def known_words() -> frozenset[str]:
    """Common words of English and Spanish, in small letters."""
    return _word_lists().known


def _foreign_short_text(words: Sequence[str], vocabulary: Collection[str], plain: bool) -> str:
    """The language of a short text that is neither English nor Spanish, else "".

    `plain`: the text has only ASCII letters.
    """
    lists = _word_lists()
    tally: dict[str, int] = {}
    known = unknown = with_foreign_letters = 0
    no_foreign_word = plain and lists.foreign_only.keys().isdisjoint(words)
    for word in () if no_foreign_word else words:
        with_foreign_letters += not word.isascii() and _FOREIGN_LETTER.search(word) is not None
        if codes := lists.foreign_only.get(word):
            for code in codes:
                tally[code] = tally.get(code, 0) + 1
        elif word in lists.known:
            known += 1
        elif word not in vocabulary and len(word) > 1:
            unknown += 1
    best = max(tally, key=lambda code: tally[code], default="")
    count = tally.get(best, 0)
    if len(words) > _MIN_FOREIGN_WORDS:
        if count >= max(
            _MIN_FOREIGN_WORDS,
            _MIN_FOREIGN_SHARE * len(words),
            _FOREIGN_PER_KNOWN * known * (1 + (known >= _MANY_KNOWN)),
        ):
            return best
        mostly_foreign = (
            count + with_foreign_letters + unknown >= _MIN_UNKNOWN_SHARE * len(words) if vocabulary else False
        )
        if (
            len(words) <= _VERY_SHORT_TEXT
            and (count or with_foreign_letters)
            and mostly_foreign
            and _WORDS_PER_KNOWN * known <= len(words)
        ):
            return best or "und"
    return "und" if len(words) <= 6 and _is_phrase(words, lists.phrases) else ""


def _has_arabic_digits(text: str, words: Sequence[str], vocabulary: Collection[str]) -> bool:
    """Whether digits stand for letters as in romanized Arabic, and not as in a disguised English word."""
    found = {word.group() for word in islice(_ARABIC_DIGITS.finditer(text), MAX_WORDS)}
    count = sum(word.translate(LEET) not in vocabulary for word in found)
    if count < _MIN_FOREIGN_WORDS:
        return False
    known = _word_lists().known
    return count >= sum(len(word) > _MIN_FOREIGN_WORDS and (word in known or word in vocabulary) for word in words)


def _is_phrase(words: Sequence[str], phrases: Collection[tuple[str, ...]]) -> bool:
    """Whether at least half of a text is one of the phrases."""
    count = len(words)
    runs = ((at, at + size) for size in range((count + 1) // 2, count + 1) for at in range(count - size + 1))
    return any(tuple(words[start:end]) in phrases for start, end in runs)


def _is_foreign_letter(char: str) -> bool:
    return (
        ord(char) > 0x24F
        and not 0x1E00 <= ord(char) <= 0x1EFF
        and not 0x1D400 <= ord(char) <= 0x1D7FF
        and not 0xFF00 <= ord(char) <= 0xFF5E
    )


def _votes(words: Sequence[str]) -> dict[str, float]:
    table = _word_lists().votes
    votes: dict[str, float] = {}
    for word in words:
        for code, weight in table.get(word, ()):
            votes[code] = votes.get(code, 0.0) + weight
    return votes


@cache
def _word_lists() -> _WordLists:
    """The word lists of the file."""
    table = tomllib.loads(_FILE.read_text("utf-8"))
    phrases = frozenset(tuple(_WORD.findall(word)) for word in table.pop("said"))
    known = frozenset(table.pop("known").split())
    lists: dict[str, frozenset[str]] = {code: frozenset(words.split()) for code, words in table.items()}
    owners: dict[str, list[str]] = {}
    for code, words in lists.items():
        for word in words:
            owners.setdefault(word, []).append(code)
    covered = lists["en"] | lists["es"]
    foreign = frozenset(owners) - covered
    return _WordLists(
        votes={word: tuple((code, _weight(code, codes)) for code in codes) for word, codes in owners.items()},
        known=(known | covered) - frozenset(word for word in known if word in foreign),
        foreign_only={word: tuple(codes) for word, codes in owners.items() if word in foreign and word not in known},
        phrases=phrases,
    )


def _weight(code: str, codes: Sequence[str]) -> float:
    """The weight of a word for one language.

    Words of several languages count less; en and es share only with each other.
    """
    return 1 / (sum(word in COVERED for word in codes) if code in COVERED else len(codes))
