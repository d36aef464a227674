"""Words of a text that are a sentence of their own, or the words of a text in another order.

Every second or third word or line, words with marks on them, the first or last words of sentences, and words with
numbers that tell their order. What is picked counts only if its words follow each other as those of a sentence do, more
than the words that it is picked from; words in another order only if they did not before.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise

from classifiers.extract.hidden_writing.codes import is_sentence
from classifiers.extract.hidden_writing.word_order import is_natural, plain_words
from classifiers.normalize.word_pairs import EVIDENCE, evidence

_MAX_LENGTH, _MAX_WORDS, _MAX_REORDERED, _MAX_STEP = 6_000, 160, 80, 6
"""Characters and words of a text that are looked at, words that are put in another order, and words from one that is
picked to the next.
"""
_MIN_WORDS = 5
"""Words of what is picked."""
_OF_CHOICE = 4.0
"""Further bits of evidence for one of many rows of a text: some are like a sentence by chance."""
_MIN_BETWEEN, _MIN_SHARE_BETWEEN = 5, 0.3
"""How often a word stands between others, in number and share of the words, from which it says nothing."""
_WORD = r"[^\W\d_]{1,30}+(?:['’][^\W\d_]{1,12}+){0,2}+"
_PICTURES = "\u2190-\u2bff\u3008-\u301f\U0001f000-\U0001faff"
"""Arrows, symbols, wide brackets and emoji."""
_MARKED = re.compile(
    rf"\[({_WORD})[.,!?]?\]|\(({_WORD})[.,!?]?\)|\{{({_WORD})\}}|<({_WORD})>|\"({_WORD})[.,!?]?\"|[“«]({_WORD})[.,!?]?[”»]"
    rf"|(?<!\w)'({_WORD})[.,!?]?'(?!\w)|(?<![*\w])\*{{1,3}}({_WORD})[.,!?]?\*{{1,3}}|(?<!\w)_{{1,2}}({_WORD})_{{1,2}}(?!\w)"
    rf"|[#@$+]({_WORD})|\b({_WORD})@|(?<!\w)\d{{1,3}}[.):]? ?({_WORD})"
    rf"|[{_PICTURES}]\ufe0f? ?({_WORD})[.,!?]? ?[{_PICTURES}]"
)
_PICTURE = re.compile(f"[{_PICTURES}]")
_MAX_BETWEEN_MARKS = 80
"""Characters from one mark to the next, in the mean, of a text whose marked words are a sentence."""
_MARKS = '[({<"“«*_#@$+'
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_BEGINNING, _MAX_TO_NUMBERS, _MIN_NUMBERS = 120, 500, 5
"""Characters at the beginning of a text of words with numbers only, and of one that has them among others, and how many
of them are there at least.
"""
_NUMBER = re.compile(r"[\d(][.):=\-\]]? ?[^\W\d_]{2}|(?<![^\W_])[A-Za-z][.):=] ?[^\W\d_]{2}|[^\W\d_]\(?\d")
_CAPITALS = re.compile(r"(?<!\w)[A-ZÁÉÍÓÚÑ'’]+(?!\w)")
_NUMBERED = re.compile(
    rf"(?<![\w.])\(?(\d{{1,2}}|[A-Za-z])\s?[.):=\-\]]\s?({_WORD}[.,!?]?)|(?<![\w.])(\d{{1,2}})({_WORD}[.,!?]?)|({_WORD}[.,!?]?)\s?[(\[=:#/_]?(\d{{1,2}})(?![\d:.])[)\]]?"
)
_MAX_IN_LINE = 3
"""Words of a line in the mean from which a sentence does not stand in one line."""
_SIGNS = ".,;:!?"
_SENTENCE = re.compile(r"[^.!?\n]+")
_ENDS = ".!?"
_MAX_KEPT = 30
"""How often a text is as long as what is left out of it, at most."""
_LABEL = re.compile(rf"^\W{{0,4}}({_WORD})\W{{0,3}}[:=]", re.MULTILINE)
_BULLETIN_TAG = re.compile(r"\[/?[a-zA-Z*]{1,8}(?:=[^\]\s]{0,80})?\]")
_STRUCK = re.compile(r"~~[^~\n]{1,60}~~|\S{1,20}(?:\^H){1,20}|^-[^-\n][^\n]{0,80}\n(?=\+)|^\+(?=[^+\n])", re.MULTILINE)
"""Words that somebody struck out, with what shows that."""


def picked_words(text: str) -> list[str]:
    """What some words of a text say by themselves, and all of them in another order."""
    text = text[:_MAX_LENGTH].translate(_RAISED)
    words = text.split()[:_MAX_WORDS]
    if len(words) < _MIN_WORDS:
        return []
    plain = plain_words(words)
    marks = sum(map(text.count, _MARKS)) + text.count(" '") + (0 if text.isascii() else len(_PICTURE.findall(text)))
    has_marks = marks >= max(_MIN_WORDS, len(text) // _MAX_BETWEEN_MARKS)
    whole = evidence(plain) / (len(plain) - 1)
    said = [
        " ".join(words[first::step])
        for step in range(2, min(_MAX_STEP, len(words) // _MIN_WORDS) + 1)
        for first in range(step)
        if is_natural(plain[first::step], whole, EVIDENCE + _OF_CHOICE)
    ]
    ways = [
        *(_marked(text) if has_marks else ()),
        *_in_capitals(text),
        *_of_lines(text),
        *_without_fillers(words, plain),
    ]
    said += [" ".join(way) for way in ways if is_natural(plain_words(way), whole)]
    said += [" ".join([words[at] for at in order]) for order in _in_other_order(text, words[:_MAX_REORDERED], plain)]
    said += [" ".join(way) for way in _by_numbers(text) if is_natural(plain_words(way), whole)]
    if "~~" in text or "^H" in text or "\n+" in text:
        said += _without(_STRUCK, text)
    if "[/" in text:
        said += _without(_BULLETIN_TAG, text)
    return list(dict.fromkeys(filter(is_sentence, said)))


def _without(pattern: re.Pattern[str], text: str) -> Iterator[str]:
    """The text without what a pattern finds, if that is enough of it to matter and has letters."""
    found = pattern.findall(text)
    if any(map(str.isalpha, "".join(found))) and sum(map(len, found)) * _MAX_KEPT >= len(text):
        yield pattern.sub("", text)


def _marked(text: str) -> Iterator[list[str]]:
    """Words with marks around them or before them."""
    found = [next(filter(None, match.groups())) for match in _MARKED.finditer(text)]
    if len(found) >= _MIN_WORDS:
        yield found


def _in_capitals(text: str) -> Iterator[list[str]]:
    """Words in capitals among small ones."""
    capitals = _CAPITALS.findall(text)
    if _MIN_WORDS <= len(capitals) <= text.count(" ") // 2:
        yield capitals


def _of_lines(text: str) -> Iterator[list[str]]:
    """The first, second and last words of lines and sentences; the labels of lines; every second line."""
    lines = [line.split() for line in text.split("\n") if line.strip()]
    sentences = [sentence.split() for sentence in _SENTENCE.findall(text) if sentence.strip()]
    for groups in (lines, sentences) if len(lines) != len(sentences) else (lines,):
        if len(groups) >= _MIN_WORDS:
            for at in (0, 1, -1):
                yield [group[at].strip(_SIGNS) for group in groups if len(group) > (1 if at == 1 else 0)]
    if len(lines) >= _MIN_WORDS - 1 and sum(map(len, lines)) <= _MAX_IN_LINE * len(lines):
        for first in (0, 1):
            yield [word for line in lines[first::2] for word in line]
    if text.count(":") >= _MIN_WORDS:
        yield _LABEL.findall(text)


def _without_fillers(words: Sequence[str], plain: Sequence[str]) -> Iterator[list[str]]:
    """The words without one that stands between the others again and again."""
    filler, count = Counter(plain).most_common(1)[0]
    if count >= max(_MIN_BETWEEN, _MIN_SHARE_BETWEEN * len(words)):
        yield [word for word, bare in zip(words, plain, strict=True) if bare != filler]


def _in_other_order(text: str, words: Sequence[str], plain: Sequence[str]) -> Iterator[Sequence[int]]:
    """The places of words from the last one, if the words follow each other better than as they stand."""
    count, plain = len(words), plain[: len(words)]
    if evidence(plain) > 0:  # words in their own order follow each other, so there is no need to look
        return
    ends = [at + 1 for at, word in enumerate(words) if word[-1] in _ENDS]
    lengths = [len(line.split()) for line in text.split("\n", count)[:count]]
    lines = _ranges([end for end in accumulate(lengths) if end < count], count)
    orders: list[list[int]] = [
        list(range(count))[::-1],
        [at for sentence in _ranges(ends, count) for at in sentence[::-1]],
        [at for pair in _ranges(range(2, count, 2), count) for at in pair[::-1]],
    ]
    if len(lines) > 1:
        orders += [
            [at for number, line in enumerate(lines) for at in line[:: -1 if number % 2 == odd else 1]]
            for odd in (0, 1)
        ]
    for order in orders:
        if is_natural([plain[at] for at in order], least=EVIDENCE + _OF_CHOICE):
            yield order


def _ranges(ends: Sequence[int], count: int) -> list[range]:
    """The places between ends, up to the last one."""
    return [range(first, end) for first, end in pairwise((0, *ends, count)) if first < end]


def _by_numbers(text: str) -> Iterator[list[str]]:
    """Words in the order of the numbers or letters that stand at each of them, if there are some."""
    if len(_NUMBER.findall(text, 0, _MAX_TO_NUMBERS)) < _MIN_NUMBERS:
        return
    found: dict[int, str] = {}
    for first, word, second, joined, behind, third in _NUMBERED.findall(text):
        number = first or second or third
        at = int(number) if number.isdecimal() else ord(number.lower()) - ord("a")
        found.setdefault(at, word or joined or behind)
    if len(found) >= _MIN_WORDS:
        yield [found[number] for number in sorted(found)]
