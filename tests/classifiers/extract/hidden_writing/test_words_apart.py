"""Words that anything sets apart from others, or that have an order of their own, are read as a sentence."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from classifiers.extract.hidden_writing.words_apart import words_apart
from tests.classifiers.extract.hidden_writing.test_picked_words import COVER, SENTENCES, cover, shuffled

ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth".split()
)
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
    "diagonal": lambda words: "\n".join(
        " ".join(word if column == at % 6 else COVER[(at * 6 + column) % 40].lower() for column in range(6))
        for at, word in enumerate(words)
    ),
    "dates": lambda words: "\n".join(f"2025-11-{at:02} {word}" for at, word in shuffled(words)),
    "short dates": lambda words: "\n".join(f"11/{at}/25: {word}" for at, word in shuffled(words)),
    "times": lambda words: "\n".join(f"{7 + at // 4}:{at % 4 * 15:02} {word}" for at, word in shuffled(words)),
    "ordinals": lambda words: "\n".join(
        f"{ORDINALS[at]}: {' '.join(words[2 * at : 2 * at + 2])}" for at in (3, 0, 8, 6, 1, 5, 2, 7, 9, 4)
    ),
    "signs with numbers": lambda words: " ".join(f"{chr(0x245F + at)} {word}" for at, word in shuffled(words)),
}  # fmt: skip


def among(words: list[str], write: Callable[[str], str]) -> str:
    """Words among others, written in their own way."""
    return " ".join(f"{cover(at, 2)} {write(word)}" for at, word in enumerate(words))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("sentence", SENTENCES)
def test_words_apart_are_read(way: str, sentence: str) -> None:
    words = sentence.split()
    said = words_apart(WAYS[way](words))
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
        "Schedule\n8:15 Math\n9:05 Science\n10:00 Band\n7:30 Breakfast\n11:45 Lunch\n1:10 History",
    ],
)
def test_ordinary_texts_say_nothing_else(text: str) -> None:
    assert words_apart(text) == []
