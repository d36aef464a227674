"""The lists of Word's and OpenDocument's files, while they are read: their levels, and which paragraphs are in them."""

from __future__ import annotations

from collections.abc import Mapping

from classifiers.extract.readers.office.list_markers import Level, ListMarkers, start_of

LIST_ELEMENTS = frozenset(
    "abstractNum lvl start numFmt lvlText num abstractNumId startOverride numId list-style list-level-style-number "
    "list-level-style-bullet list list-item".split()
)


class ListReader:
    """Notes the levels and markers of lists. Only the first level of a list is read."""

    def __init__(self, markers: ListMarkers) -> None:
        self.markers = markers
        self._abstract: dict[str, Level] = {}
        self._level: Level | None = None
        self._number = self._style = ""
        self._styles: list[str] = []

    def element(self, name: str, attributes: Mapping[str, str], parent: str) -> None:
        """An element begins; its attributes by their local names."""
        value = attributes.get("val", "")
        level = self._level
        match name:
            case "abstractNum":
                self._abstract[attributes.get("abstractNumId", "")] = Level()
                self._style = attributes.get("abstractNumId", "")
            case "lvl":
                self._level = self._abstract.get(self._style) if attributes.get("ilvl", "0") == "0" else None
                if self._number and parent == "lvlOverride":
                    self._level = self.markers.levels.setdefault(self._number, Level())
            case "start" | "startOverride" if level is not None:
                level.start = start_of(attributes, "val") or level.start
            case "numFmt" if level is not None:
                level.kind = value
            case "lvlText" if level is not None:
                level.text = value
            case "num":
                self._number, self._level = attributes.get("numId", ""), None
            case "abstractNumId":
                found = self._abstract.get(value, Level())
                self._level = Level(found.kind, found.start, found.text)
                self.markers.levels[self._number] = self._level
            case "numId":
                self.markers.paragraph(value)
            case "list-style":
                self._style = attributes.get("name", "")
            case "list-level-style-number" | "list-level-style-bullet" if attributes.get("level", "1") == "1":
                sign = attributes.get("bullet-char", "") if name.endswith("bullet") else "%1"
                sign = sign if any(map(str.isalnum, sign)) else ""
                text = attributes.get("num-prefix", "") + sign + attributes.get("num-suffix", "")
                start = start_of(attributes, "start-value")
                self.markers.levels[self._style] = Level(attributes.get("num-format", ""), start or 1, text)
            case "list":
                self._style = attributes.get("style-name", self._style)
            case "list-item":
                self.markers.paragraph(self._style, start_of(attributes, "start-value"))
            case _:
                pass
