"""Words that any signs, or their looks, set apart from others are read as a sentence."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from classifiers.extract.hidden_writing.picked_words import picked_words
from tests.classifiers.extract.hidden_writing.test_picked_words import COVER, SENTENCES, cover

SIGNS = (
    "`{}`", "/{}/", "=={}==", "->  {}", "~{}~", "{}:", "{}*", ", {}", "  {}", "\u00a0{}\u00a0", "{} ⭐", "👉 {}",
    "{}[7]", "|{}|", "{}!!", "<b>{}</b>", "{{ ={} ~",
)  # fmt: skip
WAYS: dict[str, Callable[[list[str]], str]] = {
    **{
        f"signs {sign}": lambda words, sign=sign: " ".join(
            f"{cover(at, 1 + at % 3)} {sign.format(word)}" for at, word in enumerate(words)
        )
        for sign in SIGNS
    },
    "marks on letters": lambda words: among(words, lambda word: "".join(letter + "\u0332" for letter in word)),
    "letters of styles": lambda words: among(words, lambda word: "".join(chr(ord(letter) + 0xFEE0) for letter in word)),
    "letters with hyphens": lambda words: among(words, "-".join),
    "letters with blanks": lambda words: among(words, " ".join),
    "letters twice": lambda words: among(words, lambda word: "".join(letter * 2 for letter in word)),
    "headings": lambda words: "\n\n".join(f"{word}\n\n{cover(at, 9)}." for at, word in enumerate(words)),
    "records": lambda words: "item,count\n" + "\n".join(f"{word},{at % 7}" for at, word in enumerate(words)),
    "choices": lambda words: "\n".join(f"A) {cover(at, 1)} *B) {word} C) no" for at, word in enumerate(words)),
}  # fmt: skip


def among(words: list[str], write: Callable[[str], str]) -> str:
    """Words among others, written in their own way."""
    return " ".join(f"{cover(at, 2)} {write(word)}" for at, word in enumerate(words))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("sentence", SENTENCES)
def test_words_apart_are_read(way: str, sentence: str) -> None:
    words = sentence.split()
    said = picked_words(WAYS[way](words))
    kept = [word for word in words if len(word) > 1]
    assert any(sum(word in text.lower().split() for word in kept) >= len(kept) - 3 for text in said), said


@pytest.mark.parametrize(
    "text",
    [
        " ".join(COVER),
        "Agenda\n\nWelcome\n\nWe will look at the budget of the band and the trip to the state fair.\n\nBudget\n\nThe "
        "money for new shirts came from the sale of plants in the spring of this year.\n\nTrip\n\nBuses leave at six "
        "from the lot behind the gym on Friday.\n\nQuestions\n\nPlease send these to the office before next Monday.",
        "Dear families, our school picnic is on Friday, June 6, at noon, in the park, with games, food, and music.",
    ],
)
def test_ordinary_texts_say_nothing_else(text: str) -> None:
    assert picked_words(text) == []
