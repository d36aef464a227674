"""The strings, scripts and files in the objects of a PDF, and what is drawn where no page shows it directly."""

from __future__ import annotations

import re
import time
from typing import Any

from classifiers.extract.readers.html_files import script_strings
from classifiers.extract.readers.pdf.drawn import count_segments, draws_letters
from classifiers.extract.readers.pdf.opening import object_errors, open_objects
from classifiers.extract.readers.reading import (
    ENCRYPTED,
    PICTURED,
    TOO_LARGE,
    UNREADABLE,
    Budget,
    FileContent,
    InnerFile,
)  # fmt: skip
from classifiers.extract.readers.records import keep_sentences, say_together
from classifiers.extract.readers.words_in_values import has_words
from gateway.core.mime.charsets.decoding import to_text

_WALK_SECONDS = 1.5
"""Seconds of processor time for walking the objects: waiting for a turn leaves nothing out."""
_MAX_OBJECTS = 50_000
_MAX_DEPTH = 12
_MAX_FILES = 20
_MAX_EXTRAS = 50_000
_TEXT_KEYS = frozenset(
    "/Contents /T /TU /V /DV /RC /Title /Subject /Keywords /Author /ActualText /Alt /E /URI /F /UF /Desc /CA /RT /Opt "
    "/Nm /Label /P /Dest /RO /AC /Name /N".split()
)
_SKIPPED_KEYS = frozenset(
    "/Parent /P /ID /CreationDate /ModDate /M /Producer /Creator /Lang /DA /DS /Registry /Ordering /CharSet /Cert "
    "/ByteRange /O /U /OE /UE /Perms /Font /FontDescriptor /NM /Trapped /PTEX.Fullbanner /LastModified /DocChecksum "
    "/CheckSum /Length /Filter /MediaBox /Matrix /Rect /QuadPoints /Kids /Nums /Limits".split()
)
_DRAWING_KEYS = frozenset(("/PatternType", "/SMask", "/CharProcs", "/ShadingType"))
_MAX_PROGRAMS, _MAX_COMMANDS = 300, 1_000_000
"""Letters of a font that are drawn by small programs, and bytes of one."""
_PAINTED = (1, 4, 5, 6, 7)
"""Shadings that may give each place any color: by a function of both coordinates, or by a mesh."""
_MIN_PAINTED = 1_500
"""Bytes of a mesh or a function from which it may draw letters."""
_MIN_PICTURE = 64
"""Pixels of the longer side of a picture in a pattern that may have letters."""
_PLAYED = frozenset(("/Sound", "/3D", "/U3D", "/PRC", "/Movie", "/RichMedia"))
"""Types of what is heard, or seen as a film or a model."""
_LETTER_CODES = re.compile(r"fromCharCode\(([\d\s,]{8,4000})\)")
_MARKED_BY_HAND = frozenset(("/Ink", "/Stamp", "/PolyLine", "/Polygon", "/Line"))
_MIN_MARKS, _MIN_MARK_SEGMENTS = 12, 100
"""Lines that somebody drew on pages, and their segments, from which they may be letters."""
_MAX_PIECE, _MAX_VALUES = 40, 20_000
"""Characters of a value that may be a piece of a sentence, and such values."""
_SAME_ROW = 4.0
"""Points by which fields of one row may differ in height."""
_DRAWN = re.compile(rb"\(((?:[^()\\]|\\.)*+)\)?|<([0-9A-Fa-f\s]{2,}+)>", re.DOTALL)
_PDF_ESCAPE = re.compile(rb"\\([()\\])")
_TAG = re.compile(r"<[^<>]{0,4000}>")


def walk_objects(data: bytes, content: FileContent, files: list[InnerFile], budget: Budget) -> None:
    """Add the strings and files in all objects."""
    walker = _Walker(content, files, budget.deadline)
    try:
        reader = open_objects(data)
        if reader is None:
            content.fail(ENCRYPTED, "a PDF with a password")
            return
        walker.read_properties(reader.trailer.get("/Info"))
        for number in sorted({*reader.xref_objStm, *(number for table in reader.xref.values() for number in table)}):
            if not walker.has_time():
                content.fail(TOO_LARGE, "a PDF with many objects")
                break
            try:
                walker.walk(_object(reader, number), 0)
            except object_errors():
                continue  # an object that nothing can read; pages were read by another program
    except object_errors():
        content.fail(UNREADABLE, "a PDF whose objects cannot be read")
    content.text.append("\n".join(dict.fromkeys(walker.texts)))
    content.hidden.append("\n".join(dict.fromkeys((*walker.said_together(), *walker.hidden))))


def _object(reader: Any, number: int) -> Any:
    from pypdf.generic import IndirectObject

    return reader.get_object(IndirectObject(number, 0, reader))


class _Walker:
    def __init__(self, content: FileContent, files: list[InnerFile], deadline: float) -> None:
        self._content = content
        self._files = files
        self._deadline, self._processor_deadline = deadline, time.thread_time() + _WALK_SECONDS
        self._left = _MAX_EXTRAS
        self._count = self._marks = self._mark_segments = self._values = 0
        self._fields: dict[str, list[str]] = {}
        self._placed: list[tuple[int, float, float, str]] = []
        """Page, distance from its bottom, downward, left edge, and text of each field and note."""
        self.texts: list[str] = []
        self.hidden: list[str] = []

    def has_time(self) -> bool:
        self._count += 1
        is_in_time = time.monotonic() < self._deadline and time.thread_time() < self._processor_deadline
        return self._count <= _MAX_OBJECTS and self._left > 0 and is_in_time

    def said_together(self) -> list[str]:
        """What the values of one kind say together: a word or a letter in each note, field or bookmark."""
        pieces = [*self._fields.values(), [text for *_, text in sorted(self._placed)]]
        return [
            *say_together(pieces),
            *keep_sentences(" ".join(values) for values in pieces if len(values) >= _MIN_MARKS),
        ]

    def read_properties(self, info: Any) -> None:
        """Add the properties of the document, which may be a word each, whatever their names."""
        from pypdf.generic import DictionaryObject, IndirectObject

        self.walk(info, 0)
        properties = info.get_object() if isinstance(info, IndirectObject) else info
        if isinstance(properties, DictionaryObject):
            values = [str(value) for value in properties.values() if isinstance(value, str)]
            self._fields["/Info"] = [value for value in values if len(value) <= _MAX_PIECE]

    def walk(self, item: Any, depth: int, key: str = "") -> None:
        """Add the strings of an object, not those of objects that it refers to: those come by themselves."""
        from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, StreamObject

        if depth > _MAX_DEPTH or isinstance(item, IndirectObject):
            return
        if isinstance(item, str):
            self._text(key, str(item))
        elif isinstance(item, DictionaryObject):
            if isinstance(item, StreamObject):
                self._stream(item, key)
            if not _DRAWING_KEYS.isdisjoint(item):
                self._drawing(item)
            if not _PLAYED.isdisjoint((item.get("/Type"), item.get("/Subtype"))):
                self._content.fail(PICTURED, "a sound, a film or a model")
            if "/Rect" in item and len(self._placed) < _MAX_VALUES:
                self._place(item)
            if "/AP" in item or "/InkList" in item or "/Vertices" in item:
                self._annotation(item)
            if "/JS" in item and isinstance(script := item["/JS"], StreamObject):
                self._script(to_text(bytes(script.get_data()[:_MAX_EXTRAS])))
            for name, value in item.items():
                if name not in _SKIPPED_KEYS or (name == "/P" and isinstance(value, str)):
                    self.walk(value, depth + 1, name)
                if name == "/PageLabels" and isinstance(value, DictionaryObject):
                    self.walk(value.get("/Nums"), depth + 1, "/Label")
        elif isinstance(item, ArrayObject):
            for value in item:
                self.walk(value, depth + 1, key)

    def _place(self, item: Any) -> None:
        """A field or a note, where it stands on its page."""
        text, edges = item.get("/V") or item.get("/Contents") or item.get("/TU"), item["/Rect"]
        if isinstance(text, str) and len(text) <= _MAX_PIECE and isinstance(edges, list) and len(edges) == 4:
            left, _, _, top = map(float, edges)
            page = getattr(item.get("/P"), "idnum", 0)
            self._placed.append((page, -round(top / _SAME_ROW), left, str(text)))

    def _annotation(self, item: Any) -> None:
        """What is drawn on a page by hand, and pictures that are put on it."""
        from pypdf.generic import DictionaryObject, StreamObject

        by_hand = item.get("/Subtype") in _MARKED_BY_HAND
        drawn = item.get("/InkList") or item.get("/Vertices") or []
        self._marks += len(drawn) if "/InkList" in item else bool(drawn)
        looks = item.get("/AP")
        look = looks.get("/N") if isinstance(looks, DictionaryObject) else None
        look = look.get_object() if look is not None else None
        if isinstance(look, StreamObject) and len(look._data) < _MAX_COMMANDS:
            if _has_picture(look):
                self._content.fail(PICTURED, "a picture that is put on a page")
            if by_hand:
                self._mark_segments += count_segments(bytes(look.get_data()[:_MAX_COMMANDS]))
        if self._marks >= _MIN_MARKS or self._mark_segments >= _MIN_MARK_SEGMENTS:
            self._content.fail(PICTURED, "writing by hand on a page")

    def _drawing(self, item: Any) -> None:
        """What is drawn by patterns, masks, areas of colors, and letters that are small programs."""
        from pypdf.generic import DictionaryObject, StreamObject

        mask = item.get("/SMask")
        letters = item.get("/CharProcs")
        streams = [item] if item.get("/PatternType") == 1 else []
        masks = [mask.get("/G")] if isinstance(mask, DictionaryObject) and "/G" in mask else []
        streams += masks
        streams += list(letters.values())[:_MAX_PROGRAMS] if isinstance(letters, DictionaryObject) else []
        for number, stream in enumerate(streams):
            is_area = stream is item or number < len(masks)
            stream = stream.get_object() if stream is not None else None
            if isinstance(stream, StreamObject) and len(stream._data) < _MAX_COMMANDS:
                commands = bytes(stream.get_data()[:_MAX_COMMANDS])
                self._drawn_elsewhere(commands)
                if draws_letters(commands) or (is_area and _has_picture(stream)):
                    self._content.fail(PICTURED, "a drawing that may have letters")
        if item.get("/ShadingType") in _PAINTED and _size_of_shading(item) > _MIN_PAINTED:
            self._content.fail(PICTURED, "an area of many colors that may have letters")

    def _text(self, key: str, text: str) -> None:
        if len(text) <= _MAX_PIECE and self._values < _MAX_VALUES:
            self._values += 1
            self._fields.setdefault(key, []).append(text)
        if text.startswith("/") or not any(map(str.isalpha, text)):
            return
        if key == "/JS":
            self._script(text)
        elif key in _TEXT_KEYS or has_words(text):
            text = _TAG.sub("", text) if key == "/RC" else text
            self._left -= len(text)
            self.texts.append(text[: max(self._left, 0)])

    def _script(self, text: str) -> None:
        self._left -= len(text)
        strings = list(script_strings(text[: max(self._left, 0)]))
        joined = "".join(strings)
        codes = (re.findall(r"\d{1,7}", found[1]) for found in _LETTER_CODES.finditer(text))
        spelled = ["".join(chr(int(code)) for code in each if int(code) < 0xD800) for each in codes]
        self.hidden.extend((*strings, joined, *spelled, *keep_sentences((joined[::-1],))))

    def _stream(self, item: Any, key: str) -> None:
        kind = item.get("/Type")
        is_file = kind == "/EmbeddedFile" or ("/Params" in item and "/Subtype" in item)
        if is_file and len(self._files) < _MAX_FILES:
            subtype = str(item.get("/Subtype", "")).lstrip("/").replace("#2F", "/").lower()
            self._files.append(InnerFile("", bytes(item.get_data()), subtype if "/" in subtype else ""))
        elif kind == "/Metadata" and len(item._data) < 1_000_000:
            lines = _TAG.sub("\n", to_text(bytes(item.get_data()[:1_000_000]))).split("\n")
            self.hidden.extend(line.strip() for line in lines if has_words(line))
        elif "/BBox" in item and len(item._data) < 1_000_000:
            self._drawn_elsewhere(bytes(item.get_data()[:1_000_000]))
        elif kind is None and not any(name in item for name in ("/Length1", "/BBox", "/FunctionType", "/N", "/Width")):
            data = bytes(item.get_data()[:1_000_000]) if len(item._data) < 1_000_000 else b""
            if data.lstrip()[:1] == b"<" and b"</" in data:  # a form in XML (XFA) or the text of a field
                self._files.append(InnerFile("", data, "application/xml"))

    def _drawn_elsewhere(self, data: bytes) -> None:
        """Texts of patterns, masks and appearances, which are no part of the text of a page."""
        if b"Tj" in data or b"TJ" in data:
            pieces = [_drawn_text(found) for found in _DRAWN.finditer(data)]
            text = to_text(b"".join(pieces))
            if has_words(text):
                self._left -= len(text)
                self.hidden.append(text[: max(self._left, 0)])


def _drawn_text(found: re.Match[bytes]) -> bytes:
    if found[2] is None:
        return _PDF_ESCAPE.sub(rb"\1", found[1])
    digits = b"".join(found[2].split())
    return bytes.fromhex(digits[: len(digits) // 2 * 2].decode())


def _has_picture(pattern: Any) -> bool:
    """Whether a pattern has a picture in which letters may be."""
    from pypdf.generic import DictionaryObject

    resources = pattern.get("/Resources", {})
    found = resources.get_object().get("/XObject", {}).get_object() if resources else {}
    pictures = [item.get_object() for item in found.values()]
    return any(
        isinstance(picture, DictionaryObject)
        and picture.get("/Subtype") == "/Image"
        and max(int(picture.get("/Width", 0)), int(picture.get("/Height", 0))) >= _MIN_PICTURE
        for picture in pictures
    )


def _size_of_shading(shading: Any) -> int:
    """Bytes of the mesh of a shading, or of its functions."""
    from pypdf.generic import StreamObject

    functions = shading.get("/Function", [])
    parts = [shading, *(functions if isinstance(functions, list) else [functions])]
    objects = [part.get_object() for part in parts if part is not None]
    return sum(len(part.get_data()) for part in objects if isinstance(part, StreamObject))
