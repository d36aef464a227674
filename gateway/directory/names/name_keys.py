"""Name keys: fold case, accents, order, titles and look-alike letters of names, so that names can be compared.

"Whitfield, Dana", "Ms. Dana Whitfield", "DANA M. WHITFIELD" and "Dаna Whitfie1d" (a Cyrillic letter, a digit) all name
one person. "Dana Whitfield (via Google Docs)" names a service, and "Whitfield" alone names nobody.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

_LOOKALIKES = str.maketrans(  # letters that look like Latin ones, and Latin letters whose Unicode name does not say so
    "авсԁеһіјкӏмнорԛгѕтуѵԝхѡαβγεζηικνορτυχω" + "ðıɑɡɩ" + "օոսհցզ" + "ᎪᏴᏟᎠᎬᎶᎻᎥᎫᏦᏞᎷᏢᏒᏚᎢᏙᎳᏃ",
    "abcdehijklmhopqrstyvwxwabyeznikvoptuxw" + "diagi" + "onuhgq" + "abcdeghijklmprstvwz",
)
_LATIN_NAME = re.compile(
    r"(?:NEGATIVE |SQUARED |CIRCLED )*LATIN (?:CAPITAL |SMALL )?LETTER (?:SMALL CAPITAL )?([A-Z])(?: WITH .*)?"
)
_LIGATURES = {"æ": "ae", "œ": "oe", "þ": "th", "ß": "ss", "ǆ": "dz", "ĳ": "ij"}
_DIGITS = str.maketrans("013457", "oieast")  # as in wh1tfie1d; digits at the end of a word are dropped
_APOSTROPHES = re.compile("['’‘`´ʼ′]")
_BREAK = re.compile(r"[^\w]+|_+")
_PART = re.compile(r"(?<!\s)\s++[-–—/:]++\s++|(?:(?<!\s)\s++)?+[|•·]++\s*+")
_WORD_DIGITS = re.compile(r"(?<=[^\W\d])\d+$")
_LOOKALIKE_PAIRS = (("rn", "m"), ("vv", "w"))


@lru_cache(maxsize=8192)
def fold_words(text: str) -> tuple[str, ...]:
    """The words of a name, folded: words that look alike give the same result."""
    if not text.isascii():
        text = "".join(
            char
            for char in unicodedata.normalize("NFKD", text)
            if not unicodedata.combining(char) and unicodedata.category(char) != "Cf"
        )
    text = _APOSTROPHES.sub("", text.casefold())
    if not text.isascii():
        text = "".join(map(_latin, text.translate(_LOOKALIKES)))
        for ligature, letters in _LIGATURES.items():
            text = text.replace(ligature, letters)
    return tuple([folded for word in _BREAK.split(text) if word and (folded := _folded(word))])


@lru_cache(maxsize=4096)
def _latin(letter: str) -> str:
    """The plain letter that a small capital, hooked, barred or boxed letter looks like."""
    found = None if letter.isascii() else _LATIN_NAME.fullmatch(unicodedata.name(letter, ""))
    return letter if found is None else found[1].lower()


def _folded(word: str) -> str:
    if not word.isalpha():
        word = _WORD_DIGITS.sub("", word)
        if word.isdigit():
            return ""
        word = word.translate(_DIGITS)
    word = word.replace("l", "i")  # a capital I looks like a small l
    for pair, letter in _LOOKALIKE_PAIRS:
        word = word.replace(pair, letter)
    return word


def _fold_all(text: str) -> frozenset[str]:
    return frozenset(folded for word in text.split() for folded in fold_words(word))


TITLES = _fold_all(
    "mr mrs ms miss mx dr prof professor coach principal mister missus señor señora señorita sr sra srta maestro"
    " maestra teacher counselor nurse officer rev sir madam mme mlle monsieur herr frau"
)
_SUFFIXES = _fold_all("jr ii iii iv phd edd med mat ma ba bs bed msed esq")
_PARTICLES = _fold_all("de del der den la las los da dos do di du van von le el al bin ibn st san y e")
_REMARKS = _fold_all(
    "personal private home mobile cell phone me school work new old gmail teacher coach student she her hers he him his"
    " they them theirs official real"
)
_BRACKETS = re.compile(r"[(\[{]([^)\]}]{0,200})[)\]}]")
_ABBREVIATION = re.compile(r"\b([^\W\d_]{1,2})\.(?=[^\W\d_]{1,2}\b)")  # Ph.D.
_NICKNAME = re.compile(r"[\"“”«»„](?P<nick>[^\"“”«»„]*)[\"“”«»„]")
_MAX_LENGTH = 200  # characters; no name is longer
MIN_HANDLE = 8
"""A shorter single word of a display name is not a full name written as one word."""
_MIN_SHORT_HANDLE = 5  # of a local part


def person_keys(given: str, middle: str, family: str) -> Iterator[str]:
    """The keys of a person: `shown_keys` of any usual way to write the name gives one of them."""
    first, last = fold_words(given), fold_words(family)
    if not first or not last:
        return
    yield name_key([*first, *last])
    yield name_key([first[0], last[-1]])
    lead = next((word for word in last if word not in _PARTICLES), last[-1])
    yield name_key([first[0], lead])
    between = fold_words(middle)
    if between:
        yield name_key([*first, *between, *last])
    for family_part in dict.fromkeys(("".join(last), last[-1], lead)):
        for given_part in dict.fromkeys(("".join(first), first[0])):
            pieces = [[given_part, family_part], [family_part, given_part]]
            if between:
                pieces += [[given_part, between[0][:1], family_part], [given_part, between[0], family_part]]
            yield from handles(map("".join, pieces))


def staff_keys(given: str, middle: str, family: str) -> Iterator[str]:
    """The keys of an adult: the surname behind a title, and in a local part also behind or before initials."""
    last, first, between = fold_words(family), fold_words(given), fold_words(middle)
    if not last:
        return
    yield title_key(last)
    if len(last) > 1:
        yield title_key(last[-1:])
    if not first:
        return
    initials = [first[0][:1], *([first[0][:1] + between[0][:1]] if between else [])]
    lead = next((word for word in last if word not in _PARTICLES), last[-1])
    for family_part in dict.fromkeys(("".join(last), last[-1], lead)):
        for initial in initials:
            yield initial_key(initial + family_part)
            yield initial_key(family_part + initial)


def handles(words: Iterable[str]) -> Iterator[str]:
    """The keys of full names written as one word."""
    for word in words:
        handle = _joined(word)
        if len(handle) >= MIN_HANDLE:
            yield handle
        elif len(handle) >= _MIN_SHORT_HANDLE:
            yield short_handle_key(handle)


def short_handle_key(word: str) -> str:
    """The key of a short full name written as one word: only a local part is looked up by it."""
    return "\x02" + _joined(word)


def initial_key(word: str) -> str:
    """The key of a family name with initials, written as one word: only a local part is looked up by it."""
    return "\x01" + _joined(word)


def _joined(word: str) -> str:
    """A word that was put together from folded ones: letters at the seams may look like others."""
    for pair, letter in _LOOKALIKE_PAIRS:
        word = word.replace(pair, letter)
    return word.replace("l", "i")


def shown_keys(text: str) -> tuple[list[str], list[str]]:
    """The keys of a display name: those of full names, and those of a title with a surname.

    A name stands alone, or is separated from a place or a subject ("Dana Whitfield - Riverbend High").
    """
    text = text[:_MAX_LENGTH]
    full, titled = _keys(text)
    parts = _PART.split(text)
    for part in parts if len(parts) > 1 else ():
        more = _keys(part)
        full, titled = full + more[0], titled + more[1]
    return list(dict.fromkeys(full)), list(dict.fromkeys(titled))


def _keys(text: str) -> tuple[list[str], list[str]]:
    text = _BRACKETS.sub(lambda found: " " if set(fold_words(found[1])) <= _REMARKS else found[0], text)
    bare = _NICKNAME.sub(" ", text)
    text = bare if len(fold_words(bare)) > 1 else text
    before, comma, after = _ABBREVIATION.sub(r"\1", text).partition(",")
    if comma and fold_words(before) and fold_words(after) and not set(fold_words(after)) <= _SUFFIXES:
        before, after = after, before  # "Whitfield, Dana"
    whole = full = (*fold_words(before), *fold_words(after))
    while len(full) > 2 and full[-1] in _SUFFIXES:
        full = full[:-1]
    titled = False
    while len(full) > 1 and (full[0] in TITLES or full[-1] in TITLES):
        titled = True
        full = full[1:] if full[0] in TITLES else full[:-1]
    spelled = tuple(word for word in full if len(word) > 1)  # without initials
    keys = [name_key(words) for words in (whole, full, spelled) if len(words) > 1]
    if len(spelled) == 3:
        keys.append(name_key([spelled[0], spelled[2]]))  # a middle name that is not in the roster
    if len(whole) == 1 and len(whole[0]) >= MIN_HANDLE:
        keys.append(whole[0])
    return keys, [title_key(spelled)] if titled and spelled else []


def name_key(parts: Sequence[str]) -> str:
    """The key of a full name, whatever the order of its words."""
    return " ".join(sorted(parts))


def title_key(family: Sequence[str]) -> str:
    """The key of a family name behind a title."""
    return "\t" + name_key(family)
