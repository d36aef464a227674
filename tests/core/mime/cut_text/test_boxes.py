"""Boxes that show a part of their text: that part is read in its place, and boxes of ordinary pages change nothing."""

from __future__ import annotations

import pytest

from gateway.core.mime.cut_text import letter_widths
from gateway.core.mime.html import read_html

WORDS = "bring gloves and a warm jacket tomorrow".split()
PHRASE = " ".join(WORDS)
_BOX = "display:inline-block;overflow:hidden;white-space:nowrap;"
_MONO = "font-family:monospace;"
_FLEX = f"display:inline-flex;overflow:hidden;{_MONO}"
_CLIP = f"display:inline-block;{_MONO}"
_COVER = "width:5ch;background:#fff"
_LINE = "display:inline-block;height:1.2em;line-height:1.2em;overflow:hidden"
_MASK = "linear-gradient(to right,#000 {n}ch,transparent {n}ch)"


def _reads(html: str) -> bool:
    reading = read_html(f"<p>Practice is on Tuesday.</p>{html}")
    return PHRASE in " ".join(reading.hidden.split())


@pytest.mark.parametrize(
    "form",
    [
        f'<i style="{_BOX}{_MONO}width:{{n}}ch">{{w}}field</i>',
        f'<i style="{_BOX}{_MONO}max-width:{{n}}ch">{{w}}field</i>',
        f'<i style="{_BOX}{_MONO}width:calc({{n}} * 1ch)">{{w}}field</i>',
        f'<i style="--n:{{n}}ch;{_BOX}{_MONO}inline-size:var(--n)">{{w}}field</i>',
        f'<i style="{_BOX}font:16px/1 Courier;width:{{mono}}px">{{w}}field</i>',
        f'<i style="{_BOX}font-family:Arial;width:{{sans}}em">{{w}}field</i>',
        f'<i style="{_BOX}font:20px Times;width:{{serif20}}px">{{w}}field</i>',
        f'<i style="{_BOX}{_MONO}font-size:16px;letter-spacing:4px;width:{{spaced}}px">{{w}}field</i>',
        f'<i style="{_BOX}{_MONO}width:1ch;padding-right:{{less}}ch">{{w}}field</i>',
        f'<i style="{_BOX}{_MONO}box-sizing:border-box;padding:0 1ch;width:{{more}}ch">{{w}} field</i>',
        f'<i style="{_CLIP}contain:paint;width:{{n}}ch">{{w}}field</i>',
        f'<i style="{_CLIP}overflow-x:clip;width:{{n}}ch">{{w}}field</i>',
        f'<i style="{_BOX}{_MONO}direction:rtl;width:{{n}}ch">field{{w}}</i>',
        f'<i style="{_BOX}{_MONO}text-indent:-5ch;width:{{n}}ch">field{{w}}match</i>',
        f'<i style="{_BOX}{_MONO}text-indent:-20ch;width:{{n}}ch">fieldfieldfieldfield{{w}}match</i>',
        f'<i style="{_BOX}{_MONO}width:{{n}}ch"><b style="margin-left:-5ch">field{{w}}</b></i>',
        f'<i style="{_BOX}{_MONO}width:{{n}}ch"><b style="margin-left:-5ch">field</b>{{w}}</i>',
        f'<i style="{_BOX}{_MONO}width:{{n}}ch"><b style="position:relative;left:-5ch">field{{w}}</b></i>',
        f'<i style="{_BOX}{_MONO}width:{{n}}ch"><b style="float:right">field{{w}}</b></i>',
        f'<i style="{_FLEX}justify-content:flex-end;width:{{n}}ch"><b>field{{w}}</b></i>',
        f'<i style="{_FLEX}justify-content:center;width:{{n}}ch"><b>field{{w}}match</b></i>',
        f'<i style="{_BOX}position:relative;width:{{n}}ch"><b style="position:absolute;right:0">field{{w}}</b></i>',
        f'<i style="{_BOX}{_MONO}width:{{n}}ch">{{w}}<b>field</b></i>',
        f'<i style="{_CLIP}clip-path:inset(0 5ch 0 0)">{{w}}field</i>',
        f'<i style="{_CLIP}clip-path:inset(0 0 0 5ch)">field{{w}}</i>',
        f'<i style="{_CLIP}clip-path:polygon(0 0,{{n}}ch 0,{{n}}ch 100%,0 100%)">{{w}}field</i>',
        f'<i style="{_CLIP}mask-image:{_MASK}">{{w}}field</i>',
        f'<i style="{_CLIP}mask:linear-gradient(#000,#000) no-repeat 0 0/{{n}}ch 100%">{{w}}field</i>',
        f'<i style="{_MONO}color:transparent;background:{_MASK};-webkit-background-clip:text">{{w}}field</i>',
        f'<i style="position:relative;{_MONO}">{{w}}field<b style="position:absolute;right:0;{_COVER}"></b></i>',
        f'<i style="{_MONO}">{{w}}field</i><b style="display:inline-block;margin-left:-5ch;{_COVER}"></b>',
        "<input size={n} value={w}field>",
        '<svg width="{n}ch" height=20 font-family=monospace><text y=15>{w}field</text></svg>',
        f'<i style="{_LINE}">{{w}}<br>field</i>',
        f'<i style="{_LINE}"><b style="display:block;margin-top:-1.2em">field<br>{{w}}<br>match</b></i>',
        "<i style='display:-webkit-box;-webkit-line-clamp:1;overflow:hidden'>{w}<br>on the field</i>",
        f'<i style="{_LINE};{_MONO}width:{{n}}ch">{{w}} field</i>',
    ],
)  # fmt: skip
def test_the_part_of_each_word_that_is_seen_is_read(form):
    sizes = [
        {
            "w": word,
            "n": len(word),
            "less": len(word) - 1,
            "more": len(word) + 2,
            "mono": 9.6 * len(word),
            "spaced": 13.6 * len(word),
            "sans": sum(map(letter_widths.sans, word)),
            "serif20": 20 * sum(map(letter_widths.serif, word)),
        }
        for word in WORDS
    ]
    assert _reads(" ".join(form.format(**size) for size in sizes))


@pytest.mark.parametrize(
    ("around", "cell"),
    [
        ("<table><tr>{}</tr></table>", f'<td width={{px}} nowrap style="overflow:hidden;{_MONO}">{{w}}field</td>'),
        (
            "<div style='display:flex;font-family:monospace'>{}</div>",
            '<b style="overflow:hidden;flex:0 0 {n}ch">{w}field</b> ',
        ),
        ("<div style='width:100ch;font-family:monospace'>{}</div>", f'<b style="{_BOX}width:{{n}}%">{{w}}field</b> '),
        (
            "<div style='display:grid;font-family:monospace;grid-template-columns:{columns}'>{}</div>",
            '<b style="overflow:hidden">{w}field</b> ',
        ),
        (
            "<table style='table-layout:fixed;font-family:monospace'>{cols}<tr>{}</tr></table>",
            '<td style="overflow:hidden">{w}field</td>',
        ),
    ],
)  # fmt: skip
def test_words_are_cut_by_the_columns_around_them(around, cell):
    cells = "".join(cell.format(w=word, n=len(word), px=round(9.6 * len(word))) for word in WORDS)
    columns = " ".join(f"{len(word)}ch" for word in WORDS)
    cols = "".join(f"<col style='width:{len(word)}ch'>" for word in WORDS)
    assert _reads(around.format(cells, columns=columns, cols=cols))


def test_each_letter_may_have_a_box():
    box = f'<i style="{_BOX}{_MONO}width:1ch">{{}}qz</i>'
    assert _reads(" ".join("".join(map(box.format, word)) for word in WORDS))


@pytest.mark.parametrize(
    "style",
    [
        "overflow:hidden",
        "width:600px;overflow:hidden",
        "max-width:100%;overflow:hidden",
        "width:200px;overflow:hidden",
        "height:20px;overflow:hidden;width:300px",
        "overflow:hidden;white-space:nowrap;text-overflow:ellipsis;max-width:300px",
        "display:inline-block;width:30px;padding:4px",
        "width:24px",
        "clip-path:inset(0 round 4px)",
        "contain:content",
        "-webkit-line-clamp:3;overflow:hidden",
        "max-height:60px;overflow:hidden",
        "overflow-x:auto",
        "display:flex;justify-content:center;overflow:hidden",
        "mask-image:linear-gradient(#000,transparent)",
    ],
)
def test_boxes_of_ordinary_pages_change_nothing(style):
    texts = ("Practice is on Tuesday at four.", "The bus leaves at five.", "Bring the form.", "Thank you!")
    reading = read_html("".join(f'<div style="{style}">{text}</div>' for text in texts))
    assert reading.hidden == ""
    assert reading.gaps == ()


def test_a_few_cut_words_among_others_are_no_text_of_their_own():
    cells = "".join(
        f"<tr><td>{text}<td width=20><img width=20 alt='Printable version' src=x.png>"
        for text in ("Practice is on Tuesday at four in the gymnasium", "The bus leaves at five from the main door") * 3
    )
    assert read_html(f"<table>{cells}</table>").hidden == ""


def test_more_letters_in_boxes_than_are_looked_at_are_reported():
    box = f'<i style="{_BOX}width:3ch">{"field" * 100}</i>'
    assert read_html(box * 20).gaps == ()
    assert read_html(box * 500).gaps == ("styles",)
