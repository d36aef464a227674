"""The text of a PDF: pages, notes, forms, links, properties, attached files. Scanned pages are reported."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from classifiers.extract.parser_errors import PARSER_ERRORS

MAX_PAGES = 100
_FEW_LETTERS = 20
"""Letters of a page, at most, for it to be a possible scan."""
_PAGE_SIZE_IMAGE = 300
"""Pixels of the shorter side from which a picture may be a scanned page."""
_DRAWING_BYTES = 2_000
"""Bytes of drawing commands from which a page without text may contain letters drawn as lines."""
_LINK_KEYS = ("/URI", "/F")
_PROPERTIES = ("/Title", "/Subject", "/Keywords", "/Author")
_MAX_FILES = 10


@dataclass(slots=True)
class PdfContent:
    """The content of a PDF: text of its pages, `extras` beside them, attached files, and what could not be read."""

    text: list[str] = field(default_factory=list)
    extras: list[str] = field(default_factory=list)
    files: list[tuple[str, bytes]] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


def read_pdf(data: bytes, characters_left: int, deadline: float, picture: Callable[[bytes], str] | None) -> PdfContent:
    """Read a PDF. `picture` returns the words in a picture; None if pictures are not read. Never raises."""
    from pypdf import PdfReader  # imported here: most workers never meet a PDF, and the parser takes 8 MB
    from pypdf.errors import DependencyError, PyPdfError

    content = PdfContent()
    errors: tuple[type[Exception], ...] = (PyPdfError, DependencyError, *PARSER_ERRORS)
    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            content.failed.append("encrypted")
            return content
        for number, page in enumerate(reader.pages):
            if number >= MAX_PAGES or characters_left <= 0 or time.monotonic() > deadline:
                content.failed.append("too_large")
                break
            text = page.extract_text()
            content.extras.extend(_annotations(page))
            if sum(map(str.isalnum, text)) < _FEW_LETTERS:
                picture_text = _picture_text(page, picture)
                if picture_text is None:
                    content.failed.append("unreadable")
                text = "\n".join(filter(None, (text, picture_text)))
            content.text.append(text)
            characters_left -= len(text)
        content.extras.extend(_properties(reader))
        content.extras.extend(_form_values(reader))
        content.files.extend(_attachments(reader))
    except errors:
        content.failed.append("unreadable")
    return content


def _picture_text(page: Any, picture: Callable[[bytes], str] | None) -> str | None:
    """The words of a page with hardly any letters: "" if it is empty, None if it may be a scan that cannot be read."""
    resources = page.get("/Resources")
    objects = resources.get_object().get("/XObject") if resources is not None else None
    large = [
        entry
        for entry in (objects.get_object().values() if objects is not None else ())
        if (item := entry.get_object()).get("/Subtype") == "/Form"
        or min(int(item.get("/Width", 0)), int(item.get("/Height", 0))) >= _PAGE_SIZE_IMAGE
    ]
    contents = page.get_contents()
    drawn = 0 if contents is None else len(contents.get_data())
    if not large:
        return None if drawn > _DRAWING_BYTES else ""
    return None if picture is None else "\n".join(filter(None, (picture(image.data) for image in page.images)))


def _annotations(page: Any) -> Iterator[str]:
    """The text of a page's notes, and the targets of its links."""
    for reference in page.get("/Annots") or ():
        note = reference.get_object()
        if isinstance(note.get("/Contents"), str):
            yield str(note["/Contents"])
        action = note.get("/A")
        if action is not None:
            for name in _LINK_KEYS:
                if isinstance(target := action.get_object().get(name), str):
                    yield str(target)


def _properties(reader: Any) -> Iterator[str]:
    about = reader.metadata or {}
    for name in _PROPERTIES:
        if isinstance(value := about.get(name), str):
            yield str(value)


def _form_values(reader: Any) -> Iterator[str]:
    """The values of form fields."""
    for form_field in (reader.get_fields() or {}).values():
        if isinstance(value := form_field.get("/V"), str) and not value.startswith("/"):
            yield str(value)


def _attachments(reader: Any) -> Iterator[tuple[str, bytes]]:
    for number, (name, contents) in enumerate(reader.attachments.items()):
        if number >= _MAX_FILES:
            return
        for data in contents if isinstance(contents, list) else [contents]:
            yield name, data
