"""Handwriting, outlines and filled cells that may be letters are called pictures; ordinary drawings are not."""

from __future__ import annotations

import pytest
from PIL import Image, ImageDraw

from tests.classifiers.extract.readers.reading_files import read
from tests.classifiers.extract.sample_files import zipped

POINTS = " ".join(f"{at},{at * 7 % 50}" for at in range(400))
DRAWN = {
    "a.svg": "<svg>" + "<line x1='0' y1='0' x2='9' y2='9'/>" * 60 + "</svg>",
    "path.svg": f"<svg><path d='M {POINTS}'/></svg>",
    "use.svg": "<svg>" + "<use href='#a' x='3'/>" * 60 + "</svg>",
    "a.xopp": "<?xml version='1.0'?><page>" + "<stroke tool='pen'>1 2 3 4</stroke>" * 60 + "</page>",
    "a.fodg": f"<?xml version='1.0'?><x><draw:polyline draw:points='{POINTS}'/></x>",
    "a.gcode": "G28\n" + "".join(f"G1 X{at} Y{at % 7} F900\n" for at in range(200)),
    "a.stl": "solid a\n" + "".join(f"facet normal 0 0 1\nvertex {at} 0 1\nendfacet\n" for at in range(200)),
    "a.tex": "".join(f"\\draw (0,{at}) -- (9,{at});\n" for at in range(200)),
    "a.excalidraw": '{"type":"freedraw","points":[' + ",".join(f"[{at},{at}]" for at in range(400)) + "]}",
}  # fmt: skip
ORDINARY = {
    "a.svg": "<svg>" + "<line x1='0' y1='0' x2='9' y2='9'/>" * 12 + "<path d='M0 0L9 9z'/></svg>",
    "a.json": '{"points": [' + ",".join(f"[{at},{at}]" for at in range(40)) + "]}",
    "data.json": "[" + ",".join(f"[{at},{at}]" for at in range(400)) + "]",
    "clef.musicxml": "<?xml version='1.0'?><a>" + "<clef><sign>G</sign><line>2</line></clef>" * 60 + "</a>",
}


def test_lines_and_outlines_are_called_pictures() -> None:
    failed = {name: read(name, data.encode()).failed for name, data in DRAWN.items()}
    assert {name for name, words in failed.items() if "pictured" not in words} == set()
    assert {name: found for name, data in ORDINARY.items() if (found := read(name, data.encode()).failed)} == {}


def test_ink_and_outlines_in_office_files_are_called_pictures() -> None:
    ink = "<inkml:ink>" + "<inkml:trace>1 2, 3 4</inkml:trace>" * 60 + "</inkml:ink>"
    assert read("a.pptx", zipped(ppt__slides__slide1_xml="<a/>", ppt__ink__ink1_xml=ink)).failed == ("pictured",)
    shapes = "<v:shape path='m1,1l2,2,3,3xe'/>" * 60
    assert read("a.docx", zipped(word__document_xml=f"<w:p>{shapes}</w:p>")).failed == ("pictured",)
    arrows = "<a:custGeom><a:path><a:moveTo/><a:lnTo/><a:lnTo/></a:path></a:custGeom>" * 8
    assert read("a.pptx", zipped(ppt__slides__slide1_xml=f"<a>{arrows}</a>")).failed == ()


def _cells(look: str, picture: Image.Image) -> str:
    """Rows of cells, with `{}` in the form of a cell for what a dot looks like."""
    width, height = picture.size
    return "".join(
        "<row>" + "".join(look.format(int(picture.getpixel((x, y)) == 0)) for x in range(width)) + "</row>"
        for y in range(height)
    )


@pytest.mark.parametrize("look", ["<c s='{}'/>", "<c><v>{}</v></c>"])
def test_letters_of_cells_are_called_a_picture(look: str) -> None:
    drawn = Image.new("1", (150, 12), 1)
    ImageDraw.Draw(drawn).text((1, 0), "meet me alone tonight", fill=0)
    chess = Image.new("1", (8, 8), 1)
    chess.putdata([at // 8 % 2 ^ at % 2 for at in range(64)])
    stripes = Image.new("1", (30, 40), 1)
    stripes.putdata([at // 30 % 2 for at in range(1200)])
    for picture, failed in ((drawn, ("pictured",)), (chess, ()), (stripes, ())):
        sheet = f"<sheetData>{_cells(look, picture)}</sheetData>"
        assert read("a.xlsx", zipped(xl__workbook_xml="<workbook/>", xl__worksheets__sheet1_xml=sheet)).failed == failed


def test_letters_of_cells_are_called_a_picture_in_opendocument() -> None:
    drawn = Image.new("1", (150, 12), 1)
    ImageDraw.Draw(drawn).text((1, 0), "meet me alone tonight", fill=0)
    rows = _cells("<table:table-cell table:style-name='c{}'/>", drawn).replace("row>", "table:table-row>")
    found = read("a.fods", f"<?xml version='1.0'?><table:table>{rows}</table:table>".encode())
    assert found.failed == ("pictured",)
