"""Private characters of Unicode that stand as letters do are noticed; bullets and icons are not taken for a text."""

from __future__ import annotations

import pytest

from tests.classifiers.extract.readers.fonts.sample_fonts import DRAWN, SAID
from tests.classifiers.extract.readers.reading_files import ReadFile, read


def _private(text: str, first: int) -> str:
    return "".join(chr(first + ord(letter)) if letter.isalpha() else letter for letter in text)


def _read(text: str) -> ReadFile:
    return read("a.xml", f"<document><p>{text}</p></document>".encode(), "application/xml")


@pytest.mark.parametrize("first", [0xE000, 0xF100, 0xF0000])
def test_a_text_in_private_characters_is_unreadable(first: int) -> None:
    assert _read(f"{SAID}. {_private(DRAWN, first)}").failed == ("unreadable",)
    assert _read(_private(" ".join(DRAWN), first)).failed == ("unreadable",)


def test_characters_of_symbols_are_read_as_letters() -> None:
    found = _read(f"{SAID}. {_private(DRAWN, 0xF000)}")
    assert DRAWN in found.hidden
    assert found.failed == ()


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"<p>\uf0b7 {word}</p><p>\ue001 {word}</p>" for word in SAID.split() * 9),
        " ".join(f"{chr(0xE000 + at)} {SAID}" for at in range(30)),
        " ".join(map(chr, range(0xE000, 0xE010))),
    ],
)
def test_bullets_and_icons_are_no_text(text: str) -> None:
    assert _read(text).failed == ()
