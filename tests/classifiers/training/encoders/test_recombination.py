"""Recombined texts have words of the texts they are made of, by authors in one role."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from classifiers.features.annotations import TextAnnotations
from classifiers.features.vectors import StaticVectors
from classifiers.pipeline import model_files
from classifiers.training.encoders.recombination import recombined_texts
from classifiers.training.examples.labeled import Example
from classifiers.training.fitting.preparation import PreparedExample

STAFF = ("Chapter nine is due. Bring a pencil! Ask me in class?", "Practice moved to " + "the gym " * 30)
STUDENTS = ("i lost my homework. can i hand it in late. sorry.", "thanks for today")
COUNT = 200


def prepared(text: str, sender: str, labels: Sequence[str] = (), language: str = "en") -> PreparedExample:
    """An example with one text."""
    example = Example("1", text, "", "mail", sender, frozenset(labels), "", language, hard=False, source="test")
    return PreparedExample(example, TextAnnotations(text=text))


@pytest.fixture(scope="module")
def vectors() -> StaticVectors:
    return StaticVectors(model_files.SHIPPED)


def test_parts_of_two_texts_by_authors_in_one_role_make_a_text(vectors: StaticVectors) -> None:
    examples = [*(prepared(text, "staff") for text in STAFF), *(prepared(text, "student", ["6"]) for text in STUDENTS)]
    texts = list(recombined_texts(examples, vectors, COUNT, np.random.default_rng(3)))
    assert len(texts) == COUNT
    for text in texts:
        of_students = text.direction == "student_to_staff"
        words = set(" ".join(STUDENTS if of_students else STAFF).split())
        assert set(text.text.split()) <= words
        assert text.sentences == [(0, len(text.text))]
        assert len(text.pieces) == len(text.piece_starts) > 0
    assert {text.direction for text in texts} == {"student_to_staff", "staff_to_student"}
    assert len({text.text for text in texts}) > COUNT / 8


def test_a_role_without_texts_is_left_out(vectors: StaticVectors) -> None:
    texts = list(recombined_texts([prepared(STAFF[0], "staff")], vectors, COUNT, np.random.default_rng(3)))
    assert {text.direction for text in texts} == {"staff_to_student"}


def test_a_text_of_two_languages_is_of_no_single_one(vectors: StaticVectors) -> None:
    spanish = "Necesito hablar con usted. No puedo ir a casa."
    examples = [prepared(STAFF[0], "staff"), prepared(spanish, "staff", language="es")]
    texts = list(recombined_texts(examples, vectors, COUNT, np.random.default_rng(3)))
    assert {text.language for text in texts} == {"en", "es", "mixed"}
    for text in texts:
        is_spanish = any(word in text.text for word in ("usted", "puedo"))
        is_english = any(word in text.text for word in ("due", "Bring", "Ask"))
        assert text.language == ("mixed" if is_spanish and is_english else "es" if is_spanish else "en")
