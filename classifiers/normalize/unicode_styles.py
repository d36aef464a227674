"""Letters in fancy dress: alphabets of mathematics, in circles and squares, of flags, small and wide capitals.

Cheerful notices are written in them, and so are words that somebody wants to hide. They are read as the plain letters
that they show; only where a word mixes them with plain ones is it a disguise.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

_SMALL_CAPITALS = dict(
    zip("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘꞯǫʀꜱᴛᴜᴠᴡʏᴢ", "abcdefghijklmnopqqrstuvwyz", strict=True)
)  # there is no x, and s is often written as itself
_FLAGS = 0x1F1E6
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def _written() -> Iterator[tuple[str, str]]:
    for first, last in ((0x1D400, 0x1D7FF), (0xFF10, 0xFF5A), (0x24B6, 0x24E9), (0x1D43, 0x1D9B), (0x2100, 0x214F)):
        for code in range(first, last + 1):
            plain = unicodedata.normalize("NFKC", chr(code))
            if len(plain) == 1 and plain.isascii() and plain.isalnum() and not chr(code).isascii():
                yield chr(code), plain
    for first in (0x1F110, 0x1F130, 0x1F150, 0x1F170):  # in brackets, squares, dark circles, dark squares
        yield from ((chr(first + at), letter) for at, letter in enumerate(_LETTERS))
    yield from ((chr(0x249C + at), letter.lower()) for at, letter in enumerate(_LETTERS))
    yield from _SMALL_CAPITALS.items()


DRESSED: dict[str, str] = dict(_written())
"""Letter in fancy dress to plain letter."""
FLAG_LETTERS: dict[str, str] = {chr(_FLAGS + at): letter for at, letter in enumerate(_LETTERS)}
"""Letters of which two in a row are the flag of a country."""
_TABLE = str.maketrans(DRESSED | FLAG_LETTERS)


def undressed(text: str) -> str:
    """A text with its letters plain."""
    return text if text.isascii() else text.translate(_TABLE)


def is_flag(text: str, at: int) -> bool:
    """Whether the letter of a flag at this place is one of exactly two in a row."""
    first = at
    while first and text[first - 1] in FLAG_LETTERS:
        first -= 1
    last = at
    while last + 1 < len(text) and text[last + 1] in FLAG_LETTERS:
        last += 1
    return last - first == 1
