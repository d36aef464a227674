"""Opens a PDF to look at its objects."""

from __future__ import annotations

import io
import logging
from functools import cache
from typing import Any

from classifiers.extract.parser_errors import PARSER_ERRORS


@cache
def object_errors() -> tuple[type[Exception], ...]:
    """What a reader of the objects of a PDF raises. A function, since the library is loaded for PDFs only."""
    from pypdf.errors import DependencyError, PyPdfError

    return (PyPdfError, DependencyError, *PARSER_ERRORS)


def open_objects(data: bytes) -> Any:
    """A reader of the objects of a PDF, also of one whose table of objects is broken; None if it has a password.

    Raises `object_errors`.
    """
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # its warnings could quote content
    from pypdf import PdfReader

    try:
        reader = PdfReader(io.BytesIO(data))
    except object_errors():
        reader = PdfReader(io.BytesIO(_repaired(data)))
    return None if reader.is_encrypted and not reader.decrypt("") else reader


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
