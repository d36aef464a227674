"""The phone numbers that may be meant by an address, however it is written.

A next hop may ignore punctuation, prefixes, suffixes, extensions and invisible characters, or dial the first number of
a list. So every run of digits in an address that has the form of a number counts.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from html import unescape
from urllib.parse import unquote

_PLAIN = re.compile(r"\+1[2-9]\d{9}", re.ASCII)
_NANP = re.compile(r"(?=([2-9]\d{2}[2-9]\d{6}))")
_LOCAL = re.compile(r"[2-9]\d{6}")
_DIGITS = re.compile(r"\d+", re.ASCII)
_KEYS = {letter: key for key, letters in zip("23456789", "abc def ghi jkl mno pqrs tuv wxyz".split(), strict=True)
         for letter in letters}  # fmt: skip
_LOOK_ALIKES = str.maketrans("OoIl|", "00111")
_MAX_DECODINGS = 3
_MAX_LENGTH = 400  # characters of an address that are read
_MAX_FILLED = 1 << 16
"""Characters that are read where most are blanks or invisible."""
_MAX_DIGITS = 200
_MAX_PREFIX = 8  # digits before a foreign number, such as 011 and a carrier code
_FOREIGN_LENGTHS = range(15, 7, -1)
_OPTIONAL_DIGITS = (("+52", 0, "1", 10), ("+54", 0, "9", 10), ("+55", 2, "9", 10))
"""A digit of mobile numbers that some networks leave out: country, place of the digit, digit, length without it."""
_ENUM = re.compile(r"(?:\d\.){7,15}(?:e164|arpa)|(?:\d\.){9,14}\d$", re.ASCII | re.IGNORECASE)
_SEMI_OCTETS = re.compile(r"(?:\d{2}){3,9}[fF]\d", re.ASCII)
_CODES = re.compile(r"(?:2[bB])?((?:3\d){7,18})", re.ASCII)
_TRUNK_PREFIX = "(0)"
"""How a digit is written that is dialed only inside a country."""


def possible_numbers(address: str, near: str = "") -> tuple[str, ...]:
    """Every number in E.164 form that an address may mean, the likeliest first.

    `near`: the other party's number, whose area code belongs to a local number of seven digits.
    """
    if _PLAIN.fullmatch(address):
        return (address,)
    if len(address) > _MAX_LENGTH:
        address = "".join(filter(_is_visible, address[:_MAX_FILLED]))[:_MAX_LENGTH]
    numbers = dict.fromkeys(_numbers(address, near))
    return tuple(dict.fromkeys((*numbers, *(same for number in numbers for same in _same_mobiles(number)))))


def _same_mobiles(number: str) -> Iterator[str]:
    """The number with or without the digit that is optional in numbers of mobiles of its country."""
    for country, place, digit, length in _OPTIONAL_DIGITS:
        rest = number.removeprefix(country)
        before, after = country + rest[:place], rest[place:]
        if rest == number:
            continue
        if len(rest) == length:
            yield f"{before}{digit}{after}"
        elif len(rest) == length + 1 and after.startswith(digit):
            yield before + after[1:]


def is_too_long(address: str) -> bool:
    """Whether an address is longer than any that is read whole."""
    return len(address) > _MAX_LENGTH or sum(map(str.isalnum, address)) > _MAX_DIGITS


def _is_visible(letter: str) -> bool:
    return letter.isprintable() and not letter.isspace()


def _numbers(address: str, near: str) -> Iterator[str]:
    for text in dict.fromkeys(_spellings(address)):
        digits = "".join(_DIGITS.findall(text))[:_MAX_DIGITS]
        yield from (f"+1{found[1]}" for found in _NANP.finditer(digits))
        if _PLAIN.fullmatch(near) and _LOCAL.fullmatch(digits.removeprefix("1")):
            yield near[:5] + digits.removeprefix("1")
        for start in sorted({*range(_MAX_PREFIX), *_run_starts(text)}):
            if digits[start : start + 1] not in ("", "0"):
                yield from (f"+{digits[start : start + n]}" for n in _FOREIGN_LENGTHS if start + n <= len(digits))


def _spellings(address: str) -> Iterator[str]:
    """The address with ASCII digits: as given, with bytes read as UTF-8, decoded, with letters as keys or digits."""
    plain = _with_ascii_digits(address)
    yield plain
    if _TRUNK_PREFIX in plain:
        yield plain.replace(_TRUNK_PREFIX, "")
    yield from _encoded(plain)
    if not address.isascii():
        with suppress(UnicodeError):  # sent as UTF-8, read as Latin-1
            yield _with_ascii_digits(address.encode("latin-1").decode())
    if "%" in address or "&" in address:
        decoded = address
        for _ in range(_MAX_DECODINGS):
            decoded = unescape(unquote(decoded))
        yield _with_ascii_digits(decoded)
    if plain.lower() != plain.upper():
        yield "".join(_KEYS.get(letter, letter) for letter in plain.lower())
        yield plain.translate(_LOOK_ALIKES)


def _encoded(address: str) -> Iterator[str]:
    """The digits of an address as networks store them: backwards, in swapped pairs, and as codes of characters."""
    if _ENUM.search(address):  # RFC 6116
        yield address[::-1]
    if _SEMI_OCTETS.fullmatch(address):  # 3GPP TS 23.040 section 9.1.2.3
        pairs = zip(address[1::2], address[::2], strict=True)
        yield "".join(map("".join, pairs)).rstrip("fF")
    if (codes := _CODES.fullmatch(address)) is not None:
        yield codes[1][1::2]


def _with_ascii_digits(text: str) -> str:
    if text.isascii():
        return text
    return "".join(_ascii_digit(letter) for letter in unicodedata.normalize("NFKC", text))


def _ascii_digit(letter: str) -> str:
    digit = unicodedata.digit(letter, None)
    return letter if digit is None else str(digit)


def _run_starts(text: str) -> Iterator[int]:
    """Where runs of digits start, counted in digits."""
    at = 0
    for run in _DIGITS.findall(text):
        yield at
        at += len(run)
