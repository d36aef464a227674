"""Names as people show them: folded for case, accents, order, titles and look-alike letters, so that they compare.

"Whitfield, Dana", "Ms. Dana Whitfield", "DANA M. WHITFIELD" and "Dаna Whitfie1d" (a Cyrillic letter, a digit) all show
one person; "Dana Whitfield (via Google Docs)" shows a service, and "Whitfield" alone shows nobody.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache

_LOOKALIKES = str.maketrans(  # letters of other scripts drawn like Latin ones; Latin ones whose name does not say so
    "авсԁеһіјкӏмнорԛгѕтуѵԝхѡαβγεζηικνορτυχω" + "ðıɑɡɩ" + "օոսհցզ" + "ᎪᏴᏟᎠᎬᎶᎻᎥᎫᏦᏞᎷᏢᏒᏚᎢᏙᎳᏃ",
    "abcdehijklmhopqrstyvwxwabyeznikvoptuxw" + "diagi" + "onuhgq" + "abcdeghijklmprstvwz",
)
_DRAWN = re.compile(
    r"(?:NEGATIVE |SQUARED |CIRCLED )*LATIN (?:CAPITAL |SMALL )?LETTER (?:SMALL CAPITAL )?([A-Z])(?: WITH .*)?"
)
_LIGATURES = {"æ": "ae", "œ": "oe", "þ": "th", "ß": "ss", "ǆ": "dz", "ĳ": "ij"}
_DIGITS = str.maketrans("013457", "oieast")  # as in wh1tfie1d; digits at the end of a word are dropped instead
_APOSTROPHES = re.compile("['’‘`´ʼ′]")
_BREAK = re.compile(r"[^\w]+|_+")
_PART = re.compile(r"\s+[-–—/:]+\s+|\s*[|•·]+\s*")
_WORD_DIGITS = re.compile(r"(?<=[^\W\d])\d+$")
_TWINS = (("rn", "m"), ("vv", "w"))


@lru_cache(maxsize=8192)
def words(text: str) -> tuple[str, ...]:
    """The words of a name, folded; every way of drawing one word gives the same."""
    if not text.isascii():
        text = "".join(
            each
            for each in unicodedata.normalize("NFKD", text)
            if not unicodedata.combining(each) and unicodedata.category(each) != "Cf"
        )
    text = _APOSTROPHES.sub("", text.casefold())
    if not text.isascii():
        text = "".join(map(_latin, text.translate(_LOOKALIKES)))
        for ligature, letters in _LIGATURES.items():
            text = text.replace(ligature, letters)
    return tuple([folded for word in _BREAK.split(text) if word and (folded := _folded(word))])


@lru_cache(maxsize=4096)
def _latin(letter: str) -> str:
    """The plain letter that a small capital, a hooked, a barred or a boxed one is to whoever reads it."""
    drawn = None if letter.isascii() else _DRAWN.fullmatch(unicodedata.name(letter, ""))
    return letter if drawn is None else drawn[1].lower()


def _folded(word: str) -> str:
    if not word.isalpha():
        word = _WORD_DIGITS.sub("", word)
        if word.isdigit():
            return ""
        word = word.translate(_DIGITS)
    word = word.replace("l", "i")  # a capital I is drawn like a small l
    for drawn, meant in _TWINS:
        word = word.replace(drawn, meant)
    return word


def _all(text: str) -> frozenset[str]:
    return frozenset(folded for each in text.split() for folded in words(each))


TITLES = _all(
    "mr mrs ms miss mx dr prof professor coach principal mister missus señor señora señorita sr sra srta maestro"
    " maestra teacher counselor nurse officer rev sir madam mme mlle monsieur herr frau"
)
_SUFFIXES = _all("jr ii iii iv phd edd med mat ma ba bs bed msed esq")
_PARTICLES = _all("de del der den la las los da dos do di du van von le el al bin ibn st san y e")
_ASIDES = _all(
    "personal private home mobile cell phone me school work new old gmail teacher coach student she her hers he him his"
    " they them theirs official real"
)
_ASIDE = re.compile(r"[(\[{]([^)\]}]*)[)\]}]")
_ABBREVIATION = re.compile(r"\b([^\W\d_]{1,2})\.(?=[^\W\d_]{1,2}\b)")  # Ph.D.
_NICKNAME = re.compile(r"[\"“”«»„](?P<nick>[^\"“”«»„]*)[\"“”«»„]")
_LONGEST = 200  # no name is longer, whatever a header holds
_HANDLE = 8  # a single word shorter than this is no full name written together


def person_keys(given: str, middle: str, family: str) -> Iterator[str]:
    """The keys under which a person's name is found by `shown_keys`."""
    first, last = words(given), words(family)
    if not first or not last:
        return
    yield _key([*first, *last])
    yield _key([first[0], last[-1]])
    lead = next((word for word in last if word not in _PARTICLES), last[-1])
    yield _key([first[0], lead])
    if between := words(middle):
        yield _key([*first, *between, *last])
    for handle in ("".join([*first, *last]), "".join([*last, *first])):
        if len(handle) >= _HANDLE:
            yield handle


def title_keys(family: str) -> Iterator[str]:
    """The keys under which a grown-up's surname is found behind a title."""
    if last := words(family):
        yield _titled(last)
        if len(last) > 1:
            yield _titled(last[-1:])


def shown_keys(text: str) -> tuple[list[str], list[str]]:
    """What a display name may show: keys of full names, and keys of a title with a surname.

    A name stands alone, or apart from where its owner is or what they teach ("Dana Whitfield - Riverbend High").
    """
    text = text[:_LONGEST]
    full, titled = _keys(text)
    parts = _PART.split(text)
    for part in parts if len(parts) > 1 else ():
        more = _keys(part)
        full, titled = full + more[0], titled + more[1]
    return list(dict.fromkeys(full)), list(dict.fromkeys(titled))


def _keys(text: str) -> tuple[list[str], list[str]]:
    text = _ASIDE.sub(lambda aside: " " if set(words(aside[1])) <= _ASIDES else aside[0], text)
    bare = _NICKNAME.sub(" ", text)
    text = bare if len(words(bare)) > 1 else text
    before, comma, after = _ABBREVIATION.sub(r"\1", text).partition(",")
    if comma and words(before) and words(after) and not set(words(after)) <= _SUFFIXES:
        before, after = after, before  # "Whitfield, Dana"
    whole = full = (*words(before), *words(after))
    while len(full) > 2 and full[-1] in _SUFFIXES:
        full = full[:-1]
    titled = False
    while len(full) > 1 and (full[0] in TITLES or full[-1] in TITLES):
        titled = True
        full = full[1:] if full[0] in TITLES else full[:-1]
    spelled = tuple(word for word in full if len(word) > 1)  # without initials
    keys = [_key(each) for each in (whole, full, spelled) if len(each) > 1]
    if len(spelled) == 3:
        keys.append(_key([spelled[0], spelled[2]]))  # a middle name that the roster does not have
    if len(whole) == 1 and len(whole[0]) >= _HANDLE:
        keys.append(whole[0])
    return keys, [_titled(spelled)] if titled and spelled else []


def _key(parts: Sequence[str]) -> str:
    return " ".join(sorted(parts))


def _titled(family: Sequence[str]) -> str:
    return "\t" + _key(family)
