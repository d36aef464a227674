"""Texts in characters that have a meaning only in one font: the private ones of Unicode.

Bullets and icons are such characters, alone or few beside other words. Where they stand in rows as letters do, a font
inside the file may show any words for them. The characters of fonts for symbols are plain letters from U+F000 on; what
they say in other fonts is read.
"""

from __future__ import annotations

import re

from classifiers.extract.readers.reading import UNREADABLE, FileContent

_OF_SYMBOLS = {0xF000 + code: chr(code) for code in range(0x20, 0x7F)}
_SYMBOL = re.compile("[\uf021-\uf07e]")
_PRIVATE = re.compile("[\ue000-\uefff\uf100-\uf8ff\U000f0000-\U0010fffd]")
_ROW = re.compile("[\ue000-\uefff\uf100-\uf8ff\U000f0000-\U0010fffd]{2,}+")
_MIN_KINDS, _MIN_ROWS = 8, 4
"""Different private characters, and rows of them, from which they may be letters."""
_MIN_PRIVATE, _SHARE = 20, 0.3
"""Private characters, in number and as a share of all letters, from which they may be letters without any rows."""
_MIN_SYMBOLS = 8


def look_for_private_letters(text: str, content: FileContent) -> None:
    """Note a text whose letters only a font tells, and add what is written in characters of symbols."""
    if text.isascii():
        return
    if len(_SYMBOL.findall(text)) >= _MIN_SYMBOLS:
        content.hidden.append(text.translate(_OF_SYMBOLS))
    private = _PRIVATE.findall(text)
    if len(set(private)) < _MIN_KINDS:
        return
    is_most = len(private) >= _MIN_PRIVATE and len(private) >= _SHARE * sum(map(str.isalpha, text))
    if is_most or len(_ROW.findall(text)) >= _MIN_ROWS:
        content.fail(UNREADABLE, "letters whose meaning only a font tells")
