"""Letters whose dots are told from the others by their looks are called pictures, in every kind of file."""

from __future__ import annotations

import io
import zipfile

import pytest

from tests.classifiers.extract.readers.reading_files import read
from tests.core.mime.drawn_text.pixel_fonts import COVERS, FONTS, each, written

_WORD = "<w:r><w:rPr>{}</w:rPr><w:t xml:space='preserve'>{{}}</w:t></w:r>"
_SLIDE = "<a:r><a:rPr {}>{}</a:rPr><a:t>{{}}</a:t></a:r>"
_SPAN = "<text:span text:style-name='{}'>{{}}</text:span>"
RUNS = {
    "word: bold": (_WORD.format("<w:b/>"), _WORD.format("")),
    "word: not bold": (_WORD.format(""), _WORD.format("<w:b/>")),
    "word: underlined": (_WORD.format("<w:u w:val='single'/>"), _WORD.format("")),
    "word: struck through": (_WORD.format("<w:strike/>"), _WORD.format("")),
    "word: highlighted": (_WORD.format("<w:highlight w:val='yellow'/>"), _WORD.format("")),
    "word: shaded": (_WORD.format("<w:shd w:fill='FF0000'/>"), _WORD.format("<w:shd w:fill='DDDDDD'/>")),
    "word: color": (_WORD.format("<w:color w:val='FF0000'/>"), _WORD.format("<w:color w:val='CCCCCC'/>")),
    "word: color of the page": (_WORD.format(""), _WORD.format("<w:color w:val='FFFFFF'/>")),
    "word: large": (_WORD.format("<w:sz w:val='30'/>"), _WORD.format("<w:sz w:val='12'/>")),
    "word: raised": (_WORD.format("<w:vertAlign w:val='superscript'/>"), _WORD.format("")),
    "slide: bold": (_SLIDE.format("b='1'", ""), _SLIDE.format("", "")),
    "slide: color": (
        _SLIDE.format("", "<a:solidFill><a:srgbClr val='FF0000'/></a:solidFill>"),
        _SLIDE.format("", "<a:solidFill><a:srgbClr val='AAAAAA'/></a:solidFill>"),
    ),
    "text: a style": (_SPAN.format("T1"), _SPAN.format("T2")),
    "text: a style or none": (_SPAN.format("T1"), "{}"),
    "rtf: bold": ("{{\\b {}}}", "{}"),
    "rtf: underlined": ("\\ul {}\\ulnone ", "{}"),
    "rtf: struck through": ("{{\\strike {}}}", "{}"),
    "rtf: highlighted": ("{{\\highlight1 {}}}", "{}"),
    "rtf: color": ("{{\\cf1 {}}}", "{{\\cf2 {}}}"),
    "rtf: large": ("{{\\fs40 {}}}", "{{\\fs12 {}}}"),
}  # fmt: skip
_TC = "<w:tc><w:tcPr>{}</w:tcPr><w:p>{}</w:p></w:tc>"
_CELL = "<a:tc><a:txBody><a:p>{}</a:p></a:txBody><a:tcPr>{}</a:tcPr></a:tc>"
_BORDER, _TEXT = "<w:tcBorders><w:top w:val='single'/></w:tcBorders>", "<w:r><w:t>Math</w:t></w:r>"
CELLS = {
    "word: borders": (_TC.format(_BORDER, ""), _TC.format("", "")),
    "word: borders and words": (_TC.format(_BORDER, _TEXT), _TC.format("", _TEXT)),
    "word: fills and words": (_TC.format("<w:shd w:fill='FF0000'/>", _TEXT), _TC.format("", _TEXT)),
    "word: bold": (_TC.format("", f"<w:r><w:rPr><w:b/></w:rPr>{_TEXT[5:]}"), _TC.format("", _TEXT)),
    "slide: borders": (_CELL.format("", "<a:lnL w='9'><a:solidFill/></a:lnL>"), _CELL.format("", "")),
    "slide: borders and words": (
        _CELL.format("<a:r><a:t>x</a:t></a:r>", "<a:lnL w='9'><a:solidFill/></a:lnL>"),
        _CELL.format("<a:r><a:t>x</a:t></a:r>", ""),
    ),
    "sheet: borders": ("<c s='1'/>", "<c s='0'/>"),
    "sheet: borders and words": (
        "<c s='1' t='inlineStr'><is><t>Math</t></is></c>", "<c s='0' t='inlineStr'><is><t>Math</t></is></c>",
    ),
    "text: styles": (
        "<table:table-cell table:style-name='a'><text:p>Math</text:p></table:table-cell>",
        "<table:table-cell table:style-name='b'><text:p>Math</text:p></table:table-cell>",
    ),
}  # fmt: skip
_STYLES = (
    "<styleSheet><borders><border/><border><left style='thin'/></border></borders>"
    "<cellXfs><xf/><xf borderId='1'/></cellXfs></styleSheet>"
)


def _zipped(parts: dict[str, str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, xml in parts.items():
            archive.writestr(name, xml)
    return out.getvalue()


def _file(kind: str, rows: list[str], is_table: bool) -> tuple[str, ...]:
    """What could not be read of a file with rows of runs or cells."""
    match kind:
        case "word":
            form = "<w:tr>{}</w:tr>" if is_table else "<w:p>{}</w:p>"
            name, xml = "word/document.xml", "".join(map(form.format, rows))
            xml = f"<w:tbl>{xml}</w:tbl>" if is_table else xml
        case "slide":
            form = "<a:tr>{}</a:tr>" if is_table else "<a:p>{}</a:p>"
            name, xml = "ppt/slides/slide1.xml", "".join(map(form.format, rows))
            xml = f"<a:tbl>{xml}</a:tbl>" if is_table else xml
        case "sheet":
            name, xml = "xl/worksheets/sheet1.xml", "".join(map("<row>{}</row>".format, rows))
        case "rtf":
            text = "\\par ".join(rows)
            return read("a.rtf", f"{{\\rtf1\\ansi {text}}}".encode("ascii", "replace")).failed
        case _:
            form = "<table:table-row>{}</table:table-row>" if is_table else "<text:p>{}</text:p>"
            name, xml = "content.xml", "".join(map(form.format, rows))
            xml = f"<table:table>{xml}</table:table>" if is_table else xml
    return read("a.zip", _zipped({"xl/styles.xml": _STYLES, name: f"<a>{xml}</a>"})).failed


@pytest.mark.parametrize("cover", COVERS)
@pytest.mark.parametrize("way", RUNS)
def test_letters_of_marked_runs_are_pictures(way: str, cover: str) -> None:
    for font in ("sticks", "capitals"):
        rows = written(FONTS[font], cover, *RUNS[way])
        assert "pictured" in _file(way.partition(":")[0], rows, is_table=False), font


@pytest.mark.parametrize("way", CELLS)
def test_letters_of_cells_are_pictures(way: str) -> None:
    for font in ("sticks", "small letters"):
        assert "pictured" in _file(way.partition(":")[0], each(FONTS[font], *CELLS[way]), is_table=True), font
