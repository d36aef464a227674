"""Styles that hide text and styles that do not."""

from __future__ import annotations

import pytest

from gateway.core.mime.css.declarations import parse_inline_style
from gateway.core.mime.css.style import BARE, CLEAR, ROOT, SEEN, compute_style
from tests.core.samples import visible_text


@pytest.mark.parametrize(
    "style",
    [
        "position:absolute;left:-999px",
        "position:absolute;left:-100vw",
        "position:fixed;top:-200%",
        "margin-left:-999em",
        "text-indent:-99em",
        "transform:translateX(-9999px)",
        "transform:translate(-200vw,0)",
        "transform: scale(0,0)",
        "transform:scaleX(0)",
        "scale:0",
        "clip-path:inset(100%)",
        "clip-path: circle(0)",
        "clip-path:polygon(0 0,0 0,0 0)",
        "filter: opacity(0%)",
        "color:rgba(0,0,0,0)",
        "color:rgb(0 0 0 / 0)",
        "color:#ffffff00",
        "color:#0000",
        "color:hsl(0,0%,100%)",
        "color:rgb(100%,100%,100%)",
        "-webkit-text-fill-color:transparent",
        "font:0/0 a",
        "font: bold 1px Arial",
        "font-size:calc(0px)",
        "zoom:0",
        "line-height:0;overflow:hidden",
        "letter-spacing:-2em",
        "width:0;height:0;overflow:clip",
        "color:oklch(100% 0 0)",
        "color:lab(100 0 0)",
        "--a:#fff;color:var(--a)",
        "--a:none;display:var(--a)",
        "max-height:0;overflow:hidden",
        "opacity:calc(0.01*2)",
        "transform:rotateY(90deg)",
        "width:min(0px,9px);overflow:hidden",
        "-webkit-text-security:disc",
        "clip:rect(0 0 0 0);position:absolute",
        "inset:-999px auto auto -999px;position:absolute",
        "font-size:.01em",
        "color:white!important;color:black",
        "translate:-9999px 0",
        "color:hwb(0 100% 0)",
        "display:/*x*/none",
        "d\\69splay:none",
        "content-visibility:hidden",
    ],
)
def test_hiding_styles(style):
    assert visible_text(f'<p>Shown</p><div style="{style}">hidden</div>') == ("Shown", "hidden")


@pytest.mark.parametrize(
    "style",
    [
        "color:#333",
        "font-size:12px",
        "left:-10px",
        "opacity:0.5",
        "font:12px Arial",
        "font:bold 1.2em/1.5 serif",
        "height:100px;overflow:hidden",
        "background:#003366;color:#fff",
        "transform:scale(0.5)",
        "scale:1",
        "zoom:0.8",
        "color:#eee;background:#333",
        "line-height:0",
        "transform:translateX(-50%);left:50%",
        "color:rgba(0,0,0,0.8)",
        "clip-path:inset(10%)",
        "letter-spacing:-0.5px",
        "margin-left:-15px",
        "text-indent:-20px",
        "color:#ff0000",
        "color:hsl(0,50%,50%)",
        "margin:0 -100px",
        "opacity:1",
        "filter:opacity(0.8)",
        "display:none;display:block",
        "display:none;display:bogus;display:inline",
        "color:transparent;text-shadow:0 0 0 #000",
        "color:transparent;background:linear-gradient(red,blue);-webkit-background-clip:text",
        "font-size:0;font-size:12px",
        "visibility:hidden;visibility:visible",
        "width:0",
        "height:0",
        "position:relative;left:-20px",
        "float:left",
        "color:nonsense",
        "background:url(x.png);color:#fff",
        "-webkit-text-stroke:1px black;color:#fff",
    ],
)
def test_ordinary_styles_hide_nothing(style):
    assert visible_text(f'<div style="{style}">shown</div>') == ("shown", "")


def _bits(style):
    return compute_style(ROOT, parse_inline_style(style).normal, "block").bits


@pytest.mark.parametrize(
    ("style", "bits"),
    [
        ("color:#111", BARE | SEEN | CLEAR),
        ("color:#ddd", BARE | SEEN),
        ("opacity:0.2", BARE | SEEN),
        ("font-size:4px", BARE | SEEN),
        ("color:color-mix(in srgb, white 95%, black)", BARE | SEEN),
        ("left:-999px;position:absolute", BARE),
        ("display:none", 0),
    ],
)
def test_faint_text_is_seen_but_not_clear(style, bits):
    assert _bits(style) == bits


def test_children_inherit_what_is_inherited():
    parent = compute_style(ROOT, {"font-size": "20px", "color": "#fff", "background-color": "#000"}, "block")
    child = compute_style(parent, {"font-size": "50%"}, "inline")
    assert (child.font, child.color, child.background) == (10.0, (1, 1, 1, 1), (0, 0, 0, 1))
    assert compute_style(parent, {"visibility": "hidden"}, "block").plain_child().bits == 0
    hidden = compute_style(parent, {"visibility": "hidden"}, "block")
    assert compute_style(hidden, {"visibility": "visible"}, "block").bits & SEEN


def test_variables_of_variables_are_bounded():
    bomb = {f"--v{number}": f"var(--v{number + 1})" * 10 for number in range(50)}
    assert compute_style(ROOT, {**bomb, "color": "var(--v0)"}, "block").bits & SEEN
