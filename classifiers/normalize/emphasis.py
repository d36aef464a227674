"""Words with the signs of Markdown inside: "ho**mew**ork" is "homework" to whoever reads it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

_SIGN = r"(?:\*{1,3}+|_{1,3}+|~~)"
_WORD = re.compile(rf"(?<![\w*~])[^\W\d_]*+(?:{_SIGN}[^\W\d_]++)++{_SIGN}?+(?![\w*~])")
_SIGNS = re.compile(r"[*_~]+")
_LETTERS_OF_A_SIGN = 2
"""Letters of a word for each sign in it, at least. A word with more signs is disguised."""


def words_with_emphasis(
    text: str, known: Collection[str], is_word: Callable[[str], bool]
) -> list[tuple[int, int, str]]:
    """The words for those with emphasis inside. One whose pieces are all words stays: nobody knows which is meant."""
    changes = []
    for found in _WORD.finditer(text) if "*" in text or "_" in text or "~~" in text else ():
        pieces = [piece for piece in _SIGNS.split(found[0]) if piece]
        signs = _SIGNS.findall(found[0])
        if signs[::2] != signs[1::2]:  # a sign without the one that ends it
            continue
        word = "".join(pieces)
        if len(pieces) == 1 or word.lower() not in known or all(is_word(piece.lower()) for piece in pieces):
            continue
        if len(word) >= _LETTERS_OF_A_SIGN * len(signs):
            changes.append((*found.span(), word))
    return changes
