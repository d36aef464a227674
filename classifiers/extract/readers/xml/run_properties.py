"""The properties of runs, paragraphs and cells in XML files: whether they hide their text."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from classifiers.extract.readers.xml import hidden_text
from classifiers.extract.readers.xml.cell_grid import CellGrid
from classifiers.extract.readers.xml.elements import XmlElement, XmlStyles
from classifiers.extract.readers.xml.field_elements import FIELD_ELEMENTS
from classifiers.extract.readers.xml.values import symbol_of

INLINE = (
    frozenset(
        "t delText instrText delInstrText span p h a ruby-base ruby-text tspan textPath placeholder text-input "
        "execute-macro database-display sequence sequence-ref note-ref meta-field measure dde-connection author-name "
        "author-initials chapter sheet-name file-name page-number page-continuation".split()
    )
    | FIELD_ELEMENTS
)
"""Elements whose white space counts and that do not end a line by themselves."""
PROPERTIES = frozenset(
    "vanish webHidden specVanish color sz rStyle pStyle shd highlight srgbClr schemeClr noFill alpha w rPr "
    "text-properties style basedOn sym s table-cell-properties table-properties table-row-properties "
    "drawing-page-properties".split()
)
_HIGHLIGHTS = {
    "black": "000000", "blue": "0000ff", "cyan": "00ffff", "green": "00ff00", "magenta": "ff00ff", "red": "ff0000",
    "yellow": "ffff00", "white": "ffffff", "darkBlue": "000080", "darkCyan": "008080", "darkGreen": "008000",
    "darkMagenta": "800080", "darkRed": "800000", "darkYellow": "808000", "darkGray": "808080", "lightGray": "c0c0c0",
}  # fmt: skip
"""The colors that Word names (ECMA-376 part 1, 17.18.40)."""
_SHADED_PARENTS = {"rPr": "r", "pPr": "p", "tcPr": "tc", "tblPr": "tbl"}


class PropertyReader:
    """Marks the open elements that a property hides.

    `stack` are the open elements, the innermost last. `grid` gets the looks of cells, and `add` the text that a
    property stands for.
    """

    def __init__(self, styles: XmlStyles, stack: list[XmlElement], grid: CellGrid, add: Callable[[str], None]) -> None:
        self._styles = styles
        self._stack = stack
        self._grid = grid
        self._add = add
        self._grounded = ""
        """The last style of cells that has a background of its own."""

    def read(self, name: str, attributes: Mapping[str, str]) -> None:
        """Read a property: an element without text."""
        value = attributes.get("val", "")
        match name:
            case "style":
                self._styles.current = attributes.get("styleId") or attributes.get("name", "")
                if attributes.get("parent-style-name") in self._styles.hidden:
                    self._styles.hidden.add(self._styles.current)
            case "basedOn":
                if value in self._styles.hidden:
                    self._styles.hidden.add(self._styles.current)
            case "table-cell-properties":
                if attributes.get("background-color", "transparent") != "transparent":
                    self._grounded = self._styles.current
            case "text-properties":
                if self._styles.current != self._grounded and hidden_text.is_hidden_odf(attributes):
                    self._styles.hidden.add(self._styles.current)
            case "table-properties" | "table-row-properties" | "drawing-page-properties":
                if self._styles.current and hidden_text.is_hidden_box_odf(attributes):
                    self._styles.hidden.add(self._styles.current)
            case "s":
                if self._stack[-2].name in INLINE and "v" not in attributes:
                    self._add(" " * min(_number(attributes.get("c", "1"), 1), 100))
            case "sym":
                self._add(symbol_of(attributes.get("char", "")))
            case "shd" | "highlight":
                fill = attributes.get("fill", "") if name == "shd" else _HIGHLIGHTS.get(value, value)
                if self._stack[-2].name == "rPr":
                    self._stack[-3].ground = fill.lower()
                elif self._stack[-2].name == "tcPr":
                    self._grid.look += f" {fill}"
                if fill not in ("", "auto", "none", "white", "clear") and not hidden_text.is_white(fill):
                    parent = self._stack[-2].name
                    self._mark(_SHADED_PARENTS.get(parent, parent), shaded=True)
            case "srgbClr" | "schemeClr":
                around = [item.name for item in self._stack[-3:-1]]
                if around == ["tcPr", "solidFill"]:
                    self._grid.look += f" {value}"
                if around == ["rPr", "solidFill"] and hidden_text.is_white(value):
                    self._mark("r", doubtful=True)
            case "noFill" | "alpha":
                if hidden_text.is_clear(name, value, [item.name for item in self._stack[-6:-1]]):
                    self._mark("r", hidden=True)
            case "rPr":
                size = attributes.get("sz", "")  # in hundredths of a point; other formats have an element
                if size.isdecimal() and 0 < int(size[:9]) <= 100 * hidden_text.TINY_POINTS:
                    self._mark("r", hidden=True)
            case "pStyle":
                if value in self._styles.hidden:
                    self._mark("p", hidden=True)
            case "rStyle":
                self._mark("r", hidden=value in self._styles.hidden, doubtful=value in self._styles.white)
            case _:
                self._run_property(name, value, attributes)

    def _run_property(self, name: str, value: str, attributes: Mapping[str, str]) -> None:
        """A property of a run, or of a style."""
        if name == "color":
            value = value or attributes.get("rgb", "")
            hides = hidden_text.is_white(value) or hidden_text.is_theme_white(attributes)
            if self._stack[-2].name == "rPr":
                self._stack[-3].color = value.lower()
        elif name == "w":
            hides = hidden_text.is_narrow(value)
        elif name == "sz":
            hides = value.isdecimal() and 0 < int(value[:9]) <= 2 * hidden_text.TINY_POINTS
        else:
            hides = value not in hidden_text.OFF
        if not hides or self._stack[-2].name != "rPr":
            return
        if self._styles.current:
            if name == "color":  # a style with white letters usually has a background of its own
                self._styles.white.add(self._styles.current)
            else:
                self._styles.hidden.add(self._styles.current)
        elif self._stack[-3].name == "r":
            self._mark("r", hidden=name != "color", white=name == "color")

    def _mark(
        self, name: str, *, hidden: bool = False, white: bool = False, doubtful: bool = False, shaded: bool = False
    ) -> None:
        """Mark the innermost element of that name."""
        for element in self._stack[:-8:-1]:
            if element.name == name:
                element.hidden |= hidden
                element.white |= white
                element.doubtful |= doubtful
                element.shaded |= shaded
                return


def _number(value: str, default: int) -> int:
    return int(value) if value.isdecimal() and len(value) < 9 else default
