"""What the parts of a document give names to, for the fields that show it: properties, variables and stored texts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from xml.parsers import expat

from classifiers.extract.readers.office.field_values import MAX_VALUE, Names

_PARTS = ("word/settings.xml", "word/glossary/document.xml", "docprops/core.xml", "docprops/custom.xml", "meta.xml")
_PROPERTIES = {
    "title": "title", "subject": "subject", "creator": "author", "keywords": "keywords", "keyword": "keywords",
    "description": "comments",
}  # fmt: skip
"""Properties of a document by their elements, with the names of the fields that show them."""
_NAMED = frozenset(("property", "user-defined", "docPart"))
"""Elements around a text with a name."""
_DATA = re.compile(r"customxml/item\d{1,4}\.xml\Z")
_MAX_NAMES, _MAX_LEVELS = 5_000, 60
"""Names that a document gives, and elements around one of its data."""


class _TooDeep(Exception):
    """Data with more elements around each other than are read."""


def names_of_parts(parts: Mapping[str, bytes]) -> Names:
    """The texts by their names, in small letters. `parts` are by their names in small letters."""
    names: Names = {}
    for part in _PARTS:
        if part in parts:
            _read(parts[part], names)
    for part, data in parts.items():
        if _DATA.match(part):
            _read_data(data, names)
    return names


def _read_data(data: bytes, names: Names) -> None:
    """The texts of data to which controls are bound, by their places."""
    path: list[str] = [""]
    counts: list[Counter[str]] = [Counter()]

    def start(tag: str, _: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        counts[-1][name] += 1
        number = counts[-1][name]
        if len(path) < _MAX_LEVELS:
            path.append(f"{path[-1]}/{name}" + f"[{number}]" * (number > 1))
            counts.append(Counter())
        else:
            raise _TooDeep

    def end(_: str) -> None:
        path.pop()
        counts.pop()

    def characters(text: str) -> None:
        if text.strip() and len(names) < _MAX_NAMES:
            names.setdefault(path[-1].lower(), text.strip()[:MAX_VALUE])

    _parse(data, start, end, characters)


def _read(data: bytes, names: Names) -> None:
    name, text = "", ""

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal name, text
        element = tag.rpartition(":")[2]
        given = {key.rpartition(":")[2]: value for key, value in attributes.items()}
        if element == "docVar":
            add(given.get("name", ""), given.get("val", ""))
        elif element in _NAMED or element in _PROPERTIES:
            name, text = given.get("name", "") or _PROPERTIES.get(element, ""), ""
        elif element == "name":
            name, text = given.get("val", ""), ""

    def end(tag: str) -> None:
        nonlocal name, text
        element = tag.rpartition(":")[2]
        if element in _NAMED or element in _PROPERTIES:
            add(name, text)
            name, text = "", ""

    def characters(data: str) -> None:
        nonlocal text
        if name and len(text) < MAX_VALUE:
            text += data

    def add(key: str, value: str) -> None:
        if key and value.strip() and len(names) < _MAX_NAMES:
            names.setdefault(key.lower(), value.strip()[:MAX_VALUE])

    _parse(data, start, end, characters)


def _parse(
    data: bytes,
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None],
    characters: Callable[[str], None],
) -> None:
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = characters
    with suppress(expat.ExpatError, LookupError, ValueError, _TooDeep):
        parser.Parse(data, True)
