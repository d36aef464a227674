"""Reads texts whose vowels are other signs, and whose consonants are what they are: emoji, digits, other vowels, stars.

Each word is looked up with a mark for every vowel, whatever sign stands there, or without vowels if the text has none.
Of the words that fit those are taken that follow each other best. If each sign then means the same vowel nearly
everywhere, it means that one everywhere.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import islice

from classifiers.normalize.plain_letters import plain_letters
from classifiers.normalize.word_pairs import EVIDENCE, evidence, likeliest_words, words_with_pairs
from classifiers.normalize.word_segmentation import LEET

_CONSONANTS, _VOWELS = frozenset("bcdfghjklmnpqrstvwxyz"), "aeiou"
_MARK = " "
"""What stands in a shape for each vowel, or for the sign in its place: no token has one."""
_PARAGRAPH, _TOKEN = re.compile(r"\S[^\n]*+(?:\n(?![ \t\r]*+\n)[^\n]*+)*+"), re.compile(r"\S+")
_UNSEEN = str.maketrans(dict.fromkeys("'’\ufe0e\ufe0f\u200d\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff", ""))
"""Apostrophes, and what follows an emoji and changes its looks only."""
_EDGES, _ENDS = ".,;:!?¿¡()\"'", ".,;:!?)\"'"
_MIN_WORDS, _MAX_WORDS, _MIN_SIGNS, _MAX_PARAGRAPHS = 5, 32, 8, 40
"""Words of a paragraph by which it is read, signs for vowels in them, and paragraphs that are looked at."""
_MAX_KNOWN, _BITS_OF_LANGUAGE, _MIN_FITTING = 0.75, 4.0, 0.8
"""The share of words that are known as they stand and their bits of evidence, at most, and the share of those that have
the shape of a word, at least.
"""
_BITS_OF_WORD, _MIN_ALIKE, _MAX_AS_IT_STANDS = 1.0, 0.85, 0.7
"""Bits of evidence for each word, the share of signs that mean the vowel which they mean most often, from which they
always do, and the share of those that mean themselves, from which the text is in plain words.
"""
_OF_CHOICE, _BITS_OF_GUESSED, _MAX_KNOWN_GUESSED = 7.0, 1.5, 0.45
"""Further bits of evidence, bits for each word, and the share of words that are known as they stand, if signs mean
several vowels each: other words fit, too.
"""
_MIN_COMMONEST, _MAX_VOWELS, _MIN_CONSONANTS = 0.2, 0.16, 0.8
"""The share of a consonant from which it may stand for all vowels, and the shares of vowels at most, and of consonants
at least, in a text from which vowels are left out.
"""
_MAX_CHOICES = 24
"""Words of one shape that are tried, those with most followers."""

Shape = frozenset[str]
"""The signs that stay what they are in the shape of a word, with `_MARK` if there is a mark for each other one."""


def with_meant_vowels(text: str) -> tuple[str, list[str]]:
    """A text with blanks for the paragraphs whose vowels are other signs, at the same offsets, and what they say."""
    said: list[str] = []
    for found in islice(_PARAGRAPH.finditer(text), _MAX_PARAGRAPHS):
        if meant := _meant(found[0]):
            said.append(meant)
            text = f"{text[: found.start()]}{' ' * len(found[0])}{text[found.end() :]}"
    return text, said


def _meant(text: str) -> str:
    """What a paragraph says whose vowels are other signs; "" if they are not."""
    tokens = [token[0] for token in islice(_TOKEN.finditer(text.lower()), _MAX_WORDS)]
    if len(tokens) < _MIN_WORDS:
        return ""
    words = [token.strip(_EDGES) for token in tokens]
    known = sum(map(words_with_pairs().__contains__, words)) / len(words)
    if known > _MAX_KNOWN or (own_bits := evidence(words)) >= _BITS_OF_LANGUAGE:
        return ""
    plain = [plain_letters(token).translate(_UNSEEN) for token in tokens]
    least = max(own_bits, 0.0) + EVIDENCE
    ways = (_read(text, plain, kept, known, least) for kept in _shapes_of("".join(plain)))
    return next(filter(None, ways), "")


def _shapes_of(letters: str) -> Iterator[Shape]:
    """In which ways a text may have other signs in the place of vowels."""
    yield _CONSONANTS | {_MARK}
    consonants = Counter(filter(_CONSONANTS.__contains__, letters))
    if not consonants or sum(map(letters.count, _VOWELS)) > _MAX_VOWELS * len(letters):
        return
    commonest, count = consonants.most_common(1)[0]
    if count >= _MIN_COMMONEST * len(letters):
        yield _CONSONANTS - {commonest} | {_MARK}
    if consonants.total() >= _MIN_CONSONANTS * len(letters):
        yield _CONSONANTS


def _read(text: str, tokens: Sequence[str], kept: Shape, known: float, least: float) -> str:
    """What a paragraph says if its other signs are vowels. `least`: the bits of evidence that are asked for."""
    shapes, forms, choices = _words_by_shape(_MARK in kept), [], []
    left = (1 - _MIN_FITTING) * len(tokens)
    for token in tokens:
        of_token = {token.rstrip(_ENDS): 0, token.strip(_EDGES): 0, token: 0}
        if token[-1:] in _ENDS:
            of_token[token[:-1]] = 0
        found = [word for form in of_token for word in shapes.get(_shape(form, kept), ())]
        left -= not found
        if left < 0:
            return ""
        forms.append(of_token)
        choices.append(found or [token])
    words = likeliest_words(choices)
    bits = evidence(words)
    if bits < max(least, _BITS_OF_WORD * len(words)):
        return ""
    guess = " ".join(words) if bits >= max(least + _OF_CHOICE, _BITS_OF_GUESSED * len(words)) else ""
    if _MARK not in kept:
        return guess if known <= _MAX_KNOWN_GUESSED else ""
    meant = _vowels_of_signs(forms, words, kept)
    total = sum(map(Counter.total, meant.values()))
    if total < _MIN_SIGNS or sum(map(_as_it_stands, meant, meant.values())) >= _MAX_AS_IT_STANDS * total:
        return ""  # in plain words, or in digits that the normalizer reads
    vowels = {sign: counts.most_common(1)[0] for sign, counts in meant.items()}
    if len(vowels) > 1 and sum(count for _, count in vowels.values()) >= _MIN_ALIKE * total:
        return plain_letters(text).translate({ord(sign): vowel for sign, (vowel, _) in vowels.items()})
    is_guessed = known <= _MAX_KNOWN_GUESSED and set(_VOWELS).issuperset(vowels)
    return guess if is_guessed or len(vowels) == 1 else ""


def _vowels_of_signs(forms: Sequence[Iterable[str]], words: Sequence[str], kept: Shape) -> dict[str, Counter[str]]:
    """How often each sign stands for which vowel of the words that are meant. Numbers and emoji alone say nothing."""
    meant: dict[str, Counter[str]] = {}
    for of_token, word in zip(forms, words, strict=True):
        letters = plain_letters(word).translate(_UNSEEN)
        form = next((form for form in of_token if len(form) == len(letters)), "")
        for sign, letter in zip(form, letters, strict=False) if not kept.isdisjoint(form) else ():
            if sign not in kept and letter in _VOWELS:
                meant.setdefault(sign, Counter())[letter] += 1
    return meant


def _as_it_stands(sign: str, vowels: Counter[str]) -> int:
    """How often a sign stands for itself, or for the vowel that looks like it."""
    return vowels[sign] + vowels[sign.translate(LEET)] * (not sign.isalpha())


def _shape(word: str, kept: Shape) -> str:
    mark = _MARK if _MARK in kept else ""
    return "".join([sign if sign in kept else mark for sign in word])


@cache
def _words_by_shape(has_marks: bool) -> Mapping[str, Sequence[str]]:
    """The words of each shape, those with most followers first. Shapes without marks have some consonant at least."""
    kept = _CONSONANTS | {_MARK} if has_marks else _CONSONANTS
    found: dict[str, list[str]] = {}
    for word in words_with_pairs():
        letters = plain_letters(word).translate(_UNSEEN)
        if letters.isascii() and letters.isalpha() and (shape := _shape(letters, kept)):
            words = found.setdefault(shape, [])
            if len(words) < _MAX_CHOICES:
                words.append(word)
    return found
