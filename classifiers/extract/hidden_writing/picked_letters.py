"""Letters of a text that spell words of their own: those that are marked among the others, or that stand at an edge.

Letters are marked by signs around them, by a sign or digit after them, by a mark on them, by another size or alphabet,
or by being written twice. Letters at an edge are the first or last ones of words, sentences or lines.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import zip_longest

from classifiers.extract.hidden_writing.other_letters.alphabets import SHIFTED
from classifiers.normalize.confusables import LOOK_ALIKES
from classifiers.normalize.unicode_styles import FLAG_LETTERS, STYLED
from gateway.core.mime.spelling.spelled_words import spells_words

_LETTER = r"[^\W\d_]"
_ENCLOSED = re.compile(
    rf"\(({_LETTER})\)|\[({_LETTER})\]|\{{({_LETTER})\}}|<({_LETTER})>|([*_~\"'|/=]{{1,2}})({_LETTER})\5|[“‘«]({_LETTER})[”’»]"
)
"""A letter with signs around it; two letters of a sign are as good as one."""
_AFTER = re.compile(r"([a-z])[.\d](?=[a-z])")
"""A letter with a dot or a digit after it inside a word."""
_MARK = re.compile(r"[(\[{<*_~\"'|/=“‘«.\d]")
_INVISIBLE_AFTER = re.compile("([^\\W\\d_])[\u00ad\u034f\u200b-\u200f\u2060-\u2064\ufe0e\ufe0f\ufeff]")
_MARKED = re.compile("([^\\W\\d_])[\u0300-\u0362\u20d0-\u20f0\u0489]")
_ABOVE = re.compile("[\u0363-\u036f\u1dd3-\u1df4]")
_CAPITAL = re.compile(r"[A-ZÁÉÍÓÚÑ]")
_INNER_CAPITAL, _MIN_INNER = re.compile(r"[a-z][A-Z]"), 2
"""A capital inside a word, and how many of them in the beginning of a text may be marks."""
_TWICE = re.compile(r"([^\W\d_])\1")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_SENTENCE_START = re.compile(rf"(?:^|[.!?…][\s\"')]{{1,4}}|\n\s{{0,8}}){_LETTER}")
_ENDS = ".!?…\n"
_MIN_SPELLED = 16
"""Letters from which they spell several words."""
_BEGINNING, _MAX_LENGTH, _MAX_TWICE, _MAX_EDGES = 400, 8_000, 2_000, 700
"""Characters in which marks begin, those of a text in which they are looked for, those in which letters are twice, and
those of a text whose words may begin or end with other words' letters."""
_MIN_TEXT = 60
_MIN_CAPITALS = 0.6
_MAX_ODD, _MIN_FIRST = 0.5, 3
"""The share of letters of another alphabet that are marks among the others, and marks in the beginning of a text."""
_MIN_GROUPS, _MAX_GROUP = 8, 8
"""Groups of letters, and letters of each, from which they may be words in another division."""
_ALPHABETS = (LOOK_ALIKES | STYLED | FLAG_LETTERS).items()
_ODD = {sign: letter for sign, letter in _ALPHABETS if len(letter) == 1 and letter.isalpha()}


def picked_letters(text: str) -> list[str]:
    """What marked letters, and letters at edges, spell. Few texts have enough of them to look at."""
    if len(text) < _MIN_TEXT:
        return []
    return list(dict.fromkeys(filter(spells_words, (*_marked(text[:_MAX_LENGTH]), *_at_edges(text), *_grouped(text)))))


def _marked(text: str) -> Iterator[str]:
    beginning = text[:_BEGINNING]
    for pattern in (_ENCLOSED, _AFTER) if len(_MARK.findall(beginning)) >= _MIN_FIRST else ():
        if len(pattern.findall(beginning)) >= _MIN_FIRST:
            yield "".join(["".join(filter(str.isalpha, found[0])) for found in pattern.finditer(text)])
    if sum(map(str.isupper, beginning[:_MIN_TEXT])) >= _MIN_CAPITALS * _MIN_TEXT:
        small = "".join(filter(str.islower, text))
        if len(small) <= sum(map(str.isupper, text)):
            yield small
    if len(_INNER_CAPITAL.findall(beginning)) >= _MIN_INNER:
        yield "".join(_CAPITAL.findall(text))
    yield "".join(_TWICE.findall(text, 0, _MAX_TWICE))
    if not text.isascii():
        yield from _odd(text)


def _odd(text: str) -> Iterator[str]:
    """Letters with marks, letters of other alphabets among plain ones, and letters that stand above others."""
    yield "".join([found[1] for found in _MARKED.finditer(text)])
    yield "".join([found[1] for found in _INVISIBLE_AFTER.finditer(text)])
    odd = "".join([_ODD[sign] for sign in text if sign in _ODD and not sign.isascii()])
    if _MIN_SPELLED <= len(odd) <= _MAX_ODD * len(text):
        yield odd
    above = _ABOVE.findall(text)
    if len(above) >= _MIN_SPELLED:
        yield "".join([unicodedata.name(sign, "x").rpartition(" ")[2].lower()[:1] for sign in above])


def _at_edges(text: str) -> Iterator[str]:
    """The first and last letters of the words of a short text, of its sentences and lines."""
    if len(text) <= _MAX_EDGES:
        words = _WORD.findall(text)
        yield "".join([word[0] for word in words])
        yield "".join([word[-1] for word in words])
        letters = "".join(words)
        yield from _backwards(letters)
        yield from (letters[first::step] for step in (2, 3) for first in range(step))
    if len(text) <= _MAX_LENGTH and sum(map(text.count, _ENDS)) >= _MIN_SPELLED - 1:
        starts = _SENTENCE_START.findall(text)
        if len(starts) >= _MIN_SPELLED:
            yield "".join([start[-1] for start in starts])
    if text.count("\n") >= _MIN_SPELLED - 1:
        lines = text[:_MAX_LENGTH].split("\n")
        yield "".join([next(filter(str.isalpha, line), "") for line in lines])
        yield "".join([next(filter(str.isalpha, reversed(line)), "") for line in lines])
        alone = [[word for word in line.split() if len(word) == 1 and word.isalpha()] for line in lines]
        if sum(map(bool, alone)) >= _MIN_SPELLED // 2:
            yield "".join(
                [
                    next((word for word in single if word not in "aIyo"), next(filter(str.isalpha, line), ""))
                    for single, line in zip(alone, lines, strict=True)
                ]
            )


def _backwards(letters: str) -> tuple[str, ...]:
    """Letters in the other direction, unless they are words as they stand: some are like words in both."""
    return () if spells_words(letters) else (letters[::-1],)


def _grouped(text: str) -> Iterator[str]:
    """Letters in groups of one size: as they stand, backwards or shifted; those of a square down, and to and fro."""
    groups = text[:_MAX_EDGES].split()
    size = len(groups[0]) if groups else 0
    if not (0 < size <= _MAX_GROUP and len(groups) >= _MIN_GROUPS and all(len(group) == size for group in groups[:-1])):
        return
    letters = "".join(groups).lower()
    if letters.isalpha() and letters.isascii():
        yield from (letters, *_backwards(letters))
        yield from (letters.translate(shifted) for shifted in SHIFTED)
        rows = [row for line in text.lower().split("\n") if (row := "".join(line.split()))]
        if len(rows) > 1:
            yield "".join(letter for column in zip_longest(*rows, fillvalue="") for letter in column)
            yield "".join(row[:: -1 if at % 2 else 1] for at, row in enumerate(rows))
