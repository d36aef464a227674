"""Signs in and around words that say nothing: "ho**mew**ork" is "homework", and "come" "to" "me" is "come to me".

A quotation has more than a word between its marks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

_SIGN = r"(?:\*{1,3}+|_{1,3}+|~~)"
_WORD = re.compile(rf"(?<![\w*~])[^\W\d_]*+(?:{_SIGN}[^\W\d_]++)++{_SIGN}?+(?![\w*~])")
_SIGNS = re.compile(r"[*_~]+")
_LETTERS_OF_A_SIGN = 2
"""Letters of a word for each sign in it, at least. A word with more signs is disguised."""
_QUOTED = re.compile(r"[\"“”«„]([^\W\d_][\w'’-]{0,30}+)([.,!?]?)[\"“”»]([.,!?]?)(?=\s|\Z)")
_MIN_QUOTED = 4
"""Words after each other from which each is in quotation marks of its own."""


def words_in_quotes(text: str) -> list[tuple[int, int, str]]:
    """The words without quotation marks for those in a row that have their own ones."""
    rows: list[list[re.Match[str]]] = [[]]
    for found in _QUOTED.finditer(text):
        if rows[-1] and text[rows[-1][-1].end() : found.start()].strip():
            rows.append([])
        rows[-1].append(found)
    return [(*found.span(), "".join(found.groups())) for row in rows if len(row) >= _MIN_QUOTED for found in row]


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
