"""Letters that are shown among others that nobody sees are read without those."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.classifiers.extract.readers.reading_files import read
from tests.classifiers.extract.sample_files import zipped

SAID = "meet me alone tonight"
JUNK = "qxzvkwjqbz"


def _among(show: Callable[[str], str], hide: Callable[[str], str]) -> str:
    return "".join(show(letter) + hide(JUNK[at % len(JUNK)]) for at, letter in enumerate(SAID))


def _run(letter: str, properties: str = "") -> str:
    return f"<w:r><w:rPr>{properties}</w:rPr><w:t xml:space='preserve'>{letter}</w:t></w:r>"


def _slide(letter: str, properties: str = "") -> str:
    return f"<a:r>{properties}<a:t>{letter}</a:t></a:r>"


WORD = {
    "narrow": "<w:w w:val='1'/>",
    "without a fill": "<w14:textFill><w14:noFill/></w14:textFill>",
    "clear": "<w14:textFill><w14:solidFill><w14:srgbClr><w14:alpha w14:val='100000'/></w14:srgbClr></w14:solidFill>"
    "</w14:textFill>",
    "in the color of the page": "<w:color w:val='auto' w:themeColor='background1'/>",
    "in the color behind it": "<w:color w:val='FFFF00'/><w:shd w:fill='FFFF00'/>",
    **{
        f"in the color of {name}": f"<w:color w:val='{code}'/><w:highlight w:val='{name}'/>"
        for name, code in (("yellow", "FFFF00"), ("darkRed", "800000"), ("black", "000000"), ("lightGray", "C0C0C0"))
    },
    "in a white style": "<w:rStyle w:val='Ghost'/>",
}
SLIDES = {
    "tiny": "<a:rPr sz='100'/>",
    "without a fill": "<a:rPr><a:noFill/></a:rPr>",
    "clear": "<a:rPr><a:solidFill><a:srgbClr val='000000'><a:alpha val='0'/></a:srgbClr></a:solidFill></a:rPr>",
    "in the color of the page": "<a:rPr><a:solidFill><a:schemeClr val='bg1'/></a:solidFill></a:rPr>",
}
OPEN_DOCUMENT = (
    "style:text-scale='1%'", "loext:opacity='0%'", "fo:font-size='1%'", "fo:font-size='0.01cm'",
    "style:text-position='super 1%'", "fo:color='#ffff00' fo:background-color='#ffff00'",
    "loext:char-transparency='100%'",
)  # fmt: skip
RTF = ("\\charscalex1 ", "\\webhidden ", "\\cf2\\highlight2 ", "\\cf2\\chcbpat2 ")
DRAWINGS = ("fill='none'", "font-size='0'", "style='opacity:0'", "display='none'", "class='j'")


@pytest.mark.parametrize("how", WORD)
def test_letters_among_unseen_ones_are_read_in_word(how: str) -> None:
    style = "<w:style w:styleId='Ghost'><w:rPr><w:color w:val='FFFFFF'/></w:rPr></w:style>"
    body = _among(_run, lambda letter: _run(letter, WORD[how]))
    found = read("a.docx", zipped(word__document_xml=f"<w:p>{body}</w:p>", word__styles_xml=style))
    assert SAID in found.everything


@pytest.mark.parametrize("how", SLIDES)
def test_letters_among_unseen_ones_are_read_on_slides(how: str) -> None:
    body = _among(_slide, lambda letter: _slide(letter, SLIDES[how]))
    assert SAID in read("a.pptx", zipped(ppt__slides__slide1_xml=f"<a:p>{body}</a:p>")).everything


@pytest.mark.parametrize("how", OPEN_DOCUMENT)
def test_letters_among_unseen_ones_are_read_in_opendocument(how: str) -> None:
    style = f"<style:style style:name='J'><style:text-properties {how}/></style:style>"
    body = _among(str, lambda letter: f"<text:span text:style-name='J'>{letter}</text:span>")
    assert SAID in read("a.fodt", f"<?xml version='1.0'?><x>{style}<text:p>{body}</text:p></x>".encode()).everything


@pytest.mark.parametrize("how", RTF)
def test_letters_among_unseen_ones_are_read_in_rtf(how: str) -> None:
    body = _among(str, lambda letter: f"{{{how}{letter}}}")
    assert SAID in read("a.rtf", f"{{\\rtf1{{\\colortbl;\\red0;\\red9;}}{body}}}".encode()).everything


@pytest.mark.parametrize("how", DRAWINGS)
def test_letters_among_unseen_ones_are_read_in_drawings(how: str) -> None:
    body = _among(str, lambda letter: f"<tspan {how}>{letter}</tspan>")
    svg = f"<svg><style>.j{{display:none}}</style><text y='9'>{body}</text></svg>"
    assert SAID in read("a.svg", svg.encode()).everything


def test_letters_among_unseen_cells_are_read() -> None:
    form = "<c s='{}' t='str'><v>{}</v></c>"
    cells = _among(lambda letter: form.format(0, letter), lambda letter: form.format(1, letter))
    fonts = "<fonts><font/><font><color rgb='FFFFFFFF'/></font></fonts>"
    white = f"<styleSheet>{fonts}<cellXfs><xf fontId='0'/><xf fontId='1'/></cellXfs></styleSheet>"
    hidden = "".join(f"<col min='{2 * at}' max='{2 * at}' hidden='1'/>" for at in range(1, len(SAID) + 1))
    for styles, columns in ((white, ""), ("<styleSheet/>", f"<cols>{hidden}</cols>")):
        sheet = f"<worksheet>{columns}<sheetData><row>{cells}</row></sheetData></worksheet>"
        found = read("a.xlsx", zipped(xl__worksheets__sheet1_xml=sheet, xl__styles_xml=styles))
        assert SAID in found.text.replace("\t", "")


def test_lines_are_read_without_the_notes_and_boxes_in_them() -> None:
    box = "<w:r><w:txbxContent><w:p><w:r><w:t>week three</w:t></w:r></w:p></w:txbxContent></w:r>"
    body = "".join(_run(word[:2]) + box + _run(f"{word[2:]} ") for word in SAID.split())
    assert SAID in read("a.docx", zipped(word__document_xml=f"<w:p>{body}</w:p>")).hidden
    note = "<text:note><text:note-body><text:p>see page four</text:p></text:note-body></text:note>"
    body = " ".join(f"{word[:2]}{note}{word[2:]}" for word in SAID.split())
    assert SAID in read("a.fodt", f"<?xml version='1.0'?><x><text:p>{body}</text:p></x>".encode()).hidden
    body = " ".join(f"{word[:2]}{{\\footnote see page four}}{word[2:]}" for word in SAID.split())
    assert SAID in read("a.rtf", f"{{\\rtf1 {body}}}".encode()).hidden


_BOX_STYLES = (
    "<style:style style:name='R'><style:table-row-properties style:row-height='0cm'/></style:style>"
    "<style:style style:name='T'><style:table-properties table:display='false'/></style:style>"
    "<style:style style:name='H'><style:drawing-page-properties presentation:visibility='hidden'/></style:style>"
    "<style:style style:name='C'><style:text-properties fo:color='#ffffff'/></style:style>"
)
_NO_BOX = "<table:table-row{}><table:table-cell{}><text:p>{}</text:p></table:table-cell></table:table-row>"
BOXES: dict[str, Callable[[str], str]] = {
    "row out of sight": lambda letter: _NO_BOX.format(" table:visibility='collapse'", "", letter),
    "row filtered out": lambda letter: _NO_BOX.format(" table:visibility='filter'", "", letter),
    "row of no height": lambda letter: _NO_BOX.format(" table:style-name='R'", "", letter),
    "white cell": lambda letter: _NO_BOX.format("", " table:style-name='C'", letter),
    "hidden table": lambda letter: f"<table:table table:style-name='T'>{_NO_BOX.format('', '', letter)}</table:table>",
    "hidden page": lambda letter: f"<draw:page draw:style-name='H'><text:p>{letter}</text:p></draw:page>",
    "hidden paragraph": lambda letter: f"<text:p><text:hidden-paragraph text:is-hidden='true'/>{letter}</text:p>",
}


@pytest.mark.parametrize("how", BOXES)
def test_letters_among_unseen_boxes_are_read_in_open_document(how: str) -> None:
    body = _among(lambda letter: f"<text:p>{letter.replace(' ', '_')}</text:p>", BOXES[how])
    found = read("a.odt", zipped(mimetype="application/vnd.oasis.opendocument.text",
                                 content_xml=f"<a>{_BOX_STYLES}{body}</a>"))  # fmt: skip
    assert SAID.replace(" ", "_") in "".join(found.text.split())


def test_letters_among_hidden_columns_are_read() -> None:
    columns = "<table:table-column/><table:table-column table:visibility='collapse'/>" * len(SAID)
    cells = _among(
        *[lambda letter: f"<table:table-cell><text:p>{letter.replace(' ', '_')}</text:p></table:table-cell>"] * 2
    )
    table = f"<table:table>{columns}<table:table-row>{cells}</table:table-row></table:table>"
    found = read(
        "a.ods", zipped(mimetype="application/vnd.oasis.opendocument.spreadsheet", content_xml=f"<a>{table}</a>")
    )
    assert SAID.replace(" ", "_") in "".join(found.text.split())


def test_white_letters_on_a_cell_of_another_color_are_seen() -> None:
    style = "<style:style style:name='C'><style:table-cell-properties fo:background-color='#003366'/>"
    style += "<style:text-properties fo:color='#ffffff'/></style:style>"
    found = read("a.ods", zipped(mimetype="application/vnd.oasis.opendocument.spreadsheet",
                                 content_xml=f"<a>{style}{BOXES['white cell']('Practice')}</a>"))  # fmt: skip
    assert (found.text.strip().split()[-1], found.hidden) == ("Practice", "")


def test_letters_among_hidden_rows_are_read_in_sheets_of_2003() -> None:
    row = "<Row{}><Cell><Data ss:Type='String'>{}</Data></Cell></Row>"
    body = _among(
        lambda letter: row.format("", letter.replace(" ", "_")), lambda letter: row.format(" ss:Hidden='1'", letter)
    )
    found = read("a.xls", f"<?xml version='1.0'?><Workbook xmlns:ss='urn:s'>{body}</Workbook>".encode())
    assert SAID.replace(" ", "_") in "".join(found.text.split())
