"""Quick looks at what a text may say behind the commonest disguises, before anything decides whether to read it.

Readers of files and fields pass over what says nothing to people. They look with these readings, so that a disguise
that the normalizer undoes is no way past them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from html import unescape
from urllib.parse import unquote

from classifiers.normalize.confusables import LOOK_ALIKES
from classifiers.normalize.unicode_styles import FLAG_LETTERS, STYLED, letters_of_mirrors
from classifiers.normalize.word_segmentation import LEET
from gateway.core.mime.charsets.marks import without_marks

_RAISED = {
    sign: plain
    for sign in map(chr, range(0x2B0, 0x2200))
    if len(plain := unicodedata.normalize("NFKC", sign)) == 1 and plain.isascii() and plain.isalpha()
}
"""Letters above or below the line, and others for which Unicode has a plain one."""
_TABLE = str.maketrans(
    _RAISED
    | {look: plain for look, plain in LOOK_ALIKES.items() if plain.isalnum()}
    | STYLED
    | FLAG_LETTERS
    | {"\u3000": " "}
)
_LEET_WORD = re.compile(r"[A-Za-z][013457$@!]|[013457$@!][A-Za-z]")
_MIN_LEET = 4
_APART = re.compile(r"(?:(?<![^\W_])[^\W\d_][\W_]{1,4}){12}")
_CAPITAL = re.compile(r"(?<=[a-z',.;:!?])(?=[A-Z])")
_RUN_TOGETHER = re.compile(r"(?:[A-Z][a-z']{1,20}[,.;:!?]?){5}")
_JOINT = re.compile(r"[-_+./=&?#:\\]+")
_JOINED = re.compile(r"[A-Za-z']{1,20}(?:[-_+./=&?#\\][A-Za-z']{1,20}){4}")
_BACKWARDS = re.compile(r"\b(?:eht|uoy|dna|ruo|ruoy|siht|taht|htiw|em|ym|emoh|pleh|et|euq|neiuq|on|sel|oy)\b")
_MAX_LENGTH = 4_000


def plain_letters(text: str) -> str:
    """A text in the plain letters that its own look like, without marks on them and invisible signs between them."""
    return text if text.isascii() else without_marks(text).translate(_TABLE)


def has_letters_apart(text: str) -> bool:
    """Whether many letters of a text stand apart, one beside the other or one below the other."""
    return _APART.search(text[:_MAX_LENGTH]) is not None


def possible_readings(text: str) -> Iterator[str]:
    """What a text may say, in small letters: as it is, and without each of the commonest disguises that it shows."""
    text = text[:_MAX_LENGTH]
    plain = plain_letters(text)
    lowered = plain.lower()
    yield lowered
    if turned := letters_of_mirrors(text):
        yield "".join(turned.get(letter, letter) for letter in text.lower())
    if "%" in plain:
        yield _JOINT.sub(" ", unquote(plain)).lower()
    if "&#" in plain or "&amp;#" in plain:
        yield unescape(unescape(plain)).lower()
    if "\n" in plain:
        yield lowered.replace("\n", " ")
    if len(_LEET_WORD.findall(plain)) >= _MIN_LEET:
        yield lowered.translate(LEET)
    if _RUN_TOGETHER.search(plain):
        yield _CAPITAL.sub(" ", plain).lower()
    if _JOINED.search(plain):
        yield _JOINT.sub(" ", plain).lower()
    if _BACKWARDS.search(lowered):
        yield lowered[::-1]
        yield " ".join(word[::-1] for word in lowered.split())
