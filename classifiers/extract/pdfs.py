"""The text of a PDF: pages, notes, forms, links, properties and the files in it; a page that is a picture says so."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from classifiers.extract.parser_errors import BROKEN

MAX_PAGES = 100
_FEW = 20
"""Letters of a page up to which it may be a picture of one."""
_LARGE = 300
"""Pixels of the shorter side from which a picture on a page without text may be the page."""
_DRAWN = 2_000
"""Bytes of drawing on a page without text from which it may be letters drawn as lines."""
_LINKED = ("/URI", "/F")
_PROPERTIES = ("/Title", "/Subject", "/Keywords", "/Author")
_MOST_FILES = 10


@dataclass(slots=True)
class Pages:
    """What a PDF says: `text`, `aside` what it carries beside its pages, `files` in it, and what could not be read."""

    text: list[str] = field(default_factory=list)
    aside: list[str] = field(default_factory=list)
    files: list[tuple[str, bytes]] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


def pages(data: bytes, room: int, deadline: float, picture: Callable[[bytes], str] | None) -> Pages:
    """Read a PDF. `picture` gives the words in a picture, None where nobody reads any. Never raises."""
    from pypdf import PdfReader  # most workers never meet a PDF: 8 MB that they can do without
    from pypdf.errors import DependencyError, PyPdfError

    found = Pages()
    errors: tuple[type[Exception], ...] = (PyPdfError, DependencyError, *BROKEN)
    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            found.failed.append("encrypted")
            return found
        for number, page in enumerate(reader.pages):
            if number >= MAX_PAGES or room <= 0 or time.monotonic() > deadline:
                found.failed.append("too_large")
                break
            text = page.extract_text()
            found.aside.extend(_annotated(page))
            if sum(map(str.isalnum, text)) < _FEW:
                seen = _pictured(page, picture)
                if seen is None:
                    found.failed.append("unreadable")
                text = "\n".join(filter(None, (text, seen)))
            found.text.append(text)
            room -= len(text)
        found.aside.extend(_properties(reader))
        found.aside.extend(_filled(reader))
        found.files.extend(_attached(reader))
    except errors:
        found.failed.append("unreadable")
    return found


def _pictured(page: Any, picture: Callable[[bytes], str] | None) -> str | None:
    """The words of a page that has hardly any letters: "" where it is empty, None where it may be a picture of some."""
    resources = page.get("/Resources")
    objects = resources.get_object().get("/XObject") if resources is not None else None
    large = [
        each
        for each in (objects.get_object().values() if objects is not None else ())
        if (item := each.get_object()).get("/Subtype") == "/Form"
        or min(int(item.get("/Width", 0)), int(item.get("/Height", 0))) >= _LARGE
    ]
    contents = page.get_contents()
    drawn = 0 if contents is None else len(contents.get_data())
    if not large:
        return None if drawn > _DRAWN else ""
    return None if picture is None else "\n".join(filter(None, (picture(image.data) for image in page.images)))


def _annotated(page: Any) -> Iterator[str]:
    """What notes on a page say and where its links lead."""
    for each in page.get("/Annots") or ():
        note = each.get_object()
        if isinstance(note.get("/Contents"), str):
            yield str(note["/Contents"])
        action = note.get("/A")
        if action is not None:
            for name in _LINKED:
                if isinstance(target := action.get_object().get(name), str):
                    yield str(target)


def _properties(reader: Any) -> Iterator[str]:
    about = reader.metadata or {}
    for name in _PROPERTIES:
        if isinstance(said := about.get(name), str):
            yield str(said)


def _filled(reader: Any) -> Iterator[str]:
    """What was written into the fields of a form."""
    for each in (reader.get_fields() or {}).values():
        if isinstance(said := each.get("/V"), str) and not said.startswith("/"):
            yield str(said)


def _attached(reader: Any) -> Iterator[tuple[str, bytes]]:
    for number, (name, contents) in enumerate(reader.attachments.items()):
        if number >= _MOST_FILES:
            return
        for each in contents if isinstance(contents, list) else [contents]:
            yield name, each
