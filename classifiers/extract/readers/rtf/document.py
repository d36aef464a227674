r"""The text of RTF: body, text boxes, notes, annotations, fields, properties, and the objects and pictures inside.

Every group is read. Text of destinations that programs skip, text marked as hidden (`\v`), deleted, white or tiny is
hidden text; binary destinations become files. One pass over the bytes; nothing is looked for twice.
"""

from __future__ import annotations

import binascii
import re
import time
from collections.abc import Iterator
from dataclasses import replace

from classifiers.extract.hidden_writing.word_order import sentences_of_pieces
from classifiers.extract.readers.office.field_codes import FieldCodes
from classifiers.extract.readers.orders.looks import TextsByLook
from classifiers.extract.readers.reading import PICTURED, TOO_LARGE, Budget, FileContent, InnerFile
from classifiers.extract.readers.records import joined, keep_sentences
from classifiers.extract.readers.rtf.lists import LIST_WORDS, RtfLists
from classifiers.extract.readers.rtf.looks import LOOK_WORDS, look_with
from classifiers.extract.readers.rtf.objects import embedded_file
from classifiers.extract.readers.rtf.shapes import SHAPE_WORDS, RtfDrawing, RtfShapes
from classifiers.extract.readers.rtf.words import (
    ASIDES,
    BINARY,
    BREAKS,
    CHARACTERS,
    CHARSETS,
    DRAWN_WORDS,
    FIELDS,
    NAMING,
    NOTES,
    TABLES,
    TEXT_DESTINATIONS,
    Group,
)
from classifiers.extract.readers.words_in_values import has_words, is_address_to_somebody
from classifiers.extract.readers.xml_text import tidy
from gateway.core.mime.charsets.decoding import to_text
from gateway.core.mime.drawn_text.looks import LookRows
from gateway.core.mime.spelling.spelled_words import spelled_by_pieces

_TOKEN = re.compile(
    r"\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z])|([{}])|([^\\{}\r\n]+)|[\r\n]+|\\", re.DOTALL
)
_MIN_ASIDES = 3
"""Notes and boxes in the middle of lines from which the lines are read without them as well."""
_NARROW_PERCENT = 10
_MAX_GROUPS = 5_000
_MAX_COLORS = 1_000
_TINY_HALF_POINTS = 5
_CHECK_EVERY = 8_192


class _RtfReader:
    def __init__(self, data: bytes, budget: Budget) -> None:
        self._text = data.decode("latin-1")
        self._budget = budget
        self._left = budget.characters
        self._stack: list[Group] = []
        self._group = Group()
        self._star = False
        self._to_skip = 0
        self._codepage = "cp1252"
        self._fonts: dict[int, str] = {}
        self._font = 0
        self._colors: list[tuple[int, int, int]] = []
        self._color = [0, 0, 0]
        self._bytes = bytearray()
        self._bytes_charset = ""
        self._digits: list[str] = []
        self._raw = bytearray()
        self._value: list[str] = []
        self.shown: list[str] = []
        self.hidden: list[str] = []
        self.everything: list[str] = []
        self.without_asides: list[str] = []
        self.texts, self.rows = TextsByLook(), LookRows()
        self.notes: list[str] = []
        self.asides = 0
        self.codes = FieldCodes(self.shown)
        self.lists = RtfLists()
        self._frame: dict[str, int] = {}
        self._paragraph = 0
        self.shapes = RtfShapes()
        self.drawing = RtfDrawing()
        self.html: list[str] = []
        self.is_html = self.is_full = False
        self.files: list[InnerFile] = []

    def read(self) -> None:
        """Read all tokens."""
        at, count, end = 0, 0, len(self._text)
        match = _TOKEN.match
        while at < end and (token := match(self._text, at)) is not None:
            at = token.end()
            count += 1
            if self._left < 0 or (count % _CHECK_EVERY == 0 and time.monotonic() > self._budget.deadline):
                self.is_full = True
                break
            word, number, code, symbol, brace, text = token.groups()
            if text is not None:
                self._plain(text)
            elif word is not None:
                at = self._control(word, int(number) if number else None, at)
            elif code is not None:
                self._code(int(code, 16))
            elif brace == "{":
                self._flush()
                if len(self._stack) < _MAX_GROUPS:
                    self._stack.append(self._group)
                    self._group = replace(self._group)
            elif brace == "}":
                self._close()
            elif symbol is not None:
                self._symbol(symbol)
        while self._stack:
            self._close()
        self._flush()

    # Tokens

    def _plain(self, text: str) -> None:
        if self._to_skip:
            skipped = min(self._to_skip, len(text))
            self._to_skip -= skipped
            text = text[skipped:]
        if not text:
            return
        if self._group.place == "binary":
            self._digits.append(text)
        elif text.isascii():
            self._flush()
            self._add(text)
        else:
            self._encoded(text.encode("latin-1"))

    def _code(self, byte: int) -> None:
        if self._to_skip:
            self._to_skip -= 1
        elif self._group.place != "binary":
            self._encoded(bytes((byte,)))

    def _symbol(self, symbol: str) -> None:
        if symbol == "*":
            self._star = True
        elif self._to_skip:
            self._to_skip -= 1
        elif symbol in "\\{}":
            self._flush()
            self._add(symbol)
        elif symbol in "\r\n":
            self._flush()
            self._add("\n")
        elif symbol in "~_":
            self._flush()
            self._add(" " if symbol == "~" else "-")

    def _control(self, word: str, number: int | None, at: int) -> int:
        """One control word. Returns where to read on."""
        if word == "bin":
            length = max(number or 0, 0)
            if self._group.place == "binary":
                self._raw += self._text[at : at + length].encode("latin-1")
            return at + length
        if self._to_skip and word not in ("u", "uc"):
            self._to_skip -= 1
        star, self._star = self._star, False
        if word in LIST_WORDS:
            self.lists.word(word, number or 0)
        elif word in DRAWN_WORDS:
            self.drawing.word(word, number or 0)
        if word == "u" and number is not None:
            self._flush()
            self._add(chr(number % 65536))
            self._to_skip = self._group.skip
            return at
        self._flush()
        group = self._group
        if word in NAMING:
            group.naming, group.named = word, len(self.everything)
        if word in BREAKS:
            if word == "par":
                self._end_paragraph()
            self._add(BREAKS[word])
        elif word in CHARACTERS:
            self._add(CHARACTERS[word])
        elif word in TABLES:
            group.place, group.destination = "table", word
        elif word in BINARY:
            group.place, group.destination = "binary", word
            self._digits, self._raw = [], bytearray()
        elif word == "htmltag":
            group.place = "html"
        elif word in FIELDS and group.place in ("text", "code"):
            self._field(word, group)
        elif word == "sv" and group.place != "binary":
            group.place, self._value = "value", []
        elif star and word not in TEXT_DESTINATIONS and group.place == "text":
            group.place, group.destination = "unknown", word
        else:
            if word in ("shp", "do"):
                group.shape = self.shapes.begin()
            elif word in SHAPE_WORDS:
                self.shapes.place(group.shape, word, number or 0)
            elif word in NOTES:
                group.note = len(self.shown)
            if word in ASIDES and not group.aside:
                group.aside = True
                self.asides += bool(self.without_asides) and not self.without_asides[-1].endswith("\n")
            self._property(word, number, group)
            if word in LOOK_WORDS:
                group.look = look_with(group.look, word, number)
        return at

    def _property(self, word: str, number: int | None, group: Group) -> None:
        is_on = number is None or number != 0
        match word:
            case "pard":
                self._frame = {}
            case "posx" | "posy":
                self._frame[word] = number or 0
            case "uc":
                group.skip = min(max(number or 0, 0), 64)
            case "ansicpg":
                self._codepage = f"cp{number}"
            case "mac" | "pc" | "pca":
                self._codepage = {"mac": "mac-roman", "pc": "cp437", "pca": "cp850"}[word]
            case "f":
                self._font = number or 0
                if group.place != "table":
                    group.charset = self._fonts.get(self._font, "")
            case "fcharset":
                self._fonts[self._font] = CHARSETS.get(number or 0, "") if number else ""
            case "red" | "green" | "blue":
                self._color[("red", "green", "blue").index(word)] = number or 0
            case "cf":
                index = number or 0
                group.color = index
                group.white = 0 < index < len(self._colors) and min(self._colors[index]) >= 0xF0
            case "highlight" | "cb" | "chcbpat" | "cbpat" | "clcbpat":
                group.highlighted, group.ground = is_on, number or 0
            case "fs":
                group.tiny = number is not None and 0 < number <= _TINY_HALF_POINTS
            case "charscalex":
                group.tiny = number is not None and 0 < number <= _NARROW_PERCENT
            case "v" | "deleted" | "webhidden":
                group.hidden = is_on
            case "plain":
                group.hidden = group.white = group.tiny = False
                group.charset = ""
            case "fromhtml":
                self.is_html = is_on
            case "htmlrtf":
                group.in_html_only = is_on
            case _:
                pass

    def _field(self, word: str, group: Group) -> None:
        """A field begins, or its code, or the result that was stored with it."""
        if word == "field" or not group.fields:
            self.codes.begin()
            group.fields = self.codes.depth
        if word == "fldrslt":
            self.codes.separate()
        group.place = "code" if word == "fldinst" else "text"

    def _end_field(self) -> None:
        if new := self.codes.end():
            self._add(new)

    def _end_paragraph(self) -> None:
        self.lists.end_paragraph()
        if self._frame:
            text = "".join(self.shown[self._paragraph :])
            self.shapes.add(self._frame.get("posy", 0), self._frame.get("posx", 0), text)
        self._paragraph = len(self.shown)

    # Text

    def _encoded(self, data: bytes) -> None:
        charset = self._group.charset or self._codepage
        if charset != self._bytes_charset:
            self._flush()
            self._bytes_charset = charset
        self._bytes += data

    def _flush(self) -> None:
        if self._bytes:
            text, self._bytes = to_text(bytes(self._bytes), self._bytes_charset), bytearray()
            self._add(text)

    def _add(self, text: str) -> None:
        group = self._group
        place = group.place
        if place == "table":
            self.drawing.property = text.strip() if group.destination == "sn" else ""
            if group.destination == "colortbl":
                for _ in range(min(text.count(";"), _MAX_COLORS - len(self._colors))):  # the first one is "automatic"
                    self._colors.append((self._color[0], self._color[1], self._color[2]))
                    self._color = [0, 0, 0]
            elif is_address_to_somebody(text):  # names of styles, fonts and authors, which people seldom see
                self.hidden.append(f"{text}\n")
            return
        if place == "binary" or (place == "code" and self.codes.add(text)):
            return
        self._left -= len(text)
        if place == "value":
            self._value.append(text)
            return
        if place == "html":
            self.html.append(text)
            return
        if self.is_html and not group.in_html_only:
            self.html.append(text)
        self.everything.append(text)
        is_hidden = group.hidden or group.tiny or (group.white and not group.highlighted) or place == "unknown"
        is_hidden = is_hidden or (group.highlighted and 0 < group.color == group.ground)
        if group.highlighted and text.isspace():
            self.drawing.blank()
        if not group.hidden and place != "unknown":
            self.rows.add(text, group.look)
        if not (is_hidden or group.aside):
            self.without_asides.append(text)
            self.texts.add_piece(group.look, text)
        (self.hidden if is_hidden else self.shown).append(text)

    def _close(self) -> None:
        self._flush()
        group = self._group
        outer = self._stack.pop() if self._stack else Group()
        self._group, self._star, self._to_skip = outer, False, 0
        if group.note > outer.note:
            note = " ".join("".join(self.shown[group.note :]).split())
            self.notes.append(note)
            self.shapes.text(group.shape, note)
        if group.naming != outer.naming:
            self.codes.end_name(group.naming, self.everything[group.named :])
        if group.fields > outer.fields:
            self._end_field()
        if group.place == "binary" and outer.place != "binary":
            self._end_binary(group.destination)
        elif group.place == "value" and outer.place != "value":
            value, self._value = "".join(self._value), []
            self.drawing.value(value)
            if has_words(value) or (value.isalpha() and len(value) > 2):
                self.shown.append(f"\n{value}\n")
        elif group.place == "unknown" and outer.place != "unknown" and self.hidden:
            self.hidden.append("\n")

    def _end_binary(self, destination: str) -> None:
        digits = re.sub("[^0-9a-fA-F]", "", "".join(self._digits))
        data = bytes(self._raw) or binascii.unhexlify(digits[: len(digits) & ~1])
        self._digits, self._raw = [], bytearray()
        if not data:
            return
        self.files.append(embedded_file(data) if destination == "objdata" else InnerFile("", data))


def read_rtf(data: bytes, budget: Budget) -> FileContent:
    """The content of an RTF file."""
    reader = _RtfReader(data, budget)
    reader.read()
    content = FileContent("rtf", [tidy(_joined(reader.shown))], files=_with_html(reader))
    hidden = tidy(_joined(reader.hidden))
    if hidden:
        content.hidden = [hidden, tidy(_joined(reader.everything))]
    content.hidden += map(tidy, reader.codes.readings())
    content.hidden += (*spelled_by_pieces(reader.everything), *sentences_of_pieces(reader.everything))
    content.hidden += (*reader.texts.sentences(), *reader.shapes.readings())
    content.text += filter(None, (tidy("\n".join(reader.codes.links)),))
    content.hidden += filter(None, (tidy("\n".join(reader.codes.codes)),))
    content.hidden += (*reader.lists.markers.said(), *keep_sentences([joined(reader.notes)]))
    if reader.asides >= _MIN_ASIDES:
        content.hidden.append(tidy(_joined(reader.without_asides)))
    if reader.drawing.may_be_letters() or reader.rows.draw_letters():
        content.fail(PICTURED, "a drawing that may show words")
    if reader.is_full:
        content.fail(TOO_LARGE, "more text than is read")
    return content


def _with_html(reader: _RtfReader) -> Iterator[InnerFile]:
    yield from reader.files
    if reader.is_html and reader.html:
        yield InnerFile("", _joined(reader.html).encode(), "text/html")


def _joined(pieces: list[str]) -> str:
    """Pieces as one text; a character outside the first plane was written as two code units."""
    return "".join(pieces).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
