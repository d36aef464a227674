"""Colors in the notations of CSS and HTML."""

from __future__ import annotations

import pytest

from gateway.core.mime.css.colors import BLACK, WHITE, blend, difference, legacy_color, parse_color


@pytest.mark.parametrize(
    ("value", "color"),
    [
        ("#036", (0, 51, 102, 255)),
        ("#003366", (0, 51, 102, 255)),
        ("rgb(1, 2, 3)", (1, 2, 3, 255)),
        ("red", (255, 0, 0, 255)),
        ("hsl(0 0% 100% / 0)", (255, 255, 255, 0)),
        ("oklch(100% 0 0)", (255, 255, 255, 255)),
        ("oklab(62.8% 0.225 0.126)", (255, 0, 0, 255)),
        ("lab(54.29 80.8 69.9)", (255, 0, 0, 255)),
        ("color(srgb 1 1 1)", (255, 255, 255, 255)),
        ("hwb(0 0% 0%)", (255, 0, 0, 255)),
    ],
)
def test_parse_color(value, color):
    parsed = parse_color(value)
    assert parsed is not None
    assert [round(255 * part) for part in parsed] == pytest.approx(color, abs=2)


@pytest.mark.parametrize(
    "value", ["inherit", "currentcolor", "color-mix(in srgb, white, black)", "#12345", "hsla(" * 50]
)
def test_other_colors_are_not_understood(value):
    assert parse_color(value) is None


@pytest.mark.parametrize(
    ("value", "color"),
    [
        ("white", (255, 255, 255)),
        ("#fff", (255, 255, 255)),
        ("ffffff", (255, 255, 255)),
        ("chucknorris", (192, 0, 0)),
        ("#1", (1, 0, 0)),
    ],
)
def test_legacy_color(value, color):
    parsed = legacy_color(value)
    assert parsed is not None
    assert [round(255 * part) for part in parsed[:3]] == pytest.approx(color, abs=16)


def test_difference_and_blend():
    assert difference(WHITE, BLACK) == 765
    assert blend((0, 0, 0, 0.5), WHITE) == (0.5, 0.5, 0.5, 1.0)
