"""Words whose letters are signs of several scripts, or emoji: a person who knows the trick reads them, and nobody else.

No language writes so. The message is `unreadable`.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from classifiers.normalize.plain_letters import plain_letters

_MIN_WORDS, _MIN_SHARE, _MAX_WORDS, _MAX_LENGTH = 8, 0.4, 200, 4_000
"""Words of such signs, in number and share, and words and characters that are looked at."""
_MIN_DIFFERENT, _MIN_ALONE = 2, 3
"""Different signs in a word with plain letters, and in one without."""
_TOGETHER = {"HIRAGANA": "CJK", "KATAKANA": "CJK", "KATAKANA-HIRAGANA": "CJK", "HALFWIDTH": "CJK", "IDEOGRAPHIC": "CJK"}
"""Scripts that one language writes in the same word."""
_SYMBOL = "SYMBOL"


def is_cipher_of_signs(text: str) -> bool:
    """Whether much of a text is such words. The others are read as they stand."""
    if text.isascii():
        return False
    words = plain_letters(text[:_MAX_LENGTH]).split(None, _MAX_WORDS)[:_MAX_WORDS]
    found = len({word for word in words if not word.isascii() and _is_of_signs(word)})
    return found >= max(_MIN_WORDS, _MIN_SHARE * len(words))


def _is_of_signs(word: str) -> bool:
    signs = {sign for sign in word if not sign.isascii() and _script(sign) not in ("", "LATIN")}
    if not signs:
        return False
    scripts = set(map(_script, signs))
    has_plain = any(sign.isascii() and sign.isalpha() for sign in word)
    if _SYMBOL not in scripts and len(scripts) + has_plain < _MIN_DIFFERENT:
        return False  # one script, as a language has
    return len(signs) >= (_MIN_DIFFERENT if has_plain and len(scripts) > 1 else _MIN_ALONE)


@lru_cache(4096)
def _script(sign: str) -> str:
    """The script of a letter, `_SYMBOL` for an emoji, a sign of money or the like, "" for other signs."""
    category = unicodedata.category(sign)
    if category in ("So", "Sc"):
        return _SYMBOL
    if category[0] != "L":
        return ""
    script = unicodedata.name(sign, "").partition(" ")[0]
    return _TOGETHER.get(script, script)
