"""Scores that the head derives from its logits."""

from __future__ import annotations

import numpy as np
import pytest

from classifiers.components.head import HeadModel
from classifiers.components.lexicon import cues
from classifiers.features.annotations import TextAnnotations
from classifiers.pipeline import model_files


@pytest.fixture(scope="module")
def head() -> HeadModel:
    model = model_files.read_model()
    return HeadModel(model.head, model.stacking, cues())


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
