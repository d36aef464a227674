"""A font that shows other letters than its characters is known by its shapes, and no true font is taken for one."""

from __future__ import annotations

import string
import struct
import time

import pytest

from classifiers.extract.readers.fonts.shown_letters import DRAWN_OTHERWISE, NOT_DRAWN, why_not_as_said
from classifiers.extract.readers.fonts.tables import assembled, maps_of, tables_of
from tests.classifiers.extract.readers.fonts.sample_fonts import (
    DRAWN,
    SAID,
    embedded_opentype,
    font_showing,
    font_with_feature,
    permutation,
    shapes,
    true_font,
    web_font,
)  # fmt: skip

LETTERS = string.ascii_lowercase
HANGUL = [chr(0xAC00 + at) for at in range(26)]


def judged(font: bytes) -> str:
    return why_not_as_said(font, time.monotonic() + 30)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("count", [9, 14, 26])
def test_letters_that_are_shown_for_each_other_are_found(seed: int, count: int) -> None:
    assert judged(font_showing(permutation(seed, count))) == DRAWN_OTHERWISE


def test_letters_that_are_shown_by_others_beside_their_own_are_found() -> None:
    assert judged(font_showing(dict(zip("qxzkvjwb", "eaotnism", strict=True)))) == DRAWN_OTHERWISE


@pytest.mark.parametrize(
    "drawn",
    [
        {},
        dict(zip(LETTERS, LETTERS.upper(), strict=True)),  # capitals for small letters
        dict(zip(LETTERS.upper(), LETTERS, strict=True)),
        {chr(0xE000 + at): letter for at, letter in enumerate(LETTERS)},  # shapes without a meaning, as of icons
        {"\u0391": "A", "\u0392": "B", "\u0395": "E", "\u041d": "H", "\u0420": "P", "\u0441": "c", "\u0440": "p"},
    ],
)
def test_true_fonts_are_not_taken_for_false_ones(drawn: dict[str, str]) -> None:
    font = font_showing(drawn)
    assert judged(font) == ""
    assert judged(web_font(font)) == ""
    assert judged(embedded_opentype(font)) == ""


@pytest.mark.parametrize("kept", [SAID, DRAWN, "abc", "0123456789", "."])
def test_a_font_with_only_some_letters_is_true(kept: str) -> None:
    given = {ord(letter): shapes()[letter] for letter in kept if letter in shapes()}
    assert judged(assembled(tables_of(true_font()), given)) == ""


def test_letters_for_the_characters_of_another_script_are_found() -> None:
    assert judged(font_showing(dict(zip(HANGUL, LETTERS, strict=True)))) == DRAWN_OTHERWISE


@pytest.mark.parametrize("name", ["ccmp", "liga", "ss01", "smcp"])
def test_shapes_that_a_feature_puts_in_the_place_of_others_are_looked_at(name: str) -> None:
    """Some features are always on, others if a document asks for them."""
    assert judged(font_with_feature(name, permutation(4))) == DRAWN_OTHERWISE
    assert judged(font_with_feature(name, dict(zip(LETTERS, LETTERS.upper(), strict=True)))) == ""


@pytest.mark.parametrize("flags", [0, 0x10000000])
def test_what_wraps_a_font_hides_nothing(flags: int) -> None:
    false = font_showing(permutation(1))
    assert judged(web_font(false)) == DRAWN_OTHERWISE
    assert judged(embedded_opentype(false, flags)) == DRAWN_OTHERWISE


def test_every_map_of_a_font_is_looked_at() -> None:
    """Programs differ in which one they take; a font of symbols has its letters from U+F000."""
    true = {ord(letter): shape for letter, shape in shapes().items() if letter.isascii()}
    false = true | {ord(letter): shapes()[drawn] for letter, drawn in permutation(2).items()}
    symbols = {0xF000 + code: shape for code, shape in false.items()}
    tables = tables_of(true_font())
    written = [tables_of(assembled(tables, given))[b"cmap"][12:] for given in (true, false, symbols)]
    for platform, encoding, other in ((1, 0, written[1]), (0, 4, written[1]), (3, 0, written[2])):
        places = struct.pack(">HHIHHI", 3, 1, 20, platform, encoding, 20 + len(written[0]))
        both = {**tables, b"cmap": struct.pack(">HH", 0, 2) + places + written[0] + other}
        font = assembled(both, {})
        at = font.index(b"cmap") + 8  # its place and length, which become those of the two maps
        font = font[:at] + struct.pack(">II", len(font), len(both[b"cmap"])) + font[at + 8 :] + both[b"cmap"]
        assert len(maps_of(tables_of(font))) == 2
        assert judged(font) == DRAWN_OTHERWISE


def test_a_map_that_a_document_gives_is_looked_at_instead() -> None:
    pairs = zip(SAID, DRAWN, strict=True)
    false = {ord(said): shapes()[drawn] for said, drawn in pairs if said.isalpha() and drawn.isalpha()}
    true = {ord(said): shapes()[said] for said in SAID}
    assert why_not_as_said(true_font(), time.monotonic() + 30, false) == DRAWN_OTHERWISE
    assert why_not_as_said(font_showing(permutation(3)), time.monotonic() + 30, true) == ""


def test_fonts_that_cannot_be_looked_at_are_told_from_those_without_letters() -> None:
    assert judged(embedded_opentype(true_font(), 4)) == NOT_DRAWN  # compressed
    colored = tables_of(true_font()) | {b"SVG ": bytes(10)}
    assert judged(assembled(colored, {ord("a"): 5})) == NOT_DRAWN
    assert judged(assembled(colored, {0xE000: 5})) == ""
    without = {name: table for name, table in tables_of(true_font()).items() if name not in (b"glyf", b"loca")}
    assert judged(assembled(without, {ord("a"): 5})) == NOT_DRAWN
    assert judged(assembled(without, {0x1F600: 5})) == ""
    assert why_not_as_said(true_font(), time.monotonic() - 1) == NOT_DRAWN


@pytest.mark.parametrize("length", [0, 4, 11, 40, 300, 2_000, 9_000])
def test_broken_fonts_raise_nothing(length: int) -> None:
    for font in (true_font(), web_font(true_font()), embedded_opentype(true_font())):
        judged(font[:length])
        judged(font[:length] + b"\xff" * 300)
