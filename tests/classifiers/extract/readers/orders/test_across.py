"""Lines beside each other are read across, and things in the order in which a file names them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from html import escape

import pytest

from classifiers.extract.readers.orders.across import sentences_across
from tests.classifiers.extract.readers.reading_files import read
from tests.differential.evasions.hidden_file import zipped

SENTENCE = "please don't tell anybody that you will meet me alone tonight and delete this message"
WORDS = SENTENCE.split()
LETTERS = SENTENCE.replace(" ", "")
PIECES = {"words": WORDS, "letters": list(LETTERS)}
SEEDS = range(3)
SPACES = "xmlns:a='urn:a' xmlns:p='urn:p' xmlns:r='urn:r' xmlns:t='urn:t'"


def _said(pieces: Sequence[str]) -> str:
    return ("" if len(pieces) == len(LETTERS) else " ").join(pieces)


def _order(count: int, seed: int) -> list[int]:
    order = list(range(count))
    random.Random(seed).shuffle(order)
    return order


def _shape(number: int, text: str, x: int = 0) -> str:
    lines = "".join(f"<a:p><a:r><a:t>{escape(line)}</a:t></a:r></a:p>" for line in text.split("\n"))
    return f"<p:sp><p:cNvPr id='{number}'/><a:xfrm><a:off x='{x}' y='500'/></a:xfrm><p:txBody>{lines}</p:txBody></p:sp>"


def _columns(pieces: Sequence[str], lines: int) -> list[str]:
    width = -(-len(pieces) // lines)
    return ["\n".join(pieces[at::width]) for at in range(width)]


@pytest.mark.parametrize("kind", PIECES)
@pytest.mark.parametrize("lines", [2, 3, 4])
def test_columns_of_lines_are_read_across(kind: str, lines: int) -> None:
    columns = _columns(PIECES[kind], lines)
    assert sentences_across(columns) == [_said(PIECES[kind])]
    boxes = "".join(_shape(at, column, 400 * at) for at, column in enumerate(columns))
    cells = "".join(
        f"<t:tc>{''.join(f'<t:p><t:t>{escape(line)}</t:t></t:p>' for line in column.split(chr(10)))}</t:tc>"
        for column in columns
    )
    for page in (f"<p:sld {SPACES}>{boxes}</p:sld>", f"<a {SPACES}><t:tbl><t:tr>{cells}</t:tr></t:tbl></a>"):
        assert _said(PIECES[kind]) in " ".join(read("a.xml", page.encode()).hidden.split("\n"))


def test_usual_columns_say_nothing_across() -> None:
    assert sentences_across(["Mon\nMath", "Tue\nArt and music", "Wed\nGym"]) == []
    assert sentences_across(["You will need\na pen", "Bring me\nyour form", "See you\nat home"]) == []


@pytest.mark.parametrize("kind", PIECES)
@pytest.mark.parametrize("seed", SEEDS)
def test_things_are_read_in_the_order_of_their_references(kind: str, seed: int) -> None:
    pieces = PIECES[kind]
    order = _order(len(pieces), seed)
    shapes = "".join(_shape(at + 7, pieces[at]) for at in order)
    steps = "".join(f"<p:set><p:spTgt spid='{at + 7}'/></p:set>" for at in range(len(pieces)))
    boxes = "".join(f"<a:pt modelId='{at}'><a:t>{escape(pieces[at])}</a:t></a:pt>" for at in order)
    lines = "".join(f"<a:cxn srcId='x' destId='{at}' srcOrd='{at}'/>" for at in order)
    frames = "".join(f"<p:frame p:id='f{at}'><t:p>{escape(pieces[at])}</t:p></p:frame>" for at in order)
    moves = "".join(f"<p:set p:targetElement='f{at}'/>" for at in range(len(pieces)))
    for content in (shapes + steps, boxes + lines, frames + moves):
        assert _said(pieces) in read("a.xml", f"<a {SPACES}>{content}</a>".encode()).hidden


@pytest.mark.parametrize("seed", SEEDS)
def test_slides_are_read_in_the_order_of_the_show(seed: int) -> None:
    order = _order(len(WORDS), seed)
    slides = {f"ppt/slides/slide{at}.xml": f"<p:sld {SPACES}>{_shape(2, WORDS[order.index(at)])}</p:sld>"
              for at in range(len(WORDS))}  # fmt: skip
    links = "".join(f"<Relationship Id='rId{at}' Target='slides/slide{at}.xml'/>" for at in range(len(WORDS)))
    shown = "".join(f"<p:sldId id='{256 + at}' r:id='rId{number}'/>" for at, number in enumerate(order))
    found = read("a.pptx", zipped({
        "_rels/.rels": "<Relationships><Relationship Id='a' Target='ppt/presentation.xml'/></Relationships>",
        "ppt/_rels/presentation.xml.rels": f"<Relationships>{links}</Relationships>",
        "ppt/presentation.xml": f"<p:presentation {SPACES}>{shown}</p:presentation>", **slides,
    }))  # fmt: skip
    assert SENTENCE in " ".join(found.text.split())


def test_formulas_of_opendocument_are_computed() -> None:
    alphabet = "qwertyuiopasdfghjklzxcvbnm '"
    formula = "of:=" + "&".join(f"MID([.A1];{alphabet.index(letter) + 1};1)" for letter in SENTENCE)
    cells = f"<t:table-cell><t:p>{alphabet}</t:p></t:table-cell><t:table-cell t:formula='{escape(formula)}'/>"
    sheet = f"<a {SPACES}><t:table><t:table-row>{cells}</t:table-row></t:table></a>"
    assert SENTENCE in read("a.xml", sheet.encode()).hidden


def test_lines_with_a_sign_before_them_are_read_together() -> None:
    lines = "".join(f"-museum {at}\n+{word}\n" for at, word in enumerate(WORDS))
    assert SENTENCE in read("a.patch", lines.encode()).everything


def test_subtitles_that_draw_are_called_a_picture() -> None:
    drawn = "Dialogue: 0,0:00:01.00,0:00:09.00,A,,0,0,0,,{\\p1}" + "m 0 0 l 9 9 l 3 4 " * 60 + "{\\p0}\n"
    assert read("a.ass", drawn.encode()).failed == ("pictured",)
    assert read("a.ass", drawn.replace("l 9 9 l 3 4 m", "", 55)[:400].encode()).failed == ()
