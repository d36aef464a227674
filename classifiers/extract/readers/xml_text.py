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
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes
from xml.parsers import expat

from classifiers.extract.readers.placed_shapes import PlacedShapes
from classifiers.extract.readers.reading import TOO_LARGE, UNREADABLE, Budget, FileContent, InnerFile
from classifiers.extract.readers.words_in_values import ODD, from_the_right, has_words, is_address_to_somebody
from gateway.core.mime.charsets import to_text

_INLINE = frozenset("t delText instrText delInstrText span p h a ruby-base ruby-text tspan textPath".split())
"""Elements whose white space counts and that do not end a line by themselves."""
_LINE_ENDS = frozenset(
    "p h tr row si is text comment title desc br cr line-break page-break Row table-row list-item rt row-group".split()
)
_CELL_ENDS = frozenset("tc c table-cell covered-table-cell Cell tab ptab".split())
_HIDDEN = frozenset("del delText moveFrom delInstrText tracked-changes".split())
_FROM_RIGHT = frozenset("bidiVisual bdo dir".split())
"""Elements whose words or cells are seen from right to left."""
_PLACES = frozenset("posOffset col row colOff rowOff".split())
_BINARY = frozenset("binary-data binData binaryData".split())
_PROPERTIES = frozenset(
    "vanish webHidden specVanish color sz rStyle pStyle shd highlight srgbClr text-properties style basedOn sym "
    "s".split()
)
_SHADED_PARENTS = {"rPr": "r", "pPr": "p", "tcPr": "tc", "tblPr": "tbl"}

_TEXT_ATTRIBUTES = frozenset(
    "num-list-format bullet-char descr title alt string displayText prompt promptTitle error errorTitle tooltip "
    "display caption string-value "
    "label hint help helpText statusText default placeholder text formatCode num-prefix num-suffix author "
    "displayName description formula".split()
)
"""Attributes that programs show, whatever their value."""
_NAMED_ELEMENTS = frozenset("sheet table definedName tableColumn page listEntry listItem alias tag lvlText".split())
"""Elements whose `name` or `val` programs show."""
_SKIPPED_ATTRIBUTES = frozenset(
    "style typeface path points d class coordsize adj fill stroke font-family font-name font-name-asian "
    "font-name-complex style-name parent-style-name ascii hAnsi cs eastAsia panose viewBox transform enhanced-path "
    "schemaLocation Requires Ignorable".split()
)
_STANDARD = ("schemas.openxmlformats.org", "schemas.microsoft.com", "www.w3.org/", "purl.org", "docs.oasis-open.org")
_LINKS = ("http://", "https://", "mailto:", "tel:", "sms:")
_OFF = ("0", "false", "off")
_WHITE = re.compile(r"#?[fF][a-fA-F0-9][fF][a-fA-F0-9][fF][a-fA-F0-9]")
_TINY_POINTS = 2.5
_TAG = re.compile(r"<[^<>]*>")
_CHECK_EVERY = 2_048
"""Elements between two looks at the clock."""
_MAX_DEPTH = 2_000
_MAX_FILES = 50


class _Full(Exception):
    """The budget is used up."""


@dataclass(slots=True)
class XmlStyles:
    """The names of styles that hide text. They are shared by the parts of a document."""

    hidden: set[str] = field(default_factory=set)
    current: str = ""


@dataclass(slots=True)
class _Element:
    name: str
    hidden: bool
    doubtful: bool
    shaded: bool
    white: bool = False
    has_text: bool = False


class _XmlTextReader:
    """Handlers of one parse."""

    def __init__(self, budget: Budget, styles: XmlStyles, read_attributes: bool) -> None:
        self._left = budget.characters
        self._deadline = budget.deadline
        self._styles = styles
        self._read_attributes = read_attributes
        self._stack: list[_Element] = [_Element("", False, False, False)]
        self._count = 0
        self._base64: list[str] = []
        self.shown: list[str] = []
        self.hidden: list[str] = []
        self.everything: list[str] = []
        self.certain: list[str] = []
        self.extras: list[str] = []
        self.files: list[InnerFile] = []
        self.instructions: list[str] = []
        self.shapes = PlacedShapes(self.shown)
        self.is_from_right = False
        self.has_doubtful = False
        self.has_script = False

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
        element = _Element(name, hidden, parent.doubtful, parent.shaded)
        self._stack.append(element)
        self.shapes.start(name, attributes, len(self._stack))
        self.is_from_right |= name in _FROM_RIGHT or attributes.get("rightToLeft", "") in ("1", "true")
        if attributes:
            self._attributes(name, attributes, element)
        if name in _PROPERTIES:
            self._property(name, {key.rpartition(":")[2]: value for key, value in attributes.items()})
        elif name == "noBreakHyphen":
            self._add("-")
        elif name == "script":
            self.has_script = element.hidden = True

    def end(self, tag: str) -> None:
        self.shapes.end(len(self._stack))
        element = self._stack.pop()
        if element.name in _BINARY:
            self._end_binary()
        elif element.name in _LINE_ENDS:
            self._break("\n", element)
        elif element.name in _CELL_ENDS:
            self._break("\t", element)
        elif element.has_text and element.name not in _INLINE:
            self._break("\n", element)
        elif element.name == "style":
            self._styles.current = ""

    def characters(self, data: str) -> None:
        element = self._stack[-1]
        if element.name in _BINARY:
            self._base64.append(data)
        elif element.name == "instrText":  # the code of a field; its result is shown
            self.instructions.append(data)
        elif element.name in _PLACES:
            self.shapes.text(element.name, data)
        elif element.name in _INLINE or not data.isspace():
            element.has_text = True
            self._add(data)

    def remark(self, *texts: str) -> None:
        """A comment or an instruction to programs, which may be written to people all the same."""
        self.instructions.extend(text for text in texts if is_address_to_somebody(text))

    # Text

    def _add(self, text: str) -> None:
        self._left -= len(text)
        element = self._stack[-1]
        self.everything.append(text)
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

    def _break(self, mark: str, element: _Element) -> None:
        for stream in (self.shown, self.everything, self.certain):
            stream.append(mark)
        if element.hidden or self.hidden:
            self.hidden.append(mark)

    def _attributes(self, name: str, attributes: dict[str, str], element: _Element) -> None:
        for key, value in attributes.items():
            local = key.rpartition(":")[2]
            if value.startswith("data:") and (file := read_data_url(value)) is not None:
                self._add_file(file)
            elif self._is_text(name, key, local, value):
                self._extra(value)
            if local[:2] == "on" and "(" in value:
                self.has_script = True
        if name in ("p", "h", "span", "a", "section") and element.hidden is False:
            style = next((value for key, value in attributes.items() if key.endswith(":style-name")), "")
            is_off = any(key.endswith(":display") and value == "none" for key, value in attributes.items())
            element.hidden = is_off or (bool(style) and style in self._styles.hidden)

    def _is_text(self, name: str, key: str, local: str, value: str) -> bool:
        """Whether programs show an attribute."""
        if local in _SKIPPED_ATTRIBUTES or key.startswith("xmlns"):
            return False
        if local == "formatCode" or (name in _NAMED_ELEMENTS and local in ("name", "val", "displayText", "value")):
            return True
        if local in _TEXT_ATTRIBUTES or (has_words(value) if self._read_attributes else is_address_to_somebody(value)):
            return True
        if value.count("_") > 3 and has_words(value.replace("_", " ")):  # names that allow no blanks
            return True
        return value.startswith(_LINKS) and not any(standard in value for standard in _STANDARD)

    def _extra(self, value: str) -> None:
        if any(map(str.isalnum, value)) or ODD.search(value):
            self._left -= len(value)
            self.extras.append(value)
            if self._left < 0:
                raise _Full

    # Properties that hide text

    def _property(self, name: str, attributes: dict[str, str]) -> None:
        value = attributes.get("val", "")
        match name:
            case "style":
                self._styles.current = attributes.get("styleId") or attributes.get("name", "")
                if attributes.get("parent-style-name") in self._styles.hidden:
                    self._styles.hidden.add(self._styles.current)
            case "basedOn":
                if value in self._styles.hidden:
                    self._styles.hidden.add(self._styles.current)
            case "text-properties":
                if self._styles.current and _is_hidden_odf(attributes):
                    self._styles.hidden.add(self._styles.current)
            case "s":
                if self._stack[-2].name in _INLINE and "v" not in attributes:
                    self._add(" " * min(_number(attributes.get("c", "1"), 1), 100))
            case "sym":
                self._add(_symbol(attributes.get("char", "")))
            case "shd" | "highlight":
                fill = attributes.get("fill", "") if name == "shd" else value
                if fill not in ("", "auto", "none", "white", "clear") and not _WHITE.fullmatch(fill):
                    parent = self._stack[-2].name
                    self._mark(_SHADED_PARENTS.get(parent, parent), shaded=True)
            case "srgbClr":
                if _WHITE.fullmatch(value) and [item.name for item in self._stack[-3:-1]] == ["rPr", "solidFill"]:
                    self._mark("r", doubtful=True)
            case "pStyle":
                if value in self._styles.hidden:
                    self._mark("p", hidden=True)
            case "rStyle":
                if value in self._styles.hidden:
                    self._mark("r", hidden=True)
            case _:
                self._run_property(name, value)

    def _run_property(self, name: str, value: str) -> None:
        """A property of a run, or of a style."""
        if name == "color":
            hides = _WHITE.fullmatch(value) is not None
        elif name == "sz":
            hides = value.isdecimal() and 0 < int(value[:9]) <= 2 * _TINY_POINTS
        else:
            hides = value not in _OFF
        if not hides or self._stack[-2].name != "rPr":
            return
        if self._styles.current:
            if name != "color":  # a style with white letters usually has a background of its own
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
    data: bytes, content: FileContent, budget: Budget, styles: XmlStyles | None = None, *, attributes: bool = True
) -> Iterator[InnerFile]:
    """Add the text of an XML file to a content. Returns the files inside. `attributes`: whether those with words count.

    A broken file is read as far as it goes; what follows is read without its tags, and reported.
    """
    reader = _XmlTextReader(budget, styles if styles is not None else XmlStyles(), attributes)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.characters
    parser.CommentHandler = parser.ProcessingInstructionHandler = reader.remark
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
    content.text.extend(filter(None, (tidy("".join(reader.shown)), *reader.extras, tidy(rest))))
    hidden = tidy("".join(reader.hidden))
    if hidden:
        content.hidden.extend((hidden, tidy("".join(reader.everything))))
    if reader.has_doubtful:
        content.hidden.append(tidy("".join(reader.certain)))
    content.hidden += filter(None, (tidy("\n".join(reader.instructions)), reader.shapes.reading()))
    if reader.is_from_right:
        content.hidden += from_the_right(tidy("".join(reader.shown)))
    return iter(reader.files)


def tidy(text: str) -> str:
    """Text without empty lines."""
    return "\n".join(line for line in text.split("\n") if line.strip()).strip()


_DATA_URL = re.compile(r"data:([\w.+/-]{0,100})((?:;[^;,\"']{0,100}){0,8}),", re.IGNORECASE)


def read_data_url(url: str) -> InnerFile | None:
    """The file in a `data:` URL (RFC 2397); None if it is not one."""
    found = _DATA_URL.match(url)
    if found is None:
        return None
    raw = unquote_to_bytes(url[found.end() :])
    if "base64" in found[2].lower():
        letters = re.sub(rb"[^A-Za-z0-9+/_-]", b"", raw).translate(bytes.maketrans(b"-_", b"+/"))
        try:
            raw = binascii.a2b_base64(letters[: len(letters) - (len(letters) % 4 == 1)] + b"==")
        except ValueError:
            return InnerFile("", raw, found[1].lower())
    return InnerFile("", raw, found[1].lower() or "text/plain")


def _number(value: str, default: int) -> int:
    return int(value) if value.isdecimal() and len(value) < 9 else default


def _symbol(code: str) -> str:
    """The character of a symbol: fonts for symbols have theirs from U+F000."""
    try:
        number = int(code, 16)
    except ValueError:
        return ""
    return (
        chr(number - 0xF000 if 0xF000 <= number <= 0xF0FF else number)
        if 0 < number < 0xD800 or number >= 0xE000
        else ""
    )


def _is_hidden_odf(attributes: dict[str, str]) -> bool:
    size = attributes.get("font-size", "")
    is_tiny = size.endswith("pt") and size[:-2].replace(".", "", 1).isdecimal() and float(size[:-2]) <= _TINY_POINTS
    is_white = _WHITE.fullmatch(attributes.get("color", "")) is not None and (
        attributes.get("background-color", "transparent") == "transparent"
        or _WHITE.fullmatch(attributes["background-color"]) is not None
    )
    return attributes.get("display") == "none" or is_tiny or is_white
