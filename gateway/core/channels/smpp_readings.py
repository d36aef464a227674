"""Other readings of a text over SMPP: what phones show that choose another alphabet than the declared one.

A reading counts only if it looks like words and says something else than the declared one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffd\ufffe\uffff]")
_WORDY = re.compile(r"[A-Za-z0-9 ,.'!?\r\n-]")
_LETTER = re.compile(r"[^\W\d_]")
_MIN_LETTERS = 4
_MIN_SHARE = 0.85
_SAME = 0.6
"""The share of characters that a reading has in common with the declared one if it is the same text."""


def other_readings(content: bytes, declared: str) -> tuple[str, ...]:
    """The other readings of bytes that were decoded as `declared`."""
    found = dict.fromkeys(text.strip() for text in _plausible(content))
    return tuple(text for text in found if _is_new(text, declared))


def _plausible(content: bytes) -> Iterator[str]:
    if max(content, default=0) < 0x80:
        yield from _wordy(content.decode("gsm23.038", "replace"))
        yield from _wordy(content.decode("ascii"))
    else:
        yield from _wordy(content.decode("latin-1"))
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError:
            pass
        else:
            yield from () if _CONTROL.search(text) else (text,)
        yield from _wordy(_unpacked(content))
    for codec, high in (("utf-16-be", content[::2]), ("utf-16-le", content[1::2])):
        # Scripts below U+2000: beyond them nearly every pair of bytes is a letter.
        if len(high) >= _MIN_LETTERS and sum(byte < 0x20 for byte in high) >= 0.9 * len(high):
            text = content[: len(content) // 2 * 2].decode(codec, "replace")
            if not _CONTROL.search(text) and len(_LETTER.findall(text)) >= len(text) / 2:
                yield text


def _wordy(text: str) -> Iterator[str]:
    """The text if it looks like words in Latin letters."""
    if not _CONTROL.search(text) and len(_WORDY.findall(text)) >= _MIN_SHARE * len(text):
        yield text


def _unpacked(content: bytes) -> str:
    """Septets that are packed, as in the air interface (3GPP TS 23.038 section 6.1.2)."""
    bits = int.from_bytes(content, "little")
    return bytes(bits >> shift & 0x7F for shift in range(0, len(content) * 8 - 6, 7)).decode("gsm23.038", "replace")


def _is_new(text: str, declared: str) -> bool:
    """Whether a reading says something, and something else than the declared one."""
    if len(_LETTER.findall(text)) < _MIN_LETTERS:
        return False
    common = sum((Counter(text) & Counter(declared)).values())
    return common < _SAME * len(text) or len(declared) > 1.5 * len(text)
