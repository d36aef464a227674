"""Files that stand inside the bytes of another one."""

from __future__ import annotations

from collections.abc import Iterator

from classifiers.extract import file_types as kinds
from classifiers.extract.readers.pdf.document import find_pdf
from classifiers.extract.readers.reading import InnerFile


def files_inside(data: bytes) -> Iterator[InnerFile]:
    """A PDF or an archive that stands inside other bytes, and the bytes before it."""
    at = find_pdf(data)
    if at < 0 and kinds.has_appended_archive(data):
        at = data.find(b"PK\x03\x04")
    if at > 0:
        yield from (InnerFile("", data[at:]), InnerFile("", data[:at]))
