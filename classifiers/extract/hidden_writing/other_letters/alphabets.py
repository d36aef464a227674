"""Alphabets in which each letter stands for another one: shifted, from its end, beside or above it on a keyboard.

Each table has the letter that is meant for each sign in its place.
"""

from __future__ import annotations

from collections.abc import Iterator
from string import ascii_lowercase

Table = dict[int, str]

SHIFTS: tuple[Table, ...] = tuple(
    {ord(sign): ascii_lowercase[(at + shift) % 26] for at, sign in enumerate(ascii_lowercase)} for shift in range(26)
)
"""The alphabet from each of its letters."""
_SPANISH = ascii_lowercase.replace("o", "ño")
_DIGITS = "1234567890"
_QWERTY = "qwertyuiop[", "asdfghjkl;'", "zxcvbnm,./"
_LAYOUTS = (
    _QWERTY,
    ("qwertyuiop`", "asdfghjklñ´", "zxcvbnm,.-"),
    ("qwertzuiopü", "asdfghjklöä", "yxcvbnm,.-"),
    ("azertyuiop^", "qsdfghjklmù", "wxcvbn,;:!"),
)
"""Keyboards of English, Spanish, German and French, with the keys beside their letters."""
_DVORAK = "',.pyfgcrl", "aoeuidhtns", ";qjkxbmwvz"


def _beside(rows: tuple[str, ...], step: int) -> Table:
    """Each key for the one beside it; of the letters of a row the last one for the first, or the other way round."""
    found: Table = {}
    for row in rows:
        letters = "".join(filter(str.isalpha, row))
        found |= _meaning(row, letters[-1] + row) if step > 0 else _meaning(letters, letters[1:] + letters[0])
    return found


def _meaning(signs: str, letters: str) -> Table:
    """Signs for the letters at the same places."""
    return {ord(sign): letter for sign, letter in zip(signs, letters, strict=False) if letter.isalpha()}


SHIFTED: tuple[Table, ...] = (*SHIFTS[1:], _meaning(ascii_lowercase, ascii_lowercase[::-1]))
"""The alphabet from each of its other letters, and from its end."""


def _tables() -> Iterator[Table]:
    size = len(_SPANISH)
    yield from (
        {ord(sign): _SPANISH[(at + shift) % size] for at, sign in enumerate(_SPANISH)} for shift in range(1, size)
    )
    yield _meaning(_SPANISH, _SPANISH[::-1])
    yield SHIFTED[-1]
    for rows in _LAYOUTS:
        yield from (_beside(rows, 1), _beside(rows, -1))
    above, below = ("".join(row[:10] for row in rows) for rows in ((_DIGITS, *_QWERTY[:-1]), _QWERTY))
    yield _meaning(above, below)
    in_order = "".join(filter(str.isalpha, "".join(_QWERTY)))
    yield from (_meaning(in_order, ascii_lowercase), _meaning(ascii_lowercase, in_order))
    keys, dvorak = ("".join(row[:10] for row in layout) for layout in (_QWERTY, _DVORAK))
    yield from (_meaning(keys, dvorak), _meaning(dvorak, keys))
    yield _meaning(in_order, "".join("".join(filter(str.isalpha, row))[::-1] for row in _QWERTY))


TABLES: tuple[Table, ...] = tuple(_tables())
"""Alphabets that are no shifts: the letters of a keyboard for their neighbors, or for those of another one."""
