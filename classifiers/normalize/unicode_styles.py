"""Styled letters: mathematical alphabets, letters in circles and squares, flag letters, small and wide capitals.

Cheerful notices use them, and so do people who hide words. They are read as plain letters. Only a word that mixes them
with plain letters counts as disguised.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

_SMALL_CAPITALS = dict(
    zip("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘꞯǫʀꜱᴛᴜᴠᴡʏᴢ", "abcdefghijklmnopqqrstuvwyz", strict=True)
)  # there is no x, and s is often written as itself
_BRAILLE = dict(zip("⠁⠃⠉⠙⠑⠋⠛⠓⠊⠚⠅⠇⠍⠝⠕⠏⠟⠗⠎⠞⠥⠧⠺⠭⠽⠵⠂⠲⠄⠖⠦⠀", "abcdefghijklmnopqrstuvwxyz,.'!? ", strict=True)) | {
    "⠠": "",
    "⠼": "",
}
"""Braille, letter by letter. The marks for capitals and numbers are left out."""
TURNED = dict(zip("ɐqɔpǝɟƃɥᴉıɾʞןʃɯuodbɹsʇnʌʍxʎz˙", "abcdefghiijkllmnopqrstuvwxyz.", strict=True))
"""Letters that are turned upside down. Some of them are ordinary letters."""
TURNED_ONLY = "ɐɔǝɟƃɥᴉɾʞɯɹʇʌʍʎ"
MIN_TURNED = 6
"""Letters that are only turned ones, from which a text is written upside down; likewise in a mirror."""
_MIN_TURNED_KINDS = 3
"""Different ones among them. Some stand in other alphabets too, such as the small letter for a capital H."""
MIRRORED = dict(zip("ɒdɔbɘʇǫʜįʞqpɿƨƚγ", "abcdefghjkpqrsty", strict=True))
"""Letters as they are seen in a mirror."""
MIRRORED_ONLY = "ɒɘʜɿƨƚ"
_FLAGS = 0x1F1E6
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def _styled_letters() -> Iterator[tuple[str, str]]:
    for first, last in ((0x1D400, 0x1D7FF), (0xFF10, 0xFF5A), (0x24B6, 0x24E9), (0x1D43, 0x1D9B), (0x2100, 0x214F)):
        for code in range(first, last + 1):
            plain = unicodedata.normalize("NFKC", chr(code))
            if len(plain) == 1 and plain.isascii() and plain.isalnum() and not chr(code).isascii():
                yield chr(code), plain
    for first in (0x1F110, 0x1F130, 0x1F150, 0x1F170, 0x1CCD6):  # in parentheses, squares, black circles and squares;
        # outlined (Unicode 16)
        yield from ((chr(first + at), letter) for at, letter in enumerate(_LETTERS))
    for first in range(0x1D400, 0x1D6A4, 52):  # pages for fancy text use places that Unicode left free as well
        letters = (*_LETTERS, *_LETTERS.lower())
        yield from (
            (chr(first + at), letter) for at, letter in enumerate(letters) if not unicodedata.name(chr(first + at), "")
        )
    yield from ((chr(0x249C + at), letter.lower()) for at, letter in enumerate(_LETTERS))
    yield from _SMALL_CAPITALS.items()
    yield from _BRAILLE.items()


STYLED: dict[str, str] = dict(_styled_letters())
"""Styled letter to plain letter."""
FLAG_LETTERS: dict[str, str] = {chr(_FLAGS + at): letter for at, letter in enumerate(_LETTERS)}
"""Two of these letters in a row are the flag of a country."""
_ODD_ROW = re.compile("(?<![\U0001f1e6-\U0001f1ff])(?:[\U0001f1e6-\U0001f1ff]{2})*+[\U0001f1e6-\U0001f1ff]")
_TABLE = str.maketrans(STYLED | FLAG_LETTERS)


def letters_of_mirrors(text: str) -> dict[str, str]:
    """Turned or mirrored letters to plain ones, if a text is written in them."""
    for table, only in ((TURNED, TURNED_ONLY), (MIRRORED, MIRRORED_ONLY)):
        counts = [count for count in map(text.count, only) if count]
        if sum(counts) >= MIN_TURNED and len(counts) >= _MIN_TURNED_KINDS:
            return table
    return {}


def unstyled(text: str) -> str:
    """A text with plain letters."""
    return text if text.isascii() else text.translate(_TABLE)


@lru_cache(16)
def _is_spelled(text: str) -> bool:
    """Whether a text has flag letters that are no flags: an odd number in a row."""
    return _ODD_ROW.search(text) is not None


def is_flag(text: str, at: int) -> bool:
    """Whether the flag letter at this position is one of two in a row, and the text spells no words with others."""
    if _is_spelled(text):
        return False
    first = at
    while first and text[first - 1] in FLAG_LETTERS:
        first -= 1
    last = at
    while last + 1 < len(text) and text[last + 1] in FLAG_LETTERS:
        last += 1
    return last - first == 1


_LATIN = re.compile(
    r"(?:COMBINING |MODIFIER LETTER |LATIN SUBSCRIPT )?(?:LATIN )?(?:EPIGRAPHIC LETTER |LETTER )?(SMALL |CAPITAL )"
    r"(?:LETTER )?(?:SMALL |CAPITAL )?(?:REVERSED |TURNED |OPEN |SCRIPT |DOTLESS |INSULAR )?([A-Z])"
    r"(?: WITH .+| ABOVE| BELOW)?"
)
RAISED = frozenset(map(chr, (*range(0x363, 0x370), *range(0x1DD3, 0x1DF5))))
"""Small letters that stand above another character."""
DOTTED_CIRCLE = "\u25cc"
"""What stands below a mark that is shown by itself."""


@lru_cache(4096)
def latin_letter(char: str) -> str:
    """The plain letter of a Latin one with a stroke, hook or dot, or that is raised or reversed; "" for others."""
    found = _LATIN.fullmatch(name) if "LATIN" in (name := unicodedata.name(char, "")) else None
    return "" if found is None else found[2] if found[1] == "CAPITAL " else found[2].lower()


def raised_letter(text: str, at: int) -> str:
    """The letter that a combining one writes, if it stands above no letter, digit or other mark; "" for others."""
    if text[at] not in RAISED:
        return ""
    below, above = text[max(0, at - 1) : at], text[at + 1 : at + 2]
    is_alone = not (below.isalnum() or _is_other_mark(below) or _is_other_mark(above))
    return latin_letter(text[at]) if is_alone else ""


def _is_other_mark(char: str) -> bool:
    return char not in RAISED and unicodedata.category(char or " ") == "Mn"


def is_foreign(char: str) -> bool:
    """Whether a character is a letter of another alphabet."""
    return ord(char) > 0x24F and char.isalpha() and not latin_letter(char)


def symbol_name(char: str) -> str:
    """The name of an emoji or another symbol in words; "" for what is part of a drawing."""
    is_named = char > "\u2000" and char != "\ufffd" and not _is_pattern(char)
    return unicodedata.name(char, "").lower().replace("-", " ") if is_named else ""


def _is_pattern(char: str) -> bool:
    """Whether a symbol is a part of a drawing: lines, blocks, shapes."""
    return "\u2500" <= char <= "\u25ff" or "\u2800" <= char <= "\u28ff"


def emoji_letters(text: str) -> list[tuple[int, int, str]]:
    """The letters that emoji stand for in a text that has several kinds of them beside letters, with their ranges."""
    found = [match for match in _EMOJI_LETTER.finditer(text) if _is_beside_letter(text, *match.span())]
    if len({match[0][0] for match in found}) < _MIN_KINDS:
        return []
    return [(*match.span(), _EMOJI_LETTERS[match[0][0]]) for match in found]


def _is_beside_letter(text: str, start: int, end: int) -> bool:
    around = (text[max(0, start - 1) : start], text[end : end + 1])
    return any(near.isalpha() or near in _EMOJI_LETTERS for near in around)


_EMOJI_LETTERS = dict(zip("ℹ❌✖✝💲Ⓜ⭕🅾🅰🅱🅿", "ixxtsmooabp", strict=True))
_EMOJI_LETTER = re.compile(f"[{''.join(_EMOJI_LETTERS)}]\ufe0f?")
_MIN_KINDS = 3
"""Kinds of emoji that stand for letters from which they do."""
