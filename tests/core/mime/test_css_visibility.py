"""Styles that hide text and styles that do not."""

from __future__ import annotations

import time

import pytest

from gateway.core.mime.css_visibility import ComputedStyle, compute_style, generated_text, hidden_selectors, parse_color
from gateway.core.mime.html import visible_text


@pytest.mark.parametrize(
    "style",
    [
        "position:absolute;left:-999px", "position:absolute;left:-100vw", "position:fixed;top:-200%",
        "margin-left:-999em",
        "text-indent:-99em", "transform:translateX(-9999px)", "transform:translate(-200vw,0)", "transform: scale(0,0)",
        "transform:scaleX(0)", "scale:0", "clip-path:inset(100%)", "clip-path: circle(0)",
        "clip-path:polygon(0 0,0 0,0 0)",
        "filter: opacity(0%)", "color:rgba(0,0,0,0)", "color:rgb(0 0 0 / 0)", "color:#ffffff00", "color:#0000",
        "color:hsl(0,0%,100%)", "color:rgb(100%,100%,100%)", "-webkit-text-fill-color:transparent", "font:0/0 a",
        "font: bold 1px Arial", "font-size:calc(0px)", "zoom:0", "line-height:0;overflow:hidden", "letter-spacing:-2em",
        "width:0;height:0;overflow:clip", "display:/*x*/none", "d\\69splay:none", "content-visibility:hidden",
    ],
)  # fmt: skip
def test_hiding_styles(style):
    assert visible_text(f'<p>Shown</p><div style="{style}">hidden</div>') == ("Shown", "hidden")


@pytest.mark.parametrize(
    "style",
    [
        "color:#333", "font-size:12px", "left:-10px", "opacity:0.5", "font:12px Arial", "font:bold 1.2em/1.5 serif",
        "height:100px;overflow:hidden", "background:#003366;color:#fff", "transform:scale(0.5)", "scale:1", "zoom:0.8",
        "color:#eee;background:#333", "line-height:0", "transform:translateX(-50%);left:50%", "color:rgba(0,0,0,0.8)",
        "clip-path:inset(10%)", "letter-spacing:-0.5px", "margin-left:-15px", "text-indent:-20px", "color:#ff0000",
        "color:hsl(0,50%,50%)", "margin:0 -100px", "opacity:1", "filter:opacity(0.8)",
    ],
)  # fmt: skip
def test_ordinary_styles_hide_nothing(style):
    assert visible_text(f'<div style="{style}">shown</div>') == ("shown", "")


@pytest.mark.parametrize(
    "piece", ["color:rgba(", "translate(", "font:bold ", "scale:", "\\69", "/*", "hsl(", "content:'"]
)
def test_hostile_styles_take_linear_time(piece):
    start = time.process_time()
    style = piece * (60_000 // len(piece))
    visible_text(f'<p style="{style}">x</p><style>p{{{style}}}</style>')
    assert time.process_time() - start < 4


def test_compute_style():
    assert compute_style("color: #fff; background: black") == ComputedStyle(
        False, False, (255, 255, 255), (True, (0, 0, 0))
    )
    assert compute_style("unicode-bidi:bidi-override;direction:rtl").reversed
    assert compute_style("d\\69splay:none/*x*/").hidden


def test_style_sheets():
    sheet = ".a > .b, #id, [x], i { display: none } @media print { .c { display: none } } p:hover { display: none }"
    assert hidden_selectors(sheet) == {".b", "#id", "[x]", "i"}
    assert hidden_selectors("body { display: none }") == frozenset()
    assert generated_text("p::before { content: 'one' } q::after { content: \"two\" } b { content: '-' }") == "one two"


@pytest.mark.parametrize(
    ("value", "color"),
    [
        ("#036", (0, 51, 102)),
        ("#003366", (0, 51, 102)),
        ("rgb(1, 2, 3)", (1, 2, 3)),
        ("red", (255, 0, 0)),
        ("inherit", None),
    ],
)
def test_parse_color(value, color):
    assert parse_color(value) == color
