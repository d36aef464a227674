"""Scores that the head derives from its logits."""

from __future__ import annotations

import numpy as np
import pytest
from spacy.language import Language

from classifiers.components.head import HeadModel
from classifiers.components.lexicon import cues
from classifiers.features.annotations import TextAnnotations, annotations_of
from classifiers.pipeline import model_files
from classifiers.pipeline.rules import build_rule_pipeline
from gateway.core.messages.parties import Direction


@pytest.fixture(scope="module")
def head() -> HeadModel:
    model = model_files.read_model()
    return HeadModel(model.head, model.stacking, cues())


@pytest.fixture(scope="module")
def rules() -> Language:
    return build_rule_pipeline()


@pytest.mark.parametrize(
    ("help_logit", "hold_logit", "expected"), [(0.2, -3.0, True), (0.2, 9.0, True), (-0.2, 5.0, False)]
)
def test_help_counts_whatever_else_a_text_says(
    head: HeadModel, help_logit: float, hold_logit: float, expected: bool
) -> None:
    outputs = head.weights.outputs
    logits = np.full(len(outputs), -5.0, np.float32)
    logits[outputs.index("help")], logits[outputs.index("7d")] = help_logit, hold_logit
    annotations = TextAnnotations(text="x")
    head.set_scores(annotations, logits, np.zeros(len(outputs), np.float32))
    assert (annotations.help >= 0.5) is expected
    assert annotations.scores["7d"] == pytest.approx(1 / (1 + np.exp(-hold_logit)), abs=1e-4)
    assert not {"help", "distress"} & set(annotations.scores)


@pytest.mark.parametrize(
    ("text", "clause", "holds"),
    [
        ("please die already", "7e", True),
        ("ghosts please die quietly this time", "7e", False),  # a harmless phrase covers the words
        ("grab the laptop from room 9 and we'll sell it", "7d", True),
        ("saca la compu del salón 9 y la vendemos", "7d", True),
        ("no autistic kids on my team", "7e", True),
        ("the rule was no autistic kids on my team, he said", "7e", True),
        ("she said no autistic kids on my team", "7e", False),  # only reported
        ("if anyone asks you were at tutoring", "7a", True),
        ("if anyone asks practice is at four", "7a", False),
    ],
)
def test_floors_count_where_the_words_are_meant(
    head: HeadModel, rules: Language, text: str, clause: str, holds: bool
) -> None:
    annotations = annotations_of(rules(text))
    annotations.direction = str(Direction.STAFF_TO_STUDENT)
    outputs = len(head.weights.outputs)
    head.set_scores(annotations, np.full(outputs, -5.0, np.float32), np.zeros(outputs, np.float32))
    assert (annotations.scores[clause] >= 0.5) is holds
