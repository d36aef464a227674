"""Texts in which each letter stands for another one of the alphabet or of a keyboard are read, also short ones."""

from __future__ import annotations

import json
import random
import unicodedata
from pathlib import Path

import pytest

from classifiers.extract.extraction import extract_message
from classifiers.extract.hidden_writing.codes import FINDERS
from classifiers.extract.hidden_writing.other_letters.alphabets import SHIFTS, TABLES
from tests.many_wordings import SENTENCES

LONGER = (
    "our secret stays with you tell nobody meet me alone tonight and delete this message",
    "mi padrastro me pega todas las noches y tengo miedo de volver a casa ayuda por favor",
)
CORPUS = Path(__file__).parents[5] / "classifiers/training/corpus"
ALPHABETS = {f"shift of {at}": SHIFTS[at] for at in (1, 7, 13, 25)} | {
    f"table {at}": table for at, table in enumerate(TABLES)
}


def plain(text: str) -> str:
    return "".join(sign for sign in unicodedata.normalize("NFD", text.lower()) if not unicodedata.combining(sign))


def written(text: str, table: dict[int, str]) -> str:
    """A text in an alphabet. Of several signs for a letter that of most keyboards is written."""
    signs: dict[str, str] = {}
    for sign, letter in table.items():
        signs.setdefault(letter, chr(sign))
    return "".join(signs.get(letter, letter) for letter in plain(text))


@pytest.mark.parametrize("name", ALPHABETS)
def test_a_text_in_another_alphabet_is_read(name: str) -> None:
    read = 0
    for sentence in (*SENTENCES, *LONGER):
        passages = extract_message(written(sentence, ALPHABETS[name]).encode(), "sms").passages
        read += plain(sentence) in [passage.text for passage in passages]
    print(f"{name}: {read} of {len(SENTENCES) + len(LONGER)}")
    assert read >= 0.5 * (len(SENTENCES) + len(LONGER))


def test_every_letter_has_a_sign_in_nearly_every_alphabet() -> None:
    assert all(len(set(table.values()).intersection("etaoinshrdlu")) >= 11 for table in TABLES)


def test_plain_texts_stay() -> None:
    rng = random.Random(7)
    texts = [
        json.loads(line)["text"]
        for file in sorted(CORPUS.glob("*.jsonl"))
        for line in rng.sample(file.read_text("utf-8").splitlines(), 10)
    ]
    assert [text for text in texts if dict(FINDERS)["moved letters"](text)[1]] == []
