"""Words down the columns of a table, and every second piece of a text, are read as the sentence that they are."""

from __future__ import annotations

import random

import pytest

from classifiers.extract.hidden_writing.word_order import Cell, in_rows_and_columns, sentences_down, sentences_of_pieces

SENTENCES = (
    "our secret so please do not tell your parents meet me alone tonight and delete this message",
    "my stepdad hits me every night and i am scared to go home please help me",
    "send me a picture of you and i will give you the answers for the test nobody needs to know",
    "I love you and I want to kiss you again. Delete this so your mother will not see it.",
    "no le digas a nadie que estamos juntos y ven a verme a solas esta noche por favor",
)
COVER = "Practice is on Tuesday at four in the gym so bring the signed form and a bottle for water too".split()
LESSONS = "Math English Science History Art Music Spanish Gym Lunch Reading Chemistry Study".split()
ORDINARY = {
    "timetable": "Time Mon Tue Wed|8:15 Math English Art|9:15 Science Gym Lunch|10:15 History Music Spanish",
    "grades": "Name Quiz Essay Notes|Ana A B+ late|Ben B A good|Cleo A A see_me|Dan C B redo_it",
    "sight words": "the you my|we and see|like go he|come me to|is a she",
    "conjugation": "yo hablo como|tú hablas comes|él habla come|nosotros hablamos comemos|ellos hablan comen",
    "pronouns": "I me my mine|you you your yours|he him his his|she her her hers|we us our ours",
    "sentence frames": "I like dogs|You see cats|We want books|They need help",
    "jobs": "Line_leader Ana|Door_holder you_and_Ben|Librarian Cleo|Messenger me|Helper everybody",
}
"""Rows of cells of a word or two."""


def in_columns(words: list[str], width: int) -> list[Cell]:
    height = -(-len(words) // width)
    return [(at % height, at // height, word) for at, word in enumerate(words)]


@pytest.mark.parametrize("sentence", SENTENCES)
@pytest.mark.parametrize("width", [2, 3, 4, 6])
def test_words_are_read_down_the_columns(sentence: str, width: int) -> None:
    cells = in_columns(sentence.split(), width)
    seed = random.randrange(1_000)
    title = (-1, 0, "A title that is longer than a word or two")
    found = sentences_down(random.Random(seed).sample([title, *cells], len(cells) + 1))
    assert sentence in found, seed


@pytest.mark.parametrize("sentence", SENTENCES)
def test_one_column_among_others_is_read(sentence: str) -> None:
    words = sentence.split()
    cells = [(at, column, text) for at, word in enumerate(words) for column, text in ((0, LESSONS[at % 12]), (1, word))]
    assert any(sentence in found for found in sentences_down(cells))


@pytest.mark.parametrize("kind", ORDINARY)
def test_ordinary_tables_say_nothing_down_their_columns(kind: str) -> None:
    rows = [row.split() for row in ORDINARY[kind].split("|")]
    cells = [(row, at, text.replace("_", " ")) for row, texts in enumerate(rows) for at, text in enumerate(texts)]
    assert sentences_down(cells) == []


def test_rows_of_sentences_are_not_read_down() -> None:
    for sentence in SENTENCES:
        words = sentence.split()
        assert sentences_down((at // 4, at % 4, word) for at, word in enumerate(words)) == []


def test_places_that_are_near_each_other_are_one_column() -> None:
    placed = [
        (10.0 * row + shift, 100.0 * column + shift, "word")
        for row in range(5)
        for column in range(3)
        for shift in (0, 0.4)
    ]
    assert {cell[:2] for cell in in_rows_and_columns(placed)} == {
        (row, column) for row in range(5) for column in range(3)
    }


@pytest.mark.parametrize("sentence", SENTENCES)
def test_every_second_piece_is_read(sentence: str) -> None:
    pieces = [piece for pair in zip(COVER, sentence.split(), strict=False) for piece in pair]
    said = " ".join(sentence.split()[: len(COVER)])
    assert said in sentences_of_pieces(pieces)
    assert sentences_of_pieces(COVER) == sentences_of_pieces(sentence.split()) == []
