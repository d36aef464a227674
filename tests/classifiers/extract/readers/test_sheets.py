"""Sheets are read as a program shows them: with formats, computed formulas, and without cells that nobody sees."""

from __future__ import annotations

import random
import tracemalloc
from html import escape

import pytest

from classifiers.extract.readers.office.cell_styles import shown_by
from classifiers.extract.readers.office.formulas import Formulas
from tests.classifiers.extract.readers.reading_files import ReadFile, read
from tests.classifiers.extract.sample_files import zipped
from tests.differential.evasions.ciphers import SEEN as SEEN_BANNERS
from tests.growth import grows_linearly

SENTENCE = "please don't tell anybody that you will meet me alone tonight and delete this message"
WORDS = SENTENCE.split()
DECOYS = "aeinrst"


def _column(number: int) -> str:
    letters = ""
    while number:
        number, letter = divmod(number - 1, 26)
        letters = chr(65 + letter) + letters
    return letters


def _text(at: int, text: str, style: int = 0) -> str:
    return f"<c r='{_column(at + 1)}1' s='{style}' t='inlineStr'><is><t>{escape(text)}</t></is></c>"


def _read(cells: str, after: str = "", styles: str = "", rows: str = "") -> ReadFile:
    sheet = f"<worksheet>{{}}<sheetData><row r='1'>{cells}</row>{rows}</sheetData>{after}</worksheet>".replace("{}", "")
    return read("a.xlsx", zipped(**{"xl/workbook.xml": "<workbook/>", "xl/worksheets/sheet1.xml": sheet,
                                    "xl/styles.xml": f"<styleSheet>{styles}</styleSheet>"}))  # fmt: skip


def _mixed(style: int) -> str:
    return "".join(
        _text(2 * at, letter) + _text(2 * at + 1, DECOYS[at % 7], style) for at, letter in enumerate(SENTENCE)
    )


UNSEEN = {
    "sections that show nothing": "<numFmts><numFmt numFmtId='170' formatCode=';;;'/></numFmts>"
    "<cellXfs><xf/><xf numFmtId='170'/></cellXfs>",
    "the color of the sheet": "<fonts><font/><font><color theme='0'/></font></fonts>"
    "<cellXfs><xf/><xf fontId='1' fillId='0'/></cellXfs>",
    "the color of the theme": "<fonts><font/><font><color theme='4' tint='0.5'/></font></fonts>"
    "<fills><fill/><fill/><fill><patternFill><fgColor theme='4' tint='0.5'/></patternFill></fill></fills>"
    "<cellXfs><xf/><xf fontId='1' fillId='2'/></cellXfs>",
    "tiny letters": "<fonts><font/><font><sz val='1'/></font></fonts><cellXfs><xf/><xf fontId='1'/></cellXfs>",
    "the color of the cell": "<fonts><font/><font><color rgb='FF123456'/></font></fonts><fills><fill/><fill/><fill>"
    "<patternFill><fgColor rgb='FF123456'/></patternFill></fill></fills>"
    "<cellXfs><xf/><xf fontId='1' fillId='2'/></cellXfs>",
}


@pytest.mark.parametrize("kind", UNSEEN)
def test_letters_among_unseen_cells_are_read(kind: str) -> None:
    found = _read(_mixed(1), styles=UNSEEN[kind])
    assert SENTENCE.replace(" ", "") in "".join(found.text.split())


SEEN = {
    "white letters on a color of the theme": "<fonts><font/><font><color theme='0'/></font></fonts>"
    "<fills><fill/><fill/><fill><patternFill><fgColor theme='4'/></patternFill></fill></fills>"
    "<cellXfs><xf/><xf fontId='1' fillId='2'/></cellXfs>",
    "a shade of the sheet": "<fonts><font/><font><color theme='0' tint='-0.5'/></font></fonts>"
    "<cellXfs><xf/><xf fontId='1'/></cellXfs>",
    "small letters": "<fonts><font/><font><sz val='6'/></font></fonts><cellXfs><xf/><xf fontId='1'/></cellXfs>",
}


@pytest.mark.parametrize("kind", SEEN)
def test_ordinary_cells_are_not_called_unseen(kind: str) -> None:
    assert _read(_text(0, "Practice", 1) + _text(1, "Tuesday"), styles=SEEN[kind]).hidden == ""


def test_cells_that_are_merged_into_others_are_not_shown() -> None:
    areas = "".join(f"<mergeCell ref='{_column(2 * at + 1)}1:{_column(2 * at + 2)}1'/>" for at in range(len(SENTENCE)))
    found = _read(_mixed(0), after=f"<mergeCells>{areas}</mergeCells>")
    assert SENTENCE.replace(" ", "") in "".join(found.text.split())
    honest = _read(_text(0, "Title"), after="<mergeCells><mergeCell ref='A1:D1'/></mergeCells>")
    assert honest.hidden == ""


@pytest.mark.parametrize("pieces", [WORDS, list(SENTENCE)])
@pytest.mark.parametrize("seed", range(3))
def test_numbers_are_read_as_their_formats_show_them(pieces: list[str], seed: int) -> None:
    names = sorted(set(pieces))
    random.Random(seed).shuffle(names)
    formats = "".join(f"<numFmt numFmtId='{200 + at}' formatCode='&quot;{escape(name)}&quot;'/>"
                      for at, name in enumerate(names))  # fmt: skip
    styles = "".join(f"<xf numFmtId='{200 + at}'/>" for at in range(len(names)))
    cells = "".join(
        f"<c r='{_column(at + 1)}1' s='{names.index(piece)}'><v>7</v></c>" for at, piece in enumerate(pieces)
    )
    found = _read(cells, styles=f"<numFmts>{formats}</numFmts><cellXfs>{styles}</cellXfs>")
    assert SENTENCE.replace(" ", "") in "".join(found.text.split())


def test_conditional_formats_are_read_in_the_order_of_their_cells() -> None:
    order = list(range(len(WORDS)))
    random.Random(1).shuffle(order)
    formats = "".join(f"<dxf><numFmt formatCode='&quot;{escape(WORDS[at])}&quot;'/></dxf>" for at in order)
    rules = "".join(f"<conditionalFormatting sqref='{_column(at + 1)}1'><cfRule dxfId='{order.index(at)}'/>"
                    "</conditionalFormatting>" for at in order)  # fmt: skip
    assert SENTENCE in _read("", after=rules, styles=f"<dxfs>{formats}</dxfs>").hidden


@pytest.mark.parametrize(
    ("number_format", "shown"),
    [("0.0", "7"), ('0 "points"', "7 points"), ('"Room "\\B0;"none"', "Room B7"), ("[Red]General", "7"),
     ('[$-409]d/m/yy', "//"), ("_(* #,##0.00_)", "7"), ('@" (late)"', "7 (late)")],
)  # fmt: skip
def test_a_format_shows_the_value_in_its_place(number_format: str, shown: str) -> None:
    assert shown_by(number_format, "7") == shown


ALPHABET = "qwertyuiopasdfghjklzxcvbnm '"
CELLS = {(1, 1): ALPHABET, **{(at + 2, 1): word for at, word in enumerate(sorted(WORDS))}}
PLACES = [sorted(WORDS).index(word) + 2 for word in WORDS]
BUILT = {
    "pieces": "&".join(f"MID($A$1,{ALPHABET.index(letter) + 1},1)" for letter in SENTENCE),
    "characters": "&".join(f"UNICHAR({ord(letter)}+5-5)" for letter in SENTENCE),
    "cells": '&" "&'.join(f"A{place}" for place in PLACES),
    "other sheets": '&" "&'.join(f"'Sheet 1'!A{place}" for place in PLACES),
    "index": '&" "&'.join(f"INDEX(A2:A{len(WORDS) + 1},{place - 1})" for place in PLACES),
    "choose": '&" "&'.join(f'CHOOSE({at + 1},"{word}","x")' if at == 0 else f'CHOOSE(2,"x","{word}")'
                           for at, word in enumerate(WORDS)),
    "joined": 'TEXTJOIN(" ",TRUE(),' + ",".join(f"A{place}" for place in PLACES) + ")",
    "replaced": f'SUBSTITUTE("{SENTENCE.replace("e", "#")}","#",LOWER("E"))',
    "condition": f'IF(1=1,"{SENTENCE}","no")',
    "OpenDocument": "of:=" + '&" "&'.join(f"[.A{place}]" for place in PLACES),
}  # fmt: skip


@pytest.mark.parametrize("kind", BUILT)
def test_formulas_that_build_words_are_computed(kind: str) -> None:
    assert Formulas(CELLS, {(1, 2): BUILT[kind]}).texts() in ({(1, 2): SENTENCE}, {} if kind == "condition" else None)
    stored = f"<c r='B1' t='str'><f>{escape(BUILT[kind])}</f><v>plan</v></c>"
    rows = "".join(f"<row r='{row}'><c r='A{row}' t='inlineStr'><is><t>{escape(text)}</t></is></c></row>"
                   for (row, _), text in CELLS.items() if row > 1)  # fmt: skip
    assert SENTENCE in _read(_text(0, ALPHABET) + stored, rows=rows).everything


WRONG = (
    "SUM(A1:A9)", "A1&B1&", "MID(", "B2&1", "VLOOKUP(1,A1:B2,9)", "INDEX(A1,9,9)&1", "CHAR(1E9)&1", "1/0&1",
    "(" * 500 + "&1", "REPT(REPT(A1,9),9)&LEFT(1,-1)", "VLOOKUP(7,A1:B2,1)&1", "HLOOKUP(1,2,3)&1", "LEFT()&1",
)  # fmt: skip


@pytest.mark.parametrize("formula", WRONG)
def test_what_is_not_understood_says_nothing_wrong(formula: str) -> None:
    texts = Formulas({(1, 1): "a"}, {(2, 2): formula}).texts()
    assert all(len(text) <= 2_000 for text in texts.values())


def test_cost_of_formulas_is_bounded() -> None:
    def sheet(rows: int) -> Formulas:
        formulas = {(row, 2): f"REPT(B{row + 1}&B{row + 1},9)&CONCAT(A1:A1000)" for row in range(1, rows)}
        return Formulas({(row, 1): "word" for row in range(1_000)}, formulas)

    assert grows_linearly(Formulas.texts, sheet, 200, 1_600)


def test_codes_in_headers_are_not_shown() -> None:
    header = "&amp;C" + "".join(f"&amp;&quot;Arial,{'Bold' if at % 2 else 'Regular'}&quot;&amp;12{letter}"
                                for at, letter in enumerate(SENTENCE))  # fmt: skip
    assert SENTENCE in _read("", after=f"<headerFooter><oddHeader>{header}</oddHeader></headerFooter>").text


@pytest.mark.parametrize(
    ("formula", "said"),
    [
        ('SUBSTITUTE(A1,"a",A1)', "a"),
        ("TEXTJOIN(A1,1,B1:B2000,B1:B2000)", "b" + "a" * 1_999),
        ("CONCAT(C1:C2000,C1:C2000)", "c"),
        ("CONCATENATE(A1,A1,A1)", "a"),
    ],
)
def test_texts_that_formulas_multiply_are_bounded(formula: str, said: str) -> None:
    cells = {(1, 1): "a" * 2_000} | {(row, 2): "b" for row in range(1, 2_001)}
    cells |= {(row, 3): "c" * 2_000 for row in range(1, 2_001)}
    sheet = Formulas(cells, {(1, 4): formula})
    tracemalloc.start()
    (text,) = sheet.texts().values()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert text == said * (2_000 // len(said))
    assert peak < 1_000_000


FORMULAS_OF_WORDS = {
    "REPLACE": 'REPLACE("xx{0}",1,2,"")',
    "LET": 'LET(a,"{1}",b,"{2}",a&b)',
    "an array": 'INDEX({{"no","{0}"}},2)',
    "rows of an array": 'INDEX({{"no",1;"{0}",2}},2,1)',
    "SWITCH": 'SWITCH(2,1,"no",2,"{0}")',
    "IFS": 'IFS(1=2,"no",1=1,"{0}")',
    "TEXTAFTER": 'TEXTAFTER("no-{0}","-")',
    "TEXTBEFORE": 'TEXTBEFORE("{0}-no","-")',
    "MID": 'MID("no{0}no",3,LEN("{0}"))',
    "numbers": 'CHAR({3}-5)&"{2}"',
}
"""Formulas that build a word: the whole of it, its first letter, the rest, and a number for the first letter."""


@pytest.mark.parametrize("kind", FORMULAS_OF_WORDS)
@pytest.mark.parametrize("form", ["xlsx", "csv", "tsv"])
def test_words_that_formulas_build_are_read(kind: str, form: str) -> None:
    formulas = [FORMULAS_OF_WORDS[kind].format(word, word[:1], word[1:], ord(word[0]) + 5) for word in WORDS]
    if form == "xlsx":
        cells = (f"<c r='{_column(at)}1'><f>{escape(formula)}</f></c>" for at, formula in enumerate(formulas, 1))
        found = _read("".join(cells))
    else:
        sign = "," if form == "csv" else "\t"
        quoted = (f'"={formula.replace(chr(34), chr(34) * 2)}"' for formula in formulas)
        found = read(f"a.{form}", f"id{sign}note\n{sign.join(quoted)}\n".encode())
    assert SENTENCE in " ".join(found.everything.split())


def test_tables_without_formulas_are_read_as_they_are() -> None:
    table = 'id,note\n1,a = b\n2,"="\n3,=A2\n4,=SUM(A1:A3)\n5,={{{\n6,=LET(a\n'
    assert read("a.csv", table.encode()).text.split() == table.split()
    assert read("a.csv", ("=" + "{" * 5_000).encode()).failed == ()
    assert read("a.csv", ('="' + "a" * 150_000).encode()).failed == ()


_FILLED = "<fills><fill/><fill/><fill>{}</fill></fills><cellXfs><xf/><xf fillId='2'/></cellXfs>"


def _painted(styles: str, cell: str) -> ReadFile:
    """A sheet whose painted cells draw a sentence. The cells between them are left out."""
    drawn = SEEN_BANNERS["banner of hashes"](SENTENCE).split("\n")
    rows = ""
    for number, row in enumerate(drawn, start=2):
        names = [f"{_column(at + 1)}{number}" for at, dot in enumerate(row) if dot == "#"]
        rows += f"<row r='{number}'>{''.join(map(cell.format, names))}</row>"
    return _read("", styles=_FILLED.format(styles), rows=rows)


PAINTED = {
    "a color": "<patternFill patternType='solid'><fgColor rgb='FF3366FF'/></patternFill>",
    "a color of the theme": "<patternFill patternType='solid'><fgColor theme='4'/></patternFill>",
    "colors that run into each other": "<gradientFill><stop position='0'><color rgb='FF000000'/></stop></gradientFill>",
    "a color of the palette": "<patternFill patternType='solid'><fgColor indexed='10'/></patternFill>",
}
UNPAINTED = {
    "no pattern": "<patternFill patternType='none'><fgColor rgb='FF3366FF'/></patternFill>",
    "white": "<patternFill patternType='solid'><fgColor rgb='FFFFFFFF'/></patternFill>",
    "the color of the sheet": "<patternFill patternType='solid'><fgColor theme='0'/></patternFill>",
    "white of the palette": "<patternFill patternType='solid'><fgColor indexed='9'/></patternFill>",
}


@pytest.mark.parametrize("kind", PAINTED)
def test_painted_cells_with_nothing_between_them_draw_letters(kind: str) -> None:
    assert _painted(PAINTED[kind], "<c r='{}' s='1'/>").failed == ("pictured",)


def test_cells_of_one_sign_with_nothing_between_them_draw_letters() -> None:
    assert _painted("", "<c r='{}' t='inlineStr'><is><t>x</t></is></c>").failed == ("pictured",)


@pytest.mark.parametrize("kind", UNPAINTED)
def test_cells_that_look_like_the_sheet_draw_nothing(kind: str) -> None:
    assert _painted(UNPAINTED[kind], "<c r='{}' s='1'/>").failed == ()


def test_painted_rows_and_bars_draw_nothing() -> None:
    rows = ""
    for row in range(2, 30):
        cells = [f"<c r='{_column(at)}{row}' s='1'/>" for at in range(row, row + 9)]
        rows += f"<row r='{row}'>{''.join(cells)}</row>"
    assert _read(_text(0, "Plan"), styles=_FILLED.format(PAINTED["a color"]), rows=rows).failed == ()
