"""What a page draws decides: letters that nobody sees are left out, and letters that look like others are noticed."""

from __future__ import annotations

import random

import pytest

from tests.classifiers.extract.readers.pdf.test_letters import LETTERS, character_map, mapped, pdf, stream
from tests.classifiers.extract.readers.reading_files import read

DRAWN = "our secret do not tell anybody meet me alone tonight and delete this message right away!"
COVER = "1 g {left} {bottom} {width} 16 re f 0 g"
STATES = "/ExtGState<</C<</ca 0>>/L<</BM/Lighten>>/N<</ca 1/BM/Normal>>>>"
PATTERN = "/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 9 9]/XStep 9/YStep 9/Resources<<>>"
LAYER = "/OC/Y BDC {text} EMC"


@pytest.mark.parametrize("font", ["Helvetica", "Times-Roman", "Courier", "Times-BoldItalic"])
def test_letters_that_keep_their_heights_are_compared_by_their_looks(font: str) -> None:
    """Each letter is called by another one that is as high as it."""
    kinds = ("cmnrsuvwxz", "aeo", "fhkl", "bd", "gpq")
    said = {letter: other for kind in kinds for letter, other in zip(kind, kind[1:] + kind[0], strict=True)}
    assert read("a.pdf", mapped([(letter, letter) for letter in DRAWN], font)).failed == ()
    false = mapped([(letter, said.get(letter, letter)) for letter in DRAWN], font)
    assert read("a.pdf", false).failed == ("unreadable",)


@pytest.mark.parametrize("first", [0x4E00, 0x5D0, 0x561, 0x905, 0x2500, 0x30, 0x2000, 0x200B])
def test_letters_called_by_those_of_other_scripts_or_by_signs_are_noticed(first: int) -> None:
    count = 10 if first in (0x30, 0x2000) else 24 if first != 0x200B else 1
    pairs = [(letter, chr(first + ord(letter) % count) if letter.isalpha() else letter) for letter in DRAWN]
    assert read("a.pdf", mapped(pairs)).failed == ("unreadable",)


def test_a_font_for_each_letter_is_compared_as_well() -> None:
    seed = random.randrange(1_000)
    others = dict(zip(LETTERS, random.Random(seed).sample(LETTERS[3:] + LETTERS[:3], 26), strict=True))
    objects, drawing = ["<<>>"], []
    fonts = ""
    for letter in dict.fromkeys(DRAWN.replace(" ", "").replace("!", "")):
        objects.append(character_map(f"<01> <{ord(others[letter]):04x}>\n"))
        fonts += (
            f"/X{letter}<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding<</Differences[1/{letter}]>>"
            f"/ToUnicode {5 + len(objects)} 0 R>>"
        )
    for at, letter in enumerate(DRAWN.replace("!", "")):
        if letter != " ":
            drawing.append(f"/X{letter} 12 Tf 1 0 0 1 {20 + at % 40 * 8} {700 - at // 40 * 20} Tm <01> Tj")
    page = pdf(f"BT {' '.join(drawing)} ET", tuple(objects)).replace(b"/F2 6 0 R", fonts.encode())
    assert read("a.pdf", page).failed == ("unreadable",), seed


def _words_in_programs(is_picture: bool) -> bytes:
    """A font whose letters are words, drawn as lines or as a picture."""
    zigzag = " ".join(f"{at * 50} {at % 2 * 700} {'l' if at else 'm'}" for at in range(60))
    picture = f"3000 0 0 700 0 0 cm BI /W 60 /H 8 /IM true /BPC 1 /F /AHx ID {'5a' * 64}> EI"
    program = f"3200 0 0 0 3000 700 d1 {picture if is_picture else f'30 w {zigzag} S'}"
    names = "".join(f"/{letter}" for letter in LETTERS)
    said = "".join(f"<{ord(letter):02x}> <{ord(letter):04x}>\n" for letter in LETTERS)
    font = (
        "<</Type/Font/Subtype/Type3/FontBBox[0 0 3000 700]/FontMatrix[.001 0 0 .001 0 0]/FirstChar 97/LastChar 122"
        f"/Resources<<>>/Widths[{'3200 ' * 26}]/Encoding<</Differences[97{names}]>>/ToUnicode 7 0 R/CharProcs<<"
        + "".join(f"/{letter} 8 0 R" for letter in LETTERS) + ">>>>"
    )  # fmt: skip
    lines = " ".join(f"1 0 0 1 20 {700 - 20 * at} Tm ({letter}) Tj" for at, letter in enumerate("practice"))
    return pdf(f"BT /F2 14 Tf {lines} ET", (font, character_map(said), stream(program)))


@pytest.mark.parametrize("is_picture", [False, True])
def test_programs_that_draw_words_are_no_letters(is_picture: bool) -> None:
    assert read("a.pdf", _words_in_programs(is_picture)).failed == ("unreadable",)


def _among(hidden: str, step: int) -> bytes:
    """The drawn text with other letters beside its own, which are drawn by a form."""
    drawing = ["1 1 0 rg 0 0 612 792 re f 0 g"]
    for at, letter in enumerate(DRAWN.replace(" ", "_").replace("!", "")):
        left, bottom = 20 + at % 30 * 2 * step, 700 - at // 30 * 30
        if letter != "_":
            drawing.append(f"BT /F1 12 Tf {left} {bottom} Td ({letter}) Tj ET")
        left += step
        text = f"BT /F1 12 Tf {left} {bottom} Td ({'kqxzvw'[at % 6]}) Tj ET"
        drawing.append(hidden.format(text=text, left=left - 1, bottom=bottom - 4, width=step + 1))
    page = pdf(
        " ".join(drawing), ("<<>>", stream("", PATTERN), "<</Type/OCG/Name(a)>>"),
        f"{STATES}/Pattern<</P 7 0 R>>/Properties<</Y 8 0 R>>",
    )  # fmt: skip
    return page.replace(b"/Catalog", b"/Catalog/OCProperties<</OCGs[8 0 R]/D<</OFF[8 0 R]>>>>")


@pytest.mark.parametrize(
    "hidden",
    [
        "{text} 1 1 0 rg {left} {bottom} {width} 16 re f 0 g", "q 0 0 1 1 re W n {text} Q", "1 1 0 rg {text} 0 g",
        "/C gs {text} /N gs", "/L gs {text} /N gs", "1 1 0 RG 1 Tr {text} 0 Tr", "/Pattern cs /P scn {text} 0 g",
        "/OC/Y BDC {text} EMC",
    ],
    ids=["covered", "cut off", "color of the ground", "clear", "lighten", "stroked", "empty pattern", "layer"],
)  # fmt: skip
def test_letters_that_nobody_sees_are_left_out(hidden: str) -> None:
    found = read("a.pdf", _among(hidden, 10))
    assert "oursecretdonottellanybody" in "".join(found.hidden.split())


@pytest.mark.parametrize("hidden", ["q 0 0 1 1 re W n {text} Q", "/C gs {text} /N gs", "/OC/Y BDC {text} EMC"])
def test_unseen_letters_in_the_place_of_others_are_left_out(hidden: str) -> None:
    found = read("a.pdf", _among(hidden, 4))
    assert "oursecretdonottell" in "".join(found.hidden.split())


def test_words_that_are_covered_are_left_out() -> None:
    covered = "".join(
        f"BT 0 g /F1 12 Tf 20 {700 - 30 * at} Td ({word}) Tj 80 0 Td (not about the game) Tj ET "
        f"1 g 95 {696 - 30 * at} 140 16 re f "
        for at, word in enumerate("meet me alone tonight".split())
    )
    assert "meet me alone tonight" in " ".join(read("a.pdf", pdf(covered)).hidden.split())


@pytest.mark.parametrize("scale", [0.05, 0.2, 3])
def test_pages_of_any_size_are_looked_at(scale: float) -> None:
    others = dict(zip(LETTERS, LETTERS[1:] + LETTERS[:1], strict=True))
    for pairs, failed in (
        ([(letter, letter) for letter in DRAWN], ()),
        ([(letter, others.get(letter, letter)) for letter in DRAWN], ("unreadable",)),
    ):
        page = mapped(pairs).replace(b"stream\nBT", b"stream\n%g 0 0 %g 0 0 cm BT" % (scale, scale))
        size = b"MediaBox[0 0 %g %g]" % (612 * scale, 792 * scale)
        assert read("a.pdf", page.replace(b"MediaBox[0 0 612 792]", size)).failed == failed


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_pages_that_are_turned_are_looked_at(degrees: int) -> None:
    others = dict(zip(LETTERS, LETTERS[1:] + LETTERS[:1], strict=True))
    for pairs, failed in (
        ([(letter, letter) for letter in DRAWN], ()),
        ([(letter, others.get(letter, letter)) for letter in DRAWN], ("unreadable",)),
    ):
        page = mapped(pairs).replace(b"/Type/Page/", b"/Type/Page/Rotate %d/" % degrees)
        turned = page.replace(b"20 700 Td", b"0 1 -1 0 300 100 Tm")
        assert read("a.pdf", page).failed == read("a.pdf", turned).failed == failed
