"""Local parts of addresses as names: which keys of the roster's name index the part before the @ may stand for.

`dana.whitfield.home`, `whitfield_dana82`, `danamwhitfield` and `d4na.whitfield` hold a whole name. `mrs.whitfield`,
`coachwhitfield` and `dwhitfield` hold less: they stand for staff only.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from gateway.directory.names.name_keys import (
    MIN_HANDLE,
    TITLES,
    fold_words,
    handles,
    initial_key,
    name_key,
    short_handle_key,
    title_key,
)

_TITLE_WORDS = (
    "professor", "principal", "señorita", "senorita", "counselor", "maestra", "maestro", "teacher", "señora", "senora",
    "coach", "señor", "senor", "miss", "prof", "profe", "nurse", "srta", "sra", "mrs", "mx", "mr", "ms", "dr", "sr",
)  # fmt: skip
_OTHER_WORDS = (
    "personal", "official", "private", "account", "school", "mobile", "english", "history", "science", "contact",
    "backup", "reallife", "gmail", "email", "house", "music", "class", "sport", "sports", "soccer", "track", "tutor",
    "room", "home", "mail", "work", "cell", "real", "math", "band", "acct", "casa", "para", "its", "the", "new", "old",
    "alt", "iam", "art", "hs", "im", "me", "jr", "pe", "my",
)  # fmt: skip
_SUBJECTS = (
    "counseling", "orchestra", "chemistry", "geometry", "calculus", "english", "history", "science", "biology",
    "physics", "algebra", "spanish", "choir", "maths", "chem", "math", "bio",
)  # fmt: skip
"""What a teacher teaches: behind a family name it says as much as a title."""
_WORDS = frozenset((*_TITLE_WORDS, *_OTHER_WORDS, *_SUBJECTS))
_GLUED = tuple(sorted((word for word in _WORDS if len(word) > 1), key=len, reverse=True))
_BY_START = {start: tuple(word for word in _GLUED if word[:2] == start) for start in {word[:2] for word in _GLUED}}
_BY_END = {end: tuple(word for word in _GLUED if word[-2:] == end) for end in {word[-2:] for word in _GLUED}}
_SEPARATORS, _DIGITS = re.compile(r"[\W_]+"), re.compile(r"\d+")
_LETTER_DIGIT = re.compile(r"[^\W\d_][013457]+[^\W\d_]")
_MIN_INITIAL = 5
"""A shorter word is no initial with a family name."""
_MAX_LENGTH = 64
_MAX_TOKENS = 6


@dataclass(frozen=True, slots=True)
class LocalPartKeys:
    """Keys of whole names, and keys of a title or an initial with a family name."""

    full: tuple[str, ...] = ()
    partial: tuple[str, ...] = ()


@lru_cache(maxsize=8192)
def local_part_keys(local: str) -> LocalPartKeys:
    """The keys of a local part, without its subaddress."""
    local = unicodedata.normalize("NFKC", local.partition("+")[0]).casefold().strip('" ')
    if not local or len(local) > _MAX_LENGTH:
        return LocalPartKeys()
    readings = [_split(_DIGITS.sub(" ", local))]
    if _LETTER_DIGIT.search(local):
        readings.append(_split(local))  # a digit that looks like a letter
    full: dict[str, None] = {}
    partial: dict[str, None] = {}
    for words in readings:
        for key, whole in _keys(words):
            (full if whole else partial)[key] = None
    return LocalPartKeys(tuple(full), tuple(partial))


def _split(text: str) -> list[str]:
    return [word for word in _SEPARATORS.split(text) if word][:_MAX_TOKENS]


def _keys(words: Sequence[str]) -> Iterator[tuple[str, bool]]:
    """The keys, and whether each is of a whole name."""
    titled = any(word in _TITLE_WORDS or word in _SUBJECTS or not TITLES.isdisjoint(fold_words(word)) for word in words)
    names = [word for word in words if word not in _WORDS]
    if len(names) == 1:
        for name, cut_title in _without_glued_words(names[0]):
            yield from _one_word(name, titled or cut_title)
        return
    if len(names) < 2:
        return
    folded = fold_words(" ".join(names))
    spelled = [word for word in folded if len(word) > 1]
    initials = [word for word in folded if len(word) == 1]
    if not initials and len(spelled) == 1:  # marks of other scripts were dropped
        yield from _one_word(spelled[0], titled)
        return
    yield name_key(folded), True
    if len(spelled) > 1:
        yield name_key(spelled), True
        yield name_key([spelled[0], spelled[-1]]), True
        for handle in dict.fromkeys(handles(["".join(folded), "".join(spelled), spelled[0] + spelled[-1]])):
            yield handle, True
    elif len(spelled) == 1:
        for initial in (initials[0], "".join(initials)):
            yield initial_key(initial + spelled[0]), False
        if titled:
            yield title_key(spelled), False


def _one_word(word: str, titled: bool) -> Iterator[tuple[str, bool]]:
    folded = fold_words(word)
    if len(folded) != 1:
        return
    if len(folded[0]) >= MIN_HANDLE:
        yield folded[0], True
    else:
        yield short_handle_key(folded[0]), True
    if titled:
        yield title_key(folded), False
    if len(folded[0]) >= _MIN_INITIAL:
        yield initial_key(folded[0]), False


def _without_glued_words(word: str) -> Iterator[tuple[str, bool]]:
    """A word, and what is left of it without words such as coach at its ends; whether one of them was a title."""
    yield word, False
    found = {word: False}
    for _ in range(2):
        for text, titled in list(found.items()):
            for glued, rest in _cut_at_ends(text):
                if len(rest) > 2 and rest not in found:
                    found[rest] = is_title = titled or glued in _TITLE_WORDS or glued in _SUBJECTS
                    yield rest, is_title


def _cut_at_ends(text: str) -> Iterator[tuple[str, str]]:
    """The words at the ends of a text, with what is left of it."""
    for glued in _BY_START.get(text[:2], ()):
        if text.startswith(glued):
            yield glued, text[len(glued) :]
    for glued in _BY_END.get(text[-2:], ()):
        if text.endswith(glued):
            yield glued, text[: -len(glued)]
