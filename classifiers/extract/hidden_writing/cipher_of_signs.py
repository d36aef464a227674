"""Words whose letters are signs of several scripts, or emoji: a person who knows the trick reads them, and nobody else.

No language writes so. The message is `unreadable`, and such words say nothing to a model.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import groupby

from classifiers.normalize.plain_letters import plain_letters

_TOKEN = re.compile(r"\S+")
_MIN_WORDS, _MIN_SHARE, _MAX_LENGTH = 8, 0.4, 4_000
"""Different words of such signs, in number and share, and characters that are looked at."""
_MIN_DIFFERENT, _MIN_ALONE = 2, 3
"""Different signs in a word with plain letters, and in one without."""
_TOGETHER = {"HIRAGANA": "CJK", "KATAKANA": "CJK", "KATAKANA-HIRAGANA": "CJK", "HALFWIDTH": "CJK", "IDEOGRAPHIC": "CJK"}
"""Scripts that one language writes in the same word."""
_WITHOUT_BLANKS = frozenset({"CJK", "HANGUL", "THAI", "LAO", "KHMER", "MYANMAR"})
"""Scripts without blanks between words: names and emoji of other scripts stand in the same run of letters."""
_SYMBOL = "SYMBOL"
_MIN_SYMBOLS, _MIN_KINDS = 24, 6
"""Emoji and other symbols, in number and kinds, from which they are a code in a text that has fewer letters."""


def without_ciphers_of_signs(text: str) -> tuple[str, bool]:
    """The text with blanks at the same offsets for such words, and whether there are many of them."""
    if text.isascii():
        return text, False
    beginning = text[:_MAX_LENGTH]
    words = beginning.split()
    found = {word for word in words if not word.isascii() and _is_of_signs(plain_letters(word))}
    if len(found) >= max(_MIN_WORDS, _MIN_SHARE * len(words)):
        return _TOKEN.sub(lambda token: " " * len(token[0]) if _has_signs(token[0]) else token[0], text), True
    if _is_of_symbols(plain_letters(beginning)):
        return _TOKEN.sub(lambda token: _without_symbols(token[0]), text), True
    return text, False


def _is_of_symbols(text: str) -> bool:
    """Whether a text is many symbols of several kinds and few letters: those of one kind are an ornament."""
    symbols = [sign for sign, _ in groupby(text) if not sign.isascii() and _script(sign) == _SYMBOL]
    if len(symbols) < _MIN_SYMBOLS or len(set(symbols)) < _MIN_KINDS:
        return False
    return sum(map(str.isalpha, text)) < len(symbols)


def _without_symbols(token: str) -> str:
    """A token with blanks for symbols, or for all of it where it has nothing else to read."""
    shown = "".join([" " if _script(sign) == _SYMBOL else sign for sign in token])
    return shown if any(map(str.isalnum, shown)) else " " * len(token)


def _has_signs(word: str) -> bool:
    return not word.isascii() and any(_script(sign) not in ("", "LATIN") for sign in plain_letters(word))


def _is_of_signs(word: str) -> bool:
    signs = {sign for sign in word if not sign.isascii() and _script(sign) not in ("", "LATIN")}
    if not signs:
        return False
    scripts = set(map(_script, signs))
    if len(scripts & _WITHOUT_BLANKS) == 1:
        signs = {sign for sign in signs if _script(sign) not in _WITHOUT_BLANKS}
        scripts -= _WITHOUT_BLANKS
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
