"""What a page contains besides its text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from urllib.parse import unquote

from gateway.core.mime.page.drawing import Drawing
from gateway.core.mime.page.runs import Run
from gateway.core.mime.spelling.spelled_words import is_sentence

FRAME = "frame:"
"""How a placed document begins that stands in an attribute, not in an address."""

_UNSEEN = frozenset("class id width height border align valign colspan rowspan type rel target".split())
"""Attributes whose values nobody can see."""
_MIN_VALUES, _MAX_VALUES, _MAX_KINDS, _MAX_VALUE = 5, 1_000, 60, 300
"""Values of one attribute that may be a sentence together, kinds of attributes, and the characters of a value."""
_MIN_NUMBERS, _MAX_CODE = 16, 4
"""Values that may be the codes of letters, and digits of a code."""
_MAX_IN_VALUE = 3
"""Words of a value that is no text of its own."""
_BEFORE_NAME, _BEHIND_NAME = re.compile(r"[/#?=:&]"), re.compile(r"@.*|\.\w{1,5}(?: [\d.]{1,5}[wx])?$", re.DOTALL)
"""What stands around the name in an address."""
_FILE = re.compile(r"\.\w{1,5}$")
"""The end of the name of a file, behind which a query says nothing."""
_BETWEEN_WORDS = re.compile(r"[-_+.\s]+")
_COLOR = re.compile(r"#([0-9a-f]{6})\b", re.IGNORECASE)


class Values:
    """The values of attributes, by the names of their elements.

    Each may be a word: the name of a picture, the place to which a link goes, the address of a source, a tooltip of a
    program's own, the code of a letter.
    """

    def __init__(self) -> None:
        self._values: dict[tuple[str, str], list[str]] = {}

    def add(self, name: str, attributes: Mapping[str, str | None]) -> None:
        """Add the attributes of an element."""
        for attribute, value in attributes.items():
            if not value or attribute in _UNSEEN or len(value) > _MAX_VALUE:
                continue
            values = self._values.get((name, attribute))
            if values is not None:
                if len(values) < _MAX_VALUES:
                    values.append(value)
            elif len(self._values) < _MAX_KINDS:
                self._values[name, attribute] = [value]

    def words(self) -> Iterator[str]:
        """The words of the values of each attribute, which may be a sentence."""
        for values in self._values.values():
            if len(set(values)) >= _MIN_VALUES:
                words = [word for value in values if len(word := _words_of(value)) <= _MAX_IN_VALUE]
                yield " ".join([part for parts in words for part in parts])

    def sentences(self) -> Iterator[str]:
        """What the values of an attribute say if they are the codes of letters, three of them in a color."""
        for (_, attribute), values in self._values.items():
            if len(values) < _MIN_NUMBERS:
                continue
            if attribute == "style":
                colors = "".join([color for value in values for color in _COLOR.findall(value)])
                said = bytes.fromhex(colors).decode("utf-8", "ignore")
            elif all(map(str.isdecimal, islice(values, _MIN_NUMBERS))):
                said = _letters(values)
            else:
                continue
            if is_sentence(said.split()):
                yield said.strip()


@dataclass(slots=True)
class Found:
    """What a page contains besides its text, for its reader to follow.

    `placed`: frames and addresses of files with the pieces that stand for their text. `styled`: texts in the styles of
    elements in the order of these. `swallowed`: values of attributes that a page has fallen into.
    """

    addresses: list[str] = field(default_factory=list)
    frames: list[str] = field(default_factory=list)
    placed: list[tuple[Run, str]] = field(default_factory=list)
    styled: list[str] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)
    swallowed: list[str] = field(default_factory=list)
    drawing: Drawing = field(default_factory=Drawing)
    values: Values = field(default_factory=Values)


def _words_of(value: str) -> Sequence[str]:
    """The words of a name in a value."""
    path, _, query = value.partition("?")
    parts = _BEFORE_NAME.split(path if _FILE.search(path) or not query else query)
    name = _BEHIND_NAME.sub("", next(filter(None, reversed(parts)), ""))
    return [word for word in _BETWEEN_WORDS.split(unquote(name)) if any(map(str.isalpha, word))]


def _letters(numbers: Sequence[str]) -> str:
    """The characters with numbers."""
    codes = (int(number) for number in numbers if number.isdecimal() and len(number) <= _MAX_CODE)
    return "".join([chr(code) for code in codes if code < 0xD800])
