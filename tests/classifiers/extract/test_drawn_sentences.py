"""A sentence that is drawn, not written, is called a picture, whatever draws it. Ordinary drawings are not."""

from __future__ import annotations

import base64
import io
import zipfile
from collections.abc import Iterable, Sequence

import pytest

from classifiers.extract.extraction import extract_message
from tests.classifiers.extract import drawn_sentence as drawn
from tests.classifiers.extract.readers.reading_files import read

LINES, STICKS, DOTS, ROWS = drawn.strokes(), drawn.sticks(), sorted(drawn.dots()), drawn.rows()
_SVG = "<svg xmlns='http://www.w3.org/2000/svg' width='700' height='250' stroke='black'>{}</svg>"
_PATH = " ".join(map(drawn.outline, LINES))
_PIXEL = "<img src='http://a.example/{}.gif' width=5 height=5>"


def _placed(element: str, style: str = "") -> str:
    """An element at the place of each dot."""
    name = element.split()[0]
    return "".join(
        f"<{element} style='position:absolute;left:{x * 5}px;top:{y * 5}px;{style}'></{name}>" for x, y in DOTS
    )


def _box(ends: tuple[drawn.Point, drawn.Point], style: str) -> str:
    (x, y), (to_x, to_y) = ends
    size = f"left:{min(x, to_x)}px;top:{min(y, to_y)}px;width:{abs(x - to_x) + 2}px;height:{abs(y - to_y) + 2}px"
    return f"<div style='position:absolute;{size};{style}'></div>"


def _svg_letter(lines: list[list[drawn.Point]]) -> str:
    outlines = "".join(f"<path d='{drawn.outline(line)}'/>" for line in lines)
    return f"<svg width='24' height='36'>{outlines}</svg>"


def _svg_picture(shapes: str) -> str:
    data = base64.b64encode(_SVG.format(shapes).encode()).decode()
    return f"<img src='data:image/svg+xml;base64,{data}'>"


def _gradient(row: list[bool]) -> str:
    stops = ",".join(("#000" if dot else "#fff") + f" {x}px" for x, dot in enumerate(row))
    return f"<p style='background:linear-gradient(90deg,{stops})'></p>"


def _sheet(style: str) -> str:
    return f"<style>p{{{style}}}</style><p></p>"


def _shadow(dots: Iterable[drawn.Point]) -> str:
    return "box-shadow:" + ",".join(f"{x}px {y}px #000" for x, y in dots)


def _colored_row(row: list[bool]) -> str:
    return "<tr>" + "".join("<td bgcolor=#000>" if dot else "<td>" for dot in row)


def _vml(shapes: str) -> str:
    return f"<!--[if mso]><xml>{shapes}</xml><![endif]-->"


SHAPES = {
    "one outline": f"<path d='{_PATH}'/>",
    "outlines": "".join(f"<path d='{drawn.outline(line)}'/>" for line in LINES),
    "lines of corners": "".join(f"<polyline points='{drawn.corners(line)}'/>" for line in LINES),
    "areas": "".join(f"<polygon points='{drawn.corners(line + line[::-1])}'/>" for line in LINES),
    "lines": "".join(f"<line x1='{a}' y1='{b}' x2='{c}' y2='{d}'/>" for (a, b), (c, d) in STICKS),
    "squares": "".join(f"<rect x='{x * 5}' y='{y * 5}' width='5' height='5'/>" for x, y in DOTS),
    "circles": "".join(f"<circle cx='{x * 5}' cy='{y * 5}' r='3'/>" for x, y in DOTS),
    "uses": "<defs><path id='a' d='M0 0L5 5'/></defs>" + "<use href='#a' x='9'/>" * 36,
    "dashes": f"<path stroke-dasharray='{'3 5 ' * 200}' d='M0 0H600'/>",
}
PAGES = {
    **{f"SVG: {name}": _SVG.format(shapes) for name, shapes in SHAPES.items()},
    "SVG: letters": "".join(map(_svg_letter, drawn.letters())),
    "SVG: no room": f"<svg width='1' height='1' style='overflow:visible'><path d='{_PATH}'/></svg>",
    "SVG: made large": f"<svg width='20' height='9' style='transform:scale(40)'><path d='{_PATH}'/></svg>",
    "SVG: a picture": _svg_picture(SHAPES["one outline"]),
    "pictures at places": _placed("img src='http://a.example/dot.gif'"),
    "pictures in rows": "<br>".join("".join(_PIXEL.format("bw"[dot]) for dot in row) for row in ROWS),
    "a picture for each letter": "".join(f"<img src='cid:{ord(letter)}'>" for letter in drawn.SENTENCE),
    "linked pictures of letters": "".join(
        f"<img src='http://a.example/{ord(letter)}.gif' width='20' height='30'>" for letter in drawn.SENTENCE
    ),
    "boxes at places": "".join(_box(ends, "background:#000") for ends in STICKS),
    "borders at places": "".join(_box(ends, "border-left:2px solid #000") for ends in STICKS),
    "rules at places": _placed("hr"),
    "bullets at places": _placed("li"),
    "boxes beside each other": "<div style='display:inline-block;border:solid #000;width:9px'></div> " * 90,
    "cells": "<table>" + "".join(map(_colored_row, ROWS)),
    "shadows in a sheet": _sheet(_shadow(DOTS)),
    "shadows in rows": "".join(
        f"<p style='{_shadow([(x, 0) for x, dot in enumerate(row) if dot])}'></p>" for row in ROWS
    ),
    "gradients": "".join(map(_gradient, ROWS)),
    "a clipped area": _sheet(f"clip-path:polygon({','.join(f'{x}px {y}px' for line in LINES for x, y in line)})"),
    "a clipped outline": f"<p style='clip-path:path(\"{_PATH}\")'></p>",
    "VML: outlines": _vml("".join(f"<v:shape path='{drawn.vml_outline(line)}'/>" for line in LINES)),
    "VML: lines": _vml("".join(f"<v:line from='{a},{b}' to='{c},{d}'/>" for (a, b), (c, d) in STICKS)),
    "VML: boxes": _vml("".join(f"<v:rect style='left:{x};top:{y}' fillcolor='black'/>" for x, y in DOTS)),
    "VML: without a comment": "".join(f"<v:polyline points='{drawn.corners(line)}'></v:polyline>" for line in LINES),
}  # fmt: skip

_ICON = "<svg width='24' height='24'><path d='M{} 2C6 2 2 6 2 12s4 10 10 10 10-4 10-10S18 2 12 2z{}'/></svg>"
_CHART = "".join(f"<rect x='{at * 20}' width='9' height='{at}'/>" for at in range(24)) + "<path d='M0 0V99H99'/>"
_BUTTON = "<v:roundrect href='http://a.example' arcsize='8%'><center>Open</center></v:roundrect>"
_WORD_PICTURE = "<v:shape type='#_x0000_t75' style='width:9pt'><v:imagedata src='a.png'/></v:shape>"
_PHOTO = "<a href='http://a.example'><img src='http://a.example/a.png' style='border:0;float:left'></a>"
ORDINARY_PAGES = {
    "icons": "".join(_ICON.format(at, "m3 3l4 4-9 9z" * at) for at in range(6)),
    "icons of a list": "".join(f"<li>{_ICON.format(at, 'm3 3l4 4-9 9z' * at)} Lesson {at}</li>" for at in range(40)),
    "a logo": f"<svg width='160' height='60'><path d='M0 0{'c1 2 3 4 5 6' * 30}z{'M9 9l3 4-5 6z' * 4}'/></svg>",
    "signatures": ("<p>Mr. Miller</p><img src='cid:logo'>" + "".join(f"<img src='cid:{at}'>" for at in range(6))) * 9,
    "rows of links": "".join(f"<img src='cid:{at}' width='32' height='32'><p>Lesson {at}</p>" for at in range(60)),
    "stars": _ICON.format(1, "") * 40,
    "a chart": _SVG.format(_CHART),
    "a drawing that is not shown": f"<svg style='display:none'>{SHAPES['outlines']}</svg>",
    "spacers": "<table>" + f"<tr><td>{_PIXEL.format('spacer')}<td>News{_PIXEL.format('spacer')}<tr>" * 80 + "</table>",
    "one that tracks": "<img src='http://a.example/t.gif' width=1 height=1 style='position:absolute'>",
    "pictures without a frame": _PHOTO * 60,
    "rules": "<p style='border-top:1px solid #ccc'></p><p>News</p>" * 60,
    "a colored timetable": "<table>" + "<tr><th>Monday<td bgcolor='#ffee99'><td bgcolor='#ccffcc'>Math" * 40,
    "a soft shadow": "<p style='box-shadow:0 1px 2px rgba(0,0,0,.2),0 2px 4px rgba(0,0,0,.1)'>News</p>" * 90,
    "a rainbow": "<p style='background:linear-gradient(red,orange,yellow,green,blue,indigo,violet)'>News</p>" * 20,
    "buttons of Outlook": f"<!--[if mso]>{_BUTTON}<![endif]-->" * 30,
    "pictures of Word": f"<!--[if gte vml 1]>{_WORD_PICTURE}<![endif]-->" * 60,
}  # fmt: skip


def _failed(html: str) -> tuple[str, ...]:
    page = f"<html><body><p>Here is the homework for next week.</p>{html}</body></html>"
    return extract_message(f"Subject: Homework\r\nContent-Type: text/html\r\n\r\n{page}".encode(), "mail").failed


@pytest.mark.parametrize("way", PAGES)
def test_a_page_that_draws_a_sentence_is_called_a_picture(way: str) -> None:
    assert _failed(PAGES[way]) == ("pictured",)
    assert read("page.html", f"<html><body>{PAGES[way]}</body></html>".encode()).failed == ("pictured",)


@pytest.mark.parametrize("page", ORDINARY_PAGES)
def test_a_page_with_ordinary_drawings_is_not(page: str) -> None:
    assert _failed(ORDINARY_PAGES[page]) == ()


def _zipped(name: str, xml: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, xml)
    return out.getvalue()


def _free_form(line: list[drawn.Point]) -> str:
    points = [f"<a:pt x='{x}' y='{y}'/>" for x, y in line]
    lines = "".join(f"<a:lnTo>{point}</a:lnTo>" for point in points[1:])
    return f"<p:sp><a:custGeom><a:path><a:moveTo>{points[0]}</a:moveTo>{lines}</a:path></a:custGeom></p:sp>"


def _preset(kind: str, width: int, height: int, text: str = "") -> str:
    size = f"<a:xfrm><a:ext cx='{width * 9000}' cy='{height * 9000}'/></a:xfrm>"
    words = f"<p:txBody><a:t>{text}</a:t></p:txBody>" if text else ""
    return f"<p:sp><p:spPr>{size}<a:prstGeom prst='{kind}'/></p:spPr>{words}</p:sp>"


def _blank(is_dot: bool) -> str:
    return f"<w:r><w:rPr><w:shd w:fill='{'000000' if is_dot else 'FFFFFF'}'/></w:rPr><w:t> </w:t></w:r>"


def _old_rtf(kind: str, line: list[drawn.Point]) -> str:
    points = "".join(f"\\dpptx{x}\\dppty{y}" for x, y in line)
    return f"{{\\*\\do\\dobxpage\\{kind}\\dppolycount{len(line)}{points}\\dpx0\\dpy0}}"


def _rtf_shape(kind: int, more: str = "") -> str:
    return f"{{\\shp{{\\*\\shpinst\\shpleft1{{\\sp{{\\sn shapeType}}{{\\sv {kind}}}}}{more}}}}}"


def _vertices(line: list[drawn.Point]) -> str:
    return f"{{\\sp{{\\sn pVerticies}}{{\\sv 8;{len(line)};{';'.join(f'({x},{y})' for x, y in line)}}}}}"


def _rtf_rows(dot: str, ground: str, end: str) -> str:
    return "".join("".join(dot if is_dot else ground for is_dot in row) + end for row in ROWS)


_SLIDE, _DRAWING, _TEXT = "ppt/slides/slide1.xml", "content.xml", "word/document.xml"


def _slide_cell(dot: int) -> str:
    fill = "<a:solidFill><a:srgbClr val='3366FF'/></a:solidFill>" if dot else ""
    return f"<a:tc><a:txBody><a:p/></a:txBody><a:tcPr>{fill}</a:tcPr></a:tc>"


def _slide_row(row: Sequence[int]) -> str:
    return f"<a:tr>{''.join(map(_slide_cell, row))}</a:tr>"


PARTS = {
    "free forms": (_SLIDE, "".join(map(_free_form, LINES))),
    "preset lines": (_SLIDE, "".join(_preset("line", abs(a - c), abs(b - d)) for (a, b), (c, d) in STICKS)),
    "painted cells": (_SLIDE, "<a:tbl>" + "".join(map(_slide_row, ROWS)) + "</a:tbl>"),
    "preset squares": (_SLIDE, _preset("rect", 5, 5) * len(DOTS)),
    "preset strips": (_SLIDE, _preset("rect", 5, 60) * len(STICKS)),
    "outlines of VML": (_TEXT, "".join(f"<v:shape path='{drawn.vml_outline(line)}'/>" for line in LINES)),
    "frames": (_TEXT, "<w:p><w:pPr><w:framePr w:x='1'/><w:pBdr/></w:pPr></w:p>" * len(STICKS)),
    "colored blanks": (_TEXT, "".join(f"<w:p>{''.join(map(_blank, row))}</w:p>" for row in ROWS)),
    "outlines": (_DRAWING, "".join(f"<draw:path svg:d='{drawn.outline(line)}'/>" for line in LINES)),
    "custom shapes": (
        _DRAWING, "".join(f"<draw:enhanced-geometry draw:enhanced-path='{drawn.outline(line)} N'/>" for line in LINES),
    ),
    "connectors": (_DRAWING, "<draw:connector svg:x1='1mm' svg:y1='1mm'/>" * len(STICKS)),
    "squares": (_DRAWING, "<draw:enhanced-geometry draw:type='rectangle'/>" * len(DOTS)),
}  # fmt: skip
RTF = {
    "vertices": "".join(_rtf_shape(0, _vertices(line)) for line in LINES),
    "lines": _rtf_shape(20) * len(STICKS),
    "old outlines": "".join(_old_rtf("dppolyline", line) for line in LINES),
    "old lines": "".join(_old_rtf("dpline", list(ends)) for ends in STICKS),
    "old boxes": "{\\*\\do\\dobxpage\\dprect\\dpx1\\dpy1}" * len(DOTS),
    "cells": "".join(
        "\\trowd" + "".join(f"\\clcbpat{1 + dot}\\cellx{at}" for at, dot in enumerate(row)) + "\\row" for row in ROWS
    ),
    "colored blanks": _rtf_rows("{\\highlight1  }", "{\\highlight2  }", "\\par "),
}
ORDINARY_PARTS = {
    "boxes with text": (_SLIDE, _preset("rect", 90, 9, "Lesson") * 80),
    "arrows": (_SLIDE, (_preset("rightArrow", 20, 9) + _preset("line", 20, 0)) * 10),
    "pictures": (_SLIDE, "<p:pic><a:xfrm><a:ext cx='9' cy='900'/></a:xfrm><a:prstGeom prst='rect'/></p:pic>" * 80),
    "free forms": (_SLIDE, _free_form(LINES[0]) * 6),
    "drawn twice": (
        _TEXT,
        "<w:p><wps:wsp><a:prstGeom prst='line'/></wps:wsp><mc:Fallback><v:line from='0,0'/></mc:Fallback></w:p>" * 30,
    ),
    "rules": (_TEXT, "<v:rect o:hr='t' fillcolor='#aaa'/>" * 80),
    "initials": (_TEXT, "<w:p><w:pPr><w:framePr w:dropCap='drop'/></w:pPr><w:r><w:t>On</w:t></w:r></w:p>" * 80),
    "shapes": (_DRAWING, "<draw:enhanced-geometry draw:type='smiley' draw:enhanced-path='M 0 0 L 5 5 N'/>" * 60),
}  # fmt: skip
ORDINARY_RTF = {
    "an arrow": _rtf_shape(20) * 12 + _old_rtf("dpline", [(0, 0), (9, 9)]) * 12,
    "boxes with text": _rtf_shape(202) * 90,
    "rows of two colors": "".join("\\trowd" + f"\\clcbpat{at % 2}\\cellx9" * 9 + "\\row" for at in range(200)),
    "coordinates": "The points are (3,4) and (5,6). " * 200,
}


def _part_failed(part: tuple[str, str]) -> tuple[str, ...]:
    name, xml = part
    text = "<w:p><w:r><w:t>Here is the homework.</w:t></w:r></w:p>"
    return read("a.zip", _zipped(name, f"<a>{text}{xml}</a>")).failed


def _rtf_failed(words: str) -> tuple[str, ...]:
    colors = "{\\colortbl;\\red0\\green0\\blue0;\\red255\\green255\\blue255;}"
    return read("a.rtf", f"{{\\rtf1\\ansi{colors} Here is the homework.\\par {words}}}".encode()).failed


def test_office_files_that_draw_a_sentence_are_called_pictures() -> None:
    failed = {way: _part_failed(part) for way, part in PARTS.items()}
    assert failed == dict.fromkeys(PARTS, ("pictured",))
    assert {name: words for name, part in ORDINARY_PARTS.items() if (words := _part_failed(part))} == {}


def test_rtf_that_draws_a_sentence_is_called_a_picture() -> None:
    failed = {way: _rtf_failed(words) for way, words in RTF.items()}
    assert failed == dict.fromkeys(RTF, ("pictured",))
    assert {name: words for name, source in ORDINARY_RTF.items() if (words := _rtf_failed(source))} == {}


@pytest.mark.parametrize("way", SHAPES)
def test_a_file_of_shapes_is_called_a_picture(way: str) -> None:
    assert read("a.svg", _SVG.format(SHAPES[way]).encode()).failed == ("pictured",)
