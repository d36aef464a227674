"""Words with the signs of Markdown inside: "ho**mew**ork" is "homework" to whoever reads it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

_WORD = re.compile(r"(?<![\w*~])(?:[^\W\d_]*(\*{1,3}|_{1,3}|~~)[^\W\d_]++\1[^\W\d_]*)+(?![\w*~])")
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
        word = "".join(pieces)
        if len(pieces) == 1 or word.lower() not in known or all(is_word(piece.lower()) for piece in pieces):
            continue
        if len(word) >= _LETTERS_OF_A_SIGN * len(_SIGNS.findall(found[0])):
            changes.append((*found.span(), word))
    return changes
