"""The head learns from partial labels."""

from __future__ import annotations

import numpy as np
import pytest

from classifiers.training.fitting.linear_and_head import HEADS, fit_head
from tests.classifiers.training.made_examples import make_example


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # twelve rounds are intended
def test_a_first_fit_fills_in_missing_labels() -> None:
    random_source = np.random.default_rng(5)
    bad = frozenset({"7a", "hold"})
    examples = [make_example(f"m{n}", "x", labels=bad if n % 2 else frozenset()) for n in range(200)]
    partly = [
        make_example(f"f{n}", "x", labels=bad, known=frozenset({"7a", "hold"}), purpose="", hard=True)
        for n in range(60)
    ]
    features = random_source.normal(size=(260, 4)).astype(np.float32)
    features[:200, 0] += [3.0 if n % 2 else -3.0 for n in range(200)]
    features[200:, 0], features[200:, 1] = -3.0, 6.0  # texts like these were released until a reviewer rejected one
    alone = fit_head(features[:200], examples, ["a", "b", "c", "d"], 1)
    trained = fit_head(features, [*examples, *partly], ["a", "b", "c", "d"], 1)
    column = HEADS.index("7a")
    assert alone.logits(features[200:])[:, column].mean() < 0 < trained.logits(features[200:])[:, column].mean()


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_an_unknown_purpose_is_no_negative_example() -> None:
    random_source = np.random.default_rng(6)
    labeled = [make_example(f"m{n}", "x", purpose="academic" if n % 2 else "personal") for n in range(200)]
    unlabeled = [make_example(f"u{n}", "x", purpose="") for n in range(400)]
    features = random_source.normal(size=(600, 4)).astype(np.float32)
    features[:200, 0] += [3.0 if n % 2 else -3.0 for n in range(200)]
    features[200:, 0] += 3.0  # all of them look academic
    column = HEADS.index("purpose:academic")
    trained = fit_head(features, [*labeled, *unlabeled], ["a", "b", "c", "d"], 1)
    assert (trained.logits(features[1:200:2])[:, column] > 0).mean() > 0.9
