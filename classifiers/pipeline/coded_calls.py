"""What a text of a few letters says in a code: numbers, Morse, names of letters, base64, backwards, or inside a link.

The finders of codes need a sentence, because by chance a few letters spell some word in some code. That they spell a
call for help by chance is rare, so that the caller compares what is yielded here with calls only.
"""

from __future__ import annotations

import re
import unicodedata
from base64 import b64decode
from collections.abc import Callable, Iterator
from urllib.parse import unquote_plus

from classifiers.extract.hidden_writing.code_runs import MORSE_SIGNS, base32, morse
from classifiers.extract.hidden_writing.number_codes import readings
from classifiers.extract.hidden_writing.spelled_codes import nato

_MAX_CODE = 240
_MIN_LETTERS = 4
"""Letters of a call in a code in which chance makes shorter ones: numbers, and backwards."""
_NUMBERS = re.compile(r"(?>(?>0x|\\[ux]|u\+|&#x?|%|=)?[0-9a-f]{1,8}[ ,;./|-]{0,3}){4,40}", re.IGNORECASE)
_ESCAPE = re.compile(r"(?:\\[ux]|&#x|%|=)(?=[0-9a-f])", re.IGNORECASE)
_MORSE = re.compile(r"[. /|-]{5,}+")
_SOS, _GAPS = "...---...", re.compile(r"[\s/|]+")
"""The call itself, which has no gaps, and those that people write into it."""
_BASE64, _BASE32 = re.compile(r"[A-Za-z0-9+/]{4,}+={0,2}"), re.compile(r"[A-Z2-7]{7,}+={0,6}")
_NAMES = re.compile(r"(?>[a-z]{4,8}[ /,.-]{0,3}){3,16}", re.IGNORECASE)
_SAID_IN_LINK = re.compile(r"[?&](?:body|text|message|msg)=([^&#\s]{2,200}+)", re.IGNORECASE)
"""What a link puts into a text or a mail for whoever follows it. Subjects are for programs that keep lists."""


def said_in_code(text: str) -> Iterator[str]:
    """What a short text may say in codes; nothing for a longer one."""
    code = unicodedata.normalize("NFKC", text.strip()[: 4 * _MAX_CODE])
    for found in _SAID_IN_LINK.finditer(code):
        yield unquote_plus(found[1])
    if len(code) > _MAX_CODE:
        return
    signs = code.translate(MORSE_SIGNS)
    if _SOS in _GAPS.sub("", signs):
        yield "sos"
    if _MORSE.fullmatch(signs):
        yield morse(signs)
    if not code.isascii():
        return
    backwards = code[::-1]
    if sum(map(str.isalpha, code)) >= _MIN_LETTERS:
        yield from (backwards, " ".join(word[::-1] for word in code.split()))
    if _NUMBERS.fullmatch(code):
        spaced = _ESCAPE.sub(" 0x", code).strip()
        yield from (said for said in readings(spaced) if sum(map(str.isalpha, said)) >= _MIN_LETTERS)
    if _NAMES.fullmatch(code) and (said := nato(code)) != code:
        yield said
    yield from _decoded(code, _BASE64, lambda letters: b64decode(letters, validate=True).decode())
    yield from _decoded(code, _BASE32, base32)


def _decoded(code: str, kind: re.Pattern[str], decode: Callable[[str], str]) -> Iterator[str]:
    if kind.fullmatch(code):
        try:
            yield decode(code)
        except ValueError:
            return
