"""Declarations that matter, without those that browsers drop."""

from __future__ import annotations

import pytest

from gateway.core.mime.css.declarations import parse_inline_style


@pytest.mark.parametrize(
    ("style", "values"),
    [
        ("color: RED", {"color": "red"}),
        ("display:none;display:bogus", {"display": "none"}),
        ("font: bold 12px/2 Arial", {"font-size": "12px", "font-family": "arial", "line-height": "2"}),
        ("font: 700 0 a", {"font-size": "0", "font-family": "a"}),
        ("overflow: hidden", {"overflow-x": "hidden", "overflow-y": "hidden"}),
        ("inset: 1px 2px", {"top": "1px", "right": "2px", "bottom": "1px", "left": "2px"}),
        ("-webkit-transform: scale(0)", {"transform": "scale(0)"}),
        (
            "background: #fff url(x)",
            {"background-color": "#fff", "background-image": "url(x)", "background-clip": "border-box"},
        ),
        ("d\\69splay:/**/none", {"display": "none"}),
        ("cursor: pointer; *display: none; border: 0", {}),
        ("color: var(--x)", {"color": "var(--x)"}),
        ("--x: Red", {"--x": "Red"}),
    ],
)
def test_values(style, values):
    assert parse_inline_style(style).normal == values


def test_important_values_are_apart():
    found = parse_inline_style("color: red !important; color: blue")
    assert (found.normal, found.important) == ({"color": "blue"}, {"color": "red"})


def test_strings():
    assert parse_inline_style("content: 'one' attr(x) 'two'; font-family: 'Arial'").strings == ("one", "two")
