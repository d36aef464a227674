"""Words that have an order of their own are read in it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from classifiers.extract.hidden_writing.picked_words import picked_words
from tests.classifiers.extract.hidden_writing.test_picked_words import SENTENCES, shuffled

ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth".split()
)
WAYS: dict[str, Callable[[list[str]], str]] = {
    "dates": lambda words: "\n".join(f"2025-11-{at:02} {word}" for at, word in shuffled(words)),
    "short dates": lambda words: "\n".join(f"11/{at}/25: {word}" for at, word in shuffled(words)),
    "times": lambda words: "\n".join(f"{7 + at // 4}:{at % 4 * 15:02} {word}" for at, word in shuffled(words)),
    "ordinals": lambda words: "\n".join(
        f"{ORDINALS[at]}: {' '.join(words[2 * at : 2 * at + 2])}" for at in (3, 0, 8, 6, 1, 5, 2, 7, 9, 4)
    ),
    "signs with numbers": lambda words: " ".join(f"{chr(0x245F + at)} {word}" for at, word in shuffled(words)),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("sentence", SENTENCES)
def test_words_in_an_order_of_their_own_are_read(way: str, sentence: str) -> None:
    words = sentence.split()
    said = picked_words(WAYS[way](words))
    kept = [word for word in words if len(word) > 1]
    assert any(sum(word in text.lower().split() for word in kept) >= len(kept) - 3 for text in said), said


def test_a_schedule_says_nothing_else() -> None:
    text = "Schedule\n8:15 Math\n9:05 Science\n10:00 Band\n7:30 Breakfast\n11:45 Lunch\n1:10 History"
    assert picked_words(text) == []
