"""What looks for hidden writing takes any text: it raises nothing, and keeps the offsets of what it blanks."""

from __future__ import annotations

import hypothesis.strategies as st
from hypothesis import given

from classifiers.extract.hidden_writing.codes import is_sentence
from classifiers.extract.hidden_writing.link_words import words_of_links
from gateway.core.mime.drawn_text.signs import without_drawn_letters
from tests.classifiers.extract.finding import without_codes

SIGNS = [
    "\ufe0f", "\u20e3", "\u200b", "\u2060", "\U000e0041", "\u2800", "\u28ff", "\u2588", "\U0001f1e6", "\x1b[0m",
    "\ud800", "\n", "\r\n", " ", "\t", ">", "#", "_", "|", "/", "\\", ".", "-", "–", "·", "(", ")", "<~", "~>",
    "%u0041", "%41", "%ff", "0x41", "U+", "u{41}", "chr(", "65 ", "1-2 ", "010", "11011 ", "2222", "41", "A", "aa",
    "bb", "é", "ñ", "ß", "https://a.example/", "?q=", "+AGE-", "begin 644 a\n", "+A+", "echo tango ", "alpha bravo ",
    "the ", "you ", "me ", "QUJDREVG" * 5, "(This file must be converted with BinHex 4.0)\n:", ":",
]  # fmt: skip
texts = st.lists(
    st.tuples(st.sampled_from(SIGNS), st.integers(1, 40)).map(lambda item: item[0] * item[1]), max_size=12
).map("".join) | st.lists(st.sampled_from(SIGNS), max_size=8).flatmap(
    lambda cycle: st.integers(1, 30).map(lambda count: "".join(cycle) * count)
)


@given(texts)
def test_codes(text: str) -> None:
    blanked, _ = without_codes(text)
    assert len(blanked) == len(text)


@given(texts)
def test_drawn_letters(text: str) -> None:
    blanked, is_drawn = without_drawn_letters(text)
    assert len(blanked) == len(text)
    assert is_drawn or blanked == text


@given(texts)
def test_links(text: str) -> None:
    for words in words_of_links(text, is_sentence):
        assert is_sentence(words)
