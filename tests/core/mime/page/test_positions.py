"""Words that styles move are read in the order in which they are seen, and in that of the source."""

from __future__ import annotations

import random
from collections.abc import Callable
from html import escape

import pytest

from gateway.core.mime.html import read_html

WORDS = "meet me alone behind the old gym tonight".split()
COUNT = len(WORDS)


def boxes(style: Callable[[int], str], order: list[int], tag: str = "b") -> str:
    """A box for each word, in an order of the source."""
    return "".join(f'<{tag} style="{style(at)}">{escape(WORDS[at])}</{tag}>' for at in order)


def inside(container: str, style: Callable[[int], str], tag: str = "b") -> Callable[[list[int]], str]:
    return lambda order: f'<div style="{container}">{boxes(style, order, tag)}</div>'


NAMES = " ".join(f"a{at}" for at in range(COUNT))
MOVED: dict[str, Callable[[list[int]], str]] = {
    "flex order": inside("display:flex", lambda at: f"order:{at}"),
    "old flex order": inside("display:-webkit-box", lambda at: f"-webkit-box-ordinal-group:{at + 1}"),
    "grid column": inside("display:grid", lambda at: f"grid-column:{at + 1} / {at + 2};grid-row:1"),
    "grid row": inside("display:grid", lambda at: f"grid-row-start:{at + 1}", "div"),
    "grid area": inside("display:grid", lambda at: f"grid-area:1 / {at + 1}"),
    "grid template": lambda order: (
        f"<div style='display:grid;grid-template-areas:\"{NAMES}\"'>{boxes(lambda at: f'grid-area:a{at}', order)}</div>"
    ),
    "grid names": inside(
        f"display:grid;grid-template-columns:{' '.join(f'[c{at}] 60px' for at in range(COUNT))}",
        lambda at: f"grid-column:c{at};grid-row:1",
    ),
    "left": inside("position:relative", lambda at: f"position:absolute;left:{60 * at}px"),
    "right": inside("position:relative", lambda at: f"position:absolute;right:{600 - 60 * at}px"),
    "top": inside("position:relative", lambda at: f"position:absolute;top:{20 * at}px"),
    "bottom": inside("position:relative;height:400px", lambda at: f"position:absolute;bottom:{20 * (COUNT - at)}px"),
    "lines": inside("", lambda at: f"position:fixed;top:{at // 3 * 2 + 1}em;left:{at % 3 * 9}vw"),
    "inset": inside("", lambda at: f"position:absolute;inset:0 auto auto {60 * at}px"),
    "calc": inside("", lambda at: f"position:absolute;left:calc({4 * at}em + 3px)"),
    "relative": inside("", lambda at: f"display:inline-block;width:0;position:relative;left:{60 * at}px"),
    "translated": inside("", lambda at: f"position:absolute;transform:translate3d({60 * at}px,0,0)"),
    "translated down": inside("", lambda at: f"position:absolute;translate:0 {20 * at}px"),
    "matrix": inside("", lambda at: f"position:absolute;transform:matrix(1,0,0,1,{60 * at},0)"),
    "margins": inside("", lambda at: f"float:left;width:0;margin:0 {-60 * at}px 0 {60 * at}px"),
    "own boxes": lambda order: "".join(
        f'<div style="position:relative;height:0"><i style="position:absolute;left:{60 * at}px">{WORDS[at]}</i></div>'
        for at in order
    ),
    "drawing": lambda order: (
        "<svg>" + "".join(f'<g transform="translate({60 * at},9)"><text>{WORDS[at]}</text></g>' for at in order)
    ),
    "syllables": lambda order: "".join(
        f'<b style="position:absolute;left:{24 * at}px">{" ".join(WORDS)[3 * at : 3 * at + 3]}</b>'
        for at in random.Random(order[0]).sample(range(14), 14)
    ),
}
BACKWARDS: dict[str, Callable[[list[int]], str]] = {
    "row": inside("display:flex;flex-flow:wrap row-reverse", lambda at: ""),
    "old row": inside("display:-webkit-box;-webkit-box-direction:reverse", lambda at: ""),
    "column": inside("display:flex;flex-direction:column-reverse", lambda at: "", "div"),
    "wrapped": inside("display:flex;flex-wrap:wrap-reverse", lambda at: "", "div"),
    "floats": inside("", lambda at: "float:right"),
    "tables": lambda order: "".join(f"<table align=right><tr><td>{WORDS[at]}</table>" for at in order),
    "from the right": inside("display:grid;direction:rtl", lambda at: f"grid-column:{COUNT - at};grid-row:1"),
    "boxes from the right": lambda order: f"<div dir=rtl>{boxes(lambda at: 'display:inline-block', order)}</div>",
    "cells from the right": lambda order: f"<table dir=rtl><tr>{''.join(f'<td>{WORDS[at]}' for at in order)}</table>",
    "isolated": lambda order: f"<p dir=rtl>{' '.join(f'<bdi>{WORDS[at]}</bdi>' for at in order)}",
    "overridden": lambda order: f"<bdo dir=rtl>{' '.join(f'<bdo dir=ltr>{WORDS[at]}</bdo>' for at in order)}</bdo>",
    "vertical": inside("writing-mode:vertical-rl", lambda at: "", "div"),
    "mirrored twice": inside("transform:scaleX(-1)", lambda at: "display:inline-block;transform:scaleX(-1)"),
    "upside down twice": inside("transform:rotate(180deg)", lambda at: "transform:rotate(180deg)", "div"),
}


def texts(html: str) -> list[str]:
    """What is read of a page between two paragraphs, as text without blanks."""
    reading = read_html(f"<p>Practice on Tuesday.</p>{html}<p>Bring your form.</p>")
    return ["".join(text.split()) for text in (reading.shown, reading.hidden)]


@pytest.mark.parametrize("kind", MOVED)
def test_moved_words_are_read_in_the_order_of_their_places(kind):
    seed = random.randrange(1_000)
    order = random.Random(seed).sample(range(COUNT), COUNT)
    assert any("".join(WORDS) in text for text in texts(MOVED[kind](order))), seed


@pytest.mark.parametrize("kind", BACKWARDS)
def test_words_from_the_end_are_read_from_the_beginning(kind):
    assert any("".join(WORDS) in text for text in texts(BACKWARDS[kind]([*reversed(range(COUNT))])))


@pytest.mark.parametrize("kind", [*MOVED, *BACKWARDS])
def test_the_order_of_the_source_is_read(kind):
    if kind == "syllables":
        return
    assert any("".join(WORDS) in text for text in texts((MOVED | BACKWARDS)[kind]([*range(COUNT)])))


def test_rows_after_others_are_read_there():
    page = "<table><tfoot><tr><td>behind the gym</tfoot><tbody><tr><td>meet me alone</tbody></table>"
    assert "meet me alone behind the gym" in " ".join(read_html(page).hidden.split())


@pytest.mark.parametrize(
    "page",
    [
        "<div style='display:flex'><div>One two.</div><div>Three four.</div></div>",
        "<table><thead><tr><th>One</thead><tbody><tr><td>two</tbody><tfoot><tr><td>three</tfoot></table>",
        "<p style='margin:-10px 0 0 -5px'>One two.</p><p style='margin-top:60px'>Three four.</p>",
    ],
)
def test_usual_pages_have_one_reading(page):
    assert read_html(page).hidden == ""


def test_a_table_of_painted_cells_may_draw_letters():
    cells = "<td width=2 bgcolor=#000></td>"
    assert read_html(f"<table><tr>{cells * 600}</table>").gaps == ("drawing",)
    assert read_html(f"<table><tr>{cells * 100}{cells.replace('></', '>word</') * 600}</table>").gaps == ()


@pytest.mark.parametrize(
    "sheet",
    ["@page{@top-center{content:'P'}}", "@keyframes k{from{content:'P'}}", "ol{list-style:symbols(cyclic 'P' 'x')}"],
)
def test_strings_of_rare_rules_are_read(sheet):
    phrase = " ".join(WORDS)
    assert phrase in read_html(f"<style>{sheet.replace('P', phrase)}</style><p>x").hidden
