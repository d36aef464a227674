"""Finds words that are written for programs: character references, percent-encoding, escapes, words joined by signs.

A person reads them in the address of a page, in a source that is shown as it is, or after pasting them elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from gateway.core.mime.charsets.misread import misread_characters
from gateway.core.mime.page.attributes import surrogate_pair

Change = tuple[int, int, str]
"""The range of a text, and what it means."""

_REFERENCE = re.compile(r"&(?:amp;){0,3}+#(?:0{0,9}+([0-9]{1,7})|[xX]0{0,9}+([0-9a-fA-F]{1,6}));?")
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4}))")
_PAIR = re.compile(r"\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")
"""The halves of a character beyond the first plane, as scripts and JSON write it."""
_PERCENT = re.compile(r"(?:%[0-9a-fA-F]{2})+")
_QUOTED = re.compile(r"=([2-7][0-9A-F])")
_MIN_QUOTED = 8
"""Quoted-printable characters from which a text is one that nobody decoded."""
_JOINED = re.compile(r"(?<![A-Za-z'])[A-Za-z']{1,20}+(?:[-_+./,]{1,2}[A-Za-z']{1,20}+){3,200}+")
_JOINT = re.compile(r"[-_+./,]+")
_MIN_KNOWN = 0.75
"""The share of joined words that must be known."""
_LINE = r"[ \t>]{0,4}+[^\s]{1,20}+[ \t\r]{0,2}+(?=\n|\Z)"
_WORD_LINES = re.compile(rf"(?:(?<=\n)|\A){_LINE}(?:\n{_LINE}){{3,}}+")
_BREAKS_CODES = re.compile(r"(?<=[&#;%\w])[\ufeff\u200b\u2060]+(?=[#\w;%])")
"""Invisible signs that split character references."""
_BLANK_CELL = re.compile(r"(?<=\w)\u2800+(?=\w)")
"""Blank Braille cells among other letters: as wide as a letter, so words in which they stand are still read."""
_MIN_NOTES = 3
_NOTE_TO_LETTER = re.compile("(?<=\ufff9[^\ufff9-\ufffb])(\ufffa[^\ufff9-\ufffb]{0,3}\ufffb)")
"""An interlinear note of a few characters to a single letter: few programs show it, and where."""
_SHORT_WORDS = frozenset(("a", "i", "im", "dont"))
_BLANKS = (" " * 24, "\n" * 8, "\r\n" * 8)
_LONG_BLANK = re.compile(r" {24,}+|\r?\n(?:\r?\n){7,}+")
_KEPT_DIGITS = 40
"""Digits and signs that are read of a row of numbers: more than any number of a person has."""
_LONG_NUMBERS = re.compile(r"(?<!\d)\d(?:\d|[ ,.;:/\r\n-]{1,2}(?=\d)){60,}+")
_LINE_END = re.compile(r"(?:(?<![ \t\r])[ \t\r]++)?\n[ \t>]*")


def rewritings(text: str) -> list[Change]:
    """What to write otherwise before anything else, in order: codes, lines of one word, long blanks, long numbers."""
    changes = [*decoded_characters(text), *join_lines(text), *long_blanks(text), *long_numbers(text)]
    return sorted(changes)


def long_blanks(text: str) -> Iterator[Change]:
    """Runs of blanks or of empty lines, shorter: a model reads something into long ones."""
    if any(blank in text for blank in _BLANKS):
        for found in _LONG_BLANK.finditer(text):
            yield *found.span(), "\n\n" if "\n" in found[0] else " "


def long_numbers(text: str) -> Iterator[Change]:
    """Rows of digits without their rest: beside many of them a model overlooks a sentence."""
    for found in _LONG_NUMBERS.finditer(text):
        yield found.start() + _KEPT_DIGITS, found.end(), " "


def invisible_signs(text: str) -> list[Change]:
    """Signs to leave out before anything is decoded: inside references, blank Braille cells in words, notes."""
    if text.count("\ufffa") >= _MIN_NOTES:
        return [(*found.span(1), "") for found in _NOTE_TO_LETTER.finditer(text)]
    if "&" in text or "%" in text:
        return [(*found.span(), "") for found in _BREAKS_CODES.finditer(text)]
    if text.count(" ") * 4 > text.count("\u2800") > 0:
        return [(*found.span(), "") for found in _BLANK_CELL.finditer(text)]
    return []


def decoded_characters(text: str) -> list[Change]:
    """References, escapes and percent-encoded characters, in order. A few of them in other text are left alone."""
    changes: list[Change] = [] if text.isascii() else misread_characters(text)
    if "&#" in text or "&amp;#" in text:
        changes += _characters(_REFERENCE, text)
    if "\\x" in text or "\\u" in text:
        changes += _characters(_ESCAPE, text)
        changes += [(*pair.span(), surrogate_pair(pair[1], pair[2])) for pair in _PAIR.finditer(text)]
    if "%" in text:
        changes += [
            (*found.span(), _from_percent(found[0])) for found in _PERCENT.finditer(text)
        ]  # fmt: skip
    if text.count("=") > _MIN_QUOTED:
        signs = list(_QUOTED.finditer(text))
        if len(signs) > _MIN_QUOTED:
            changes += [(*found.span(), chr(int(found[1], 16))) for found in signs]
    return sorted(change for change in changes if change[2])


def _characters(pattern: re.Pattern[str], text: str) -> Iterator[Change]:
    for found in pattern.finditer(text):
        decimal, hexadecimal = (found[1], found[2]) if pattern is _REFERENCE else ("", found[1] or found[2])
        code = int(decimal) if decimal else int(hexadecimal, 16)
        if 0x20 <= code < 0x11_0000 and not 0xD800 <= code < 0xE000:
            yield *found.span(), chr(code)


def _from_percent(codes: str) -> str:
    """The characters of a run of percent-encoded bytes; "" if they are no text."""
    text = bytes.fromhex(codes.replace("%", "")).decode("utf-8", "replace")
    return "" if "\ufffd" in text or not text.replace("\r", " ").replace("\n", " ").isprintable() else text


def separate_words(text: str, known: Collection[str]) -> list[Change]:
    """Blanks for the signs between words that are joined, as in the address of a page, if most words are known."""
    changes: list[Change] = []
    for found in _JOINED.finditer(text):
        words = [word for word in _JOINT.split(found[0].replace("'", "").lower()) if word]
        count = sum(
            word in known or word in ("i", "a", "dont", "im") for word in words if len(word) > 1 or word in "ia"
        )
        if count > 3 and count >= _MIN_KNOWN * len(words):
            changes += [(*joint.span(), " ") for joint in _JOINT.finditer(text, *found.span())]
    return changes


def join_lines(text: str) -> Iterator[Change]:
    """Blanks for the ends of lines with one word each, from four such lines on."""
    if text.count("\n") < 3:
        return
    for found in _WORD_LINES.finditer(text):
        words = found[0].split()
        if sum(len(word) > 1 for word in words) * 2 > len(words):
            for end in _LINE_END.finditer(text, *found.span()):
                yield *end.span(), " "
