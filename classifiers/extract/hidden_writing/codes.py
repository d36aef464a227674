"""Words in a code that anybody can decode: numbers, Morse, invisible characters, shifted letters, columns of letters.

Such a code says nothing to a model, but it may get scores all the same. It is blanked, and what it says is read
instead. What does not decode to words is left alone.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import zip_longest

from classifiers.extract.hidden_writing import number_codes, spelled_codes
from classifiers.extract.hidden_writing.code_runs import (
    DECODED_RUNS,
    GUESSED_RUNS,
    INVISIBLE_RUNS,
    Look,
    may_be_invisible,
)
from classifiers.extract.hidden_writing.other_letters.alphabets import SHIFTS, TABLES
from classifiers.normalize.plain_letters import plain_letters, possible_readings
from classifiers.normalize.word_pairs import EVIDENCE, evidence, words_with_pairs
from classifiers.normalize.word_segmentation import LEET
from gateway.core.mime.charsets.marks import without_marks
from gateway.core.mime.spelling.spelled_words import spells_words

MAX_CODED = 20_000
"""Characters of a text whose letters are compared with shifted ones."""
_MIN_WORDS, _MAX_KNOWN, _MIN_ASCII = 6, 0.6, 0.75
"""Words of a text that may be shifted letters, the share of them that are known at most, and that of ASCII at least."""
_MAX_SHARE, _SURE_SHARE, _BITS_OF_LANGUAGE = 0.12, 0.3, 4.0
"""The share of the commonest words that such a text has less than, or less than the other one if its words do not
follow each other, and the bits of evidence that it has less than.
"""
_BEGINNING, _OF_CHOICE, _BITS_OF_WORD = 240, 6.0, 1.0
"""Characters by which a reading is chosen, and bits of evidence beyond those of a sentence, because there are forty
others, and for each word.
"""
_BITS_TOGETHER = 16.0
"""Bits of evidence for letters without blanks beyond those of a text, because runs of numbers are many."""
_MIN_SAID = 12
"""Characters of what a run of numbers or signs says."""
_MIN_COMMON, _MIN_SHARE = 3, 0.2
"""The commonest words, in number and share, that a decoded text has at least."""
_COMMON = frozenset(
    "a about after all alone am an and any are at back be because but by can come day do don don't for from get go "
    "good has have he her him his home how i if im in is it its just know like me meet my night no not now of on "
    "one or our out please she so something tell that the then there they this time to tonight up us was we what "
    "when who will with would you your de la que el en y los no se las por un para con una su es me te mi tu lo "
    "si le nos noche todas todos tengo miedo casa favor ayuda nadie esta este estoy mensaje ven muy pero como cuando "
    "porque quiero puedo conmigo contigo mañana hoy nuestro nuestra sobre hasta donde más qué sé él mí tú está hay "
    "ella ellos ser son fue sin ya".split()
)
_MIN_LINES, _MAX_LINES, _MAX_ROW = 4, 60, 400
"""Lines of letters whose words run down, and the characters of one."""
_MAX_BESIDE, _MAX_CHANCE, _MAX_BY_CHANCE, _MAX_SINGLE = 40, 3, 2, 5
"""Characters of a line of words that stand side by side and run down, letters of a word that such a line has by
chance and of one that such a reading has, and words of which one may be a single letter.
"""
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_READ_WORD = re.compile(r"[^\W\d_]+(?:['\d]{1,9}[^\W\d_]+)*+")
Coded = tuple[str, Sequence[str]]
"""A text with blanks for codes, at the same offsets, and what they say."""
_MIN_ENDS, _LONGEST_LINE = 6, 100
"""Line ends that are written out, as in the source of a program, from which they are read as such, and the characters
of a text for each of them: others only quote a program.
"""
_NO_KEYCAPS = re.compile("\ufe0f?\u20e3")


def _coded_runs(text: str, may_be_in: Look, pattern: re.Pattern[str], decode: Callable[[str], str]) -> Coded:
    said: list[str] = []
    if not may_be_in(text):
        return text, said
    return pattern.sub(partial(_replaced, decode=decode, said=said), text), said


def _read_runs(text: str, may_be_in: Look, pattern: re.Pattern[str], read: Callable[[str], Iterator[str]]) -> Coded:
    return _coded_runs(text, may_be_in, pattern, partial(_first_of, read=read))


def _invisible(text: str) -> Coded:
    said: list[str] = []
    if may_be_invisible(text):
        for pattern, decode in INVISIBLE_RUNS:
            text, words = _coded_runs(text, bool, pattern, decode)
            said += words
    return text, said


def _terminal(text: str) -> Coded:
    return text, [spelled_codes.ESCAPES.sub("", text)] if "\x1b[" in text else []


def utf_7(text: str) -> Coded:
    """The whole text is in UTF-7 that nobody decoded."""
    said = spelled_codes.from_utf_7(text)
    return (" " * len(text), [said]) if said else (text, [])


def _escaped_ends(text: str) -> Coded:
    ends = text.count("\\n")
    if ends < _MIN_ENDS or ends * _LONGEST_LINE < len(text):
        return text, []
    return text, [text.replace("\\r", "").replace("\\n", "\n")]


def _keycaps(text: str) -> Coded:
    if "\u20e3" not in text or not (found := number_codes.RUN.search(_NO_KEYCAPS.sub("", text))):
        return text, []
    words = _first_of(found[0], number_codes.readings)
    return (" " * len(text), [words]) if words else (text, [])


def _nato(text: str) -> Coded:
    return _coded_runs(text, spelled_codes.may_be_nato, spelled_codes.NATO, spelled_codes.nato)


def letters_in_columns(text: str) -> Coded:
    """Blocks of letters whose words run down, each alone or side by side. All of them are read as one text."""
    lines = text.split("\n")
    for is_row, says in ((_is_of_letters, is_words), (_is_of_no_words, _says_words)):
        blocks = _blocks(lines, is_row)
        written = [lines[block.start : block.stop] for block in blocks]
        ways = (written, [part for block in written for part in _where_words_begin(block)]) if written else ()
        texts = [down for down in map(_down, ways) if len(down) >= _MIN_SAID and says(down)]
        if said := max(texts, key=lambda down: evidence(_words(down)), default=""):
            for at in (at for block in blocks for at in block):
                lines[at] = " " * len(lines[at])
            return "\n".join(lines), [said]
    return text, []


def _blocks(lines: Sequence[str], is_row: Callable[[str], bool]) -> list[range]:
    """Where several rows follow each other that have more than one letter."""
    blocks, start = [], 0
    for at in range(len(lines) + 1):
        if at == len(lines) or not is_row(lines[at]):
            if _MIN_LINES <= at - start <= _MAX_LINES and len("".join(lines[start].split())) > 1:
                blocks.append(range(start, at))
            start = at + 1
    return blocks


def _down(blocks: Sequence[Sequence[str]]) -> str:
    columns = ("".join(column) for block in blocks for column in zip_longest(*block, fillvalue=" "))
    return " ".join(" ".join(columns).split())


def _where_words_begin(block: Sequence[str]) -> Iterator[list[str]]:
    """Blocks that follow each other without an empty line: a letter stands where there is none above it."""
    part: list[str] = []
    for line in block:
        signs = zip_longest(line, part[-1] if part else line, fillvalue=" ")
        if any(not sign.isspace() and above.isspace() for sign, above in signs):
            yield part
            part = []
        part.append(line)
    yield part


def _is_of_letters(line: str) -> bool:
    """Whether a line has nothing but single letters and signs."""
    return len(line) <= _MAX_ROW and len(tokens := line.split()) > 0 and max(map(len, tokens)) == 1


def _is_of_no_words(line: str) -> bool:
    """Whether a short line has nothing that is a word of several letters."""
    if not 0 < len(line.rstrip()) <= _MAX_BESIDE:
        return False
    return words_with_pairs().keys().isdisjoint(word for word in _WORD.findall(line.lower()) if len(word) > _MAX_CHANCE)


def _says_words(text: str) -> bool:
    """Whether a reading says something in words of several letters. Rows of other things have short ones by chance."""
    words = _words(text)
    long = [word for word in words if len(word) > _MAX_BY_CHANCE]
    is_single = _MAX_SINGLE * sum(len(word) == 1 for word in words) > len(words)
    return not is_single and 2 * len(long) >= len(words) and _is_said(" ".join(long))


def _apart(text: str) -> Coded:
    """The whole text is letters with something between them."""
    letters = spelled_codes.apart(text, _is_said) if len(text) <= MAX_CODED else ""
    if not letters:
        return text, []
    plain, words = set(text.split()), letters.split()
    is_plain = 2 * sum(word in plain for word in words) > len(words)  # only some of it was apart
    return (text if is_plain else " " * len(text)), [letters]


def joined_pieces(text: str) -> Coded:
    """The whole text is pieces of words, or words, with the same signs between them."""
    readings = [*spelled_codes.joined_pieces(text)] if len(text) <= MAX_CODED else []
    weighed = ((_most_evidence(reading), -_numbers(reading), reading) for reading in readings)
    bits, _, joined = max(weighed, default=(0.0, 0, ""))
    if bits >= EVIDENCE and bits >= max(_evidence_as_read(text), 0.0) + EVIDENCE:
        return " " * len(text), [joined]
    runs_together = text.count(" ") * spelled_codes.MAX_RUN < len(text)  # digits among its letters are read as letters
    own = _only_letters(text.translate(LEET) if runs_together else text)
    if readings and not spells_words(own):
        readings = [letters for letters in map(_only_letters, readings) if spells_words(letters, _BITS_TOGETHER)]
        return text, readings[:1]
    return text, []


def _most_evidence(text: str) -> float:
    """The most bits of evidence for the words of a text as it stands, or of its beginning without a disguise."""
    return max(evidence(words) for words in (_words(text), *map(_WORD.findall, possible_readings(text))))


def _only_letters(text: str) -> str:
    return "".join(filter(str.isalpha, text))


def _evidence_as_read(text: str) -> float:
    """The most bits for the words as the normalizer may read them: a word with digits between its letters is one."""
    return max(map(evidence, map(_READ_WORD.findall, possible_readings(text))))


def _numbers(text: str) -> int:
    return sum(letter.isdecimal() or letter == "#" for letter in text)


def _moved_letters(text: str) -> Coded:
    if len(text) > MAX_CODED:
        return text, []
    if letters := _shifted(text):
        return " " * len(text) if _is_certain(letters) else text, [letters]  # names and rare words may seem shifted
    said: list[str] = []
    for part in spelled_codes.unlike_language(text):
        letters = _shifted(part) or spelled_codes.rot47(part)
        if letters and is_sentence(letters):
            said.append(letters)
            text = text.replace(part, " " * len(part))
    return text, said


def _cut_words(text: str) -> Coded:
    is_cut = len(text) <= MAX_CODED and ("-\n" in text or "-\r" in text)
    return text, list(filter(None, [spelled_codes.joined_lines(text)])) if is_cut else []


FINDERS: tuple[tuple[str, Callable[[str], Coded]], ...] = (
    *(
        (name, partial(_coded_runs, may_be_in=look, pattern=pattern, decode=decode))
        for name, look, pattern, decode in DECODED_RUNS
    ),
    ("invisible characters", _invisible),
    ("codes of a terminal", _terminal),
    ("line ends of a program", _escaped_ends),
    ("keys", _keycaps),
    *(
        (name, partial(_read_runs, may_be_in=look, pattern=pattern, read=read))
        for name, look, pattern, read in GUESSED_RUNS
    ),
    ("words of radio", _nato),
    ("letters apart", _apart),
    ("moved letters", _moved_letters),
    ("cut words", _cut_words),
)
"""The codes that are looked for, in order. Each finder reads the text as those before it leave it."""


def _first_of(code: str, read: Callable[[str], Iterator[str]]) -> str:
    return max(filter(_is_said, read(code)), key=_letters_in_common, default="")


def _words(text: str) -> list[str]:
    """The words of a text in small letters, as a person reads them."""
    return _WORD.findall(plain_letters(text).lower())


def _letters_in_common(text: str) -> int:
    """Letters of the commonest words in a text: the more it has of them, the less by chance."""
    return sum(len(word) for word in _words(text) if word in _COMMON and len(word) > 1)


def _is_said(text: str) -> bool:
    """Whether a reading of a code says something. Single letters are no evidence: many wrong readings have them."""
    if (
        len(text) < _MIN_SAID
        or text.count("?") * 8 >= len(text)
        or not "".join(without_marks(text).split()).isprintable()
    ):
        return False
    words = _words(text)
    common = {word for word in words if word in _COMMON and len(word) > 1}
    return (len(common) >= _MIN_COMMON - 1 and is_words(text)) or evidence(words) >= EVIDENCE or _are_together(text)


def _are_together(text: str) -> bool:
    """Whether a text is the letters of several words without blanks, as a code has them that divides no words."""
    return text.isalpha() and spells_words(text, _BITS_TOGETHER)


def _replaced(found: re.Match[str], decode: Callable[[str], str], said: list[str]) -> str:
    code = found[0]
    try:
        words = decode(code)
    except (ValueError, IndexError, OverflowError):
        return code
    if "\0" in words or not (is_words(words) or _are_together(words)):
        return code
    said.append(words)
    return " " * len(code)


def is_sentence(text: str) -> bool:
    """Whether a text has several of the commonest words and `is_words`, or its words follow each other as in one."""
    words = _words(text)
    common = {word for word in words if word in _COMMON}
    return (len(common) >= _MIN_COMMON and is_words(text)) or evidence(words) >= EVIDENCE


def is_words(text: str) -> bool:
    """Whether a decoded text says something: it has the commonest words of English or Spanish among its words."""
    words = _words(text)
    common = sum(word in _COMMON for word in words)
    return common >= min(_MIN_COMMON, max(len(words) // 2, 1)) and common >= _MIN_SHARE * len(words)


def _shifted(text: str) -> str:
    """What a text says whose letters are shifted in the alphabet or on the keyboard, or whose words are reversed."""
    sample = text[:2000].lower()
    if not sample.isascii() and len(sample.encode("ascii", "ignore")) < _MIN_ASCII * len(sample):
        return ""
    for size in (300, 2000):  # the beginning tells of most texts that they are language
        words = _WORD.findall(sample[:size])
        if len(words) < _MIN_WORDS:
            return ""
        if sum(map(words_with_pairs().__contains__, words)) > _MAX_KNOWN * len(words):
            return ""
        common = sum(len(word) > 1 and word in _COMMON for word in words)
        own_bits = evidence(words)
        if own_bits >= _BITS_OF_LANGUAGE or common >= (_MAX_SHARE if own_bits > 0 else _SURE_SHARE) * len(words):
            return ""
    whole, own_bits = text[:MAX_CODED].lower(), max(own_bits, 0.0)
    found = max(
        (reading for reading in _readings(whole, own_bits) if _says_more(reading[:2000], len(words), own_bits)),
        key=_letters_in_common, default="",
    )  # fmt: skip
    if found and max(map(_letters_in_common, spelled_codes.turned_about(whole))) >= _letters_in_common(found):
        return ""  # the normalizer reads it in its own order
    return found


def _has_common_words(text: str) -> bool:
    """Whether a text has some of the commonest words; single letters are no evidence."""
    return len({word for word in text.split() if len(word) > 1 and word in _COMMON}) >= _MIN_COMMON


def _says_more(text: str, count: int, own_bits: float) -> bool:
    """Whether one of many readings says more than a text of so many words and bits of evidence as it stands.

    It has enough common words, of which the same one again and again is no evidence, or words that follow each other.
    """
    words = _WORD.findall(text)
    common = Counter(word for word in words if word in _COMMON and len(word) > 1)
    bits = evidence(words) - own_bits if common else 0.0
    if len(common) >= _MIN_COMMON and sum(min(times, 2) for times in common.values()) >= _MIN_SHARE * count:
        return bits > 0
    return bits >= max(EVIDENCE + _OF_CHOICE, _BITS_OF_WORD * len(words))


def _is_certain(text: str) -> bool:
    """Whether a guessed reading has so many common words that the text itself is no language."""
    words = _WORD.findall(text[:2000])
    common = [word for word in words if word in _COMMON and len(word) > 1]
    return len(set(common)) >= 2 * _MIN_COMMON - 1 and len(common) * 3 >= len(words)


def _readings(text: str, own_bits: float) -> Iterator[str]:
    """What a text of so many bits of evidence may say."""
    beginning = text[:_BEGINNING]
    count = len(_WORD.findall(beginning))
    for table in (*SHIFTS[1:], *TABLES):
        if _says_more(beginning.translate(table), count, own_bits):
            yield text.translate(table)
    yield from spelled_codes.without_play(text)
    yield from spelled_codes.in_other_order(text, _has_common_words)
    yield from spelled_codes.from_pig_latin(text)
