"""Texts over SMPP whose bytes were all changed alike: combined with the same byte, or with their halves exchanged.

The sign that a text has most is its blank. It tells the byte, and the letters tell whether they spell words then.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from gateway.core.mime.spelling.spelled_words import spells_words

_MAX_ZEROS = 0.25
"""The share of zeros from which bytes are those of UTF-16."""
_MIN_LETTERS, _MIN_BLANKS = 0.75, 3
"""The share of letters in a text, and its blanks."""
_BITS_OF_KEY = 8.0
"""Bits of evidence for one of 256 bytes."""
_BLANK = ord(" ")


def words_of_changed_bytes(content: bytes) -> Iterator[str]:
    """What bytes say that were changed alike; nothing for other bytes."""
    if not content or content.count(0) > _MAX_ZEROS * len(content):
        return
    exchanged = with_exchanged_halves(content)
    ways = [way for way in (_with_usual_blanks(content), exchanged, _with_usual_blanks(exchanged)) if way != content]
    for way in dict.fromkeys(ways):
        text = way.decode("latin-1")
        letters = "".join(filter(str.isalpha, text))
        is_text = text.count(" ") >= _MIN_BLANKS and len(letters) >= _MIN_LETTERS * len(text)
        if is_text and spells_words(letters, _BITS_OF_KEY):
            yield text


def with_exchanged_halves(content: bytes) -> bytes:
    """Bytes with the first half of each in the place of the second one, as numbers stand in the air interface."""
    return bytes([byte >> 4 | (byte & 0xF) << 4 for byte in content])


def _with_usual_blanks(content: bytes) -> bytes:
    """Bytes combined with the one that makes a blank of the commonest among them."""
    key = Counter(content).most_common(1)[0][0] ^ _BLANK
    return bytes([byte ^ key for byte in content])
