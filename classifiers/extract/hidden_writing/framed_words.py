"""Words that stand alone on lines which are alike otherwise: subtitles, song lines, commands, rows of a listing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby, pairwise, zip_longest

from classifiers.extract.hidden_writing.codes import is_sentence
from classifiers.extract.hidden_writing.link_words import SPEAKING, SPEAKS
from classifiers.extract.hidden_writing.word_order import is_natural, plain_words, reads_down, sentences_down

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
_MAILBOX_LINE = "\n>From "
"""How a mailbox file writes a line that begins with "From"."""
_WIDE_GAP = re.compile(r"\s{2,}|\t")
_LETTER = re.compile(r"[^\W\d_]")
_CELL_EDGE = re.compile(r"\s*[|\t]\s*|\s{2,}")
_EDGES = " |*•>\t"
_MAX_CELLS, _MIN_ROWS, _MIN_CELLS = 8, 3, 10
"""Cells of a row, rows, and cells of a table that may be read down its columns."""
_MAX_TABLE = 1_000
_SHORT_ROWS = re.compile(r"(?:^[^\n]{1,60}(?:\n|\Z)){3,}+", re.MULTILINE)
"""Rows of a table whose cells are a word or two."""
_MAX_TABLES = 3_000
"""Characters of a text in which tables of words are looked for."""
_MIN_SPEAKING = 2
"""Words that speak of somebody in such a table."""
_MIN_BOXES = 20
"""Edges of boxes with a letter in each."""
_COMMAND = re.compile(r"\\[a-zA-Z]{2,20}\*?\{([^{}\\\n]{1,200})\}")


_BOX_EDGE = re.compile(r"[|│┃║]")
_BOX_SIGNS = " ()[]<>/\\"


def words_in_frames(text: str) -> list[str]:
    """What the differing parts of similar lines say together, as far as they are sentences."""
    found: list[str] = []
    if len(edges := _BOX_EDGE.findall(text)) >= _MIN_BOXES:
        found.append(_boxed_letters(text, edges[0]))
    if text.count("\n") >= _MIN_LINES - 1:
        lines = [line for found_line in text.split("\n")[:_MAX_LINES] if (line := found_line.strip())]
        sizes = "".join(["s" if len(line) <= _SHORT_WITH_NUMBERS else "l" for line in lines])
        if "s" * _MIN_LINES in sizes:
            found += map(_short_lines, _runs(_without_repeated(lines), _kind_of_short))
            found += _columns(lines)
        first = "".join([line[0] for line in lines])
        if _ALIKE.search(first.translate(_ANY_DIGIT)):
            found += map(_between_frames, _runs(lines, _kind_of_framed))
    if text.count("\n") >= _MIN_ROWS - 1:
        found += _down_columns(text)
    if text.count(_MAILBOX_LINE) >= _MIN_LINES:
        found.append(text.replace(_MAILBOX_LINE, "\n"))
    if text.count("\\") >= _MIN_LINES and _COMMAND.search(text):
        found.append(_COMMAND.sub(r"\1", text[: _MAX_LINES * _LONG]))
    return [words for words in dict.fromkeys(found) if words and SPEAKS.search(words.lower()) and is_sentence(words)]


def _boxed_letters(text: str, edge: str) -> str:
    """The letters of the lines that are boxes with a letter or sign in each: a word a line."""
    words = []
    for line in text.split("\n")[:_MAX_LINES]:
        cells = [cell.strip(_BOX_SIGNS) for cell in line.strip(_BOX_SIGNS + edge).split(edge)]
        if max(map(len, cells)) == 1 and (edge in line or cells[0].isalpha()):
            words.append("".join([cell or " " for cell in cells]))
    return " ".join(words)


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


def _down_columns(text: str) -> Iterator[str]:
    """What tables say whose rows have the same number of words or cells, read down all columns, or one of them."""
    for block in _SHORT_ROWS.finditer(text, 0, _MAX_TABLES):
        words = block[0].lower().replace("|", " ").split()
        if len(words) >= _MIN_CELLS and sum(word in SPEAKING for word in words) >= _MIN_SPEAKING:
            yield from _down_block([line.strip(_EDGES) for line in block[0].split("\n")])


def _down_block(rows: Sequence[str]) -> Iterator[str]:
    has_cells = any("|" in row or "\t" in row or "  " in row for row in rows)
    for split in (str.split, _CELL_EDGE.split) if has_cells else (str.split,):
        for table in _tables([split(row) if row else [] for row in rows]):
            if split is not str.split:
                cells = ((row, column, cell) for row, cells in enumerate(table) for column, cell in enumerate(cells))
                yield from sentences_down(cells)
            across = " ".join([cell for row in table for cell in row]).split()
            if not _MIN_CELLS <= len(across) <= _MAX_TABLE:
                continue
            columns = [" ".join(column).split() for column in zip_longest(*table, fillvalue="")]
            down = [word for column in columns for word in column]
            if reads_down(down, across, is_prose=True):
                yield " ".join(down)
            yield from (" ".join(column) for column in columns if is_natural(plain_words(column)))


def _tables(rows: Sequence[list[str]]) -> Iterator[list[list[str]]]:
    """Rows of the same number of words or cells, with those below them where the last column has ended."""
    runs = [(width, list(run)) for width, run in groupby(rows, len)]
    for (width, table), (following, rest) in pairwise([*runs, (0, [])]):
        if not 1 < width <= _MAX_CELLS:
            continue
        if following == width - 1:
            table += rest if following > 1 else rest[:1]
        if len(table) >= _MIN_ROWS:
            yield table
