"""What the head notes of a text by its logits."""

from __future__ import annotations

import numpy as np
import pytest

from classifiers.components.head import HeadModel
from classifiers.features.annotations import TextAnnotations
from classifiers.pipeline import model_files as weights


@pytest.fixture(scope="module")
def head() -> HeadModel:
    model = weights.read_model()
    return HeadModel(model.head, model.mixing)


@pytest.mark.parametrize(
    ("help_", "hold", "called"),
    [
        (0.2, -3.0, True),
        (0.2, 1.1, True),  # nearly as far above its point: a call all the same
        (2.5, 3.2, True),
        (0.2, 1.4, False),
        (2.5, 5.0, False),
        (-0.2, -3.0, False),
        (-0.2, 5.0, False),
    ],
)
def test_what_stands_far_further_above_the_point_to_hold_is_no_call_for_help(
    head: HeadModel, help_: float, hold: float, called: bool
) -> None:
    outputs = head.weights.outputs
    logits = np.full(len(outputs), -5.0, np.float32)
    logits[outputs.index("help")], logits[outputs.index("7d")] = help_, hold
    noted = TextAnnotations(text="x")
    head.note(noted, logits, np.zeros(len(outputs), np.float32))
    assert (noted.help >= 0.5) is called
    assert noted.scores["7d"] == pytest.approx(1 / (1 + np.exp(-hold)), abs=1e-4)
