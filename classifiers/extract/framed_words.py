"""Words that stand alone on lines which are alike otherwise: subtitles, song lines, commands, rows of a listing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

from classifiers.extract.codes import is_sentence
from classifiers.extract.link_words import SPEAKS

_MIN_LINES = 6
_MAX_LINES = 5_000
_SHORT, _SHORT_WITH_NUMBERS, _LONG = 24, 30, 120
"""Characters of a line that is a word or two, also among lines of numbers, and of a line with a frame around it."""
_ANY_DIGIT = str.maketrans("123456789", "0" * 9)
_ALIKE = re.compile(r"([^>])\1{5}", re.DOTALL)
"""First letters of lines that begin alike; quoted lines do so as well."""
_MIN_FRAME = 2
_MAX_WORDS = 2
_REPEATED = 5
_DIGITS = re.compile(r"\d+")
_LETTER = re.compile(r"[^\W\d_]")
_COMMAND = re.compile(r"\\[a-zA-Z]{2,20}\*?\{([^{}\\\n]{1,200})\}")


def words_in_frames(text: str) -> list[str]:
    """What the differing parts of similar lines say together, as far as they are sentences."""
    found: list[str] = []
    if text.count("\n") >= _MIN_LINES - 1:
        lines = [line for found_line in text.split("\n")[:_MAX_LINES] if (line := found_line.strip())]
        sizes = "".join(["s" if len(line) <= _SHORT_WITH_NUMBERS else "l" for line in lines])
        if "s" * _MIN_LINES in sizes:
            found += map(_short_lines, _runs(_without_repeated(lines), _kind_of_short))
        if _ALIKE.search("".join([line[0] for line in lines]).translate(_ANY_DIGIT)):
            found += map(_between_frames, _runs(lines, _kind_of_framed))
    if text.count("\\") >= _MIN_LINES and _COMMAND.search(text):
        found.append(_COMMAND.sub(r"\1", text[: _MAX_LINES * _LONG]))
    return [said for said in dict.fromkeys(found) if said and SPEAKS.search(said.lower()) and is_sentence(said)]


def _runs(lines: Sequence[str], kind_of: Callable[[str], str]) -> Iterator[list[str]]:
    """Lines in a row of the same kind; "" is none."""
    for kind, run in groupby(lines, kind_of):
        if kind and len(found := list(run)) >= _MIN_LINES:
            yield found


def _kind_of_short(line: str) -> str:
    return "short" if len(line) <= _SHORT else ""


def _kind_of_framed(line: str) -> str:
    return "" if len(line) > _LONG else line[0].translate(_ANY_DIGIT)


def _without_repeated(lines: Sequence[str]) -> list[str]:
    """Lines without numbers, and without those that many are like but for their numbers."""
    plain = [_DIGITS.sub("0", line) for line in lines]
    count = Counter(plain)
    least = max(_REPEATED, len(lines) // _REPEATED)
    return [line for line, form in zip(lines, plain, strict=True) if count[form] < least and _LETTER.search(line)]


def _short_lines(run: Sequence[str]) -> str:
    """Lines of a word or two."""
    words = [line for line in run if line.count(" ") < _MAX_WORDS]
    return " ".join(words) if len(words) >= _MIN_LINES and len(words) * 2 > len(run) else ""


def _between_frames(run: Sequence[str]) -> str:
    """The middles of lines that begin and end alike, whatever numbers they have."""
    plain = [_DIGITS.sub("0", line) for line in run]
    if len(set(plain)) < _MIN_LINES:
        return ""
    head = _common_start(plain)
    tail = _common_start([line[len(head) :][::-1] for line in plain])
    if len(head) + len(tail) < _MIN_FRAME:
        return ""
    words = [line[len(head) : len(line) - len(tail)].strip() for line in plain]
    return " ".join(words) if max(word.count(" ") for word in words) < _MAX_WORDS else ""


def _common_start(texts: Sequence[str]) -> str:
    first, last = min(texts), max(texts)
    size = next((at for at, letter in enumerate(first) if last[at : at + 1] != letter), len(first))
    while size and first[size - 1].isalpha():  # letters of the words themselves
        size -= 1
    return first[:size]
