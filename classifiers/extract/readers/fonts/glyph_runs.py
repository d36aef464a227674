"""Runs of text on the pages of XPS, which give the number of each shape beside the text, or instead of it.

What a page shows are the shapes. They are looked at as if the font gave them to the characters of the text; what the
font itself calls them is read as well.
"""

from __future__ import annotations

import posixpath
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote
from xml.parsers import expat

from classifiers.extract.readers.fonts.shown_letters import why_not_as_said
from classifiers.extract.readers.fonts.tables import bare_font, maps_of, tables_of
from classifiers.extract.readers.reading import UNREADABLE, FileContent

_MARK = b"Glyphs"
_ENTRY = re.compile(r"\s{0,9}(?:\((\d{1,4})(?::(\d{1,4}))?\))?(\d{0,5})")
"""A shape: how many characters and shapes belong together, and its number."""
_ESCAPE = "{}"
"""What a text begins with that begins with a brace."""
_MAX_RUNS, _MAX_SHAPES = 20_000, 200_000
_MAX_LAYERS = 4
"""Shapes of one character that are looked at."""
_MIN_UNKNOWN = 8
"""Shapes without a text and without a character in their font from which a page is not read."""


@dataclass(slots=True)
class _Shapes:
    """What pages draw in one font: the shapes of each character, and the runs of shapes with their texts."""

    of_characters: defaultdict[int, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    runs: list[tuple[str, list[int]]] = field(default_factory=list)
    """Each text, "" if there is none, with the numbers of its shapes; 0 for one that the text alone gives."""


class GlyphRuns:
    """The runs on the pages of one document, by the names of their fonts in it."""

    def __init__(self) -> None:
        self._fonts: defaultdict[str, _Shapes] = defaultdict(_Shapes)
        self._folder = ""
        self._left = _MAX_RUNS
        self._shapes_left = _MAX_SHAPES

    def add(self, page: bytes, folder: str) -> None:
        """Add the runs of a page, which stands in a folder of the document."""
        self._folder = folder
        if _MARK not in page:
            return
        parser = expat.ParserCreate()
        parser.StartElementHandler = self._start
        try:
            parser.Parse(page, True)
        except (expat.ExpatError, LookupError, ValueError):
            return

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        indices, address = attributes.get("Indices", ""), attributes.get("FontUri", "")
        if tag.rpartition(":")[2] != _MARK.decode() or not indices or self._left <= 0 or self._shapes_left <= 0:
            return
        self._left -= 1
        text = attributes.get("UnicodeString", "").removeprefix(_ESCAPE)
        place = posixpath.join("/", self._folder, unquote(address.partition("#")[0]).replace("\\", "/"))
        found = self._fonts[posixpath.normpath(place).lstrip("/").lower()]
        drawn = list(_drawn(text, indices))[: self._shapes_left]
        self._shapes_left -= len(drawn)
        for character, shape in drawn:
            if character and shape:
                found.of_characters[ord(character)][shape] += 1
        if any(shape for _, shape in drawn):
            found.runs.append((text, [shape for _, shape in drawn]))

    def fonts(self) -> Iterator[str]:
        """The names of the fonts whose shapes are given by number."""
        yield from self._fonts

    def read(self, name: str, font: bytes, content: FileContent, deadline: float) -> None:
        """Look at what is drawn in a font, and add what the font calls it."""
        shapes = self._fonts[name]
        for layer in range(_MAX_LAYERS):
            characters = dict(_characters(shapes.of_characters, layer))
            if not characters:
                break
            if reason := why_not_as_said(font, deadline, characters):
                content.fail(UNREADABLE, reason)
        names: dict[int, str] = {}
        for found in maps_of(tables_of(bare_font(font))):
            for code, shape in found.items():
                names.setdefault(shape, chr(code))
        unknown = 0
        for text, numbers in shapes.runs:
            said = "".join(
                names.get(shape, "\ufffd") if shape else text[at : at + 1] for at, shape in enumerate(numbers)
            )
            if not text:
                unknown += sum(shape not in names for shape in numbers)
                content.text.append(said)
            elif said != text and sum(map(str.isalpha, said)):
                content.hidden.append(said)
        if unknown >= _MIN_UNKNOWN:
            content.fail(UNREADABLE, "shapes without a text")


def _characters(of_characters: Mapping[int, Counter[int]], layer: int) -> Iterator[tuple[int, int]]:
    """The most frequent shape of each character, or in a further layer the next one of those that have several."""
    for code, shapes in of_characters.items():
        if len(shapes) > layer:
            yield code, shapes.most_common(layer + 1)[layer][0]


def _drawn(text: str, indices: str) -> Iterator[tuple[str, int]]:
    """The characters of a text, each with the number of its shape; 0 if the text alone gives it.

    Characters and shapes that belong together, as in a ligature, are no pair of the two.
    """
    at = together = 0
    for entry in indices.split(";"):
        found = _ENTRY.match(entry)
        characters, shapes, number = found.groups() if found else (None, None, "")
        if together:  # one more shape of the characters before it
            together -= 1
            yield "", int(number or 0)
            continue
        together = max(int(shapes or 1) - 1, 0)
        is_pair = not together and int(characters or 1) == 1
        yield (text[at : at + 1] if is_pair else ""), int(number or 0)
        at += int(characters or 1)
