"""What is added to the pages of a PDF is read or reported: notes, fields, bookmarks, stamps, marks, sounds, models."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.classifiers.extract.readers.pdf.test_letters import pdf, stream
from tests.classifiers.extract.readers.reading_files import read

SAID = "Come to me alone tonight and tell nobody about it"
FORM = "/Type/XObject/Subtype/Form/BBox[0 0 400 60]"
IMAGE = "/Type/XObject/Subtype/Image/Width 80/Height 20/BitsPerComponent 8/ColorSpace/DeviceGray"
PICTURE = stream("".join("\0\0\x7f\x7f"[at % 4] for at in range(1600)), IMAGE)


def added(*objects: str, drawing: str = "", resources: str = "") -> bytes:
    """A page with annotations from number 6, and other objects that they need."""
    notes = " ".join(f"{number} 0 R" for number in range(6, 6 + len(objects)))
    page = pdf(drawing or "BT /F1 12 Tf 20 700 Td (Practice schedule) Tj ET", objects, resources)
    return page.replace(b"/Contents 4 0 R", b"/Contents 4 0 R/Annots[%s]" % notes.encode())


@pytest.mark.parametrize("pieces", [SAID.split(), list(SAID)], ids=["words", "letters"])
@pytest.mark.parametrize(
    "note",
    [
        lambda text: f"<</Type/Annot/Subtype/Text/Rect[20 600 40 620]/Contents({text})>>",
        lambda text: f"<</Type/Annot/Subtype/Widget/FT/Tx/T(f)/Rect[20 600 40 620]/V({text})>>",
        lambda text: f"<</Title({text})>>",
        lambda text: f"<</Type/CollectionItem/a({text})>>",
    ],
    ids=["note", "field", "bookmark", "column of a portfolio"],
)
def test_pieces_of_a_sentence_are_joined(pieces: list[str], note: Callable[[str], str]) -> None:
    assert SAID in read("a.pdf", added(*map(note, pieces))).everything


def test_properties_of_a_word_each_are_read_together() -> None:
    info = "".join(f"/A{at}({word})" for at, word in enumerate(SAID.split()))
    page = added(f"<<{info}>>").replace(b"/Root 1 0 R", b"/Root 1 0 R/Info 6 0 R")
    assert b"/Info" in page
    assert SAID in read("a.pdf", page).everything


LOOK = stream("400 0 0 60 0 0 cm /I Do", f"{FORM}/Resources<</XObject<</I 8 0 R>>>>")
MARKS = stream(" ".join(f"{at} 0 m {at + 3} 9 l {at} 20 l S" for at in range(0, 400, 6)), FORM)
INK = "".join(f"[{at} 600 {at + 5} 620 {at + 9} 600]" for at in range(50, 400, 20))


@pytest.mark.parametrize(
    "objects",
    [
        ("<</Subtype/Stamp/Rect[50 600 450 660]/AP<</N 7 0 R>>>>", LOOK, PICTURE),
        ("<</Subtype/Widget/FT/Btn/Rect[50 600 450 660]/AP<</N 7 0 R>>>>", LOOK, PICTURE),
        ("<</Subtype/Ink/Rect[50 600 450 660]/InkList[]/AP<</N 7 0 R>>>>", MARKS),
        (f"<</Subtype/Ink/Rect[50 600 450 660]/InkList[{INK}]>>",),
        tuple(f"<</Subtype/PolyLine/Rect[0 0 9 9]/Vertices[{at} 0 5 5 {at} 9]>>" for at in range(20)),
        ("<</Subtype/Sound/Rect[0 0 9 9]/Sound 7 0 R>>", stream("abc", "/Type/Sound/R 8000")),
        ("<</Subtype/3D/Rect[0 0 9 9]/3DD 7 0 R>>", stream("U3D", "/Type/3D/Subtype/U3D")),
    ],
    ids=["stamp", "button", "ink with a look", "ink", "lines", "sound", "model"],
)
def test_drawings_sounds_and_models_are_reported(objects: tuple[str, ...]) -> None:
    assert read("a.pdf", added(*objects)).failed == ("pictured",)


@pytest.mark.parametrize("look", [66, 99], ids=["a look", "a look that is missing"])
@pytest.mark.parametrize("state", ["/AS/Yes", ""])
def test_a_form_to_fill_in_is_not_reported(look: int, state: str) -> None:
    box = stream("0 0 12 12 re S 2 2 m 10 10 l S 2 10 m 10 2 l S", "/Subtype/Form/BBox[0 0 12 12]")
    note = f"<</Subtype/Widget/FT/Btn/Rect[9 9 21 21]/T(a)/V/Yes{state}/AP<</N<</Yes {look} 0 R>>>>>>"
    assert read("a.pdf", added(*[note] * 60, box)).failed == ()


def test_scripts_that_spell_by_numbers_or_from_the_end_are_read() -> None:
    codes = ",".join(str(ord(letter)) for letter in SAID)
    for script in (f"app.alert\\(String.fromCharCode\\({codes}\\)\\)", f'app.alert\\("{SAID[::-1]}"\\)'):
        assert SAID in read("a.pdf", added(f"<</S/JavaScript/JS({script})>>")).hidden


DASHES = " ".join(f"[{'3 2 1 4 2 2 5 1 ' * 6}] 0 d 20 {700 - 3 * row} m 500 {700 - 3 * row} l S" for row in range(8))
STICKS = " ".join(
    f"{20 + 9 * at} 700 m {24 + 9 * at} 710 l {20 + 9 * at} 720 l {28 + 9 * at} 705 l S" for at in range(60)
)
BOXES = " ".join(
    f"{20 + 9 * at} 700 m {27 + 9 * at} 700 l {27 + 9 * at} 707 l {20 + 9 * at} 707 l h S" for at in range(60)
)


@pytest.mark.parametrize(("drawing", "failed"), [(DASHES, ("pictured",)), (STICKS, ("pictured",)), (BOXES, ())])
def test_lines_may_be_letters(drawing: str, failed: tuple[str, ...]) -> None:
    assert read("a.pdf", pdf(drawing)).failed == failed


@pytest.mark.parametrize(("count", "failed"), [(4, ("pictured",)), (1, ())])
def test_tiny_pictures_may_show_words_together(count: int, failed: tuple[str, ...]) -> None:
    size = IMAGE.replace("Width 80/Height 20", "Width 31/Height 31")
    pixels = [
        "".join("\0\xff"[(column + at) // 2 % 2] for _ in range(31) for column in range(31)) for at in range(count)
    ]
    named = "".join(f"/I{at} {7 + at} 0 R" for at in range(count))
    drawing = " ".join(f"q 90 0 0 90 {20 + 100 * at} 600 cm /I{at} Do Q" for at in range(count))
    page = pdf(drawing, ("<<>>", *(stream(each, size) for each in pixels)), f"/XObject<<{named}>>")
    assert read("a.pdf", page.decode().encode("latin-1")).failed == failed


def test_pages_of_a_letter_are_one_text() -> None:
    pages = [
        f"<</Type/Page/Parent 2 0 R/Contents {6 + at} 0 R/Resources<</Font<</F1 5 0 R>>>>>>" for at in range(len(SAID))
    ]
    objects = [stream(f"BT /F1 99 Tf 20 700 Td ({letter}) Tj ET") for letter in SAID]
    first = 6 + len(objects)
    kids = " ".join(f"{first + at} 0 R" for at in range(len(pages)))
    page = pdf("", (*objects, *pages)).replace(b"Kids[3 0 R]/Count 1", f"Kids[{kids}]/Count {len(pages)}".encode())
    assert SAID in read("a.pdf", page).hidden


def test_a_picture_in_a_mask_is_reported() -> None:
    group = stream("400 0 0 60 50 600 cm /I Do", f"{FORM}/Resources<</XObject<</I 8 0 R>>>>")
    page = pdf(
        "/G gs 0 0 612 792 re f", ("<<>>", group, PICTURE), "/ExtGState<</G<</SMask<</S/Luminosity/G 7 0 R>>>>>>"
    )
    assert read("a.pdf", page).failed == ("pictured",)
