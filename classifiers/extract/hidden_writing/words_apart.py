"""Words of a text that are a sentence of their own because the same thing sets them apart from the words around them.

Which signs do so is anybody's choice, so none is listed: the words behind the same signs, those before the same signs,
those that are written in the same odd way, and those of short lines among long ones are looked at. So are the words
down a diagonal, and lines of a word or two in the order of the dates, times or ordinals before them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from classifiers.extract.hidden_writing.word_order import is_natural, plain_words
from classifiers.normalize.plain_letters import plain_letters
from classifiers.normalize.word_pairs import EVIDENCE, evidence

_MAX_LENGTH, _MIN_WORDS = 6_000, 5
"""Characters of a text that are looked at, and words that are a sentence."""
_OF_CHOICE = 4.0
"""Further bits of evidence for one of many groups of words: some are like a sentence by chance."""
_MAX_SHARE = 0.67
"""The share of the words of a text that one thing sets apart from the others."""
_MAX_SIGNS = 12
"""Characters between two words that are a sign of something."""
_LETTER = r"[^\W\d_][\u0300-\u036f\u20d0-\u20f0]{0,3}"
_WORD = re.compile(rf"(?!(?<![^\W\d_])[A-Za-z]\))(?:{_LETTER}){{1,30}}+(?:['’](?:{_LETTER}){{1,12}}+){{0,2}}+")
_APART, _TWICE = "\ue000", "\ue001"
"""What stands before words whose letters are apart, and before those whose letters are twice."""
_LETTERS_APART = re.compile(
    r"(?<![^\W\d_])(?<![^\W\d_][-.·*_~])[^\W\d_]([-.·*_~ ])[^\W\d_](?![^\W\d_])(?:\1[^\W\d_](?![^\W\d_])){0,20}+"
)
_LETTERS_TWICE = re.compile(r"(?<![^\W\d_])(?:([^\W\d_])\1){2,20}+(?![^\W\d_])")
_SENTENCE_SIGNS = str.maketrans("", "", ".,!?;:…")
_DIGITS = re.compile(r"\d+")
_PLAIN_GAP = " "
_SHORT_LINE, _LONG_LINE, _MIN_LONG = 3, 5, 4
"""Words of a line among others, of one of the others, and how many of these there are at least."""
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


def words_apart(text: str) -> list[str]:
    """What the words say that the same thing sets apart from the others, or that have an order of their own."""
    text = text[:_MAX_LENGTH]
    lines = [line for line in text.split("\n") if line.strip()]
    words = plain_words(text.split())
    if len(words) < _MIN_WORDS:
        return []
    whole = evidence(words) / (len(words) - 1)
    ways = (*_between_signs(text), *_of_short_lines(lines), *_diagonals(lines), *_in_order(lines, text))
    return list(
        dict.fromkeys(" ".join(way) for way in ways if is_natural(plain_words(way), whole, EVIDENCE + _OF_CHOICE))
    )


# Words that something sets apart


def _between_signs(text: str) -> Iterator[list[str]]:
    """The words behind each kind of signs, and those before each."""
    text = _LETTERS_APART.sub(lambda found: _APART + found[0].replace(found[1], ""), text)
    text = _LETTERS_TWICE.sub(lambda found: _TWICE + found[0][::2], text)
    found = [(match.start(), match.end()) for match in _WORD.finditer(text)]
    if len(found) < _MIN_WORDS:
        return
    groups: dict[tuple[str, str], list[str]] = {}
    end = 0
    before = ""
    for number, (start, stop) in enumerate(found):
        word = text[start:stop]
        gap = text[end:start]
        if gap != _PLAIN_GAP and len(gap) <= _MAX_SIGNS:
            kind = _kind(gap)
            if number:
                groups.setdefault(("before", kind), []).append(before)
            groups.setdefault(("behind", kind), []).append(plain_letters(word))
        before = word if word.isascii() else plain_letters(word)
        if before is not word and _is_odd(word):
            groups.setdefault(("letters", ""), []).append(before)
        end = stop
    most = _MAX_SHARE * len(found)
    for (_, kind), words in groups.items():
        if len(words) >= _MIN_WORDS and (len(words) <= most or kind.translate(_SENTENCE_SIGNS).strip()):
            yield words


def _kind(gap: str) -> str:
    """The signs between two words, without those of a sentence if there are others, and whatever numbers say."""
    bare = gap.translate(_SENTENCE_SIGNS)
    signs = bare if bare.strip() or (bare.isspace() and set(bare) != {" "} and not set(bare) <= set("\r\n ")) else gap
    return " ".join(_DIGITS.sub("0", signs).split(" ")) if signs.strip(" ") else signs


def _is_odd(word: str) -> bool:
    """Whether a word has letters that words of European languages do not have: of another alphabet, or with marks."""
    return any(letter > "\u024f" and letter != "’" for letter in word)


def _of_short_lines(lines: Sequence[str]) -> Iterator[list[str]]:
    """The words of short lines that stand among longer ones, as headings do."""
    split = [line.split() for line in lines]
    short = [words for words in split if len(words) <= _SHORT_LINE]
    if sum(len(words) >= _LONG_LINE for words in split) >= _MIN_LONG and len(short) >= _MIN_LONG:
        yield [word for words in short for word in words]


# Words in an order


def _diagonals(lines: Sequence[str]) -> Iterator[list[str]]:
    """The first word of the first line, the second one of the second, and so on, from the left or the right."""
    split = [line.split() for line in lines]
    width = min(map(len, split), default=0)
    if len(split) < _MIN_WORDS or width < 2:
        return
    for words in (split, [line[::-1] for line in split]):
        yield from ([line[at % period] for at, line in enumerate(words)] for period in (width, width - 1) if period > 1)
        if any(len(line) != width for line in split):
            yield [line[min(at, len(line) - 1)] for at, line in enumerate(words)]


def _in_order(lines: Sequence[str], text: str) -> Iterator[list[str]]:
    """Short lines in the order of dates, times or ordinals before them; words in the order of signs with numbers."""
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
    return [(key, words) for key, words in keyed if len(words) <= _SHORT_LINE]


def _by_names(lines: Sequence[str]) -> list[tuple[list[int], list[str]]]:
    found = (_NAMED_KEY.fullmatch(line.strip()) for line in lines)
    keyed = (([_ORDINALS.get(match[1].lower(), 0)], match[2].split()) for match in found if match)
    return [(key, words) for key, words in keyed if key[0] and len(words) <= _SHORT_LINE]
