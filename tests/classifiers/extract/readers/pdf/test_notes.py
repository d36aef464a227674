"""Fields and notes of a PDF are read by their places, and what its texts tell under the pointer."""

from __future__ import annotations

import random

import pytest

from tests.classifiers.extract.readers.reading_files import ReadFile, read
from tests.differential.evasions.check import HELP, SECRET

_NOTES = {
    "fields": b"/Subtype/Widget/FT/Tx/T(a)/V",
    "tooltips of fields": b"/Subtype/Widget/FT/Tx/T(a)/TU",
    "notes": b"/Subtype/Text/Contents",
    "marked places": b"/Subtype/Highlight/Contents",
}


def _read(page: bytes, notes: bytes = b"") -> ReadFile:
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>"
        b"/Annots[%s]>>" % notes,
        b"<</Length %d>>stream\n%s\nendstream" % (len(page), page),
        b"<</Type/Font/Subtype/Type1/Encoding/WinAnsiEncoding/BaseFont/Helvetica>>",
    )  # fmt: skip
    bodies = b"".join(b"%d 0 obj%s\nendobj\n" % (number, body) for number, body in enumerate(objects, 1))
    return read("a.pdf", b"%PDF-1.4\n" + bodies + b"trailer<</Root 1 0 R>>\n%%EOF")


@pytest.mark.parametrize("sentence", [SECRET, HELP])
@pytest.mark.parametrize("kind", _NOTES)
@pytest.mark.parametrize("width", [1, 4])
def test_fields_and_notes_are_read_by_their_places(width: int, kind: str, sentence: str) -> None:
    places = list(enumerate(sentence.split()))
    random.Random(f"{kind} {sentence}").shuffle(places)
    notes = b"".join(
        b"<</Type/Annot/Rect[%d %d %d %d]%s(%s)>>"
        % (50 + 90 * (at % width), 700 - 20 * (at // width), 130 + 90 * (at % width),
           715 - 20 * (at // width), _NOTES[kind], word.encode())
        for at, word in places
    )  # fmt: skip
    assert sentence in _read(b"BT /F1 12 Tf 40 740 Td (Practice is at four.) Tj ET", notes).everything


@pytest.mark.parametrize("mark", [b"/Span<</Alt", b"/Span<</E", b"/Figure<</MCID 0/Alt"])
def test_what_a_mark_tells_of_a_text_is_read(mark: bytes) -> None:
    page = b"%s(%s)>>BDC BT /F1 12 Tf 40 740 Td (Practice is at four.) Tj ET EMC" % (mark, SECRET.encode())
    assert SECRET in _read(page).hidden
