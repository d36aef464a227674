"""What a text of a few letters says in a code: numbers, Morse, names of letters, base64, shifted, or inside a link.

The finders of codes need a sentence, because by chance a few letters spell some word in some code. That they spell a
call for help by chance is rare, so that the caller compares what is yielded here with calls only.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from itertools import product, zip_longest
from urllib.parse import unquote_plus

from classifiers.extract.hidden_writing.code_runs import MORSE, MORSE_SIGNS, base32, morse
from classifiers.extract.hidden_writing.link_words import decoded_address, texts_in_code
from classifiers.extract.hidden_writing.number_codes import readings
from classifiers.extract.hidden_writing.other_letters.alphabets import SHIFTED
from classifiers.extract.hidden_writing.spelled_codes import from_pig_latin, nato, two_signs
from classifiers.normalize.unicode_styles import TURNED
from classifiers.normalize.word_segmentation import LEET_L

_MAX_CODE = 240
_MIN_LETTERS = 4
"""Letters of a call in a code in which chance makes shorter ones: numbers, shifted, and backwards."""
_NUMBERS_TO_CALL = frozenset({"911", "988"})
_NUMBERS = re.compile(r"(?>(?>0x|\\[ux]|u\+|&#x?|%|=)?[0-9a-f]{1,8}[ ,;./|-]{0,3}){3,40}", re.IGNORECASE)
_ESCAPE = re.compile(r"(?:\\[ux]|&#x|%|=)(?=[0-9a-f])", re.IGNORECASE)
_IN_QUOTES = re.compile(r"[\"'“‘]([^\"'“”‘’]{3,120}+)[\"'”’]")
_MORSE = re.compile(r"[. /|-]{5,}+")
_SOS, _GAPS = "...---...", re.compile(r"[\s/|]+")
"""The call itself, which has no gaps, and those that people write into it."""
_BASE64, _BASE32 = re.compile(r"[A-Za-z0-9+/_-]{4,}+={0,2}"), re.compile(r"[A-Z2-7]{4,}+={0,6}")
_NAMES = re.compile(r"(?>[a-z]{4,8}[ /,.-]{0,3}){3,16}", re.IGNORECASE)
_SAID_IN_LINK = re.compile(r"[?&](?:body|text|message|msg)=([^&#\s]{2,200}+)", re.IGNORECASE)
"""What a link puts into a text or a mail for whoever follows it. Subjects are for programs that keep lists."""
_LINK = re.compile(r"\b(?:https?|mailto|sms|geo|data|ftp|tg|whatsapp):(?://)?([^\s<>\"]{4,300}+)", re.IGNORECASE)
_OF_LINK, _JOINTS = re.compile(r"[/?&#=@:;,()|!]+"), re.compile(r"[\s+_.~-]+")
"""What divides the parts of a link, and the words in one."""

_MAX_PLAY, _MAX_LINES, _MAX_STARS = 80, 12, 3
"""Characters of a text that may be written in play, lines of one that is read downward, and letters left out in it."""
_OTHER_NUMBER = re.compile(r"(?<![\w$@])(?!505(?!\S))\d++(?![\w$@])")
"""A number that is no call in digits for letters."""
REPEATED = re.compile(r"([a-z])\1+")
"""A letter that somebody holds down."""
_TURNED = str.maketrans(TURNED)
_CORE = re.compile("help|sos|ayud|auxili|socor|emergenc")
"""What one of the calls that are looked for in shifted letters has: a quick test of all shifts."""
_MIN_SHIFTED = 6
"""Letters of a call that is shifted, turned, or a part of a link."""


def said_in_code(text: str) -> Iterator[str]:
    """What a short text may say in codes; nothing for a longer one."""
    code = unicodedata.normalize("NFKC", text.strip()[: 4 * _MAX_CODE])
    yield from _said_in_links(code)
    if len(code) > _MAX_CODE:
        return
    for piece in (code, *_IN_QUOTES.findall(code)):
        yield from _said_in_letters(piece)
    if len(code) <= _MAX_PLAY:
        yield from _said_in_play(code.lower())
    if "\n" in code:
        yield from _said_by_lines(code)


def _said_in_links(code: str) -> Iterator[str]:
    """What links write for whoever follows them, and the parts of links that are words of a call, more than one."""
    for found in _SAID_IN_LINK.finditer(code):
        yield unquote_plus(found[1])
    for found in _LINK.finditer(code):
        if found[0].lower().startswith("data:"):
            yield unquote_plus(found[1].rpartition(",")[2])
            yield from _said_in_base64(found[1].rpartition(",")[2])
        address = decoded_address(found[1])
        host = address.partition("/")[0].rpartition(".")[0]
        for part in (*_OF_LINK.split(address), host):
            words = _JOINTS.sub(" ", part).strip()
            if " " in words and sum(map(str.isalpha, words)) >= _MIN_SHIFTED:
                yield words
            yield from (said for said in _said_in_base64(part) if len(said) >= _MIN_SHIFTED)


def _said_in_letters(code: str) -> Iterator[str]:
    """What a text says whose letters are written as numbers, signs, names, or in an encoding."""
    signs = code.translate(MORSE_SIGNS)
    if _SOS in _GAPS.sub("", signs):
        yield "sos"
    if _MORSE.fullmatch(signs):
        yield morse(signs)
    yield from two_signs(code, MORSE)
    if not code.isascii():
        return
    backwards = code[::-1]
    if sum(map(str.isalpha, code)) >= _MIN_LETTERS:
        yield from (backwards, " ".join(word[::-1] for word in code.split()))
    if _NUMBERS.fullmatch(code):
        spaced = _ESCAPE.sub(" 0x", code).strip()
        yield from (
            said
            for said in readings(spaced)
            if sum(map(str.isalpha, said)) >= _MIN_LETTERS or said.strip() in _NUMBERS_TO_CALL - {code}
        )
    if _NAMES.fullmatch(code) and (said := nato(code)) != code:
        yield said
    yield from _said_in_base64(code)
    if _BASE32.fullmatch(code):
        with suppress(ValueError):
            yield base32(code)


def _said_in_play(code: str) -> Iterator[str]:
    """What a text in small letters says that is shifted, in pig Latin, turned, or whose letters are replaced."""
    if not code.isascii():
        return
    letters = "".join(filter(str.isalpha, code))
    yield from _said_with_signs(code, len(letters))
    if len(letters) < _MIN_LETTERS:
        return
    if len(letters) >= _MIN_SHIFTED:
        yield code.translate(_TURNED)[::-1]
        yield from (code.translate(shifted) for shifted in SHIFTED if _CORE.search(letters.translate(shifted)))
    yield from from_pig_latin(code)


def _said_with_signs(code: str, letters: int) -> Iterator[str]:
    """What a text says in which digits and signs stand for some of its letters, or stars for its vowels."""
    shown = code.translate(LEET_L)
    signs = sum(map(str.isalpha, shown)) - letters
    is_short = signs < letters and len(REPEATED.sub(r"\1", "".join(filter(str.isalpha, shown)))) >= _MIN_LETTERS
    if signs and (is_short or signs + letters >= _MIN_SHIFTED) and not _OTHER_NUMBER.search(code):
        yield shown
    if 0 < (stars := code.count("*")) <= _MAX_STARS and letters >= _MIN_LETTERS - 1:
        for vowels in product("aeiou", repeat=stars):
            left = iter(vowels)
            yield "".join(next(left) if sign == "*" else sign for sign in code)


def _said_by_lines(code: str) -> Iterator[str]:
    """What the first letters of lines say, and words that are written downward side by side."""
    lines = code.lower().splitlines()
    if len(lines) >= _MIN_LETTERS:
        yield "".join(line.lstrip()[:1] for line in lines)
    if 1 < len(lines) <= _MAX_LINES and max(map(len, lines)) <= _MAX_LINES:
        yield " ".join("".join(column).strip() for column in zip_longest(*lines, fillvalue=" "))


def _said_in_base64(code: str) -> Iterator[str]:
    if _BASE64.fullmatch(code):
        yield from texts_in_code(code.rstrip("="))
