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
_SPELLED = re.compile(
    "a(?:lone|nybody|yuda)|borra|casa|d(?:elete|igas)|esta|h(?:elp|ome|its|urt|ave)|love|m(?:eet|ensaje|essage|iedo)|"
    "n(?:adie|oche|ight)|please|quiero|s(?:cared|ecret|end|olas)|t(?:ell|engo|his|hat|odas|onight)|verme|w(?:ant|ith)|your"
)
_MIN_SPELLED, _MIN_SPELLED_WORDS = 16, 3
"""Letters that stand apart, and how many words of a secret or a call for help they spell."""
_MIN_ACROSTIC, _MAX_ACROSTIC, _MAX_CAPITALS = 100, 500, 10_000
"""Characters of a text whose words may begin with the letters of other words, or that may have them in capitals."""
_CAPITAL = re.compile(r"[A-ZÁÉÍÓÚÑ]")
_INNER_CAPITALS = re.compile(r"[a-z][A-Z][a-z ]{1,12}[a-z][A-Z]")
_MAILBOX_LINE = "\n>From "
"""How a mailbox file writes a line that begins with "From"."""
_WIDE_GAP = re.compile(r"\s{2,}|\t")
_LETTER = re.compile(r"[^\W\d_]")
_COMMAND = re.compile(r"\\[a-zA-Z]{2,20}\*?\{([^{}\\\n]{1,200})\}")


def words_in_frames(text: str) -> list[str]:
    """What the differing parts of similar lines say together, as far as they are sentences."""
    found: list[str] = []
    first = ""
    if text.count("\n") >= _MIN_LINES - 1:
        lines = [line for found_line in text.split("\n")[:_MAX_LINES] if (line := found_line.strip())]
        sizes = "".join(["s" if len(line) <= _SHORT_WITH_NUMBERS else "l" for line in lines])
        if "s" * _MIN_LINES in sizes:
            found += map(_short_lines, _runs(_without_repeated(lines), _kind_of_short))
            found += _columns(lines)
        first = "".join([line[0] for line in lines])
        if _ALIKE.search(first.translate(_ANY_DIGIT)):
            found += map(_between_frames, _runs(lines, _kind_of_framed))
    if text.count(_MAILBOX_LINE) >= _MIN_LINES:
        found.append(text.replace(_MAILBOX_LINE, "\n"))
    if text.count("\\") >= _MIN_LINES and _COMMAND.search(text):
        found.append(_COMMAND.sub(r"\1", text[: _MAX_LINES * _LONG]))
    said = [words for words in dict.fromkeys(found) if words and SPEAKS.search(words.lower()) and is_sentence(words)]
    if len(text) >= _MIN_ACROSTIC:
        said += filter(_spells_words, (first, _first_letters(text), _capitals(text)))
    return said


def _first_letters(text: str) -> str:
    """The first letters of the words of a short text."""
    return "".join([word[0] for word in text.split()]) if len(text) <= _MAX_ACROSTIC else ""


def _capitals(text: str) -> str:
    """The capital letters of a text that has them inside words."""
    return "".join(_CAPITAL.findall(text[:_MAX_CAPITALS])) if _INNER_CAPITALS.search(text, 0, _LONG) else ""


def _spells_words(letters: str) -> bool:
    """Whether letters that stand apart spell several words together."""
    if len(letters) < _MIN_SPELLED or not letters.isalpha():
        return False
    return len(set(_SPELLED.findall(letters.lower()))) >= _MIN_SPELLED_WORDS


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


def _columns(lines: Sequence[str]) -> Iterator[str]:
    """The words of each column, if lines are a word or two beside each other, with wide gaps."""
    rows = [_WIDE_GAP.split(line) if "  " in line or "\t" in line else [] for line in lines]
    for width, run in groupby(rows, len):
        cells = list(run) if width > 1 else []
        if len(cells) >= _MIN_LINES:
            yield from (
                " ".join(column)
                for column in zip(*cells, strict=True)
                if max(cell.count(" ") for cell in column) < _MAX_WORDS
            )


def _common_start(texts: Sequence[str]) -> str:
    first, last = min(texts), max(texts)
    size = next((at for at, letter in enumerate(first) if last[at : at + 1] != letter), len(first))
    while size and first[size - 1].isalpha():  # letters of the words themselves
        size -= 1
    return first[:size]
