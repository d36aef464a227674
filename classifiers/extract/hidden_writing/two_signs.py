"""Morse code and bits in any two signs or words, with any signs between them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from gateway.core.mime.spelling.spelled_words import spells_words

_BETWEEN = " \t\r\n,;/|\\_"
_BLOCK = re.compile(r"[^\r\n]++(?:\r?\n(?:\r?\n)?[^\r\n]++)*+")
_WORDS = re.compile(
    r"(?<![^\W_])(?:(di[td]?|dot|short|punto|corto|ti)|(da[hs]h?|dash|long|raya|largo|ta))(?![^\W_])([ -]?)",
    re.IGNORECASE,
)
_MIN_SIGNS, _MAX_SIGNS, _MAX_OTHER = 40, 6_000, 0.05
"""Signs of a code, and the share of others that may stand among them."""
_BEGINNING, _MIN_FIRST, _MAX_DIFFERENT = 60, 4, 9
"""Characters at the beginning that tell how a text is written, words for signs in it, and different characters."""
_LINE_OF_BLANKS, _BITS_OF_BLANKS = re.compile(r"^([ \t]{7,})\r?$", re.MULTILINE), str.maketrans(" \t", "01")
"""A line of blanks and tabs, which may be bits."""
_GROUP = re.compile(rf"[^{re.escape(_BETWEEN)}]+")
_MAX_LETTER = 5
_ALPHABET = "abcdefghijklmnopqrstuvwxyz"
_BAUDOT = dict(
    zip(
        "11000 10011 01110 10010 10000 10110 01011 00101 01100 11010 11110 01001 00111 00110 00011 01101 11101 01010 "
        "10100 00001 11100 01111 11001 10111 10101 10001".split(),
        _ALPHABET,
        strict=True,
    )
)


def letters_of_two_signs(text: str, morse: dict[str, str]) -> list[str]:
    """What paragraphs in two signs spell."""
    if len(text) > _MAX_SIGNS:
        return []
    text = text.replace("\ufe0f", "").replace("\ufe0e", "")
    if len(_WORDS.findall(text, 0, _BEGINNING)) >= _MIN_FIRST and len(words := _WORDS.findall(text)) >= _MIN_SIGNS:
        joint = "-" if any(after == "-" for *_, after in words) else " "
        text = _WORDS.sub(lambda word: ("." if word[1] else "-") + word[3].replace(joint, ""), text)
    said: list[str] = []
    for block in _BLOCK.finditer(text):
        if len(block[0]) >= _MIN_SIGNS and len(set(block[0][:_BEGINNING])) <= _MAX_DIFFERENT:
            said += _of_block(block[0], morse)
    return said


def letters_of_blanks(text: str) -> list[str]:
    """What bits in lines of blanks and tabs spell. Passages of a text have no such lines any more."""
    bits = "".join(_LINE_OF_BLANKS.findall(text)) if "\t" in text else ""
    return letters_of_two_signs(bits.translate(_BITS_OF_BLANKS), {}) if len(bits) >= _MIN_SIGNS else []


def _of_block(block: str, morse: dict[str, str]) -> Iterator[str]:
    counts = Counter(block)
    for sign in _BETWEEN:
        counts.pop(sign, None)
    common = counts.most_common(2)
    if len(common) < 2 or (counts.total() - common[0][1] - common[1][1]) > _MAX_OTHER * counts.total():
        return
    if counts.total() < _MIN_SIGNS:
        return
    for dot, dash in ((common[0][0], common[1][0]), (common[1][0], common[0][0])):
        groups = [group.replace(dot, "0").replace(dash, "1") for group in _GROUP.findall(block)]
        for letters in _readings(groups, morse):
            if spells_words("".join(filter(str.isalpha, letters))):
                yield letters
                return


def _readings(groups: list[str], morse: dict[str, str]) -> Iterator[str]:
    sizes = Counter(map(len, groups))
    if max(sizes) <= _MAX_LETTER:
        yield "".join(morse.get(group.replace("0", ".").replace("1", "-"), "") for group in groups)
        if sizes[5] == len(groups):
            yield "".join(_BAUDOT.get(group, "") for group in groups)
            yield from (
                "".join(_ALPHABET[at] for group in groups if 0 <= (at := int(group, 2) - first) < 26)
                for first in (0, 1)
            )
        return
    bits = "".join(group for group in groups if not group.strip("01"))
    for size in (8, 7) if sizes[7] < len(groups) else (7,):
        codes = [int(bits[at : at + size], 2) for at in range(0, len(bits) - size + 1, size)]
        yield "".join(map(chr, codes))
