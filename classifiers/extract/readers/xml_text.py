"""The text of XML files: Office Open XML, OpenDocument, SVG and any other.

The parser is expat: it reads as a stream, resolves character references, CDATA and internal entities (within its own
limit), loads nothing from outside, and stops when the characters of the budget are used up. Text is kept in three
streams: what is shown, what is hidden (deleted, vanished, white, tiny), and both together, because letters may be
hidden among others in either way. Elements and attributes are known by their local names, whatever their prefix.
"""

from __future__ import annotations

import binascii
import re
import time
from collections.abc import Iterator
from html.entities import html5
from xml.parsers import expat

from classifiers.extract.hidden_writing.word_order import sentences_of_pieces
from classifiers.extract.readers.office.field_codes import FieldCodes
from classifiers.extract.readers.reading import PICTURED, TOO_LARGE, UNREADABLE, Budget, FileContent, InnerFile
from classifiers.extract.readers.records import NAMES, say_fields, say_together
from classifiers.extract.readers.words_in_values import ODD, from_the_right, is_address_to_somebody
from classifiers.extract.readers.xml import hidden_text
from classifiers.extract.readers.xml.cell_grid import CELLS, TABLE_PARTS, CellGrid, is_border
from classifiers.extract.readers.xml.drawn_lines import DRAWN_SHAPES, LINE_ELEMENTS, DrawnLines, is_of_stroke
from classifiers.extract.readers.xml.elements import XmlElement, XmlStyles
from classifiers.extract.readers.xml.field_elements import (
    BOOKMARK_ENDS,
    BOOKMARKS,
    FIELD_ELEMENTS,
    FORM_ELEMENTS,
    codes_of,
)
from classifiers.extract.readers.xml.lists import LIST_ELEMENTS, ListReader
from classifiers.extract.readers.xml.marked_runs import LOOKS, RUNS, MarkedRuns
from classifiers.extract.readers.xml.placed_shapes import PlacedShapes
from classifiers.extract.readers.xml.run_properties import INLINE, PROPERTIES, PropertyReader
from classifiers.extract.readers.xml.shown_attributes import is_shown
from classifiers.extract.readers.xml.values import header_text, read_data_url
from gateway.core.mime.charsets.decoding import to_text
from gateway.core.mime.drawn_text.looks import Look
from gateway.core.mime.html import read_html
from gateway.core.mime.spelling.spelled_words import spelled_by_pieces

_LINE_ENDS = frozenset(
    "p h tr row si is text comment title desc br cr line-break page-break Row table-row list-item rt row-group".split()
)
_CELL_ENDS = frozenset("tc c table-cell covered-table-cell Cell tab ptab".split())
_HIDDEN = frozenset("del delText moveFrom delInstrText tracked-changes".split())
_STYLED = frozenset("p h span a section table table-row table-cell page Row".split())
"""Elements that their style or an attribute may hide, of OpenDocument and of sheets in XML of 2003."""
_FROM_RIGHT = frozenset(("bidiVisual", "bdo", "dir"))
"""Elements whose words or cells are seen from right to left."""
_SVG_TEXTS = frozenset("text tspan textPath".split())
_HEADERS = frozenset("oddHeader evenHeader firstHeader oddFooter evenFooter firstFooter".split())
_PLACES = frozenset("posOffset col row colOff rowOff".split())
_BINARY = frozenset("binary-data binData binaryData".split())
_LOOKED_AT = {"table-column"} | PROPERTIES | LIST_ELEMENTS | LINE_ELEMENTS | _SVG_TEXTS | TABLE_PARTS
_LOOKED_AT |= FIELD_ELEMENTS | FORM_ELEMENTS | BOOKMARKS | BOOKMARK_ENDS | {"dataBinding"}
"""Elements whose attributes are needed by their local names."""
_ASIDES = frozenset("txbxContent annotation note rt rPh".split())
"""Elements inside a paragraph whose text stands elsewhere on the page."""
_MIN_ASIDES = 3
"""Asides in the middle of lines from which the lines are read without them as well."""

_TAG = re.compile(r"<[^<>]*>")
_CHECK_EVERY = 2_048
"""Elements between two looks at the clock."""
_MAX_DEPTH = 2_000
_MAX_FILES = 50


class _Full(Exception):
    """The budget is used up."""


_MAX_BOOKMARKS = 2_000
"""Places with names, of which programs show a list."""


class _XmlTextReader:
    """Handlers of one parse."""

    def __init__(self, budget: Budget, styles: XmlStyles, read_attributes: bool, reads_fields: bool) -> None:
        self._styles = styles
        self._stack: list[XmlElement] = [XmlElement("", False, False, False)]
        self.grid = CellGrid()
        self._properties = PropertyReader(styles, self._stack, self.grid, self._add)
        self._left = budget.characters
        self._deadline = budget.deadline
        self._read_attributes = read_attributes
        self._count = 0
        self._base64: list[str] = []
        self.shown: list[str] = []
        self.hidden: list[str] = []
        self.everything: list[str] = []
        self.certain: list[str] = []
        self.extras: list[str] = []
        self.files: list[InnerFile] = []
        self.instructions: list[str] = []
        self.codes = FieldCodes(self.shown, styles.names)
        self._binding = ""
        self.without_asides: list[str] = []
        self.asides = 0
        self.shapes = PlacedShapes(self.shown)
        self.runs = MarkedRuns(self.shown)
        self.lines = DrawnLines()
        self.lists = ListReader(styles.lists)
        self._cell = 0
        self.is_from_right = self.has_doubtful = self.has_script = self.lacks_entity = False
        self.bookmarks: list[str] = []
        self.fields: dict[str, list[str]] | None = {} if reads_fields else None
        self.markup: list[str] = []

    # Handlers

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count % _CHECK_EVERY == 0 and time.monotonic() > self._deadline:
            raise _Full
        if len(self._stack) > _MAX_DEPTH:
            raise _Full
        name = tag.rpartition(":")[2]
        parent = self._stack[-1]
        hidden = parent.hidden or name in _HIDDEN or (parent.white and not parent.shaded)
        hidden = hidden or bool(parent.color and parent.color == parent.ground)
        element = XmlElement(name, hidden, parent.doubtful, parent.shaded, aside=parent.aside)
        self._stack.append(element)
        if name in _ASIDES and not parent.aside:
            element.aside = True
            self.asides += bool(self.without_asides) and not self.without_asides[-1].endswith("\n")
        self.shapes.start(name, attributes, len(self._stack))
        if name in RUNS or name in LOOKS or parent.name in LOOKS:
            self.runs.start(name, attributes)
        self.is_from_right |= name in _FROM_RIGHT or attributes.get("rightToLeft", "") in ("1", "true")
        if attributes:
            self._attributes(name, attributes, element)
        if self.fields is not None:
            self.fields.setdefault(NAMES, []).append(name)
            for key, value in attributes.items():
                self.fields.setdefault(f"{name} {key}", []).append(value)
        if name in BOOKMARKS and len(self.bookmarks) < _MAX_BOOKMARKS:
            self.bookmarks += [value for key, value in attributes.items() if key.rpartition(":")[2] == "name"]
        local = {key.rpartition(":")[2]: value for key, value in attributes.items()} if name in _LOOKED_AT else {}
        if is_border(name, parent.name):
            self.grid.look += f" {name} {' '.join(attributes.values())}"
        if name == "table-column":
            self.grid.column(local)
        if name in PROPERTIES:
            self._properties.read(name, local)
        elif name in LINE_ELEMENTS:
            self.lines.element(name, local)
        elif name in _SVG_TEXTS:
            element.hidden |= hidden_text.is_hidden_svg(local)
        elif name in LIST_ELEMENTS:
            self.lists.element(name, local, parent.name)
        elif name in TABLE_PARTS:
            element.hidden |= name == "table-cell" and self.grid.is_in_hidden_column()
            self._cell = len(self.shown)
            self.runs.latest = Look()
            self.grid.start(name, local)
        elif name == "fldChar":
            self._field(attributes)
        elif name in FIELD_ELEMENTS and (codes := codes_of(name, local, self._binding)):
            element.is_field = True
            self._binding = ""
            self.codes.begin_with(codes)
        elif name == "dataBinding":
            self._binding = local.get("xpath", "")
        elif name in FORM_ELEMENTS:
            self.codes.form(name, local.get("val", ""))
        elif name in BOOKMARKS:
            self.codes.bookmark(local.get("id") or local.get("name", ""), local.get("name", ""))
        elif name in BOOKMARK_ENDS:
            self.codes.end_bookmark(local.get("id") or local.get("name", ""))
        elif name == "noBreakHyphen":
            self._add("-")
        elif name == "script":
            self.has_script = element.hidden = True

    def end(self, tag: str) -> None:
        self.shapes.end(len(self._stack))
        if self._stack[-1].is_field:
            self._end_field()
        element = self._stack.pop()
        if element.name in RUNS:
            self.runs.end()
        if element.name in CELLS:
            self.grid.end("".join(self.shown[self._cell :]), self.runs.latest)
        if element.name in DRAWN_SHAPES:
            self.lines.end(element.name)
        if element.name in _BINARY:
            self._end_binary()
        elif element.name in _LINE_ENDS:
            self._break("\n", element)
        elif element.name in _CELL_ENDS:
            self._break("\t", element)
        elif element.has_text and element.name not in INLINE:
            self._break("\n", element)
        elif element.name == "style":
            self._styles.current = ""

    def characters(self, data: str) -> None:
        element = self._stack[-1]
        if element.name in _BINARY:
            self._base64.append(data)
        elif element.name == "instrText":  # the code of a field; its result is shown
            if not self.codes.add(data):
                self.instructions.append(data)
        elif element.name in _PLACES:
            self.shapes.text(element.name, data)
        elif is_of_stroke(element.name, data):
            self.lines.numbers(data)
        elif element.name in INLINE or not data.isspace():
            element.has_text = True
            if element.shaded and data.isspace():
                self.lines.blank()
            self.lines.text(data)
            self._add(header_text(data) if element.name in _HEADERS else data)

    def remark(self, *texts: str) -> None:
        """A comment or an instruction to programs, which may be written to people all the same."""
        self.instructions.extend(text for text in texts if is_address_to_somebody(text))

    def skipped(self, name: str, is_parameter: bool) -> None:
        """An entity whose declaration was not read, because that is elsewhere."""
        if text := html5.get(f"{name};", ""):
            self._add(text)
        else:
            self.lacks_entity = True

    def external(self, context: str, base: str | None, place: str | None, public: str | None) -> int:
        """An entity that stands in another file."""
        self.lacks_entity = True
        return 1

    def _field(self, attributes: dict[str, str]) -> None:
        kind = next((value for key, value in attributes.items() if key.endswith("fldCharType")), "")
        if kind == "begin":
            self.codes.begin()
        elif kind == "separate":
            self.codes.separate()
        elif kind == "end":
            self._end_field()

    def _end_field(self) -> None:
        if new := self.codes.end():
            self._add(new)

    # Text

    def _add(self, text: str) -> None:
        self._left -= len(text)
        element = self._stack[-1]
        self.everything.append(text)
        self.runs.text(text)
        if self.fields is not None:
            self.fields.setdefault(element.name, []).append(text)
        if "</" in text or "/>" in text:
            self.markup.append(text)
        if not (element.aside or element.hidden):
            self.without_asides.append(text)
        if element.hidden:
            self.hidden.append(text)
        else:
            self.shown.append(text)
            if element.doubtful:
                self.has_doubtful = True
            else:
                self.certain.append(text)
        if self._left < 0:
            raise _Full

    def _break(self, mark: str, element: XmlElement) -> None:
        for stream in (self.shown, self.everything, self.certain):
            stream.append(mark)
        if mark == "\n":
            self.runs.end_row()
        if element.hidden or self.hidden:
            self.hidden.append(mark)
        if not element.aside:
            self.without_asides.append(mark)

    def _attributes(self, name: str, attributes: dict[str, str], element: XmlElement) -> None:
        for key, value in attributes.items():
            local = key.rpartition(":")[2]
            if value.startswith("data:") and (file := read_data_url(value)) is not None:
                self._add_file(file)
            elif is_shown(name, key, value, any_words=self._read_attributes):
                self._extra(value)
            elif "</" in value:
                self.markup.append(value)
            if local[:2] == "on" and "(" in value:
                self.has_script = True
        if name in _STYLED and element.hidden is False:
            style = next((value for key, value in attributes.items() if key.endswith(":style-name")), "")
            is_off = any(hidden_text.is_off_odf(key, value) for key, value in attributes.items())
            element.hidden = is_off or (bool(style) and style in self._styles.hidden)
        elif name == "hidden-paragraph":
            self._stack[-2].hidden |= any(
                key.endswith(":is-hidden") and value == "true" for key, value in attributes.items()
            )

    def _extra(self, value: str) -> None:
        if any(map(str.isalnum, value)) or ODD.search(value):
            self._left -= len(value)
            self.extras.append(value)
            if "</" in value:
                self.markup.append(value)
            if self._left < 0:
                raise _Full

    # Files

    def _end_binary(self) -> None:
        data, self._base64 = "".join(self._base64), []
        try:
            self._add_file(InnerFile("", binascii.a2b_base64(data)))
        except ValueError:
            self._extra(data)

    def _add_file(self, file: InnerFile) -> None:
        if len(self.files) < _MAX_FILES:
            self.files.append(file)


def read_xml(
    data: bytes, content: FileContent, budget: Budget, styles: XmlStyles | None = None, *, attributes: bool = True,
    fields: bool = False,
) -> Iterator[InnerFile]:  # fmt: skip
    """Add the text of an XML file to a content. Returns the files inside. `attributes`: whether those with words count.
    `fields`: whether elements of one name, attributes of one name, and the names themselves may say something together.

    A broken file is read as far as it goes; what follows is read without its tags, and reported.
    """
    reader = _XmlTextReader(budget, styles if styles is not None else XmlStyles(), attributes, fields)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.characters
    parser.CommentHandler = parser.ProcessingInstructionHandler = reader.remark
    parser.SkippedEntityHandler = reader.skipped
    parser.ExternalEntityRefHandler = reader.external
    rest = ""
    try:
        parser.Parse(data, True)
    except _Full:
        content.fail(TOO_LARGE, "more text than is read")
    except expat.ExpatError:
        at = max(parser.ErrorByteIndex, 0)
        rest = _TAG.sub(" ", to_text(data[at:] if at else data))[: max(budget.characters, 0)]
        if rest.strip():
            content.fail(UNREADABLE, "broken XML")
    except (LookupError, ValueError):
        rest = _TAG.sub(" ", to_text(data))[: max(budget.characters, 0)]
        content.fail(UNREADABLE, "XML in an unknown encoding")
    if reader.has_script:
        content.fail(UNREADABLE, "a script decides what is shown")
    if reader.lacks_entity:
        content.fail(UNREADABLE, "text that stands elsewhere")
    if reader.lines.may_be_letters() or reader.grid.draws_letters() or reader.runs.draw_letters():
        content.fail(PICTURED, "a drawing that may show words")
    content.text.extend(filter(None, (tidy("".join(reader.shown)), *reader.extras, tidy(rest))))
    if hidden := tidy("".join(reader.hidden)):
        content.hidden.extend((hidden, tidy("".join(reader.everything))))
    if reader.asides >= _MIN_ASIDES:
        content.hidden.append(tidy("".join(reader.without_asides)))
    content.hidden += map(tidy, reader.codes.readings())
    pieces = reader.everything
    content.hidden += (
        *reader.grid.sentences(),
        *sentences_of_pieces(pieces),
        *spelled_by_pieces(pieces),
        *reader.runs.sentences(),
    )
    if styles is None:
        content.hidden += reader.lists.markers.said()
    if reader.has_doubtful:
        content.hidden.append(tidy("".join(reader.certain)))
    content.hidden += filter(
        None,
        (tidy("\n".join(reader.instructions + reader.codes.codes + reader.codes.links)), *reader.shapes.readings()),
    )
    if reader.markup:
        page = read_html("\n".join(reader.markup))
        content.hidden += [page.shown, page.hidden]
    content.hidden += say_together([reader.bookmarks])
    if reader.fields:
        say_fields(reader.fields, content)
    if reader.is_from_right:
        content.hidden += from_the_right(tidy("".join(reader.shown)))
    return iter(reader.files)


def tidy(text: str) -> str:
    """Text without empty lines."""
    return "\n".join(line for line in text.split("\n") if line.strip()).strip()
