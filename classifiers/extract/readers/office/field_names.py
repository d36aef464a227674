"""What the parts of a document give names to, for the fields that show it: properties, variables and stored texts."""

from __future__ import annotations

from collections.abc import Mapping
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
_MAX_NAMES = 5_000


def names_of_parts(parts: Mapping[str, bytes]) -> Names:
    """The texts by their names, in small letters. `parts` are by their names in small letters."""
    names: Names = {}
    for part in _PARTS:
        if part in parts:
            _read(parts[part], names)
    return names


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

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = characters
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, LookupError, ValueError):
        return
