"""Records of a word or two that a program shows in the order of a number: a place, a time, a rank.

What a number means is not asked. Each number that stands near all the words is tried, by itself, as a line or column
with the number beside it, and as the first of several that are a time. A file is only read in another order if that is
more of a sentence.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from html import unescape
from itertools import chain, islice, pairwise, zip_longest
from operator import itemgetter

from classifiers.extract.hidden_writing.link_words import SPEAKING
from classifiers.extract.hidden_writing.word_order import in_rows_and_columns, plain_words, reads_down
from classifiers.extract.readers.html_files import unescape_script
from classifiers.normalize.word_pairs import EVIDENCE, evidence
from gateway.core.mime.spelling.spelled_words import spells_words

_TOKEN = re.compile(r"(-?\d{1,15}(?:\.\d{1,15})?)|([^\W\d_]+(?:['’][^\W\d_]+)*)")
_NUMBER = re.compile(r"(?<![A-Za-z])\d+")
_MAX_SPARSE = 250
"""Characters of a text for each of its numbers, at most."""
_KEY = re.compile(r"</?[\w:.-]{1,60}|[\w:.-]{1,60}(?==[\"'])|\"\w{1,40}\"(?= ?:)")
"""The name of an element, an attribute or a field."""
_MOVED = re.compile(r"\x1b\[([\d;]{1,12})[Hf]")
"""The code that moves the cursor of a terminal to a line and column."""
_MAX_TEXT = 60_000
_MIN_RECORDS, _MAX_RECORDS = 8, 400
_MIN_LETTERS = 16
_MAX_WORDS = 3
"""Words of a record that is no text of its own."""
_FRAME = 0.4
"""Of the records, the share that a word is in which belongs to their form."""
_FORMS = 3
"""How many counts of records are tried."""
_NEAR = 8
"""Numbers before and after the words of a record that are looked at."""
_MIN_OTHERS = 3
"""Records in which a number is not the usual one, if it tells an order."""
_TIMES = (3, 6)
"""Numbers of a time, and of a date with a time."""
_BEST, _MAX_SPELLED = 3, 8
"""Orders of words, and of letters, that are read."""
_NEARLY = 4.0
"""Bits of evidence for which the best order is no better than another one."""

_JOINTS = " \t.,!?'’-"
"""Signs between the words of one record."""
_WORDS = "words"
"""The mark for words of a record among what surrounds others."""

Order = tuple[int, ...]
"""The numbers of records, as they are read."""


def sentences_by_number(text: str) -> list[str]:
    """What the records of a text say in the order of a number."""
    text = text[:_MAX_TEXT]
    if len(text) > _MAX_SPARSE * len(_NUMBER.findall(text)):
        return []  # nearly always, and this is quick
    if "&" in text:
        text = unescape(text)
    if "\\u" in text:
        text = unescape_script(text)
    if "\x1b[" in text:
        text = _MOVED.sub(r" \1 ", text)
    bare = _KEY.sub("|", text)  # names of elements and fields may be letters of what the values spell
    return list(dict.fromkeys(chain(_sentences(text), _sentences(bare, only_letters=True) if bare != text else ())))


def _sentences(text: str, *, only_letters: bool = False) -> list[str]:
    """What the records of a plain text say, or only those of a letter each."""
    tokens = [token for token in _TOKEN.finditer(text) if token[1] or not _is_of_name(text, token)]
    numbers = sum(token[1] is not None for token in tokens)
    if numbers < _MIN_RECORDS or len(tokens) - numbers < _MIN_RECORDS:
        return []
    words = Counter(token[2] for token in tokens if token[2])
    letters_alone = sum(count for word, count in words.items() if len(word) == 1)
    if (only_letters or SPEAKING.isdisjoint(map(str.lower, words))) and letters_alone < _MIN_LETTERS:
        return []
    common = Counter(count for count in words.values() if count >= _MIN_RECORDS).most_common(_FORMS)
    found = (_said(_Records(tokens, text, words, records)) for records in (0, *(count for count, _ in common)))
    return list(dict.fromkeys(chain.from_iterable(found)))


class _Records:
    """The words of records that stand `count` times in a text (0: nothing repeats), and the numbers near them."""

    def __init__(self, tokens: Sequence[re.Match[str]], text: str, words: Counter[str], count: int) -> None:
        least = _FRAME * count if count else len(text)
        self.numbers: list[float] = []
        found: list[list[str]] = []
        places: list[int] = []
        forms: list[str] = ["", ""]
        """What follows each other: numbers, words of the form, words of records."""
        at: list[int] = []
        end = 0
        for token in tokens:
            word, begin, end_before = token[2], token.start(), end
            end = token.end()
            if word is None:
                self.numbers.append(float(token[1]))
                forms.append("#")
            elif words[word] >= least:
                forms.append(word)
            else:
                if forms[-1] != _WORDS or text[end_before:begin].strip(_JOINTS):
                    found.append([])
                    places.append(len(self.numbers))
                    at.append(len(forms))
                    forms.append(_WORDS)
                found[-1].append(word)
        kept = _alike([(*forms[place - 2 : place], *forms[place + 1 : place + 3]) for place in at])
        kept = [number for number in kept if len(found[number]) <= _MAX_WORDS]
        self.words = [found[number] for number in kept]
        self._places = [places[number] for number in kept]

    def letter(self, at: int) -> str:
        """The letter that a record is; "" if it is a word."""
        word = self.words[at][0]
        return word if len(word) == 1 else ""

    def column(self, offset: int) -> list[float]:
        """The number at an offset from the words of each record."""
        last = len(self.numbers)
        at = (place + offset - (offset > 0) for place in self._places)
        return [self.numbers[number] if 0 <= number < last else 0.0 for number in at]


def _alike(surroundings: Sequence[tuple[str, ...]]) -> list[int]:
    """The numbers of the words around which the file has what it has around most of them."""
    if not surroundings:
        return []
    usual = Counter(surroundings).most_common(1)[0][0]
    return [number for number, around in enumerate(surroundings) if _is_like(around, usual)]


def _is_like(around: tuple[str, ...], usual: tuple[str, ...]) -> bool:
    """Whether words stand between the same things, but for one of them, or for the edges of the file."""
    pairs = list(zip_longest(around, usual, fillvalue=""))
    same = sum(here == there for here, there in pairs)
    return same >= len(usual) - 1 or (same > 1 and all(not here or here == there for here, there in pairs))


def _is_of_name(text: str, token: re.Match[str]) -> bool:
    """Whether letters are a part of a name or number, such as `n12` or `12px`."""
    before, after = text[token.start() - 1 : token.start()], text[token.end() : token.end() + 1]
    return before.isdigit() or before == "_" or after.isdigit() or after == "_"


def _said(records: _Records) -> list[str]:
    """What the records say in their best orders, if that is more of a sentence than the order of the file.

    The number of the record before or after, which is tried as well, gives almost the same order, but for one word.
    """
    count = len(records.words)
    if not _MIN_RECORDS <= count <= _MAX_RECORDS or len(records.numbers) < count // 2:
        return []
    if sum(len(words) == 1 and len(words[0]) == 1 for words in records.words) * 5 >= 4 * count:
        letters = ("".join(map(records.letter, order)) for order in _orders(records))
        return list(islice(filter(spells_words, letters), _MAX_SPELLED)) if count >= _MIN_LETTERS else []
    across = [word for words in records.words for word in words]
    inside = sum(evidence(plain_words(words)) for words in records.words)
    ways = ([word for at in order for word in records.words[at]] for order in _orders(records))
    scored = sorted(((evidence(plain_words(way)), way) for way in ways), key=itemgetter(0), reverse=True)[:_BEST]
    return [
        " ".join(way)
        for bits, way in scored
        if bits >= inside + EVIDENCE and bits > scored[0][0] - _NEARLY and reads_down(way, across)
    ]


def _orders(records: _Records) -> Iterator[Order]:
    """The orders of records by the numbers near them, each once, without that of the file."""
    count = len(records.words)
    seen = {tuple(range(count))}
    offsets = [*range(-_NEAR, 0), *range(1, _NEAR + 1)]
    columns = {offset: column for offset in offsets if _varies(column := records.column(offset))}
    for offset, (column, beside) in zip(columns, pairwise([*columns.values(), []]), strict=True):
        ways = [_sorted(column), _sorted([-value for value in column])]
        for first, second in ((column, beside), (beside, column)) if beside else ():
            ways += [_by_lines(first, second), _by_lines([-value for value in first], second)]
        for size in _TIMES:
            following = [columns[at] for at in range(offset, offset + size) if at in columns]
            ways.append(tuple(sorted(range(count), key=lambda at: [column[at] for column in following])))
        for way in ways:
            if way not in seen:
                seen.add(way)
                yield way


def _varies(column: Sequence[float]) -> bool:
    """Whether a number is another one in several records, not only in what stands before and after them."""
    return Counter(column).most_common(1)[0][1] <= len(column) - _MIN_OTHERS


def _sorted(column: Sequence[float]) -> Order:
    return tuple(sorted(range(len(column)), key=column.__getitem__))


def _by_lines(heights: Sequence[float], places: Sequence[float]) -> Order:
    """The order of things on lines that are read one after another; heights that are near each other are one line."""
    placed = [(height, place, "") for height, place in zip(heights, places, strict=True)]
    cells = in_rows_and_columns(placed)
    return tuple(sorted(range(len(cells)), key=lambda at: (cells[at][0], places[at])))
