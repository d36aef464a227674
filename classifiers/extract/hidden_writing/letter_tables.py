"""Letters that are written as something else, each by itself: names, numbers in words, places in a square, strokes.

A text may also bring its own table, as a list of what stands for which letter.

Whatever the table is, what it says counts only if its letters spell several words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from classifiers.extract.hidden_writing.other_letters.phone_keys import letter_of_key
from gateway.core.mime.spelling.spelled_words import spells_words

_ALPHABET = "abcdefghijklmnopqrstuvwxyz"
_WITHOUT_J, _WIDTH_WITHOUT_J = _ALPHABET.replace("j", ""), 5
"""The letters of a square of five by five, and its width."""
_TABLES = (
    "ay|ei bee|be cee|see|sea|ce dee|de ee|e eff|ef gee|ge aitch|haitch|hache eye|aye jay|jota kay|ka ell|el em en "
    "oh|o pee|pea|pe cue|queue|cu ar|are ess tee|tea|te you|u vee|ve double-you|doubleyou|double-u ex why zee|zed",
    "a be ce de e efe ge hache i jota ka ele eme ene o pe cu erre|ere ese te u uve|ve doble-uve|doblev|doble-u equis "
    "ye|i-griega zeta",
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty twenty-one twenty-two twenty-three twenty-four twenty-five twenty-six",
    "uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis|dieciseis "
    "diecisiete dieciocho diecinueve veinte veintiuno veintidós|veintidos veintitrés|veintitres veinticuatro "
    "veinticinco veintiséis|veintiseis",
    "i ii iii iv v vi vii viii ix x xi xii xiii xiv xv xvi xvii xviii xix xx xxi xxii xxiii xxiv xxv xxvi",
    "h he li be b c n o f ne na mg al si p s cl ar k ca sc ti v cr mn fe",
    "1 12 14 145 15 124 1245 125 24 245 13 123 134 1345 135 1234 12345 1235 234 2345 136 1236 2456 1346 13456 1356",
    "↓↙ ↓← ↓↖ ↓↑ ↓↗ ↓→ ↓↘ ←↙ ↖↙ ↑→ ↑↙ ↗↙ →↙ ↘↙ ←↖ ←↑ ←↗ ←→ ←↘ ↑↖ ↖↗ ↑↘ →↗ ↗↘ →↖ →↘",
)
"""Names of letters in English and Spanish, numbers in words and in Roman letters, the elements, the dots of Braille by
their numbers, the flags of semaphore as arrows."""
_NAMES: tuple[dict[str, str], ...] = tuple(
    {name: letter for names, letter in zip(table.split(), _ALPHABET, strict=True) for name in names.split("|")}
    for table in _TABLES
)
_ALL_NAMES = frozenset(name for table in _NAMES for name in table)
_TOKEN, _JOINED = (re.compile(rf"[^\W\d_]+{joint}|\d+|[\u2190-\u2199]+") for joint in ("", "(?:-[^\\W\\d_]+)?"))
"""What may be the name of a letter. Some names have a hyphen inside, and some texts one between names."""
_MIN_LETTERS, _MAX_LENGTH = 16, 6_000
"""Letters of a writing, and characters that are looked at."""
_BEGINNING, _MIN_FIRST = 120, 3
"""Characters at the beginning that tell how a text is written, and what is found there of a writing."""
_MIN_SHARE = 0.85
_FLAGS = str.maketrans("⬇⬅⬆➡⬈⬊⬋⬉", "↓←↑→↗↘↙↖", "\ufe0f")
_PLACE = re.compile(r"(?<!\w)[rRfF]?([A-Ha-h1-9])[cC]?[:|x.,^-]?0?([1-9])(?!\w)")
_MIN_OF_SIGNS = 0.45
"""The share of letters and digits that stand in places of a square."""
_NUMBER, _MAX_ABOVE = re.compile(r"(?<![\w.])\d{1,2}(?![\w])"), 26
_DIGITS = "0123456789"
_CODE = re.compile(r"(?<![\d.])(\d{1,3})(?:[.,](\d{2}))?(?![\d.])")
"""The number of a character, also as an amount of money."""
_FIRST_CODE, _LAST_CODE = 32, 255
_STROKES = re.compile(r"(?<!\S)(?:([^\w\s])\1{0,25}|I{1,26})(?!\S)")
_AS_IN = re.compile(r"(?<!\w)([A-Za-z]) (?:as in|for|like|de|como en|como)\b", re.IGNORECASE)
_PAIR = re.compile(r"(?<![^\s,;(])([^\s=:,;]{1,6}) ?(?:=>?|:|→|->) ?([^\s=:,;]{1,6})(?![^\s,;)])")
"""What stands for a letter, and the letter, or the other way round."""
_MIN_PAIRS = 8
_EDGES = ",.;:()[]"


def letters_by_tables(text: str) -> list[str]:
    """What a text spells by one of the tables."""
    text = text[:_MAX_LENGTH].translate(_FLAGS)
    if len(text) < 2 * _MIN_LETTERS:
        return []
    ways = (*_by_names(text), *_by_numbers(text), *_by_places(text), *_by_its_own_table(text))
    return list(dict.fromkeys(filter(spells_words, ways)))


def _by_names(text: str) -> Iterator[str]:
    lowered = text.lower()
    for pattern in (_TOKEN, _JOINED) if "-" in lowered else (_TOKEN,):
        sample = pattern.findall(lowered, 0, _BEGINNING)
        if sum(token in _ALL_NAMES or token[::-1] in _ALL_NAMES for token in sample) * 2 < len(sample):
            continue
        tokens = pattern.findall(lowered)
        for table in _NAMES:
            found = [table.get(token) or table.get(token[::-1], "") for token in tokens]
            if sum(map(bool, found)) >= max(_MIN_LETTERS, _MIN_SHARE * len(tokens)):
                yield "".join(found)
    if len(_AS_IN.findall(text, 0, _BEGINNING)) >= _MIN_FIRST:
        yield "".join(_AS_IN.findall(text))


def _by_numbers(text: str) -> Iterator[str]:
    """Numbers from either end of the alphabet, from nought too; of each line the first, second, third or last one."""
    has_digits = sum(map(text.count, _DIGITS)) >= _MIN_LETTERS
    numbers = [list(map(int, _NUMBER.findall(line))) for line in text.split("\n")] if has_digits else []
    together = [number for line in numbers for number in line]
    if len(together) >= _MIN_LETTERS:
        ways = [together]
        rows = [line for line in numbers if line]
        if len(rows) >= _MIN_LETTERS:
            ways += [[row[at] for row in rows if len(row) > max(at, -at - 1)] for at in (0, 1, 2, -1)]
        for way in ways:
            yield from _places_of(way)
        yield from _of_codes(text.split("\n"))
    is_stroked = len(_STROKES.findall(text, 0, _BEGINNING)) >= _MIN_FIRST
    strokes = [len(found[0]) for found in _STROKES.finditer(text)] if is_stroked else []
    if len(strokes) >= _MIN_LETTERS and len(set(strokes)) > 1:
        yield from _places_of(strokes)


def _of_codes(lines: Sequence[str]) -> Iterator[str]:
    """What lines say that have the number of a character each: the first, second or last of their numbers."""
    rows = [[int(first + cents) for first, cents in found] for line in lines if (found := _CODE.findall(line))]
    if len(rows) >= _MIN_LETTERS:
        for at in (0, 1, -1):
            codes = [row[at] for row in rows if len(row) > max(at, -at - 1)]
            said = "".join([chr(code) if _FIRST_CODE <= code <= _LAST_CODE else "" for code in codes])
            yield "".join(filter(str.isalpha, said))


def _places_of(numbers: Sequence[int]) -> Iterator[str]:
    if len(numbers) >= _MIN_LETTERS and max(numbers) <= _MAX_ABOVE:
        yield "".join([_ALPHABET[number - 1] for number in numbers if number])
        yield "".join([_ALPHABET[number] for number in numbers if number < _MAX_ABOVE])
        yield "".join([_ALPHABET[-number] for number in numbers if number])


def _by_places(text: str) -> Iterator[str]:
    """Places in a square of any width, by row and column or the other way round; keys and how often each is pressed."""
    if sum(map(text.count, _DIGITS)) < _MIN_LETTERS:
        return
    found = _PLACE.findall(text)
    if len(found) < _MIN_LETTERS or 2 * len(found) < _MIN_OF_SIGNS * sum(map(str.isalnum, text)):
        return
    places = [
        (int(first) - 1 if first.isdecimal() else ord(first.lower()) - ord("a"), int(second) - 1)
        for first, second in found
    ]
    if all(pressed := [letter_of_key(str(key + 1), times + 1) for key, times in places]):
        yield "".join(pressed)
    for width in (5, 6, 7, 8, 9):
        for ways in (places, [(second, first) for first, second in places]):
            at = [row * width + column for row, column in ways]
            for alphabet in (_ALPHABET, _WITHOUT_J) if width == _WIDTH_WITHOUT_J else (_ALPHABET,):
                if max(at) < len(alphabet):
                    yield "".join([alphabet[place] for place in at])


def _by_its_own_table(text: str) -> Iterator[str]:
    """Signs or numbers for which a list in the text says what letters they are, in either order."""
    pairs = _PAIR.findall(text)
    if len(pairs) < _MIN_PAIRS:
        return
    rest = _PAIR.sub(" ", text)
    for table in (dict(pairs), {sign: letter for letter, sign in pairs}):
        letters = {sign: letter.lower() for sign, letter in table.items() if len(letter) == 1 and letter.isalpha()}
        if len(letters) < _MIN_PAIRS:
            continue
        tokens = list(rest) if all(len(sign) == 1 for sign in letters) else rest.replace("-", " ").split()
        yield "".join([letters.get(token.strip(_EDGES) or token, "") for token in tokens])
