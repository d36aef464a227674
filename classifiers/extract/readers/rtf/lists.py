"""The lists of RTF: their levels in a table, or their numbers before each paragraph."""

from __future__ import annotations

from classifiers.extract.readers.office.list_markers import Level, ListMarkers
from gateway.core.mime.page.generated import counter_text

LIST_WORDS = frozenset(
    "list listlevel levelnfc levelstartat listid listoverride ls pard pn pnlcltr pnucltr pnstart".split()
)
_KINDS = {3: "upperLetter", 4: "lowerLetter"}
"""Kinds of numbers that are letters, by their codes."""


class RtfLists:
    """Notes the levels of lists, and the markers of paragraphs. Only the first level of a list is read."""

    def __init__(self) -> None:
        self.markers = ListMarkers()
        self._lists: dict[int, Level] = {}
        self._level = Level()
        self._levels = 0
        self._id = 0
        self._is_override = False
        self._paragraph = ""
        self._kind, self._start = "", 0

    def word(self, word: str, number: int) -> None:
        """A control word of lists."""
        match word:
            case "list":
                self._level, self._levels, self._is_override = Level(), 0, False
            case "listlevel":
                self._levels += 1
            case "levelnfc" if self._levels == 1:
                self._level.kind = _KINDS.get(number, "")
            case "levelstartat" if self._levels == 1:
                self._level.start = number
            case "listid" if not self._is_override:
                self._lists[number] = self._level
            case "listid":
                self._id = number
            case "listoverride":
                self._is_override, self._id = True, 0
            case "ls" if self._is_override and self._id:
                self.markers.levels[str(number)] = self._lists.get(self._id, Level())
                self._id = 0
            case "ls":
                self._paragraph = str(number)
            case "pard":
                self._paragraph = ""
            case "pn":
                self._kind, self._start = "", 0
            case "pnlcltr" | "pnucltr":
                self._kind = "lower-alpha" if word == "pnlcltr" else "upper-alpha"
                self._numbered()
            case "pnstart":
                self._start = number
                self._numbered()
            case _:
                pass

    def _numbered(self) -> None:
        """A paragraph has a number of its own."""
        if self._kind and self._start > 0:
            self.markers.add(counter_text(self._start, self._kind))
            self._kind = ""

    def end_paragraph(self) -> None:
        """A paragraph ends."""
        if self._paragraph:
            self.markers.paragraph(self._paragraph)
