"""The letters of the keys of a telephone."""

from __future__ import annotations

import string

import pytest

from classifiers.extract.hidden_writing.other_letters.phone_keys import is_keyed, letter_of_key, words_of_keys

KEYS = str.maketrans(string.ascii_lowercase, "22233344455566677778889999")


def test_a_key_that_is_pressed_several_times_has_a_letter() -> None:
    assert [letter_of_key("7", times) for times in range(1, 6)] == ["p", "q", "r", "s", ""]
    assert letter_of_key("1", 1) == letter_of_key("0", 1) == letter_of_key("2", 4) == ""


@pytest.mark.parametrize(
    "sentence", ["meet me alone tonight and delete this message", "ven a verme esta noche y borra este mensaje"]
)
def test_words_are_read_whose_keys_are_pressed_once(sentence: str) -> None:
    assert list(words_of_keys(sentence.translate(KEYS))) == [sentence]


@pytest.mark.parametrize("numbers", ["99 88 77 95 86 79 88 92 94 87 76 85", "234 567 892 345 678 923 456 789"])
def test_grades_and_rooms_are_no_words(numbers: str) -> None:
    assert not is_keyed(numbers)
    assert list(words_of_keys(numbers)) == []
