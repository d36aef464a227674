"""Fits how head and encoders are combined: a small regression per output, on texts that none of them has seen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.linear_model import LogisticRegression

from classifiers.components.stacking import Stacking, hold_point, resolve_hold, stacked_logits
from classifiers.features.annotations import Floats
from classifiers.training.examples.labeled import LABELS, Example
from classifiers.training.fitting.thresholds import clause_points, hold_shifts
from gateway.core.messages.verdict import PURPOSES
from gateway.core.policy.clauses import HELD

PENALTY = 0.2  # inverse of the penalty: small values are strict
HARD_CLEAN_WEIGHT = 6.0
"""The weight of hard clean messages in the regression of "hold". The threshold depends on few of them."""
SHARED_INPUTS = ("hold", "help")
"""Outputs that every regression uses beside its own."""
PARTS = 8
ENCODER_SHARES = (0.12, 0.07)
"""Shares of easy clean staff messages that may reach the first encoder, and the second one."""
MISSED_HELP = 0.005
"""The share of requests for help that may be missed because an encoder did not run."""


def fit_stacking(
    outputs: Sequence[str], readings: Sequence[Floats], examples: Sequence[Example], previous: Stacking | None = None
) -> Stacking:
    """Fit the stacking of the head, or of the head and encoders, from their logits for the examples, a row each.

    `previous` is the stacking of the models before the last one. Thresholds are chosen on logits of stackings that had
    not seen the example.
    """
    points = hold_shifts(outputs, resolve_hold(outputs, _cross_fitted(outputs, readings, examples)), examples)
    gate: Floats = np.full(len(outputs), -np.inf, np.float32)
    if previous is not None:
        # the head's own logits: fewer messages reach the encoder for nothing than with its stacking
        gate_logits = readings[0]
        if len(readings) > 2:
            gate_logits = resolve_hold(
                outputs, _cross_fitted(outputs, readings[:-1], examples), hold_point(outputs, previous.shift)
            )
        gate = encoder_gates(outputs, gate_logits, examples, ENCODER_SHARES[len(readings) - 2])
    weights, bias = _fitted(outputs, stacked_logits(outputs, readings), examples)
    return Stacking(weights, bias, points, gate, clause_points(outputs, np.mean(readings, axis=0), examples))


def _cross_fitted(outputs: Sequence[str], readings: Sequence[Floats], examples: Sequence[Example]) -> Floats:
    """The logits of stackings that had not seen the example."""
    inputs = stacked_logits(outputs, readings)
    out = np.zeros_like(readings[0])
    for part in np.array_split(np.arange(len(examples)), PARTS):  # in order, so that neighboring examples stay together
        rest = np.setdiff1d(np.arange(len(examples)), part)
        weights, bias = _fitted(outputs, inputs[rest], [examples[int(at)] for at in rest])
        out[part] = inputs[part] @ weights + bias
    return out


def _fitted(outputs: Sequence[str], inputs: Floats, examples: Sequence[Example]) -> tuple[Floats, Floats]:
    count = len(outputs)
    readers = inputs.shape[1] // count
    weights, bias = np.zeros((inputs.shape[1], count), np.float32), np.zeros(count, np.float32)
    for at, name in enumerate(outputs):
        if name in LABELS:
            columns = (
                _columns(outputs, (name, *SHARED_INPUTS), readers) if name != "hold" else list(range(inputs.shape[1]))
            )
            known = [row for row, example in enumerate(examples) if name in example.known]
            truth = np.array([name in examples[row].labels for row in known])
            model = LogisticRegression(C=PENALTY, max_iter=500)
            example_weights = [_example_weight(examples[row], name) for row in known]
            model.fit(inputs[known][:, columns], truth, sample_weight=example_weights)
            weights[columns, at], bias[at] = model.coef_[0], model.intercept_[0]
    for name in (
        f"purpose:{example}" for example in PURPOSES
    ):  # the plain mean: a regression would learn one author's habits
        weights[_columns(outputs, (name,), readers), outputs.index(name)] = 1 / readers
    return weights, bias


def _example_weight(example: Example, name: str) -> float:
    return example.weight * (HARD_CLEAN_WEIGHT if name == "hold" and example.hard and not example.labels else 1.0)


def _columns(outputs: Sequence[str], names: Sequence[str], readers: int) -> list[int]:
    """The columns of every model's logits for these outputs."""
    return [reader * len(outputs) + outputs.index(name) for reader in range(readers) for name in dict.fromkeys(names)]


def encoder_gates(outputs: Sequence[str], logits: Floats, examples: Sequence[Example], share: float) -> Floats:
    """For each output the logit above which an encoder runs: as low as the share of easy clean messages allows."""
    gate = np.full(len(outputs), np.inf, np.float32)
    holding = [outputs.index(name) for name in HELD]
    is_easy = np.array([example.sender == "staff" and not (example.labels or example.hard) for example in examples])
    gate[holding] = float(np.quantile(logits[is_easy][:, holding].max(axis=1), 1 - share))
    asks_for_help = np.array([example.help for example in examples])
    gate[outputs.index("help")] = float(np.quantile(logits[asks_for_help, outputs.index("help")], MISSED_HELP))
    return gate
