"""Sentences that stand in the values of attributes, a word or a letter in each, or in the first letters of lines."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from gateway.core.mime.html import read_html

SENTENCES = (
    "do not tell your mother that we meet at my house after school",
    "no le digas a tu madre que nos vemos en mi casa esta noche",
)
_WORDS = {
    "the place to which a link goes": "<a href='#{}'>x</a>",
    "a page beside this one": "<a href='./{}.html'>x</a>",
    "the name of a picture": "<img src='https://riverbend.example/p/{}.png?v=2'>",
    "the name of a picture in the mail": "<img src='cid:{}@riverbend.example'>",
    "a picture of another size": "<img srcset='{}.png 2x'>",
    "the source of a text": "<ins cite='{}'>x</ins>",
    "data of the page": "<b data-m='{}'>x</b>",
    "the picture of a film": "<video poster='/a/{}.jpg'></video>",
}
_CODES: dict[str, Callable[[str], str]] = {
    "a measure": lambda text: "".join(f"<meter max=255 value={ord(c)}></meter>" for c in text),
    "progress": lambda text: "".join(f"<progress max=255 value={ord(c)}></progress>" for c in text),
    "colors": lambda text: (
        "<table>"
        + "".join(
            f"<td style='background:#{text[at : at + 3].ljust(3).encode().hex()}'>x</td>"
            for at in range(0, len(text), 3)
        )
    ),
}
_LETTERS = ("font-size:3em", "color:red", "float:left;font-size:40px")


@pytest.mark.parametrize("sentence", SENTENCES)
@pytest.mark.parametrize("way", _WORDS)
def test_words_in_the_values_of_one_attribute_are_read_together(way: str, sentence: str) -> None:
    page = read_html("<p>Practice is at four.</p>" + "".join(_WORDS[way].format(word) for word in sentence.split()))
    assert sentence in "\n".join((page.hidden, *page.marked))


@pytest.mark.parametrize("sentence", SENTENCES)
@pytest.mark.parametrize("way", _CODES)
def test_codes_of_letters_in_attributes_are_read(way: str, sentence: str) -> None:
    assert sentence in read_html(f"<p>Practice is at four.</p>{_CODES[way](sentence)}").hidden


@pytest.mark.parametrize("sentence", SENTENCES)
@pytest.mark.parametrize("style", _LETTERS)
def test_first_letters_that_look_unlike_the_others_are_read(style: str, sentence: str) -> None:
    rng = random.Random(f"{style} {sentence}")
    letters = sentence.replace(" ", "")
    others = "green paper chair window table garden yellow bottle river engine".split()
    lines = "".join(f"<p>{letter}{' '.join(rng.sample(others, 4))}</p>" for letter in letters)
    page = read_html(f"<style>p::first-letter{{{style}}}</style><h1>Practice</h1>{lines}")
    assert letters in page.hidden.split("\n")


def test_numbers_that_are_no_letters_are_not_read() -> None:
    rng = random.Random(5)
    page = read_html("".join(f"<meter value={rng.randrange(30, 130)}></meter>" for _ in range(200)))
    assert page.hidden == ""
    assert page.shown == ""
