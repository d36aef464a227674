"""Words of a text in another order: backwards, or by the numbers, dates, times or ordinals at each of them.

A person wrote these numbers for a reader, one at each word, so a few words are enough. Those that a program put around
the words of a file are many, and which of them counts is not known: see `classifiers.extract.readers.orders.numbered`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise

from classifiers.extract.hidden_writing.word_order import is_natural
from classifiers.normalize.word_pairs import EVIDENCE, evidence

_MIN_WORDS, _MAX_WORDS, _MAX_IN_LINE = 5, 80, 3
"""Words that are put in another order, and those of a line that is."""
_OF_CHOICE = 4.0
"""Further bits of evidence for one of many orders: some are like a sentence by chance."""
_ENDS = ".!?"
_WORD = r"[^\W\d_]{1,30}+(?:['’][^\W\d_]{1,12}+){0,2}+"
_BEGINNING, _MIN_NUMBERS = 500, 5
"""Characters at the beginning of a text that has words with numbers, and how many of them are there at least."""
_NUMBER = re.compile(r"[\d(][.):=\-\]]? ?[^\W\d_]{2}|(?<![^\W_])[A-Za-z][.):=] ?[^\W\d_]{2}|[^\W\d_]\(?\d")
_NUMBERED = re.compile(
    rf"(?<![\w.])\(?(\d{{1,2}}|[A-Za-z])\s?[.):=\-\]]\s?({_WORD}[.,!?]?)|(?<![\w.])(\d{{1,2}})({_WORD}[.,!?]?)|({_WORD}[.,!?]?)\s?[(\[=:#/_]?(\d{{1,2}})(?![\d:.])[)\]]?"
)
_DIGITS = re.compile(r"\d+")
_KEY = re.compile(r"\W{0,4}((?:\d{1,4}[-/.:, ]{0,2}){1,6})(?:st|nd|rd|th|[ap]\.?m\.?)?\W{1,4}(.{1,60})", re.IGNORECASE)
_CIRCLED = re.compile(r"([\u2460-\u2487\u2776-\u277f\u24b6-\u24e9])\ufe0f?\s?([^\s\u2460-\u24ff\u2776-\u277f]{1,30})")
_ORDINALS = {
    word: number
    for words in (
        "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
        "fifteenth sixteenth seventeenth eighteenth nineteenth twentieth",
        "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
        "eighteen nineteen twenty",
        "primero segundo tercero cuarto quinto sexto séptimo octavo noveno décimo undécimo duodécimo",
        "uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete "
        "dieciocho diecinueve veinte",
    )
    for number, word in enumerate(words.split(), 1)
}
_NAMED_KEY = re.compile(r"\W{0,4}([^\W\d_]{3,12})\W{1,4}(.{1,60})")

Words = Sequence[str]


def words_backwards(lines: Sequence[str], words: Words, plain: Words) -> Iterator[list[str]]:
    """Words from the last one, in the text or in its sentences, lines or pairs, if they are a sentence then."""
    words, plain = words[:_MAX_WORDS], plain[:_MAX_WORDS]
    if evidence(plain) > 0:  # words that follow each other in their own order are in no other one
        return
    for order in _backwards(lines, words):
        if is_natural([plain[at] for at in order], least=EVIDENCE + _OF_CHOICE):
            yield [words[at] for at in order]


def _backwards(lines: Sequence[str], words: Words) -> Iterator[Sequence[int]]:
    """The places of words from the last one, in the text, each sentence, each pair, and every second line."""
    count = len(words)
    ends = [at + 1 for at, word in enumerate(words) if word[-1] in _ENDS]
    of_lines = _ranges([end for end in accumulate(len(line.split()) for line in lines[:count]) if end < count], count)
    yield range(count)[::-1]
    yield [at for sentence in _ranges(ends, count) for at in sentence[::-1]]
    yield [at for pair in _ranges(range(2, count, 2), count) for at in pair[::-1]]
    if len(of_lines) > 1:
        for odd in (0, 1):
            yield [at for number, line in enumerate(of_lines) for at in line[:: -1 if number % 2 == odd else 1]]


def _ranges(ends: Sequence[int], count: int) -> list[range]:
    """The places between ends, up to the last one."""
    return [range(first, end) for first, end in pairwise((0, *ends, count)) if first < end]


# Words with keys


def words_by_keys(lines: Sequence[str], text: str) -> Iterator[list[str]]:
    """Words in the order of the numbers, letters, dates, times or ordinals that stand at each of them."""
    if len(_NUMBER.findall(text, 0, _BEGINNING)) >= _MIN_NUMBERS:
        found: dict[int, str] = {}
        for first, word, second, joined, behind, third in _NUMBERED.findall(text):
            number = first or second or third
            at = int(number) if number.isdecimal() else ord(number.lower()) - ord("a")
            found.setdefault(at, word or joined or behind)
        if len(found) >= _MIN_WORDS:
            yield [found[number] for number in sorted(found)]
    for keyed in (_by_numbers(lines), _by_names(lines)):
        if len(keyed) >= _MIN_WORDS and keyed != sorted(keyed):
            yield [word for _, words in sorted(keyed) for word in words]
    if not text.isascii():
        circled = [(unicodedata.numeric(sign, ord(sign)), word) for sign, word in _CIRCLED.findall(text)]
        if len(circled) >= _MIN_WORDS:
            yield [word for _, word in sorted(circled)]


def _by_numbers(lines: Sequence[str]) -> list[tuple[list[int], list[str]]]:
    found = (_KEY.fullmatch(line.strip()) for line in lines)
    keyed = (([int(number) for number in _DIGITS.findall(match[1])], match[2].split()) for match in found if match)
    return [(key, words) for key, words in keyed if len(words) <= _MAX_IN_LINE]


def _by_names(lines: Sequence[str]) -> list[tuple[list[int], list[str]]]:
    found = (_NAMED_KEY.fullmatch(line.strip()) for line in lines)
    keyed = (([_ORDINALS.get(match[1].lower(), 0)], match[2].split()) for match in found if match)
    return [(key, words) for key, words in keyed if key[0] and len(words) <= _MAX_IN_LINE]
