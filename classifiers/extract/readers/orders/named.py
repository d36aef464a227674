"""Names that stand for words: macros, attributes, variables, footnotes, a key with numbers.

A program, or a person, puts the word of each name where the name stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from classifiers.extract.hidden_writing.word_order import is_natural, plain_words

_TOKEN = re.compile(r"\w+(?:['’]\w+)*")
_KEYWORDS = frozenset(
    "newcommand renewcommand providecommand def let var const string char str define set export declare local entity "
    "replace final static public private my our int std auto alias readonly dim as".split()
)
"""Words before a name that is declared, in programs and in languages of documents."""
_MAX_LINE, _MAX_VALUE = 80, 3
_MAX_LINES = 4_000
_MIN_NAMES = 6
_MIN_USES = 8
_FRAME = "\"'`()[]{};,|<> "


def sentences_of_names(text: str) -> list[str]:
    """What the names in a text say with their words in their places."""
    lines = text.split("\n", _MAX_LINES)[:_MAX_LINES]
    if len(lines) <= _MIN_NAMES:
        return []
    values: dict[str, str] = {}
    others: list[str] = []
    for line in lines:
        tokens = list(_TOKEN.finditer(line)) if len(line) <= _MAX_LINE else []
        if (kept := [token for token in tokens if token[0].lower() not in _KEYWORDS]) != tokens:
            tokens = kept if len(kept) > 1 else tokens
        if 2 <= len(tokens) <= 1 + _MAX_VALUE and tokens[0][0] not in values:
            values[tokens[0][0]] = line[tokens[1].start() : tokens[-1].end()].strip(_FRAME)
        else:
            others.append(line)
    if len(values) < _MIN_NAMES:
        return []
    said = said_by_names((token[0] for line in others for token in _TOKEN.finditer(line)), values)
    return [said] if said else []


def said_by_names(names: Iterable[str], values: Mapping[str, str]) -> str:
    """What names say in their order with the words that they stand for; "" if it is no sentence."""
    used = [name for name in names if name in values]
    if len(used) < _MIN_USES or len(set(used)) < _MIN_NAMES:
        return ""
    said = " ".join(map(values.__getitem__, used))
    return said if is_natural(plain_words(said.split())) else ""
