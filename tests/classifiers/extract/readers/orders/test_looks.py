"""Words of RTF and PDF that look unlike the others are read as a sentence, however they are marked."""

from __future__ import annotations

import random

import pytest

from classifiers.extract.readers.orders.looks import TextsByLook
from tests.classifiers.extract.readers.reading_files import ReadFile, read
from tests.differential.evasions.check import HELP, SECRET

COVER = (
    "the bus leaves at nine from the front door", "bring a bottle and the signed form", "lunch is at noon",
    "the library opens early today", "the quiz is about chapter four", "band rehearsal is in the small gym",
)  # fmt: skip
RTF_MARKS = (
    r"\b {}\b0 ", r"{{\cf2 {}}}", r"\fs60 {}\fs24 ", r"\ul {}\ulnone ", r"\super {}\nosupersub ", r"{{\highlight7 {}}}",
    r"\f1 {}\f0 ", r"\i {}\plain\fs24 ", r"{{\chcbpat4 {}}}", r"\strike {}\strike0 ", r"{{\uldb {}}}",
)  # fmt: skip
PDF_MARKS = {
    "in another font": b"/F2 12 Tf (%s ) Tj /F1 12 Tf",
    "large": b"/F1 20 Tf (%s ) Tj /F1 12 Tf",
    "red": b"1 0 0 rg (%s ) Tj 0 g",
    "in outlines": b"1 Tr (%s ) Tj 0 Tr",
    "above the line": b"4 Ts (%s ) Tj 0 Ts",
    "below the line": b"-3 Ts (%s ) Tj 0 Ts",
    "higher on the page": b"0 3 Td (%s ) Tj 0 -3 Td",
}


def _rtf(marked: list[str]) -> ReadFile:
    runs = " ".join(f"{COVER[at % 6]} {run}" for at, run in enumerate(marked))
    fonts, colors = r"{\fonttbl{\f0 Arial;}{\f1 Courier;}}", r"{\colortbl;\red0\green0\blue0;\red255\green0\blue0;}"
    return read("a.rtf", (r"{\rtf1\ansi" + fonts + colors + r"\f0\fs24 " + runs + "}").encode())


def _pdf(marked: list[bytes]) -> ReadFile:
    lines = b"".join(b"(%s ) Tj %s T* " % (COVER[at % 6].encode(), run) for at, run in enumerate(marked))
    page = b"BT /F1 12 Tf 14 TL 40 700 Td %s ET" % lines
    font = b"<</Type/Font/Subtype/Type1/Encoding/WinAnsiEncoding/BaseFont/%s>>"
    fonts = b"<</F1%s/F2%s>>" % (font % b"Helvetica", font % b"Courier")
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font %s>>>>" % fonts,
        b"<</Length %d>>stream\n%s\nendstream" % (len(page), page),
    )  # fmt: skip
    bodies = b"".join(b"%d 0 obj%s\nendobj\n" % (number, body) for number, body in enumerate(objects, 1))
    return read("a.pdf", b"%PDF-1.4\n" + bodies + b"trailer<</Root 1 0 R>>")


@pytest.mark.parametrize("sentence", [SECRET, HELP])
@pytest.mark.parametrize("mark", RTF_MARKS)
def test_marked_words_of_rtf_are_read_together(mark: str, sentence: str) -> None:
    assert sentence in _rtf([mark.format(word) for word in sentence.split()]).hidden


@pytest.mark.parametrize("sentence", [SECRET, HELP])
def test_words_of_rtf_that_are_marked_in_several_ways_are_read_together(sentence: str) -> None:
    marked = [RTF_MARKS[at % len(RTF_MARKS)].format(word) for at, word in enumerate(sentence.split())]
    assert sentence in _rtf(marked).hidden


@pytest.mark.parametrize("sentence", [SECRET, HELP])
@pytest.mark.parametrize("mark", PDF_MARKS)
def test_marked_words_of_a_page_are_read_together(mark: str, sentence: str) -> None:
    assert sentence in _pdf([PDF_MARKS[mark] % word.encode() for word in sentence.split()]).hidden


def test_ordinary_marked_words_say_nothing_more() -> None:
    titles = ["Name:", "Grade:", "Room:", "Bring:", "Your teacher:", "Time:", "Date:", "Signature:"]
    assert _rtf([RTF_MARKS[0].format(word) for word in titles]).hidden == ""
    assert " ".join(titles) not in _pdf([PDF_MARKS["red"] % word.encode() for word in titles]).hidden


@pytest.mark.parametrize("seed", range(5))
def test_parts_that_look_alike_are_one_run(seed: int) -> None:
    rng, texts = random.Random(seed), TextsByLook()
    for at, word in enumerate(SECRET.split()):
        for look, text in (("plain", f"{COVER[at % 6]} "), ("bold", f"{word} ")):
            end = rng.randrange(len(text))
            texts.add_piece(look, text[:end])
            texts.add_piece(look, text[end:])
    assert list(texts.sentences()) == [SECRET]
