"""The text of a PDF: pages with their annotations and form fields, then every string and file in its objects.

PDFium, which also displays PDF in browsers, reads the pages. pypdf walks the objects: notes, links, fields, titles,
outlines, alternative texts, scripts and attached files, in whatever place they are. Pages with pictures or with shapes
that may be letters are reported.
"""

from __future__ import annotations

import ctypes
import re
import time
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from classifiers.extract.parser_errors import PARSER_ERRORS
from classifiers.extract.readers.pdf.drawn import Picture, look_for_pictures
from classifiers.extract.readers.pdf.letters import are_drawn_otherwise
from classifiers.extract.readers.pdf.looks import marked_texts
from classifiers.extract.readers.pdf.objects import walk_objects
from classifiers.extract.readers.pdf.page_tree import has_endless_pages
from classifiers.extract.readers.pdf.places import (
    MAX_NESTED,
    MIN_STEPS,
    box_of,
    is_out_of_order,
    is_tiny,
    read_by_place,
    read_down,
    read_slanted,
)
from classifiers.extract.readers.pdf.repeated_forms import draws_too_much
from classifiers.extract.readers.pdf.seen import SeenPage
from classifiers.extract.readers.pdf.turned import is_turned, turn_back
from classifiers.extract.readers.reading import (
    ENCRYPTED,
    PICTURED,
    TOO_LARGE,
    UNREADABLE,
    Budget,
    FileContent,
    InnerFile,
)

MAX_PAGES = 100
_MARK = b"%PDF-"
_END = b"%%EOF"
_NEXT = re.compile(rb"%%EOF\s{0,100}(?=(%PDF-))")
_COMPARED_PAGES = 20
"""Pages whose letters are compared with drawn ones. Behind them only widths and heights tell, which costs less."""
_MAX_JOINED = 5
_INVISIBLE = 3
"""The mode in which a text is drawn without ink."""
_WHITE = 0xF0
_ODD = re.compile("[\ufffd\ue000-\uf8ff\x00-\x08\x0e-\x1f]")
_SOFT_HYPHEN = re.compile("[\x02\ufffe](?:\r?\n)?")
_PASSWORD_ERROR = 4
_MIN_UNSEEN = 2
"""Letters that nobody sees from which a page is also read without them."""
_MIN_PIECES, _PIECE = 8, 2
"""Pages, and characters on each, from which they are one text together."""
_DRAWN_OTHERWISE = "letters that are drawn as other ones than the file says"
_TOLD = (b"Alt", b"E")
"""The marks of texts that a program tells of what is drawn, under the pointer or aloud."""
_MAX_MARKED, _MAX_TOLD = 4_000, 2_000
"""Texts of a page whose marks are looked at, and code units of what one tells."""
_REPLACED = b"ActualText"
"""The mark of texts that are read aloud or copied as other ones than are drawn."""


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
        walk_objects(data[begin:], content, files, budget)
    content.files = files
    return content


def _read_pages(data: bytes, content: FileContent, budget: Budget, picture: Picture) -> bool:
    """Read the pages. Returns whether the objects should be walked."""
    import pypdfium2  # imported here: most workers never meet a PDF

    if has_endless_pages(data):
        content.fail(TOO_LARGE, "pages that contain themselves")
        return True
    if draws_too_much(data):
        content.fail(TOO_LARGE, "drawings that draw others again and again")
        return True
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
        _join_pages(content)
    except (pypdfium2.PdfiumError, *PARSER_ERRORS):
        content.fail(UNREADABLE, "a page that cannot be read")
    finally:
        document.close()
    return True


def _join_pages(content: FileContent) -> None:
    """Add what the letters of pages say together, if nearly every page has only one or two."""
    pieces = [text.strip() for text in content.text]
    if len(pieces) >= _MIN_PIECES and sum(len(piece) <= _PIECE for piece in pieces) * 10 >= 9 * len(pieces):
        content.hidden += ["".join(piece or " " for piece in pieces), " ".join(pieces)]


def _read_page(document: Any, number: int, content: FileContent, picture: Picture) -> str:
    from pypdfium2 import raw

    page = document[number]
    look_for_pictures(page, content, picture)
    _name_states(page)
    raw.FPDFPage_Flatten(page, raw.FLAT_NORMALDISPLAY)  # annotations and fields become part of the page
    page.close()
    page = document[number]
    items = list(page.get_objects([raw.FPDF_PAGEOBJ_TEXT], max_depth=MAX_NESTED))
    content.hidden += dict.fromkeys(_told(items))
    replaced = _without_replacements(page, items)
    text_page = page.get_textpage()
    text = _text_of(text_page)
    if replaced != text:
        content.hidden.append(replaced.replace("\r\n", "\n"))
    seen = SeenPage(page, text_page)
    content.hidden += [*_as_seen(items, text_page, seen.unseen()), *read_down(text, text_page)]
    if text.count("\n") >= MIN_STEPS and (slanted := read_slanted(text_page)):
        content.hidden.append(slanted)
    marked = marked_texts(items, text_page)
    content.hidden += marked.sentences
    if marked.draws_letters:
        content.fail(PICTURED, "texts whose looks may draw words")
    if (number < _COMPARED_PAGES and seen.looks_otherwise()) or are_drawn_otherwise(page, text_page):
        content.fail(UNREADABLE, _DRAWN_OTHERWISE)
    text_page.close()
    _read_turned(page, items, content)
    page.close()
    odd = len(_ODD.findall(text))
    if odd > 2:
        content.fail(UNREADABLE, "a page with letters of unknown meaning")
        if odd * 4 > len(text):
            return ""  # nothing is judged from gibberish
    return text.replace("\r\n", "\n")


def _name_states(page: Any) -> None:
    """Give each annotation a state: PDFium crashes where it lacks one and its value names a look that is missing."""
    from pypdfium2 import raw

    for number in range(raw.FPDFPage_GetAnnotCount(page)):
        note = raw.FPDFPage_GetAnnot(page, number)
        if note and raw.FPDFAnnot_HasKey(note, b"AP") and not raw.FPDFAnnot_HasKey(note, b"AS"):
            size = raw.FPDFAnnot_GetStringValue(note, b"V", None, 0)
            value = (ctypes.c_ushort * max(size // 2, 4))(*map(ord, "Off\0"))
            if size > 2:
                raw.FPDFAnnot_GetStringValue(note, b"V", value, size)
            raw.FPDFAnnot_SetStringValue(note, b"AS", value)
        if note:
            raw.FPDFPage_CloseAnnot(note)


def _read_turned(page: Any, items: Sequence[Any], content: FileContent) -> None:
    """Read the texts of a page that are turned, as level lines. This moves them."""
    if above := turn_back(page, items):
        text_page = page.get_textpage()
        content.hidden.append(read_by_place(text_page, above=above))
        if are_drawn_otherwise(page, text_page) or SeenPage(page, text_page).looks_otherwise():
            content.fail(UNREADABLE, _DRAWN_OTHERWISE)
        text_page.close()


def _text_of(text_page: Any) -> str:
    return _SOFT_HYPHEN.sub("", text_page.get_text_range())


def _told(items: Sequence[Any]) -> Iterator[str]:
    """What the marks of texts tell of them."""
    from pypdfium2 import raw

    for item in items[:_MAX_MARKED]:
        for number in range(max(raw.FPDFPageObj_CountMarks(item.raw), 0)):
            mark = raw.FPDFPageObj_GetMark(item.raw, number)
            for name in _TOLD if mark else ():
                size = ctypes.c_ulong()
                if raw.FPDFPageObjMark_GetParamStringValue(mark, name, None, 0, ctypes.byref(size)) and size.value > 2:
                    units = (ctypes.c_ushort * (min(size.value, 2 * _MAX_TOLD) // 2))()
                    length = ctypes.sizeof(units)
                    raw.FPDFPageObjMark_GetParamStringValue(mark, name, units, length, ctypes.byref(size))
                    yield bytes(units).decode("utf-16-le", "replace").partition("\0")[0]


def _without_replacements(page: Any, items: Sequence[Any]) -> str:
    """Drop the texts that stand for drawn ones. Returns the text of the page with them; "" if there are none."""
    from pypdfium2 import raw

    marks = [
        (item.raw, mark)
        for item in items
        for number in range(max(raw.FPDFPageObj_CountMarks(item.raw), 0))
        if (mark := raw.FPDFPageObj_GetMark(item.raw, number))
        and raw.FPDFPageObjMark_GetParamValueType(mark, _REPLACED)
    ]
    if not marks:
        return ""
    text_page = page.get_textpage()
    text = _text_of(text_page)
    text_page.close()
    for item, mark in marks:
        raw.FPDFPageObjMark_RemoveParam(item, mark, _REPLACED)
    return text


def _as_seen(items: Sequence[Any], text_page: Any, unseen: Collection[int]) -> Iterator[str]:
    """The text of a page by its places, and without its letters that nobody sees, as far as they differ.

    `unseen` are the numbers of letters that the drawn page does not show.
    """
    from pypdfium2 import raw

    boxes = [box_of(item.raw) for item in items]
    level = [box for item, box in zip(items, boxes, strict=True) if box and not is_turned(item.raw)]
    has_order = not is_out_of_order(level)
    if not has_order:
        yield read_by_place(text_page)
    hidden = {address for item, box in zip(items, boxes, strict=True) if (address := _hidden(item.raw, is_tiny(box)))}
    left_out = set(unseen)
    for number in range(text_page.count_chars()) if hidden else ():
        item = raw.FPDFText_GetTextObject(text_page, number)
        if item and ctypes.addressof(item.contents) in hidden:
            left_out.add(number)
    if len(left_out) < _MIN_UNSEEN:
        return
    if not has_order:
        yield read_by_place(text_page, without=left_out)
    letters = [
        chr(raw.FPDFText_GetUnicode(text_page, number))
        for number in range(text_page.count_chars())
        if number not in left_out
    ]
    yield "".join(letters).replace("\r\n", "\n")


def _hidden(item: Any, is_tiny: bool) -> int:
    """The address of a text that is drawn invisibly, tiny or in white; 0 of any other."""
    from pypdfium2 import raw

    is_hidden = is_tiny or raw.FPDFTextObj_GetTextRenderMode(item) == _INVISIBLE
    if not is_hidden:
        levels = [ctypes.c_uint() for _ in range(4)]
        if raw.FPDFPageObj_GetFillColor(item, *map(ctypes.byref, levels)):
            is_hidden = min(level.value for level in levels[:3]) >= _WHITE or levels[3].value == 0
    return ctypes.addressof(item.contents) if is_hidden else 0


def find_pdf(data: bytes) -> int:
    """Where a PDF begins inside other bytes; -1 if there is none with an end."""
    at = data.find(_MARK)
    return at if at >= 0 and data.find(_END, at) >= 0 else -1
