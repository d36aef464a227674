"""Codes that are runs of certain signs: a quick look for each, its pattern, and what decodes it."""

from __future__ import annotations

import base64
import binascii
import re
import string
from collections.abc import Callable, Iterator
from functools import partial

from classifiers.extract.hidden_writing import number_codes, spelled_codes
from classifiers.extract.hidden_writing.other_letters import phone_keys
from classifiers.extract.hidden_writing.sign_runs import DIGITS, LETTERS, PRINTABLE, SignRun, has_run_of_two, is_latin
from gateway.core.channels.smpp_changed_bytes import with_exchanged_halves, words_of_changed_bytes
from gateway.core.channels.smpp_readings import unpacked_septets

Look = Callable[[str], bool]
"""Whether a text may have such a run; see `sign_runs`."""
DecodedRun = tuple[str, Look, re.Pattern[str], Callable[[str], str]]
"""A name, a look, a pattern, and what decodes a run. It may raise ValueError, IndexError or OverflowError."""
GuessedRun = tuple[str, Look, re.Pattern[str], Callable[[str], Iterator[str]]]
"""The same for a code that may be read in several ways."""

_BINHEX_SIGNS = "!\"#$%&'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr"
_BINHEX_VALUES = {sign: value for value, sign in enumerate(_BINHEX_SIGNS)}
MORSE = {
    code: letter
    for letter, code in zip(
        "abcdefghijklmnopqrstuvwxyz0123456789",
        ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- -..- -.-- --.. "
        "----- .---- ..--- ...-- ....- ..... -.... --... ---.. ----.".split(),
        strict=True,
    )
}
MORSE_SIGNS = str.maketrans("·•∙*−–—_", "....----")
_WIDE_SHARE = 0.8
"""Zeros among every second byte from which a text is in UTF-16."""
_BASE64_WORDS = re.compile(
    r"(?<!\S)(?:(?:[A-Za-z0-9+/]{4}){0,7}[A-Za-z0-9+/]{2}(?:==|[A-Za-z0-9+/][A-Za-z0-9+/=])(?:\s{1,3}|\Z)){5,}+"
)
"""Words in base64, each by itself. Its length is a multiple of four."""
_BETWEEN_DIGITS = re.compile(r"[^0-9A-Fa-f]+")
_MAY_BE_INVISIBLE = re.compile(
    "[\U000e0020-\U000e007e]{4}|[\ufe00-\ufe0f\U000e0100-\U000e01ef]{6}|[\u200b-\u200d\u2060-\u2063\ufeff]{16}"
)


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return ""


def _hexadecimal(code: str) -> Iterator[str]:
    """Bytes or bits, also with the digits of each byte exchanged, as texts or in packed septets."""
    digits = _BETWEEN_DIGITS.sub("", code)
    if set(digits) <= {"0", "1"}:
        yield _text(int(digits[: len(digits) // 8 * 8], 2).to_bytes(len(digits) // 8))
        return
    data = binascii.unhexlify(digits[: len(digits) // 2 * 2])
    for way in (data, with_exchanged_halves(data)):
        yield from (_text_of_any_width(way), unpacked_septets(way))
    yield from words_of_changed_bytes(data)


def _text_of_any_width(data: bytes) -> str:
    """A text in UTF-8, or in UTF-16, as phones and their networks write it."""
    for first, codec in ((0, "utf-16-be"), (1, "utf-16-le")):
        high = data[first::2]
        if high.count(0) > _WIDE_SHARE * len(high):
            return data[: len(data) // 2 * 2].decode(codec, "replace")
    return _text(data)


def base32(code: str) -> str:
    """The text of data in base32 (RFC 4648), whole or cut off."""
    letters = code.rstrip("=")
    letters = letters[: len(letters) - (len(letters) % 8 in (1, 3, 6))]
    return _text(base64.b32decode(letters + "=" * (-len(letters) % 8), casefold=True))


def _base64_words(code: str) -> str:
    return " ".join(_text(base64.b64decode(word, validate=True)) or "?" for word in code.split())


def _base85(code: str) -> str:
    return _text(base64.a85decode(code, adobe=True))


def morse(code: str) -> str:
    """The letters of Morse code (ITU-R M.1677), in any dots and dashes. A slash or a wide gap divides words."""
    words = re.split(r"\s*[/|]\s*|\s{3,}", code.translate(MORSE_SIGNS))
    return " ".join("".join(MORSE.get(letter, "?") for letter in word.split()) for word in words)


def _tags(code: str) -> str:
    return "".join(chr(ord(sign) - 0xE0000) for sign in code)


def _variations(code: str) -> str:
    return _text(bytes(ord(sign) - 0xFE00 if ord(sign) < 0xFFFF else ord(sign) - 0xE0100 + 16 for sign in code))


def _invisible_bits(code: str) -> str:
    zero, *others = sorted(set(code))
    bits = "".join("0" if sign == zero else "1" for sign in code)
    found = ""
    for ones in (bits, bits.translate(str.maketrans("01", "10"))) if len(others) == 1 else ():
        found = found or _text(int(ones[: len(ones) // 8 * 8], 2).to_bytes(len(ones) // 8))
    return found


def _binhex(code: str) -> str:
    """A file in BinHex 4.0 (RFC 1741): its name and its data."""
    values = [_BINHEX_VALUES[sign] for sign in code if sign in _BINHEX_VALUES]
    bits = "".join(f"{value:06b}" for value in values)
    packed = bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits) - 7, 8))
    data = re.sub(rb"(.)\x90(.)", lambda run: run[1] * run[2][0] if run[2][0] else run[1] + b"\x90", packed, flags=re.S)
    start = 1 + data[0] + 1 + 4 + 4 + 2
    size = int.from_bytes(data[start : start + 4])
    return f"{_text(data[1 : 1 + data[0]])}\n{_text(data[start + 10 : start + 10 + size])}"


def may_be_invisible(text: str) -> bool:
    """Whether a text may have one of INVISIBLE_RUNS."""
    return not is_latin(text) and _MAY_BE_INVISIBLE.search(text) is not None


def _having(sign: str) -> Look:
    return lambda text: sign in text


_BLANKS, _HEXADECIMAL = " \t\r\n\v\f", DIGITS + "abcdefABCDEF"
_NUMBERS, _MIN_CALLS = SignRun(_HEXADECIMAL + "xXuUhrHR", 12, string.punctuation + _BLANKS), 12


def _may_be_numbers(text: str) -> bool:
    return _NUMBERS.may_be_in(text) or text.count("(") >= _MIN_CALLS


DECODED_RUNS: tuple[DecodedRun, ...] = (
    (
        "BinHex", _having("(This file"),
        re.compile(r"\(This file must be converted with BinHex[^\n]{0,40}\s{1,8}:[^:]{20,}+:"),
        lambda code: _binhex(code[code.index(":") :]),
    ),
    ("base85 in brackets", _having("<~"), re.compile(r"<~[^~]{8,20000}~>"), _base85),
    (
        "base32", SignRun(LETTERS + "234567", 32).may_be_in,
        re.compile(r"\b(?:[A-Z2-7]{32,}+|[a-z2-7]{32,}+)={0,6}"), base32,
    ),
    ("base64 of words", _having("= "), _BASE64_WORDS, _base64_words),
    (
        "Morse code", SignRun(".-_ /|", 16).may_be_in,
        re.compile(r"(?:[.·•∙−–—_-]{1,6}[ /|]{1,3}){8,}+(?:[.·•∙−–—_-]{1,6})?"), morse,
    ),
)  # fmt: skip
INVISIBLE_RUNS: tuple[tuple[re.Pattern[str], Callable[[str], str]], ...] = (
    (re.compile("[\U000e0020-\U000e007e]{4,}+"), _tags),
    (re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]{6,}+"), _variations),
    (re.compile("[\u200b-\u200d\u2060-\u2063\ufeff]{16,}+"), _invisible_bits),
)  # fmt: skip
GUESSED_RUNS: tuple[GuessedRun, ...] = (
    (
        "hexadecimal numbers", SignRun(_HEXADECIMAL, 48, " ,:\r\n").may_be_in,
        re.compile(r"\b(?:[0-9A-Fa-f]{2}[ ,:\r\n]{0,2}){24,}+"), _hexadecimal,
    ),
    (
        "keys of a telephone", SignRun("23456789", 12, " \n.,!?").may_be_in,
        phone_keys.KEYED, phone_keys.words_of_keys,
    ),
    ("numbers", _may_be_numbers, number_codes.RUN, number_codes.readings),
    (
        "two signs", partial(has_run_of_two, between=" /|\r\n"),
        spelled_codes.TWO_SIGNS, lambda code: spelled_codes.two_signs(code, MORSE),
    ),
    ("taps", _having(". ."), spelled_codes.TAPS, spelled_codes.taps),
    ("xxencoding", _having("begin "), spelled_codes.XXENCODED, lambda code: iter((spelled_codes.xxdecoded(code),))),
    ("base85", SignRun(PRINTABLE, 40).may_be_in, spelled_codes.LONG_TOKEN, spelled_codes.long_token),
)  # fmt: skip
