"""Name keys: fold case, accents, order, titles and look-alike letters of names, so that names can be compared.

"Whitfield, Dana", "Ms. Dana Whitfield", "DANA M. WHITFIELD" and "Dаna Whitfie1d" (a Cyrillic letter, a digit) all name
one person. "Dana Whitfield (via Google Docs)" names a service, and "Whitfield" alone names nobody.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
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
_MIN_HANDLE = 8  # a shorter single word is not a full name written as one word


def person_keys(given: str, middle: str, family: str) -> Iterator[str]:
    """The keys of a person: `shown_keys` of any usual way to write the name gives one of them."""
    first, last = fold_words(given), fold_words(family)
    if not first or not last:
        return
    yield _key([*first, *last])
    yield _key([first[0], last[-1]])
    lead = next((word for word in last if word not in _PARTICLES), last[-1])
    yield _key([first[0], lead])
    if between := fold_words(middle):
        yield _key([*first, *between, *last])
    for handle in ("".join([*first, *last]), "".join([*last, *first])):
        if len(handle) >= _MIN_HANDLE:
            yield handle


def title_keys(family: str) -> Iterator[str]:
    """The keys of an adult's surname behind a title."""
    if last := fold_words(family):
        yield _titled(last)
        if len(last) > 1:
            yield _titled(last[-1:])


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
    keys = [_key(words) for words in (whole, full, spelled) if len(words) > 1]
    if len(spelled) == 3:
        keys.append(_key([spelled[0], spelled[2]]))  # a middle name that is not in the roster
    if len(whole) == 1 and len(whole[0]) >= _MIN_HANDLE:
        keys.append(whole[0])
    return keys, [_titled(spelled)] if titled and spelled else []


def _key(parts: Sequence[str]) -> str:
    return " ".join(sorted(parts))


def _titled(family: Sequence[str]) -> str:
    return "\t" + _key(family)
