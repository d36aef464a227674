"""Words that stand alone on lines which are alike otherwise: subtitles, song lines, commands, rows of a listing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby, pairwise, zip_longest

from classifiers.extract.hidden_writing.codes import is_sentence
from classifiers.extract.hidden_writing.link_words import SPEAKING, SPEAKS
from classifiers.extract.hidden_writing.word_order import reads_down, sentences_down
from gateway.core.mime.page.spelled_words import spells_words

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
_MIN_ACROSTIC, _MAX_ACROSTIC, _MAX_CAPITALS = 100, 500, 10_000
"""Characters of a text whose words may begin with the letters of other words, or that may have them in capitals."""
_CAPITAL = re.compile(r"[A-ZÁÉÍÓÚÑ]")
_INNER_CAPITALS = re.compile(r"[a-z][A-Z][a-z ]{1,12}[a-z][A-Z]")
_MAILBOX_LINE = "\n>From "
"""How a mailbox file writes a line that begins with "From"."""
_WIDE_GAP = re.compile(r"\s{2,}|\t")
_LETTER = re.compile(r"[^\W\d_]")
_CELL_EDGE = re.compile(r"\s*[|\t]\s*|\s{2,}")
_EDGES = " |*•>\t"
_MAX_CELLS, _MIN_ROWS, _MIN_CELLS = 8, 3, 10
"""Cells of a row, rows, and cells of a table that may be read down its columns."""
_MIN_NATURAL, _NATURAL_SHARE = 5, 0.55
"""Pairs of words that follow each other in a language, in number and share, from which words are a sentence."""
_SMALL = (
    "i|you|we|he|she|they|it|me|us|him|her|them|my|your|our|his|their|the|a|an|and|or|but|so|if|when|because|to|of|in|"
    "on|at|for|with|from|by|am|is|are|was|were|be|do|not|no|yo|tu|el|ella|la|los|las|un|una|y|o|pero|que|de|en|con|por|"
    "para|mi|su|te|se|le|lo|es|si"
)
_OTHER = rf"(?!(?:{_SMALL})\b)\w{{3,}}"
_PEOPLE = "me|you|us|him|her|them|anybody|anyone|nobody|everybody|someone"
_OWN = "my|your|our|his|her|their"
_PAIRS = (
    (f"{_OWN}|the|a|an|this|that|every|each|some|mi|tu|su|nuestr[oa]|el|la|los|las|una?|est[ae]|cada|tod[oa]s", _OTHER),
    ("le|te|se|lo|no|me|nos", _OTHER), (_OTHER, f"{_PEOPLE}|noches?|mensaje|miedo"),
    (
        "i|you|we|he|she|they|it",
        "am|are|is|was|were|have|has|had|want|need|know|love|feel|felt|think|like|will|can|could|would|should|do|does|"
        "did|don't|didn't|can't|won't|miss|see|saw|go|come|hits?|hurts?|touche[sd]|said|told|hate|hope",
    ),
    ("am|are|is|was|were|be|feel|so|very|too|not", "scared|afraid|alone|sorry|sad|hurt|home|here|going|so|not|too"),
    (
        "to|don't|not|never|please|can|will|must|let|could|and",
        "go|come|meet|tell|see|be|talk|delete|send|keep|bring|call|help|stay|say|show|get|do|make|take|give|leave|die|"
        "sleep|run",
    ),
    (
        "to|with|for|at|from|by|of|in|on|about|before|after|near|behind",
        f"{_PEOPLE}|{_OWN}|the|a|this|school|home|night|class|practice|work|it",
    ),
    ("go|come|came|going|stay|alone|back|over", "home|to|with|alone|back|over|and|at|after|tonight|in"),
    ("and|but|because|when|so|if|that", "i|you|we|he|she|it|they|my|your|the|don't|me|then|nobody"),
    (_PEOPLE, "alone|tonight|at|to|in|and|after|every|when|so|home|please|now|today|later|about|if|what|how"),
    ("a|de|en|con|por|para", "mi|tu|la|el|mí|casa|nadie|solas|verme|volver|las|los|es[at]a|est[ae]|favor|que"),
    ("tell|meet|help|delete|send|show|call|see|bring|keep|ask|erase|read", f"{_OWN}|the|this|that|it|everything"),
    ("do|did|does|please|so", "not|don't|please"), ("tonight|home|today|school|later|tomorrow", "and|at|after|because"),
    ("tengo|quiero|tienes?|voy|ven", "miedo|que|a|verte|ganas"),
)  # fmt: skip
_NATURAL = re.compile("|".join(f"(?:{first}) (?:{second})" for first, second in _PAIRS))
"""Two words that often follow each other, in English and Spanish."""
_WORD_SIGNS = ".,;:!?¿¡()\"'-*"
_MIN_LINES_DOWN, _MAX_LINES_DOWN, _MAX_TABLE = 7, 40, 1_000
_SHORT_ROWS = re.compile(r"(?:^[^\n]{1,60}(?:\n|\Z)){3,}+", re.MULTILINE)
"""Rows of a table whose cells are a word or two."""
_MAX_TABLES = 3_000
"""Characters of a text in which tables of words are looked for."""
_MIN_SPEAKING, _MAX_SILENT = 2, 8
"""Words that speak of somebody, and words for each of them at most."""
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
        found += _down_lines(lines)
    if text.count("\n") >= _MIN_ROWS - 1:
        found += _down_columns(text)
    if text.count(_MAILBOX_LINE) >= _MIN_LINES:
        found.append(text.replace(_MAILBOX_LINE, "\n"))
    if text.count("\\") >= _MIN_LINES and _COMMAND.search(text):
        found.append(_COMMAND.sub(r"\1", text[: _MAX_LINES * _LONG]))
    said = [words for words in dict.fromkeys(found) if words and SPEAKS.search(words.lower()) and is_sentence(words)]
    if len(text) >= _MIN_ACROSTIC:
        said += filter(spells_words, (first, _first_letters(text), _capitals(text)))
    return said


def _first_letters(text: str) -> str:
    """The first letters of the words of a short text."""
    return "".join([word[0] for word in text.split()]) if len(text) <= _MAX_ACROSTIC else ""


def _capitals(text: str) -> str:
    """The capital letters of a text that has them inside words."""
    return "".join(_CAPITAL.findall(text[:_MAX_CAPITALS])) if _INNER_CAPITALS.search(text, 0, _LONG) else ""


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


def _speak(words: Sequence[str]) -> bool:
    """Whether enough words speak of somebody; this is quick."""
    count = sum(word in SPEAKING for word in words)
    return count >= _MIN_SPEAKING and count * _MAX_SILENT >= len(words)


def _natural_pairs(words: Sequence[str]) -> int:
    """How many words follow each other as in a language."""
    return sum(_NATURAL.fullmatch(f"{first} {second}") is not None for first, second in pairwise(words))


def _is_natural(words: Sequence[str], more_than: int = 0) -> bool:
    """Whether words in a row are a sentence, and more of one than in another order."""
    natural = _natural_pairs(words)
    return natural >= _MIN_NATURAL and natural > more_than and natural >= _NATURAL_SHARE * (len(words) - 1)


def _plain(words: Sequence[str]) -> list[str]:
    return [word.strip(_WORD_SIGNS).lower().replace("\u2019", "'") for word in words]


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
            across = _plain(" ".join([cell for row in table for cell in row]).split())
            if not _MIN_CELLS <= len(across) <= _MAX_TABLE:
                continue
            columns = [" ".join(column).split() for column in zip_longest(*table, fillvalue="")]
            down = [word for column in columns for word in column]
            does_speak = _speak(across)
            if reads_down(down, across, is_prose=True) or (
                does_speak and _is_natural(_plain(down), _natural_pairs(across))
            ):
                yield " ".join(down)
            for column in columns if does_speak else ():
                if len(column) >= _MIN_CELLS and _is_natural(_plain(column)):
                    yield " ".join(column)


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


def _down_lines(lines: Sequence[str]) -> Iterator[str]:
    """The first and the last words of lines, as far as they are a sentence."""
    if not _MIN_LINES_DOWN <= len(lines) <= _MAX_LINES_DOWN:
        return
    for down in ([line.partition(" ")[0] for line in lines], [line.rpartition(" ")[2] for line in lines]):
        words = " ".join(down).lower().split()
        if _speak(words) and _is_natural(_plain(words)):
            yield " ".join(down)
