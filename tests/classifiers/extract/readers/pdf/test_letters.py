"""A page says what it draws: a false map of letters, a text that stands for another one, and drawings are noticed."""

from __future__ import annotations

import math
import string
from collections.abc import Callable

import pytest

from tests.classifiers.extract.readers.reading_files import read

SAID = "Practice is on Tuesday at four in the gymnasium. Please bring the form and a water bottle"
DRAWN = "Our secret do not tell anybody Meet me alone tonight and delete this message right away!"
LETTERS = string.ascii_lowercase


def pdf(drawing: str, objects: tuple[str, ...] = (), resources: str = "") -> bytes:
    """A PDF of one page with a font F1, more objects from number 6, and more resources."""
    numbered = [
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R"
        f"/Resources<</Font<</F1 5 0 R/F2 6 0 R>>{resources}>>>>",
        stream(drawing),
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        *(objects or ("<<>>",)),
    ]
    body = "".join(f"{number} 0 obj\n{item}\nendobj\n" for number, item in enumerate(numbered, start=1))
    return f"%PDF-1.4\n{body}trailer<</Size {len(numbered) + 1}/Root 1 0 R>>\n%%EOF".encode()


def stream(data: str, entries: str = "") -> str:
    return f"<<{entries}/Length {len(data)}>>stream\n{data}\nendstream"


def character_map(said: str) -> str:
    """A map of codes to letters, a pair a line."""
    pairs = f"{said.count(chr(10))} beginbfchar\n{said}endbfchar"
    return stream(f"begincmap 1 begincodespacerange <00><ff> endcodespacerange {pairs} endcmap")


def mapped(pairs: list[tuple[str, str]], font: str = "Helvetica") -> bytes:
    """A page that draws the first letter of each pair and says the second one."""
    codes: dict[tuple[str, str], int] = {}
    text = bytes(codes.setdefault(pair, len(codes) + 1) for pair in pairs)
    glyphs = "".join(f"/{ {' ': 'space', '!': 'exclam', '.': 'period'}.get(drawn, drawn) }" for drawn, _ in codes)
    said = "".join(f"<{code:02x}> <{ord(said):04x}>\n" for (_, said), code in codes.items())
    return pdf(
        f"BT /F2 12 Tf 20 700 Td <{text[:45].hex()}> Tj 0 -20 Td <{text[45:].hex()}> Tj ET",
        (
            f"<</Type/Font/Subtype/Type1/BaseFont/{font}/Encoding<</Differences[1{glyphs}]>>/ToUnicode 7 0 R>>",
            character_map(said),
        ),
    )  # fmt: skip


@pytest.mark.parametrize("font", ["Helvetica", "Times-Roman", "Courier", "Times-BoldItalic"])
def test_a_false_map_is_unreadable_and_a_true_one_is_not(font: str) -> None:
    honest = read("a.pdf", mapped([(letter, letter) for letter in DRAWN], font))
    assert "tell anybody" in honest.text
    assert honest.failed == ()
    assert read("a.pdf", mapped(list(zip(DRAWN, SAID, strict=False)), font)).failed == ("unreadable",)
    assert read("a.pdf", mapped([(letter, letter.lower()) for letter in DRAWN], font)).failed == ()  # small capitals


@pytest.mark.parametrize("font", ["Helvetica", "Times-Roman", "Courier", "Times-BoldItalic"])
@pytest.mark.parametrize("drawn", [str.upper, str.lower])
@pytest.mark.parametrize("said", [str.upper, str.lower])
def test_capitals_are_known_by_their_widths(font: str, drawn: Callable[[str], str], said: Callable[[str], str]) -> None:
    """Capitals and small letters may stand for each other, but not for other letters."""
    text = [letter for letter in DRAWN if letter.isalpha() or letter == " "]
    assert read("a.pdf", mapped([(drawn(letter), said(letter)) for letter in text], font)).failed == ()
    other = dict(zip(LETTERS, "qwertyuiopasdfghjklzxcvbnm", strict=True)) | {" ": " "}
    false = mapped([(drawn(letter), said(other[letter.lower()])) for letter in text], font)
    assert read("a.pdf", false).failed == ("unreadable",)


@pytest.mark.parametrize("matrix", ["1 0 0 1", "-1 0 0 -1", "1 0 0 -1", "2 0 0 1", "1 0 .3 1", ".7 .7 -.7 .7"])
@pytest.mark.parametrize("size", ["12", "-12"])
def test_sizes_below_zero_and_stretched_letters_are_true(matrix: str, size: str) -> None:
    text = "".join(f"/F1 {at} Tf {form} 300 {300 + 50 * row} Tm ({SAID}) Tj " for row, (at, form) in enumerate(
        ((size, matrix), ("12", "1 0 0 1"), (size, "1 0 0 1"))))  # fmt: skip
    assert read("a.pdf", pdf(f"BT {text} ET")).failed == ()


@pytest.mark.parametrize("degrees", [30, 45, 90, 135, 225, 315])
def test_turned_letters_are_compared_as_well(degrees: int) -> None:
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    turn = f"{cosine:.4f} {sine:.4f} {-sine:.4f} {cosine:.4f} 300 400 Tm".encode()
    honest, false = (mapped(list(zip(DRAWN, said, strict=False))) for said in (DRAWN, SAID))
    assert read("a.pdf", honest.replace(b"20 700 Td", turn)).failed == ()
    assert read("a.pdf", false.replace(b"20 700 Td", turn)).failed == ("unreadable",)


def test_raised_numbers_and_letters_may_be_called_by_the_plain_ones() -> None:
    raised = {"degree": "0", "onesuperior": "1", "twosuperior": "2", "threesuperior": "3", "ordmasculine": "o"}
    plain = {"zero": "0", "one": "1", "two": "2", "three": "3"}
    assert read("a.pdf", mapped([*raised.items(), *plain.items(), *zip(SAID, SAID, strict=True)])).failed == ()


def test_letters_that_are_said_to_be_others_or_blanks_are_unreadable() -> None:
    turned = dict(zip(LETTERS, LETTERS[13:] + LETTERS[:13], strict=True))
    for said in (turned, dict.fromkeys(LETTERS, " ")):
        assert read("a.pdf", mapped([(letter, said.get(letter, letter)) for letter in DRAWN])).failed == ("unreadable",)


@pytest.mark.parametrize("is_false", [False, True])
def test_letters_of_programs_are_measured_on_the_page(is_false: bool) -> None:
    """Squares as high and deep as the letters."""
    places = {letter: (-200 if letter in "gpqy" else 0, 700 if letter in "bdfhklt" else 500) for letter in LETTERS}
    drawn = dict(zip("abdghklmopqt", "bagdtmkloqpe", strict=True)) if is_false else {}
    boxes = [places[drawn.get(letter, letter)] for letter in LETTERS]
    programs = [stream(f"550 0 0 -300 600 900 d1 50 {low} 400 {high - low} re f") for low, high in boxes]
    names = "".join(f"/{letter}" for letter in LETTERS)
    said = "".join(f"<{ord(letter):02x}> <{ord(letter):04x}>\n" for letter in LETTERS)
    font = (
        "<</Type/Font/Subtype/Type3/FontBBox[0 -300 600 900]/FontMatrix[.001 0 0 .001 0 0]/FirstChar 97/LastChar 122"
        f"/Resources<<>>/Widths[{'550 ' * 26}]/Encoding<</Differences[97{names}]>>/ToUnicode 7 0 R/CharProcs<<"
        + "".join(f"/{letter} {at} 0 R" for at, letter in enumerate(LETTERS, start=8)) + ">>>>"
    )  # fmt: skip
    page = pdf(
        f"BT /F2 14 Tf 20 700 Td ({LETTERS}) Tj 0 -20 Td ({LETTERS}) Tj ET", (font, character_map(said), *programs)
    )
    assert read("a.pdf", page).failed == (("unreadable",) if is_false else ())


def test_a_text_that_stands_for_another_one_hides_nothing() -> None:
    page = pdf(f"/Span<</ActualText({SAID})>> BDC BT /F1 12 Tf 20 700 Td ({DRAWN}) Tj ET EMC")
    found = read("a.pdf", page)
    assert DRAWN in found.text
    assert SAID in found.everything


SHAPES = " ".join(
    f"{at * 9} 0 m " + " ".join(f"{at * 9 + step % 5} {step * 7 % 40} l" for step in range(30)) + " h"
    for at in range(20)
)
AREA = (
    "/Shading<</S<</ShadingType 2/ColorSpace/DeviceGray/Coords[0 0 1 0]/Function<</FunctionType 2/Domain[0 1]/N 1>>>>>>"
)
CELL = "/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 612 792]/XStep 612/YStep 792/Resources<<>>"
FORM = "/Type/XObject/Subtype/Form/BBox[0 0 612 792]/Resources<<>>"
MASK = "/ExtGState<</G<</SMask<</S/Alpha/G 7 0 R>>>>>>"
MESH = "/ShadingType 4/ColorSpace/DeviceGray/BitsPerCoordinate 8/BitsPerComponent 8/BitsPerFlag 8/Decode[0 9 0 9 0 1]"


@pytest.mark.parametrize(
    ("drawing", "objects", "resources"),
    [
        (f"{SHAPES} W n 0 0 612 792 re f", (), ""),
        (f"{SHAPES} W n /S sh", (), AREA),
        ("/Pattern cs /P scn 0 0 612 792 re f", ("<<>>", stream(f"{SHAPES} f", CELL)), "/Pattern<</P 7 0 R>>"),
        ("/G gs 0 0 612 792 re f", ("<<>>", stream(f"{SHAPES} f", FORM)), MASK),
        ("/S sh", ("<<>>", stream("\0abc" * 500, MESH)), "/Shading<</S 7 0 R>>"),
    ],
    ids=["cut area", "cut shading", "pattern", "mask", "mesh"],
)  # fmt: skip
def test_letters_drawn_in_other_ways_are_pictured(drawing: str, objects: tuple[str, ...], resources: str) -> None:
    assert read("a.pdf", pdf(drawing, objects, resources)).failed == ("pictured",)


def test_shapes_in_many_forms_are_pictured() -> None:
    forms = [
        stream("/X Do", f"{FORM.removesuffix('/Resources<<>>')}/Resources<</XObject<</X {number + 1} 0 R>>>>")
        for number in range(7, 13)
    ]
    page = pdf("/X Do", ("<<>>", *forms, stream(f"{SHAPES} f", FORM)), "/XObject<</X 7 0 R>>")
    assert read("a.pdf", page).failed == ("pictured",)
