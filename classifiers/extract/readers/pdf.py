"""The text of a PDF: pages with their annotations and form fields, then every string and file in its objects.

PDFium, which also displays PDF in browsers, reads the pages. pypdf walks the objects: notes, links, fields, titles,
outlines, alternative texts, scripts and attached files, in whatever place they are. Pages with pictures or with shapes
that may be letters are reported.
"""

from __future__ import annotations

import ctypes
import io
import logging
import re
import time
from collections.abc import Callable
from typing import Any

from classifiers.extract.parser_errors import PARSER_ERRORS
from classifiers.extract.readers.html_files import script_strings
from classifiers.extract.readers.pdf_places import DrawnShapes, box_of, is_out_of_order, is_tiny, read_by_place
from classifiers.extract.readers.reading import (
    ENCRYPTED,
    PICTURED,
    TOO_LARGE,
    UNREADABLE,
    Budget,
    FileContent,
    InnerFile,
)  # fmt: skip
from classifiers.extract.readers.words_in_values import has_words
from gateway.core.mime.charsets import to_text

MAX_PAGES = 100
_MARK = b"%PDF-"
_END = b"%%EOF"
_NEXT = re.compile(rb"%%EOF\s{0,100}(?=(%PDF-))")
_MAX_JOINED = 5
_INVISIBLE = 3
"""The mode in which a text is drawn without ink."""
_WHITE = 0xF0
_WALK_SECONDS = 1.5
"""Seconds for walking the objects."""
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
_MIN_PICTURE = 32
_ODD = re.compile("[\ufffd\ue000-\uf8ff\x00-\x08\x0e-\x1f]")
_SOFT_HYPHEN = re.compile("[\x02\ufffe](?:\r?\n)?")
_DRAWN = re.compile(rb"\(((?:[^()\\]|\\.)*+)\)?", re.DOTALL)
_PDF_ESCAPE = re.compile(rb"\\([()\\])")
_TAG = re.compile(r"<[^<>]{0,4000}>")
_PATH, _IMAGE = 2, 3
_PASSWORD_ERROR = 4

Picture = Callable[[bytes], bool]
"""Reads a picture of a page; returns whether its words were read, or it has none."""


def read_pdf(data: bytes, budget: Budget, picture: Picture) -> FileContent:
    """The content of a PDF. `picture` is called with each picture of its pages, as PNG."""
    content = FileContent("pdf")
    files: list[InnerFile] = []
    begin = max(data.find(_MARK), 0)
    for _ in range(_MAX_JOINED):  # programs differ in which one of several they show
        found = _NEXT.search(data, begin + 1)
        if found is None:
            break
        files.append(InnerFile("", data[begin : found.start(1)]))
        begin = found.start(1)
    first = max(data.find(_MARK), 0)
    if data[:first].strip(b"\0 \r\n\t"):
        files.append(InnerFile("", data[:first]))
    end = data.rfind(_END)
    if end > begin and data[end + len(_END) :].strip(b"\0 \r\n\t"):
        files.append(InnerFile("", data[end + len(_END) :]))
    if _read_pages(data[begin:], content, budget, picture):
        _walk(data[begin:], content, files, budget)
    content.files = files
    return content


def _read_pages(data: bytes, content: FileContent, budget: Budget, picture: Picture) -> bool:
    """Read the pages. Returns whether the objects should be walked."""
    import pypdfium2  # imported here: most workers never meet a PDF

    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        is_locked = getattr(error, "err_code", 0) == _PASSWORD_ERROR
        content.fail(ENCRYPTED if is_locked else UNREADABLE, "a PDF with a password" if is_locked else "a broken PDF")
        return not is_locked
    left = budget.characters
    try:
        for number in range(len(document)):
            if number >= MAX_PAGES or left <= 0 or time.monotonic() > budget.deadline:
                content.fail(TOO_LARGE, "a PDF with many pages")
                break
            text = _read_page(document, number, content, picture)
            left -= len(text)
            content.text.append(text)
    except (pypdfium2.PdfiumError, *PARSER_ERRORS):
        content.fail(UNREADABLE, "a page that cannot be read")
    finally:
        document.close()
    return True


def _read_page(document: Any, number: int, content: FileContent, picture: Picture) -> str:
    from pypdfium2 import raw

    page = document[number]
    _look_for_pictures(page, content, picture)
    raw.FPDFPage_Flatten(page, raw.FLAT_NORMALDISPLAY)  # annotations and fields become part of the page
    page.close()
    page = document[number]
    text_page = page.get_textpage()
    text: str = _SOFT_HYPHEN.sub("", text_page.get_text_range())
    content.hidden.append(_as_seen(page, text_page))
    text_page.close()
    page.close()
    odd = len(_ODD.findall(text))
    if odd > 2:
        content.fail(UNREADABLE, "a page with letters of unknown meaning")
        if odd * 4 > len(text):
            return ""  # nothing is judged from gibberish
    return text.replace("\r\n", "\n")


def _as_seen(page: Any, text_page: Any) -> str:
    """The text of a page by its places, or without its letters that nobody sees, if either differs; else ""."""
    from pypdfium2 import raw

    items = list(page.get_objects([raw.FPDF_PAGEOBJ_TEXT], max_depth=5))
    boxes = [box_of(item.raw) for item in items]
    if is_out_of_order(filter(None, boxes)):
        return read_by_place(text_page)
    hidden = {address for item, box in zip(items, boxes, strict=True) if (address := _hidden(item.raw, is_tiny(box)))}
    if not hidden:
        return ""
    letters = []
    for number in range(text_page.count_chars()):
        item = raw.FPDFText_GetTextObject(text_page, number)
        if not item or ctypes.addressof(item.contents) not in hidden:
            letters.append(chr(raw.FPDFText_GetUnicode(text_page, number)))
    return "".join(letters).replace("\r\n", "\n")


def _hidden(item: Any, is_tiny: bool) -> int:
    """The address of a text that is drawn invisibly, tiny or in white; 0 of any other."""
    from pypdfium2 import raw

    is_hidden = is_tiny or raw.FPDFTextObj_GetTextRenderMode(item) == _INVISIBLE
    if not is_hidden:
        levels = [ctypes.c_uint() for _ in range(4)]
        if raw.FPDFPageObj_GetFillColor(item, *map(ctypes.byref, levels)):
            is_hidden = min(level.value for level in levels[:3]) >= _WHITE or levels[3].value == 0
    return ctypes.addressof(item.contents) if is_hidden else 0


def _look_for_pictures(page: Any, content: FileContent, picture: Picture) -> None:
    """Pictures and shapes of a page whose words nobody reads."""
    from pypdfium2 import PdfiumError

    shapes = DrawnShapes()
    for item in page.get_objects(max_depth=5):
        if item.type == _IMAGE and PICTURED not in content.failed:
            width, height = item.get_px_size()
            if max(width, height) < _MIN_PICTURE:
                shapes.add_tile()
                continue
            try:
                is_read = _is_read(item, picture)
            except (PdfiumError, *PARSER_ERRORS):
                is_read = False
            if not is_read:
                content.fail(PICTURED, "a picture on a page")
        elif item.type == _PATH:
            shapes.add_path(item)
    if shapes.may_be_letters():
        content.fail(PICTURED, "shapes on a page that may be letters")


def _is_read(item: Any, picture: Picture) -> bool:
    """Whether the words of a picture are read, or it has none. One of a single color may have letters in its mask."""
    from PIL import Image

    image = item.get_bitmap().to_pil().convert("RGB")
    if all(low == high for low, high in image.getextrema()):
        image = item.get_bitmap(render=True).to_pil().convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "gray"), image).convert("RGB")
    out = io.BytesIO()
    image.save(out, "BMP")
    return picture(out.getvalue())


def _walk(data: bytes, content: FileContent, files: list[InnerFile], budget: Budget) -> None:
    """Add the strings and files in all objects."""
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # its warnings could quote content
    from pypdf import PdfReader
    from pypdf.errors import DependencyError, PyPdfError

    errors: tuple[type[Exception], ...] = (PyPdfError, DependencyError, *PARSER_ERRORS)
    walker = _Walker(content, files, min(budget.deadline, time.monotonic() + _WALK_SECONDS))
    try:
        try:
            reader = PdfReader(io.BytesIO(data))
        except errors:
            reader = PdfReader(io.BytesIO(_repaired(data)))
        if reader.is_encrypted and not reader.decrypt(""):
            content.fail(ENCRYPTED, "a PDF with a password")
            return
        walker.walk(reader.trailer.get("/Info"), 0)
        for number in sorted({*reader.xref_objStm, *(number for table in reader.xref.values() for number in table)}):
            if not walker.has_time():
                content.fail(TOO_LARGE, "a PDF with many objects")
                break
            try:
                walker.walk(_object(reader, number), 0)
            except errors:
                continue  # an object that nothing can read; pages were read by another program
    except errors:
        content.fail(UNREADABLE, "a PDF whose objects cannot be read")
    content.text.append("\n".join(dict.fromkeys(walker.texts)))
    content.hidden.append("\n".join(dict.fromkeys(walker.hidden)))


def _repaired(data: bytes) -> bytes:
    """The same PDF as PDFium writes it, with a new table of objects. Raises ValueError."""
    import pypdfium2

    out = io.BytesIO()
    try:
        with pypdfium2.PdfDocument(data) as document:
            document.save(out)
    except pypdfium2.PdfiumError:
        raise ValueError("broken") from None
    return out.getvalue()


def _object(reader: Any, number: int) -> Any:
    from pypdf.generic import IndirectObject

    return reader.get_object(IndirectObject(number, 0, reader))


class _Walker:
    def __init__(self, content: FileContent, files: list[InnerFile], deadline: float) -> None:
        self._content = content
        self._files = files
        self._deadline = deadline
        self._left = _MAX_EXTRAS
        self._count = 0
        self.texts: list[str] = []
        self.hidden: list[str] = []

    def has_time(self) -> bool:
        self._count += 1
        return self._count <= _MAX_OBJECTS and self._left > 0 and time.monotonic() < self._deadline

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

    def _text(self, key: str, text: str) -> None:
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
        self.hidden.extend((*strings, "".join(strings)))

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
            pieces = [_PDF_ESCAPE.sub(rb"\1", found[1]) for found in _DRAWN.finditer(data)]
            text = to_text(b"".join(pieces))
            if has_words(text):
                self._left -= len(text)
                self.hidden.append(text[: max(self._left, 0)])


def find_pdf(data: bytes) -> int:
    """Where a PDF begins inside other bytes; -1 if there is none with an end."""
    at = data.find(_MARK)
    return at if at >= 0 and data.find(_END, at) >= 0 else -1
