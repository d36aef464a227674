"""Lengths in pixels."""

from __future__ import annotations

import pytest

from gateway.core.mime.css.lengths import to_pixels


@pytest.mark.parametrize(
    ("value", "pixels"),
    [
        ("0", 0),
        ("12px", 12),
        ("12PX", 12),
        ("9pt", 12),
        ("2em", 32),
        ("-1.5em", -24),
        (".5rem", 8),
        ("50%", 300),
        ("1in", 96),
        ("1vw", 10.24),
        ("calc(1px + 2px)", 3),
        ("calc(2 * (1px - 3px))", -4),
        ("min(1px, 2em)", 1),
        ("max(1px, 2em)", 32),
        ("clamp(1px, 5px, 3px)", 3),
        ("calc(10px / 4)", 2.5),
        ("1e2px", 100),
        ("auto", None),
        ("12foo", None),
        ("calc(", None),
        ("calc(1px +)", None),
        ("12 px", None),
        ("", None),
    ],
)
def test_to_pixels(value, pixels):
    assert to_pixels(value) == (None if pixels is None else pytest.approx(pixels))
