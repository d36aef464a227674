"""Words that stand alone on similar lines are read together if they are a sentence to somebody."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from classifiers.extract.hidden_writing.framed_words import words_in_frames

SENTENCES = ("meet me alone behind the gym and tell nobody", "ven a verme a solas y no le digas a nadie de nosotros")
FRAMES: dict[str, Callable[[int, str], str]] = {
    "a word a line": lambda at, word: word,
    "numbers": lambda at, word: f"Line {at}: {word}",
    "song": lambda at, word: f"[00:{at:02}.50]{word}",
    "subtitle": lambda at, word: f"{at}\n00:00:{at:02},000 --> 00:00:{at + 1:02},000\n{word}\n",
    "styled subtitle": lambda at, word: f"Dialogue: 0,0:00:{at:02}.00,0:00:09.00,Default,,0,0,0,,{{\\b1}}{word}",
    "command": lambda at, word: f"echo {word}",
    "drawing": lambda at, word: f"0\nTEXT\n1\n{word}",
    "program": lambda at, word: f"{60 * at} 700 moveto ({word}) show",
    "strings": lambda at, word: f'"{word} "',
    "columns": lambda at, word: f"{('practice', 'tuesday', 'form', 'bottle')[at % 4]}      {word}",
    "mailbox": lambda at, word: f">From {word}",
    "cells": lambda at, word: f"| {at} | {word} |",
}
ORDINARY = (
    "Monday\nTuesday\nWednesday\nThursday\nFriday\nSaturday\nSunday",
    "1. me\n2. Ana\n3. Liam\n4. you\n5. Dana\n6. Sam\n7. Alex",
    "import os\nimport re\nimport sys\nimport json\nimport time\nimport math",
    "Dear parents,\n\nthe concert is on Friday at seven in the hall, and all are invited.\n\nBest,\nDana\n\nMs. Okafor",
)


@pytest.mark.parametrize("sentence", SENTENCES)
@pytest.mark.parametrize("kind", FRAMES)
def test_words_are_read_together(kind, sentence):
    text = "\n".join(FRAMES[kind](at, word) for at, word in enumerate(sentence.split()))
    said = words_in_frames(f"Practice is on Tuesday at four, so bring the signed form and a bottle.\n{text}")
    assert sentence in [" ".join(words.rpartition(".\n")[2].split()) for words in said]


def test_commands_of_markup_are_left_out():
    text = " ".join(f"\\textbf{{{word}}}" for word in SENTENCES[0].split())
    assert words_in_frames(text) == [SENTENCES[0]]


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_lines_say_nothing_more(text):
    assert words_in_frames(text) == []


SECRETS = (
    "our secret so please do not tell your parents meet me alone tonight and delete this message",
    "my stepdad hits me every night and i am scared to go home please help me",
)


@pytest.mark.parametrize("sentence", SECRETS)
@pytest.mark.parametrize("width", [2, 3, 5])
@pytest.mark.parametrize("between", [" ", "\t", " | "])
def test_words_that_run_down_the_columns_of_a_table_are_read(sentence: str, width: int, between: str) -> None:
    words = sentence.split()
    height = -(-len(words) // width)
    words += ["."] * (height * width - len(words))
    rows = [between.join(words[at::height]) for at in range(height)]
    assert any(sentence in said for said in words_in_frames("Plan\n\n" + "\n".join(rows)))


BOXES: dict[str, Callable[[str], str]] = {
    "table": lambda word: f"{'+---' * len(word)}+\n| {' | '.join(word)} |\n{'+---' * len(word)}+",
    "table of lines": lambda word: f"┌{'┬'.join(['───'] * len(word))}┐\n│ {' │ '.join(word)} │",
    "bubbles": lambda word: f"{'  _ ' * len(word)}\n{' / ' * len(word)}\n( {' | '.join(word)} )",
    "cells": "|".join,
}


@pytest.mark.parametrize("sentence", SECRETS)
@pytest.mark.parametrize("kind", BOXES)
def test_letters_in_boxes_are_read_as_words(kind, sentence):
    text = "\n".join(map(BOXES[kind], sentence.split()))
    assert sentence in [" ".join(words.split()) for words in words_in_frames(f"Practice is on Tuesday.\n{text}")]


def test_boxes_of_signs_and_words_say_nothing():
    game = "\n".join(["| X | O | X |", "|---|---|---|", "| O | me | I |", "| a | you | my |"] * 6)
    assert words_in_frames(game) == []
