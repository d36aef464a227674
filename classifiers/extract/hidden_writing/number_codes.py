"""What a run of numbers says: numbers of characters in any base, of letters in the alphabet, of keys or of squares."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator

from classifiers.extract.hidden_writing.other_letters.phone_keys import letter_of_key

RUN = re.compile(
    r"(?<![0-9A-Za-z])(?>(?>0[xX]|[uUxX]\+?\{?)?[0-9A-Fa-f]{1,40}(?![0-9A-Za-z])"
    r"(?>[^0-9A-Za-z]{1,6}(?>[A-Za-z.]{2,24}\(\s?|(?>chr|char|CHAR|CHR)[^0-9A-Za-z]{1,3})?)?){12,}+"
)
"""At least twelve numbers in a row, with a prefix or inside a function."""
_NUMBER = re.compile(r"(0[xX]|[uUxX]\+?\{?)?([0-9A-Fa-f]{1,40})(?![0-9A-Za-z])([^0-9A-Za-z]*)")
_FUNCTION = re.compile(r"[A-Za-z.]{2,24}(?=\()")
_PREFIXED = re.compile(r"[xXuU]")
_REFERENCE = re.compile(
    r"& ?(?:a ?m ?p ?; ?){0,2}+# ?(?:([0-9](?: ?[0-9]){1,6}+)|[xX] ?([0-9a-fA-F](?: ?[0-9a-fA-F]){1,5}+)) ?; ?"
)
_MIN_REFERENCES = 6
_ALPHABET = "abcdefghijklmnopqrstuvwxyz"
_MIN_OFFSET = 7
_LAST_LATIN = 255


def spaced_references(text: str) -> tuple[str, list[str]]:
    """A text with blanks for character references that have blanks in them, and what they say with what is between."""
    found = list(_REFERENCE.finditer(text)) if text.count("#") >= _MIN_REFERENCES else []
    if len(found) < _MIN_REFERENCES or not any(" " in reference[0][:-1] for reference in found):
        return text, []
    start, end = found[0].start(), found[-1].end()
    said = _REFERENCE.sub(lambda reference: _referred(reference[1], reference[2]), text[start:end])
    return f"{text[:start]}{' ' * (end - start)}{text[end:]}", [said]


def _referred(decimal: str | None, hexadecimal: str | None) -> str:
    number = int(decimal.replace(" ", "")) if decimal else int((hexadecimal or "0").replace(" ", ""), 16)
    return chr(number) if 0x20 <= number < 0x11_0000 and not 0xD800 <= number < 0xE000 else " "


def readings(code: str) -> Iterator[str]:
    """What a run may say, in every way of writing numbers that fits."""
    found = [item for item in _NUMBER.findall(_FUNCTION.sub("", code)) if item[1]]
    digits = [number for _, number, _ in found]
    long = [number for number in digits if len(number) >= _MIN_OFFSET]
    if long and len(set(map(len, long))) == 1 and long == sorted(long):  # a dump: the long numbers are offsets
        found = [item for item in found if len(item[1]) < _MIN_OFFSET]
        digits = [number for _, number, _ in found]
    if not found:  # no numbers, or nothing but numbers like offsets, such as a list of telephones
        return
    if all(set(number) <= set("01") and len(number) > 4 for number in digits):
        yield from (_characters(digits, 2), _letters(found, lambda number: int(number, 2)))
    if all(len(number) % 2 == 0 for number in digits):
        yield _bytes("".join(digits))
    if any(_PREFIXED.search(prefix) for prefix, _, _ in found) or not all(map(str.isdecimal, digits)):
        yield _characters(digits, 16)
        return
    yield from (_characters(digits, 10), _moved_characters(digits))
    if all(set(number) <= set("01234567") for number in digits):
        yield _characters(digits, 8)
    yield _letters(found, lambda number: int(number) - 1)
    yield _letters(found, _square)
    yield _letters(_with_wide_gaps(found), _key)
    pairs = [
        ("", number[at : at + 2], "" if at + 2 < len(number) else gap)
        for _, number, gap in found
        for at in range(0, len(number), 2)
    ]
    yield _letters(pairs, lambda number: int(number) - 1)
    yield from (_letters(pairs, _square), _letters(pairs, _square_of_all))


def _bytes(digits: str) -> str:
    try:
        return bytes.fromhex(digits).decode()
    except ValueError:
        return ""


def _characters(digits: list[str], base: int) -> str:
    codes = [int(number, base) for number in digits]
    if not all(9 <= code < 0xD800 for code in codes):
        return ""
    text = "".join(map(chr, codes))
    try:  # bytes of UTF-8
        return text.encode("latin-1").decode()
    except UnicodeError:
        return text


def _moved_characters(digits: list[str]) -> str:
    """Characters by their numbers and the same more or less, as a program says. The one most often is a blank."""
    codes = [int(number) for number in digits]
    ((blank, _),) = Counter(codes).most_common(1)
    moved = [code - blank + ord(" ") for code in codes]
    return "".join(map(chr, moved)) if all(ord(" ") <= code <= _LAST_LATIN for code in moved) else ""


def _letters(found: list[tuple[str, str, str]], place: Callable[[str], int]) -> str:
    """Letters by numbers; a wider or rarer gap than the usual one divides words."""
    gaps = Counter(gap for _, _, gap in found[:-1])
    usual = gaps.most_common(1)[0][0] if gaps else ""
    out = []
    for _, number, gap in found:
        at = place(number)
        if not 0 <= at < 26:
            return ""
        out.append(_ALPHABET[at] + ("" if gap == usual else " "))
    return "".join(out)


def _with_wide_gaps(found: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """Numbers with a wider gap in the place of each zero, the key for a blank, also of one beside another key."""
    out: list[tuple[str, str, str]] = []
    for prefix, number, gap in found:
        for at, key in enumerate(number.split("0")):
            if at and out:
                out[-1] = (*out[-1][:2], f"{out[-1][2]}  ")
            if key:
                out.append((prefix, key, ""))
        if out:
            out[-1] = (*out[-1][:2], out[-1][2] + gap)
    return out


def _square(number: str) -> int:
    """The letter in a square of five by five; I and J share one."""
    if len(number) != 2 or not set(number) <= set("12345"):
        return -1
    at = (int(number[0]) - 1) * 5 + int(number[1]) - 1
    return at if at < 9 else at + 1


def _square_of_all(number: str) -> int:
    """The same, with a row more for Z."""
    if len(number) != 2 or not set(number) <= set("123456"):
        return -1
    return (int(number[0]) - 1) * 5 + int(number[1]) - 1


def _key(number: str) -> int:
    """The letter on the keys of a telephone, pressed several times."""
    letter = letter_of_key(number[0], len(number)) if len(set(number)) == 1 else ""
    return _ALPHABET.index(letter) if letter else -1
