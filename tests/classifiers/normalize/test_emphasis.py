"""Markdown inside a word is no disguise, and hides no word."""

from __future__ import annotations

import pytest

from classifiers.normalize.emphasis import words_in_quotes, words_with_emphasis
from classifiers.normalize.normalization import Normalizer
from tests.growth import grows_linearly

KNOWN = frozenset("homework project assignment photosynthesis together secret read words to get her".split())
NORMALIZER = Normalizer(KNOWN, {"secret"}, {"shit"})


@pytest.mark.parametrize(
    ("text", "read"),
    {
        "the ho**mew**ork.": "the homework.",
        "**ass**ignment two": "assignment two",
        "_proj_ect": "project",
        "**P**hoto**s**ynthesis": "Photosynthesis",
        "our se~~cr~~et": "our secret",
        "re*a*d **it**": "read **it**",
    }.items(),
)
def test_a_word_with_emphasis_inside_is_read_joined(text: str, read: str) -> None:
    normal = NORMALIZER(text)
    assert (normal.text, normal.disguises) == (read, 0)


@pytest.mark.parametrize(
    "text",
    [
        "to**get**her",
        "to_get_her",
        "my_read_words.txt",
        "x_1 + y_2 and a**b**c",
        "**read** it",
        "ho**mew*orz",
        "pr**oject",
    ],
)
def test_other_signs_stay(text: str) -> None:
    assert NORMALIZER(text).text == text


@pytest.mark.parametrize("marks", ['""', "“”", "«»", "„“"])
def test_words_in_a_row_with_quotation_marks_of_their_own_are_read_without(marks: str) -> None:
    def quoted(*words: str) -> str:
        return " ".join(f"{marks[0]}{word}{marks[1]}" for word in words)

    words = "come to my house, alone".split()
    assert NORMALIZER(f"Hi {quoted(*words)} ok").text == f"Hi {' '.join(words)} ok"
    kept = f"{quoted('home')} and {quoted('house', 'room', 'hall')} mean {quoted('come to me')}"
    assert sum(map(NORMALIZER(kept).text.count, '"“”«»„')) == 10


@pytest.mark.parametrize(("text", "read"), [("s*e*c*r*e*t", "secret"), ("sh*t", "shit")])
def test_disguised_words_are_still_counted(text: str, read: str) -> None:
    normal = NORMALIZER(text)
    assert normal.text == read
    assert normal.disguises > 0


def test_many_pairs_of_signs_without_an_end_take_linear_time() -> None:
    def read(text: str) -> object:
        return words_with_emphasis(text, KNOWN, NORMALIZER.known.__contains__)

    assert grows_linearly(read, lambda count: "*a*bbbb" * count + "*1", 2_000, 16_000)
    assert grows_linearly(words_in_quotes, lambda count: '"a" ' * count + '"', 2_000, 16_000)
