"""How head and encoders are weighed together: a small regression per output, on texts that none of them has seen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.linear_model import LogisticRegression

from classifiers.components.mixing import HOLDING, Mixing, beside, point_of, settled
from classifiers.features.annotations import Floats
from classifiers.training.examples import LABELS, Example
from classifiers.training.thresholds import own_points, shifts
from gateway.core.messages.verdict import PURPOSES

PENALTY = 0.2  # the inverse: small is strict
HARD = 6.0
"""How much a clean message that looks bad counts where holding is weighed: the point hangs on few of them."""
OTHERS = ("hold", "help")
"""What every output looks at beside itself."""
ROUNDS = 8
ASKED = (0.12, 0.07)
"""Share of easy clean messages, those of students apart, that may reach the first encoder, and the second."""
MISSED = 0.005
"""Share of the calls for help that may be missed because an encoder was not asked."""


def fit_mixing(
    outputs: Sequence[str], said: Sequence[Floats], examples: Sequence[Example], before: Mixing | None = None
) -> Mixing:
    """The mixing of the head, or of it and one or more encoders, by what each said of the examples, a row each.

    `before` is that of the readers before the last one. The points to hold are chosen on the logits of mixings that had
    not seen the example.
    """
    points = shifts(outputs, settled(outputs, _unseen(outputs, said, examples)), examples)
    gate: Floats = np.full(len(outputs), -np.inf, np.float32)
    if before is not None:
        heard = said[0]  # of the head what it says, not what is made of it: fewer are asked for nothing
        if len(said) > 2:
            heard = settled(outputs, _unseen(outputs, said[:-1], examples), point_of(outputs, before.shift))
        gate = gates(outputs, heard, examples, ASKED[len(said) - 2])
    weights, bias = _fitted(outputs, beside(outputs, said), examples)
    return Mixing(weights, bias, points, gate, own_points(outputs, np.mean(said, axis=0), examples))


def _unseen(outputs: Sequence[str], said: Sequence[Floats], examples: Sequence[Example]) -> Floats:
    """The logits of mixings that had not seen the example."""
    both = beside(outputs, said)
    out = np.zeros_like(said[0])
    for part in np.array_split(np.arange(len(examples)), ROUNDS):  # in order: neighbours stay together
        rest = np.setdiff1d(np.arange(len(examples)), part)
        weights, bias = _fitted(outputs, both[rest], [examples[int(at)] for at in rest])
        out[part] = both[part] @ weights + bias
    return out


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
            counted = [_counted(examples[row], name) for row in known]
            model.fit(both[known][:, used], truth, sample_weight=counted)
            weights[used, at], bias[at] = model.coef_[0], model.intercept_[0]
    for name in (f"purpose:{each}" for each in PURPOSES):  # the plain mean: one hand's habits would be learned here
        weights[_columns(outputs, (name,), readers), outputs.index(name)] = 1 / readers
    return weights, bias


def _counted(example: Example, name: str) -> float:
    return example.weight * (HARD if name == "hold" and example.hard and not example.labels else 1.0)


def _columns(outputs: Sequence[str], names: Sequence[str], readers: int) -> list[int]:
    """Where each reader's logits of these outputs stand."""
    return [reader * len(outputs) + outputs.index(name) for reader in range(readers) for name in dict.fromkeys(names)]


def gates(outputs: Sequence[str], logits: Floats, examples: Sequence[Example], asked: float) -> Floats:
    """For each output the logit above which an encoder is asked: as low as the share of easy clean ones allows."""
    gate = np.full(len(outputs), np.inf, np.float32)
    holding = [outputs.index(name) for name in HOLDING]
    easy = np.array([each.sender == "staff" and not (each.labels or each.hard) for each in examples])
    gate[holding] = float(np.quantile(logits[easy][:, holding].max(axis=1), 1 - asked))
    calls = np.array([each.help for each in examples])
    gate[outputs.index("help")] = float(np.quantile(logits[calls, outputs.index("help")], MISSED))
    return gate
