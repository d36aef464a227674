"""Characters of UTF-8 whose bytes were read in a Western charset."""

from __future__ import annotations

import re

_MISREAD = re.compile(
    r"[\u00c2-\u00f4][\u0080-\u00bf\u0152-\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]{1,3}"
)
"""A character of UTF-8 whose bytes were read in a Western charset."""
_MIN_MISREAD = 4
"""Such characters in a text from which it was read in the wrong charset."""


def misread_characters(text: str) -> list[tuple[int, int, str]]:
    """The ranges of such characters, with the character meant; none if only a few are among other letters."""
    changes: list[tuple[int, int, str]] = []
    for found in _MISREAD.finditer(text):
        data = b"".join(bytes((ord(it),)) if ord(it) < 0x100 else it.encode("cp1252", "replace") for it in found[0])
        for end in range(len(data), 1, -1):
            try:
                changes.append((found.start(), found.start() + end, data[:end].decode()))
                break
            except UnicodeDecodeError:
                continue
    is_misread = sum(end - start for start, end, _ in changes) * 2 > len(text) - len(text.encode("ascii", "ignore"))
    return changes if is_misread and len(changes) >= _MIN_MISREAD else []
