"""How head and encoders are weighed together: a small regression per output, on texts that none of them has seen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.linear_model import LogisticRegression

from classifiers.components.head import HOLDING
from classifiers.components.mixing import Mixing, beside, settled
from classifiers.evidence import Floats
from classifiers.training.examples import LABELS, Example
from classifiers.training.thresholds import shifts
from gateway.core.verdict import PURPOSES

PENALTY = 0.05  # the inverse: small is strict
OTHERS = ("hold", "help")
"""What every output looks at beside itself."""
ROUNDS = 8
ASKED = (0.10, 0.05)
"""Share of easy clean messages, those of students apart, that may reach the first encoder, and the second."""
MISSED = 0.005
"""Share of the calls for help that may be missed because an encoder was not asked."""


def fit_mixing(outputs: Sequence[str], said: Sequence[Floats], shift: Floats, examples: Sequence[Example]) -> Mixing:
    """The mixing of the head and one or more encoders, by what each said of the examples, a row each.

    `shift` is that of the readers before the last one. The points to hold are chosen on the logits of mixings that had
    not seen the example.
    """
    both = beside(outputs, said)
    before, unseen = np.zeros_like(said[0]), np.zeros_like(said[0])
    earlier = beside(outputs, said[:-1])
    for part in np.array_split(np.arange(len(examples)), ROUNDS):  # in order: neighbours in the corpus stay together
        rest = np.setdiff1d(np.arange(len(examples)), part)
        others = [examples[int(at)] for at in rest]
        weights, bias = _fitted(outputs, both[rest], others)
        unseen[part] = settled(outputs, both[part] @ weights + bias)
        if len(said) > 2:
            weights, bias = _fitted(outputs, earlier[rest], others)
            before[part] = settled(outputs, earlier[part] @ weights + bias)
    if len(said) == 2:
        before = said[0]
    weights, bias = _fitted(outputs, both, examples)
    gate = gates(outputs, before + shift, examples, ASKED[len(said) - 2])
    return Mixing(weights, bias, shifts(outputs, unseen, examples), gate)


def _fitted(outputs: Sequence[str], both: Floats, examples: Sequence[Example]) -> tuple[Floats, Floats]:
    count = len(outputs)
    readers = both.shape[1] // count
    weights, bias = np.zeros((both.shape[1], count), np.float32), np.zeros(count, np.float32)
    for at, name in enumerate(outputs):
        if name in LABELS:
            used = _columns(outputs, (name, *OTHERS), readers) if name != "hold" else list(range(both.shape[1]))
            known = [row for row, each in enumerate(examples) if name in each.known]
            truth = np.array([name in examples[row].labels for row in known])
            model = LogisticRegression(C=PENALTY, max_iter=500)
            model.fit(both[known][:, used], truth, sample_weight=[examples[row].weight for row in known])
            weights[used, at], bias[at] = model.coef_[0], model.intercept_[0]
    used = _columns(outputs, [f"purpose:{name}" for name in PURPOSES], readers)
    known = [row for row, each in enumerate(examples) if each.purpose]
    model = LogisticRegression(C=PENALTY, max_iter=1000)
    model.fit(both[known][:, used], [examples[row].purpose for row in known])
    for name, coefficients, intercept in zip(model.classes_, model.coef_, model.intercept_, strict=True):
        weights[used, outputs.index(f"purpose:{name}")] = coefficients
        bias[outputs.index(f"purpose:{name}")] = intercept
    return weights, bias


def _columns(outputs: Sequence[str], names: Sequence[str], readers: int) -> list[int]:
    """Where each reader's logits of these outputs stand."""
    return [reader * len(outputs) + outputs.index(name) for reader in range(readers) for name in dict.fromkeys(names)]


def gates(outputs: Sequence[str], shifted: Floats, examples: Sequence[Example], asked: float) -> Floats:
    """For each output the logit above which an encoder is asked: as low as the share of easy clean ones allows."""
    gate = np.full(len(outputs), np.inf, np.float32)
    holding = [outputs.index(name) for name in HOLDING]
    easy = np.array([each.sender == "staff" and not (each.labels or each.hard) for each in examples])
    gate[holding] = float(np.quantile(shifted[easy][:, holding].max(axis=1), 1 - asked))
    calls = np.array([each.help for each in examples])
    gate[outputs.index("help")] = float(np.quantile(shifted[calls, outputs.index("help")], MISSED))
    return gate
