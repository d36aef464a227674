"""Words in small letters that stand above other letters: each is a mark on the letter below it.

A person reads them as a second line, with the letters of the first one where they have none above them.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from unicodedata import name

from classifiers.normalize.unicode_styles import RAISED, latin_letter


def _letter(sign: str) -> str:
    """The letter of a mark, also of an old form such as the long s; "" for ligatures."""
    last = name(sign).rpartition(" ")[2].lower()
    return latin_letter(sign).lower() or (last if len(last) == 1 else "")


_LETTERS = {sign: _letter(sign) for sign in sorted(RAISED)}
_MIN_ABOVE = 12
"""Letters above others from which they may be words."""


def lines_above(text: str) -> Iterator[str]:
    """What letters above others say with those that have none above them, by themselves, and together."""
    if text.isascii() or sum(map(text.count, _LETTERS)) < _MIN_ABOVE:
        return
    above, mixed = "", ""
    for sign, following in pairwise(f"{text} "):
        letter = _LETTERS.get(sign, " " if sign.isspace() else "")
        above += letter
        mixed += letter if letter or following in _LETTERS else sign
    yield from (mixed, above, "".join(above.split()))
