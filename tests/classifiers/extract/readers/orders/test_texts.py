"""Lines of one kind among others are read as a sentence."""

from __future__ import annotations

import random

import pytest

from classifiers.extract.extraction import extract_message
from classifiers.extract.readers.orders.texts import sentences_of_lines
from tests.classifiers.extract.readers.reading_files import read
from tests.differential.evasions.check import HELP, SECRET

_OTHERS = "green paper chair window table garden yellow bottle river engine".split()
_KINDS = {
    "levels": ("2025-11-03 10:00:{:02d} ERROR", "2025-11-03 10:00:{:02d} INFO"),
    "levels in brackets": ("[{}] [WARN]", "[{}] [DEBUG]"),
    "people": ("Ann:", "Ben:"),
    "states": ("Room {} closed", "Room {} open"),
    "signs": ("+", "*"),
}


def _lines(sentence: str, kind: str) -> str:
    rng = random.Random(f"{sentence} {kind}")
    own, others = _KINDS[kind]
    return "\n".join(
        f"{others.format(at)} {' '.join(rng.sample(_OTHERS, 3))}\n{own.format(at)} {word}"
        for at, word in enumerate(sentence.split())
    )


@pytest.mark.parametrize("sentence", [SECRET, HELP])
@pytest.mark.parametrize("kind", _KINDS)
def test_lines_of_one_kind_are_read_by_themselves(kind: str, sentence: str) -> None:
    text = _lines(sentence, kind)
    assert sentence in read("a.log", text.encode(), "text/plain").everything
    found = extract_message(f"Subject: Log\n\nLog:\n{text}\n".encode())
    assert any(sentence in passage.text for passage in found.passages)


def test_lines_of_a_list_say_nothing() -> None:
    rng = random.Random(5)
    for _ in range(20):
        text = "\n".join(f"{rng.choice('ABC')}: {' '.join(rng.sample(_OTHERS, 2))}" for _ in range(60))
        assert sentences_of_lines(text) == []
