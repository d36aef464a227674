"""The blocks of a text that may be read by themselves: its paragraphs, and lines in a row that are hardly in words.

What is hidden in letters is looked for in a whole text, and a few plain sentences before it would be enough to keep it
from being found. A person reads one block after the other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from classifiers.extract.hidden_writing.finders import NOT_SHOWN, find_hidden_writing
from classifiers.extract.hidden_writing.letter_tables import letters_by_tables
from classifiers.extract.hidden_writing.picked_letters import picked_letters
from classifiers.extract.quoting import PassageKind
from classifiers.normalize.language import known_words
from gateway.core.mime.guard import Guard

_MAX_TEXT, _MAX_BLOCKS = 6_000, 8
"""Characters of a text that is looked at in blocks, and blocks of it. Few texts between two people are longer."""
_MIN_SIGNS, _MIN_WORDS, _LONG = 40, 6, 24
"""Characters of a block, other than blanks, from which it may say something by itself; words of one that is hardly in
common words, unless it has a word of so many letters."""
_MAX_COMMON, _MIN_LETTERS = 0.25, 0.5
"""The share of common words below which a block is hardly in words, and of letters from which it is no table."""
_MACHINE = re.compile(r"://|\bwww\.|\S@\S|^[ \t]*>|^[ \t]*[\w-]+:[ \t]", re.MULTILINE)
"""What stands in lines that no person wrote as a text: links, addresses, quotes, fields."""
_EDGES = '.,;:!?()[]"¿¡*_'
_ALONE = frozenset("aiyoeu")
"""Words of a single letter in English and Spanish."""
_PARAGRAPH = re.compile(r"\n[ \t\r]*\n")
_OF_WORDS = (("marked letters", picked_letters), ("letters by tables", letters_by_tables))
"""What finds letters in plain words. The other finders look at words one by one, whatever is before them."""


@dataclass(frozen=True, slots=True)
class SeparateTexts:
    """The blocks of a text that are texts of their own, what is hidden in blocks, and words for `failed`."""

    texts: tuple[str, ...]
    said: tuple[str, ...]
    failed: tuple[str, ...]


def read_separately(text: str, kind: PassageKind, guard: Guard) -> SeparateTexts:
    """What the blocks of a text say when each is read by itself."""
    texts: list[str] = []
    said: list[str] = []
    failed: list[str] = []
    for block in separate_blocks(text) if kind not in NOT_SHOWN else ():
        if is_odd(block):
            found = find_hidden_writing(block, kind, guard)
            texts.append(found.text)
            said += found.said
            failed += found.failed
        else:
            for name, spelled in _OF_WORDS:
                said += guard.run(name, spelled, block) or ()
    return SeparateTexts(tuple(texts), tuple(dict.fromkeys(said)), tuple(failed))


def separate_blocks(text: str) -> list[str]:
    """The paragraphs of a text, and its lines in a row that are hardly in words; none if they are all of it."""
    if len(text) > _MAX_TEXT:
        return []
    whole = text.strip()
    found = (block.strip("\r\n") for block in (*_PARAGRAPH.split(text), *_odd_lines(text)))
    blocks = [block for block in found if len("".join(block.split())) >= _MIN_SIGNS and block.strip() != whole]
    return list(dict.fromkeys(blocks))[-_MAX_BLOCKS:]


def _odd_lines(text: str) -> Iterator[str]:
    lines = text.splitlines(keepends=True)
    for odd, block in groupby(lines, key=lambda line: not line.strip() or is_odd(line)):
        if odd:
            yield "".join(block)


def is_odd(text: str) -> bool:
    """Whether a text is hardly in common words, and is no link, address or quote."""
    if _MACHINE.search(text):
        return False
    words = [word.strip(_EDGES) for word in text.lower().replace("’", "'").split()]
    if len(words) < _MIN_WORDS and len(max(words, key=len, default="")) < _LONG:
        return False
    if sum(map(str.isalpha, text)) < _MIN_LETTERS * sum(map(len, words)):
        return False
    known = known_words()
    return sum(word in _ALONE if len(word) < 2 else word in known for word in words) < _MAX_COMMON * len(words)
