"""Precision, recall, F1, rates and calibration."""

from __future__ import annotations

import numpy as np
import pytest

from classifiers.training.evaluation.metrics import calibration, quality, rate


def test_metrics_of_small_samples() -> None:
    predicted, true = np.array([True, True, False, False]), np.array([True, False, True, False])
    folds = quality(predicted, true)
    assert (folds.precision, folds.recall, folds.f1.value) == (0.5, 0.5, 0.5)
    share = rate([True] * 30 + [False] * 70)
    assert share.value == pytest.approx(0.3)
    assert 0.15 < share.low < 0.3 < share.high < 0.45
    assert (
        calibration(np.array([0.9] * 10 + [0.1] * 10), np.array([True] * 9 + [False] * 1 + [False] * 9 + [True])) < 0.01
    )
    assert calibration(np.array([0.9] * 10), np.array([False] * 10)) == pytest.approx(0.9)
