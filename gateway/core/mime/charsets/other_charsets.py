"""What some programs show of bytes that others decode otherwise."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gateway.core.mime.charsets.decoding import to_text
from gateway.core.mime.charsets.look_alikes import alike_text, alike_text_of_east_asia
from gateway.core.mime.charsets.names import ALIASES, KNOWN, known_codec, plain_name
from gateway.core.mime.charsets.text_in_bytes import CONTROLS, NON_ASCII
from gateway.core.mime.charsets.utf_7 import has_shifts
from gateway.core.mime.charsets.written import SAMPLE, is_printable, is_written, without_lone_surrogates

_SIMPLE = re.compile(r"(?:us-)?ascii|utf-?8|iso-?8859-\d{1,2}|windows-?125\d|cp125\d|latin-?1|koi8-?[ru]|")
"""Charsets in which ASCII bytes mean ASCII characters to every program."""
_INCOMPATIBLE = frozenset(
    "utf-7 utf-16 utf-16-le utf-16-be utf-32 utf-32-le utf-32-be cp037 cp273 cp424 cp500 cp875 cp1026 cp1140 "
    "hz iso-2022-kr"
    .split()
)  # fmt: skip
"""Charsets in which ASCII bytes do not mean ASCII characters, and which many programs do not know."""
_OTHER_ORDER = {"utf-16": "utf-16-be", "utf-16-le": "utf-16-be", "utf-16-be": "utf-16-le"}
_TWO_BYTES = ("gb18030", "big5", "cp932", "cp949", "euc", "hz", "iso-2022")
"""How charsets begin in which a letter may be the second byte of a character."""
_SWALLOWED = re.compile(rb"(?<![\x80-\xff])[\x80-\xff][A-Za-z]")
"""A byte that makes the letter behind it a part of its character in those charsets, as hardly any does."""
_SWALLOWED_LETTER = re.compile(rb"(?<![^\s>a-z])[\x80-\xff](?=[A-Za-z][a-z])")
"""Such a byte at the start of a word or in one."""
_OUT_OF_STEP, _MIN_OUT_OF_STEP = re.compile("[\u2000\u2100-\u7a00]"), 8
"""ASCII in UTF-16 if a byte is missing before it: such letters end in a zero."""
_PLAIN_WORDS = re.compile(rb"[A-Za-z]{3,20} [A-Za-z]{2,20} [A-Za-z]{2}")
"""Words in one byte a letter, which may stand in a text in UTF-16."""
_ESCAPES = re.compile(rb"\x1b[$(&][^\r\n]|~\{")
_EBCDIC_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ ,.'".encode("cp037"))


def other_texts(data: bytes, charsets: Sequence[str]) -> list[str]:
    """What programs may show of bytes that `to_text` reads in the first charset: nothing for ordinary text.

    Programs differ in which charsets they know, which of several labels they use, and whether they detect charsets.
    """
    names = [name for charset in charsets if (name := plain_name(charset)) is not None] or ["utf-8"]
    is_shifted = has_shifts(data)
    if (
        data.isascii()
        and not is_shifted
        and all(_SIMPLE.fullmatch(name) for name in names)
        and not (CONTROLS.search(data) or b"\x1b" in data or b"\0" in data)
    ):
        return []
    guesses = [known_codec(name) for name in names[1:]]
    if not KNOWN.fullmatch(ALIASES.get(names[0], names[0])):
        guesses.append(known_codec(names[0]))
    own = known_codec(names[0])
    if _ESCAPES.search(data) and not own.startswith("iso-2022-jp"):
        guesses += ["iso2022_jp_ext", "iso2022_kr", "hz"]
    sample = data[:SAMPLE]
    if own.startswith(_TWO_BYTES) and len(_SWALLOWED.findall(data)) * 2 > len(data) - len(
        data.translate(None, NON_ASCII)
    ):
        guesses.append("cp1252")
    if is_ebcdic(sample):
        guesses += ["cp037", "cp500"]
    if CONTROLS.search(sample):
        guesses += ["utf-16-le", "utf-16-be"]
    first = to_text(data, names[0])
    found = [text for text in [to_text(data)] if own in _INCOMPATIBLE and text != first and is_printable(text)]
    for guess in dict.fromkeys(guesses):
        text = without_lone_surrogates(data.decode(guess, "replace")) if guess and guess != own else first
        if text != first and text.count("\ufffd") * 10 <= len(text) and is_written(text):
            found.append(text)
    if own in _OTHER_ORDER and (text := alike_text(data, _OTHER_ORDER[own])):
        found.append(text)
    if is_shifted and own != "utf-7" and (text := alike_text(data, "utf-7")):
        found.append(text)
    if not own.startswith(_TWO_BYTES) and (text := alike_text_of_east_asia(data)):
        found.append(text)
    if own.startswith(_TWO_BYTES) and _SWALLOWED_LETTER.search(data):
        found.append(to_text(_SWALLOWED_LETTER.sub(b"", data), names[0]))
    if b"\0" in data and _is_partly_wide(data, first):
        found.append(data.replace(b"\0", b"").decode("latin-1"))
    return [text for text in dict.fromkeys(found) if text != f"\ufeff{first}"]


def _is_partly_wide(data: bytes, text: str) -> bool:
    """Whether bytes that were read as a text in UTF-16 are not all of them: a byte is missing, or words are plain."""
    if sum(not ord(letter) & 0xFF for letter in _OUT_OF_STEP.findall(text)) >= _MIN_OUT_OF_STEP:
        return True
    words = _PLAIN_WORDS.search(data)
    return words is not None and words[0].decode("ascii") not in text


def is_ebcdic(data: bytes) -> bool:
    """Whether bytes look like words in EBCDIC, in which blanks are 0x40 and letters are above 0x80."""
    if len(data) < 8 or data.count(b"\x40") * 20 < len(data):
        return False
    letters = sum(byte in _EBCDIC_LETTERS for byte in data)
    return letters * 10 >= 8 * len(data)
