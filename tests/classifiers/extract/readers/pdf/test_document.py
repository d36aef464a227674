"""Everything that a PDF shows or holds is read; pictures and drawn letters are reported."""

from __future__ import annotations

import io
import math
import random

import pytest
from pypdf import PdfReader, PdfWriter
from pypdf.annotations import FreeText

from tests.classifiers.extract.readers.reading_files import read
from tests.classifiers.extract.sample_files import pdf


def page(drawing: bytes, catalog: bytes = b"") -> bytes:
    """A PDF of one page with these commands, and entries of its catalog."""
    objects = [
        b"<</Type/Catalog/Pages 2 0 R %s>>" % catalog,
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(drawing), drawing),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    body = b"".join(b"%d 0 obj\n%s\nendobj\n" % (number, item) for number, item in enumerate(objects, start=1))
    return b"%PDF-1.4\n" + body + b"trailer<</Size 6/Root 1 0 R>>\n%%EOF"


@pytest.mark.parametrize(
    "state", [b"", b"3 Tr", b"1 g", b"1 0 0 1 9000 9000 Tm", b"0 1 -1 0 300 300 Tm", b"/OC /Layer BDC"],
    ids=["plain", "invisible", "white", "outside", "rotated", "layer"],
)  # fmt: skip
def test_text_is_read_however_it_is_drawn(state: bytes) -> None:
    found = read("a.pdf", page(b"BT /F1 12 Tf %s 50 700 Td (meet me) Tj ET" % state))
    assert "meet me" in found.text


def test_letters_among_hidden_ones_are_read_both_ways() -> None:
    found = read("a.pdf", page(b"BT /F1 12 Tf 50 700 Td 0 g (al) Tj 1 g (xx) Tj 0 g (one) Tj 3 Tr (yy) Tj ET"))
    assert "alxxoneyy" in found.text
    assert "alone" in found.hidden


def test_annotations_scripts_and_joined_files_are_read() -> None:
    writer = PdfWriter()
    writer.append(PdfReader(io.BytesIO(pdf())))
    writer.add_annotation(0, FreeText(rect=(50, 50, 200, 100), text="words of a note"))
    out = io.BytesIO()
    writer.write(out)
    assert "words of a note" in read("a.pdf", out.getvalue()).text
    script = page(b"", b'/OpenAction<</S/JavaScript/JS(app.alert\\("meet me alone"\\))>>')
    assert "meet me alone" in read("a.pdf", script).hidden
    joined = read("a.pdf", pdf() + page(b"BT /F1 12 Tf 50 700 Td (another one) Tj ET"))
    assert "another one" in joined.text
    assert "Meet me alone" in joined.text


@pytest.mark.parametrize("step", [1, -1, 3], ids=["in order", "from the end", "every third"])
def test_letters_are_read_by_their_places(step: int) -> None:
    places = list(enumerate("meet me alone tonight"))
    order = places[::step] if step < 3 else places[::3] + places[1::3] + places[2::3]
    letters = b"".join(b"1 0 0 1 %d 700 Tm (%s) Tj " % (50 + 8 * at, letter.encode()) for at, letter in order)
    found = read("a.pdf", page(b"BT /F1 12 Tf " + letters + b"ET"))
    assert "meetmealonetonight" in "".join(found.everything.split())


@pytest.mark.parametrize("degrees", [3, 45, 90, 160, 200, 315])
@pytest.mark.parametrize("is_in_form", [False, True])
def test_turned_letters_are_read_by_their_places(degrees: int, is_in_form: bool) -> None:
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    places = list(enumerate("meet me alone tonight"))
    seed = random.randrange(1_000)
    letters = b"".join(
        b"%.4f %.4f %.4f %.4f %.2f %.2f Tm (%s) Tj "
        % (cosine, sine, -sine, cosine, 300 + 9 * at * cosine, 400 + 9 * at * sine, letter.encode())
        for at, letter in random.Random(seed).sample(places, len(places))
    )
    drawing = b"BT /F1 12 Tf " + letters + b"ET"
    if is_in_form:
        form = (
            b"<</Subtype/Form/BBox[-900 -900 900 900]/Matrix[1 0 0 1 9 9]/Resources<</Font<</F1 5 0 R>>>>/Length %d>>"
        )
        whole = page(b"/X Do").replace(b"/Resources<<", b"/Resources<</XObject<</X 6 0 R>>")
        stream = b"6 0 obj " + form % len(drawing) + b"stream\n" + drawing + b"\nendstream endobj\n"
        found = read("a.pdf", whole.replace(b"trailer", stream + b"trailer"))
    else:
        found = read("a.pdf", page(drawing))
    assert found.failed == ()
    assert "meetmealonetonight" in "".join(found.hidden.split()), seed


def test_what_a_page_shows_beside_its_text_is_read() -> None:
    tiny = b"".join(b"/F1 12 Tf (%c) Tj /F1 0.1 Tf (q) Tj " % letter for letter in b"meet me alone")
    assert "meet me alone" in read("a.pdf", page(b"BT 50 700 Td " + tiny + b"ET")).hidden
    stream = b"app.alert('meet me ' + 'alone');"
    script = b"6 0 obj <</Length %d>>stream\n%s\nendstream endobj\n" % (len(stream), stream)
    whole = page(b"", b"/OpenAction<</S/JavaScript/JS 6 0 R>>").replace(b"trailer", script + b"trailer")
    assert "meet me alone" in read("a.pdf", whole).hidden
    pattern = b"6 0 obj <</PatternType 1/BBox[0 0 9 9]/Length 24>>stream\nBT (meet me alone) Tj ET\nendstream endobj\n"
    assert "meet me alone" in read("a.pdf", page(b"", b"/Any 6 0 R").replace(b"trailer", pattern + b"trailer")).hidden


def test_strokes_and_long_lines_are_reported_but_no_shading() -> None:
    line = b"0 0 m " + b"".join(b"%d %d l " % (at, at * 37 % 200) for at in range(400)) + b"S"
    strokes = b"".join(b"%d %d m %d %d l S " % (at, at % 90, at + 3, at % 90 + 4) for at in range(150))
    assert read("a.pdf", page(line)).failed == read("a.pdf", page(strokes)).failed == ("pictured",)
    shading = b"".join(b"50 700 30 %d re f " % (30 - at % 30) for at in range(150))
    table = b"".join(b"%d 0 m %d 300 l S 0 %d m 300 %d l S " % (at, at, at, at) for at in range(0, 300, 2))
    assert read("a.pdf", page(shading)).failed == read("a.pdf", page(table)).failed == ()


def test_letters_drawn_as_shapes_are_reported() -> None:
    shape = b"50 700 m 51 701 l 52 700 l 53 701 l 54 700 l 55 701 l 56 700 l 57 701 l 58 700 l f "
    assert read("a.pdf", page(shape * 20)).failed == ("pictured",)
    assert read("a.pdf", page(b"50 700 100 1 re f " * 50)).failed == ()
