"""Letters without blanks are told to be words by how letters follow each other, in any wording."""

from __future__ import annotations

import random
import unicodedata

import pytest

from gateway.core.mime.spelling.spelled_words import spells_words
from tests.growth import grows_linearly
from tests.many_wordings import SENTENCES

AMONG_OTHERS = 28
"""Letters from which a sentence is told whatever letters are before and after it."""


def _letters(text: str) -> str:
    plain = unicodedata.normalize("NFD", text.lower())
    return "".join(letter for letter in plain if letter.isascii() and letter.isalpha())


@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_sentence_is_told_whatever_it_says(sentence: str) -> None:
    letters = _letters(sentence)
    assert spells_words(letters)
    assert spells_words(letters.upper())
    if len(letters) >= AMONG_OTHERS:
        assert spells_words(f"xqzvkjwpgqxz{letters}qzxjvkwqpfgz")


def test_letters_by_chance_are_no_words() -> None:
    rng = random.Random(11)
    text = "".join(map(_letters, SENTENCES))
    chosen = ["".join(rng.choices(text, k=rng.randint(12, 200))) for _ in range(4000)]
    assert sum(map(spells_words, chosen)) <= 20
    firsts = "".join(word[0] for sentence in SENTENCES for word in _letters_of_words(sentence))
    assert not any(spells_words(firsts[at : at + 24]) for at in range(len(firsts) - 24))


def test_more_evidence_is_asked_for_letters_of_choice() -> None:
    rng = random.Random(12)
    letters = list(_letters(SENTENCES[0]))
    shuffled = ["".join(rng.sample(letters, len(letters))) for _ in range(4000)]
    assert not any(spells_words(one, 12.0) for one in shuffled)
    assert spells_words("".join(letters), 12.0)


@pytest.mark.parametrize("text", ["", "a" * 11, "meet me alone tonight", "12345678901234", "привет как дела друг мой"])
def test_other_texts_are_no_letters(text: str) -> None:
    assert not spells_words(text)


def test_time_is_linear() -> None:
    assert grows_linearly(spells_words, lambda count: "abcdefghij" * count, 10_000, 100_000)


def _letters_of_words(sentence: str) -> list[str]:
    return list(map(_letters, sentence.split()))
