"""How head and encoder are weighed together: a small regression per output, on texts that neither of them has seen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.linear_model import LogisticRegression

from classifiers.components.encoder import Mixing, beside, settled
from classifiers.components.head import HOLDING
from classifiers.evidence import Floats
from classifiers.training.examples import LABELS, Example
from classifiers.training.thresholds import shifts
from gateway.core.verdict import PURPOSES

PENALTY = 0.05  # the inverse: small is strict
ROUNDS = 8
ASKED = 0.35
"""Share of easy clean messages, those of students apart, that may reach the encoder."""
MISSED = 0.005
"""Share of the calls for help that may be missed because the encoder was not asked."""


def fit_mixing(
    outputs: Sequence[str], head: Floats, shift: Floats, encoded: Floats, examples: Sequence[Example]
) -> Mixing:
    """The mixing; its points to hold are chosen on the logits of mixings that had not seen the example."""
    both = beside(outputs, head, encoded)
    unseen = np.zeros_like(head)
    for part in np.array_split(np.arange(len(examples)), ROUNDS):  # in order: neighbours in the corpus stay together
        rest = np.setdiff1d(np.arange(len(examples)), part)
        weights, bias = _fitted(outputs, both[rest], [examples[int(at)] for at in rest])
        unseen[part] = settled(outputs, both[part] @ weights + bias)
    weights, bias = _fitted(outputs, both, examples)
    return Mixing(weights, bias, shifts(outputs, unseen, examples), gates(outputs, head + shift, examples))


def _fitted(outputs: Sequence[str], both: Floats, examples: Sequence[Example]) -> tuple[Floats, Floats]:
    count = len(outputs)
    weights, bias = np.zeros((both.shape[1], count), np.float32), np.zeros(count, np.float32)
    for at, name in enumerate(outputs):
        if name in LABELS:
            used = [at, count + at, *_others(outputs, name)] if name != "hold" else list(range(both.shape[1]))
            known = [row for row, each in enumerate(examples) if name in each.known]
            truth = np.array([name in examples[row].labels for row in known])
            model = LogisticRegression(C=PENALTY, max_iter=500)
            model.fit(both[known][:, used], truth, sample_weight=[examples[row].weight for row in known])
            weights[used, at], bias[at] = model.coef_[0], model.intercept_[0]
    columns = [outputs.index(f"purpose:{name}") for name in PURPOSES]
    used = [*columns, *(count + at for at in columns)]
    known = [row for row, each in enumerate(examples) if each.purpose]
    model = LogisticRegression(C=PENALTY, max_iter=1000)
    model.fit(both[known][:, used], [examples[row].purpose for row in known])
    for name, coefficients, intercept in zip(model.classes_, model.coef_, model.intercept_, strict=True):
        weights[used, outputs.index(f"purpose:{name}")] = coefficients
        bias[outputs.index(f"purpose:{name}")] = intercept
    return weights, bias


def _others(outputs: Sequence[str], name: str) -> list[int]:
    """What else an output looks at: whether a text is to be held, whether it calls for help."""
    others = [other for other in ("hold", "help") if other != name]
    return [at for other in others for at in (outputs.index(other), len(outputs) + outputs.index(other))]


def gates(outputs: Sequence[str], shifted: Floats, examples: Sequence[Example]) -> Floats:
    """For each output the logit above which the encoder is asked: as low as the share of easy clean ones allows."""
    gate = np.full(len(outputs), np.inf, np.float32)
    holding = [outputs.index(name) for name in HOLDING]
    easy = np.array([each.sender == "staff" and not (each.labels or each.hard) for each in examples])
    gate[holding] = float(np.quantile(shifted[easy][:, holding].max(axis=1), 1 - ASKED))
    calls = np.array([each.help for each in examples])
    gate[outputs.index("help")] = float(np.quantile(shifted[calls, outputs.index("help")], MISSED))
    return gate
