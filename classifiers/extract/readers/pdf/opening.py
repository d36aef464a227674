"""Opens a PDF to look at its objects."""

from __future__ import annotations

import io
import logging
from typing import Any

from classifiers.extract.parser_errors import PARSER_ERRORS


def open_objects(data: bytes) -> Any:
    """A reader of the objects of a PDF, also of one whose table of objects is broken. Raises many exceptions."""
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # its warnings could quote content
    from pypdf import PdfReader
    from pypdf.errors import DependencyError, PyPdfError

    errors: tuple[type[Exception], ...] = (PyPdfError, DependencyError, *PARSER_ERRORS)
    try:
        return PdfReader(io.BytesIO(data))
    except errors:
        return PdfReader(io.BytesIO(_repaired(data)))


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
