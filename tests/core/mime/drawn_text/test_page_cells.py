from __future__ import annotations

import random

import pytest

from gateway.core.mime.html import DRAWING, read_html
from tests.core.mime.drawn_text.pixel_fonts import COVERS, FONTS, each, written

TOLD = {
    "bold": ("<b>{}</b>", "{}"),
    "not bold": ("{}", "<b>{}</b>"),
    "weight": ("<span style='font-weight:900'>{}</span>", "{}"),
    "marked": ("<mark>{}</mark>", "{}"),
    "background": ("<span style='background:#036'>{}</span>", "<span style='background:#ddd'>{}</span>"),
    "color": ("<font color=red>{}</font>", "<font color=silver>{}</font>"),
    "color of the ground": ("<span style='color:#000'>{}</span>", "<span style='color:#fff'>{}</span>"),
    "not visible": ("{}", "<span style='visibility:hidden'>{}</span>"),
    "opacity": ("{}", "<span style='opacity:.1'>{}</span>"),
    "underlined": ("<u>{}</u>", "{}"),
    "struck through": ("<s>{}</s>", "{}"),
    "linked": ("<a href='http://a.example/'>{}</a>", "{}"),
    "italic": ("<i>{}</i>", "{}"),
    "of a class": ("<span class=k>{}</span>", "{}"),
    "raised": ("<sup>{}</sup>", "{}"),
    "large": ("<span style='font-size:30px'>{}</span>", "<span style='font-size:9px'>{}</span>"),
    "outlined": ("<span style='outline:2px solid'>{}</span>", "{}"),
    "shadow": ("<span style='text-shadow:1px 1px red'>{}</span>", "{}"),
}
FIELDS = {
    "meters": ("<meter value=.9></meter>", "<meter value=.1></meter>"),
    "meters without a value": ("<meter value=1></meter>", "<meter></meter>"),
    "progress": ("<progress value=9 max=9></progress>", "<progress value=0 max=9></progress>"),
    "ticks": ("<input type=checkbox checked>", "<input type=checkbox>"),
    "ranges": ("<input type=range value=99>", "<input type=range value=0>"),
    "colors": ("<input type=color value='#000000'>", "<input type=color value='#ffffff'>"),
    "buttons": ("<button style='background:#000'></button>", "<button></button>"),
    "pictures": ("<img src='http://a.example/b.gif' width=9>", "<img src='http://a.example/w.gif' width=9>"),
    "boxes": (
        "<i style='display:inline-block;width:9px;border:1px solid'></i>",
        "<i style='display:inline-block;width:9px'></i>",
    ),
    "drawings": ("<svg width=9 height=9><rect width=9 height=9 /></svg>", "<svg width=9 height=9></svg>"),
}
CELLS = {
    "borders": ("<td style='border:2px solid'>", "<td>"),
    "borders below blanks": ("<td style='border-bottom:2px solid'>&nbsp;", "<td>&nbsp;"),
    "borders and words": ("<td style='border:2px solid'>Math", "<td>Art"),
    "grounds and words": ("<td bgcolor=red>Math", "<td>Math"),
    "heads": ("<th>x", "<td>x"),
    "bold": ("<td><b>x</b>", "<td>x"),
    "meters": ("<td><meter value=1></meter>", "<td><meter value=0></meter>"),
    "pictures": ("<td><img src='cid:a'>", "<td><img src='cid:b'>"),
    "rules": ("<td><hr>", "<td>"),
    "boxes": ("<td><div style='background:#000'></div>", "<td><div></div>"),
}
_LINES = ("<pre>{}</pre>", "\n"), ("<tt>{}</tt>", "<br>"), ("<p>{}</p>", "</p><p>"), ("<pre>{}</pre>", "<br>")


def _is_drawn(html: str) -> bool:
    return DRAWING in read_html(f"<style>.k{{color:red}}</style><p>Here is the homework.</p>{html}").gaps


@pytest.mark.slow
@pytest.mark.parametrize("cover", COVERS)
@pytest.mark.parametrize("way", TOLD)
def test_letters_of_marked_signs_are_found(way: str, cover: str) -> None:
    for (font, rows), (form, end) in zip(FONTS.items(), _LINES, strict=True):
        assert _is_drawn(form.format(end.join(written(rows, cover, *TOLD[way])))), font


@pytest.mark.slow
@pytest.mark.parametrize("way", FIELDS)
def test_letters_of_fields_are_found(way: str) -> None:
    for font in ("small letters", "capitals"):
        assert _is_drawn("<br>".join(each(FONTS[font], *FIELDS[way]))), font


@pytest.mark.slow
@pytest.mark.parametrize("way", CELLS)
def test_letters_of_cells_are_found(way: str) -> None:
    for font in ("sticks", "small letters"):
        assert _is_drawn(f"<table><tr>{'<tr>'.join(each(FONTS[font], *CELLS[way]))}</table>"), font


def test_letters_of_any_sizes_and_values_are_found() -> None:
    chosen = random.Random(1)
    size = {"#": (22, 32), " ": (4, 9)}
    rows = FONTS["sticks"]
    signs = ["".join(f"<span style='font-size:{chosen.randint(*size[dot])}px'>x</span>" for dot in row) for row in rows]
    assert _is_drawn("<br>".join(signs))
    full = {"#": (65, 99), " ": (0, 35)}
    meters = ["".join(f"<meter value=.{chosen.randint(*full[dot]):02}></meter>" for dot in row) for row in rows]
    assert _is_drawn("<br>".join(meters))


def _code(number: int) -> str:
    names = random.Random(number).choices(["total", "x", "letters", "i", "row"], k=5)
    return "<b>for</b> <i>{}</i> <u>in</u> <i>{}</i>: <i>{}</i> += <i>{}</i>(<s>{}</s>)".format(*names)


def _rainbow(number: int) -> str:
    colors = random.Random(number).choices(["red", "blue", "green", "orange"], k=30)
    return "".join(
        f"<font color={color}>{letter}</font>"
        for color, letter in zip(colors, "happy birthday to you dear Ana!", strict=False)
    )


def _warm(row: int, column: int) -> str:
    return "red" if random.Random(f"{row} {column}").random() < 0.4 else "white"


_TICK = "<input type=checkbox> Yes <input type=checkbox> No <input type=checkbox checked> Maybe"
ORDINARY = {
    "code": "\n".join(map(_code, range(40))),
    "rainbows": "<br>".join(map(_rainbow, range(12))),
    "words in bold type": "<b>Bring</b> a <i>bottle</i> and <b>the</b> form <u>to</u> the hall<br>" * 30,
    "a timetable": "<table>"
    + "".join(f"<tr>{''.join(f'<td bgcolor={_warm(row, at)}>Math' for at in range(6))}" for row in range(12)),
    "a heat map": "<table>"
    + "".join(f"<tr>{''.join(f'<td bgcolor={_warm(row, at)}>{row * at}' for at in range(18))}" for row in range(14)),
    "ticks": f"{_TICK * 3}<br>" * 20,
    "stars": "<b>★★★</b>☆☆ <b>★★★★</b>☆ <b>★</b>☆☆☆☆ <b>★★</b>☆☆☆<br>" * 20,
}


@pytest.mark.parametrize("page", ORDINARY)
def test_ordinary_marks_draw_nothing(page: str) -> None:
    assert not _is_drawn(f"<pre>{ORDINARY[page]}</pre>")
