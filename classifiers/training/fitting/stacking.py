"""Fits how head and encoders are combined: a small regression per output, on texts that none of them has seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from sklearn.linear_model import LogisticRegression

from classifiers.components.stacking import (
    Stacking,
    combined_logits,
    hold_point,
    resolve_help,
    resolve_hold,
    shortness,
    stacked_logits,
)
from classifiers.features.annotations import Floats, Numbers
from classifiers.training.examples.labeled import LABELS, Example
from classifiers.training.fitting.thresholds import clause_points, hold_shifts, word_counts
from gateway.core.messages.verdict import PURPOSES
from gateway.core.policy.clauses import FLAGGED, HELD

PENALTY = 0.2  # inverse of the penalty: small values are strict
HARD_CLEAN_WEIGHT = 6.0
"""The weight of hard clean messages in the regression of "hold". The threshold depends on few of them."""
SHARED_INPUTS = ("hold", "help", "distress")
"""Outputs that every regression uses beside its own."""
PURPOSE_BOUND = 1.0
"""How far the logit of a purpose counts in the regression of "hold". A purpose says little about whether to hold."""
EVIDENCE = ("hold", *FLAGGED)
"""Outputs that need more evidence in a short text."""
TOLD_APART = ("help", "distress")
"""Outputs of one regression with three classes, on students' messages: in danger, in distress, neither."""
NEED_PENALTY, UNKNOWN_WEIGHT = 0.02, 0.3
"""Where danger is told from distress and neither: a stricter penalty, as rows are few, and the weight of rows whose
distress is unknown.
"""
PARTS = 8
ENCODER_SHARES = (0.16, 0.11)
"""Shares of easy clean staff messages that may reach the first encoder, and the second one."""
SPANISH_SHARES = (0.42, 0.26)
"""The same for messages in Spanish, of which the head knows less: more of them reach the encoders."""
MIN_SPANISH = 100
"""Easy clean messages in Spanish, at least, to fit a gate of their own."""
MISSED_NEED = 0.01
"""The share of students in danger or distress, of those found with an encoder, that may be missed without it."""

_Bools = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]


@dataclass(frozen=True, slots=True)
class _Fit:
    """A fitted regression of every output: `Stacking` has the same parts."""

    weights: Floats
    bias: Floats
    little: Floats

    def logits(self, outputs: Sequence[str], readings: Sequence[Floats], words: Floats) -> Floats:
        """The combined logits of texts, from the logits of each model."""
        combined = combined_logits(outputs, readings, self.weights, self.bias, input_bounds(outputs))
        return resolve_help(outputs, combined - shortness(words)[:, None] * self.little)


def input_bounds(outputs: Sequence[str]) -> Floats:
    """The `bounds` of a stacking for these outputs."""
    return np.array([PURPOSE_BOUND if name.startswith("purpose:") else np.inf for name in outputs], np.float32)


def fit_stacking(
    outputs: Sequence[str], readings: Sequence[Floats], examples: Sequence[Example], previous: Stacking | None = None
) -> Stacking:
    """Fit the stacking of the head, or of the head and encoders, from their logits for the examples, a row each.

    `previous` is the stacking of the models before the last one. Thresholds are chosen on logits of stackings that had
    not seen the example.
    """
    points = hold_shifts(outputs, resolve_hold(outputs, _cross_fitted(outputs, readings, examples)), examples)
    fit = _fitted(outputs, _regression_inputs(outputs, readings), examples)
    gate: Floats = np.full(len(outputs), -np.inf, np.float32)
    spanish_gate: Floats | None = None
    if previous is not None:
        # the head's own logits: fewer messages reach the encoder for nothing than with its stacking
        gate_logits = readings[0]
        if len(readings) > 2:
            gate_logits = resolve_hold(
                outputs, _cross_fitted(outputs, readings[:-1], examples), hold_point(outputs, previous.shift)
            )
        found = fit.logits(outputs, readings, word_counts(examples)) + points > 0
        gate = encoder_gates(outputs, gate_logits, examples, ENCODER_SHARES[len(readings) - 2], found)
        spanish_gate = fit_spanish_gate(outputs, gate_logits, examples, SPANISH_SHARES[len(readings) - 2], gate)
    lost = shortness(word_counts(examples))[:, None] * fit.little
    own_points = clause_points(outputs, np.mean(readings, axis=0) - lost, examples)
    return Stacking(fit.weights, fit.bias, points, gate, own_points, fit.little, input_bounds(outputs), spanish_gate)


def _cross_fitted(outputs: Sequence[str], readings: Sequence[Floats], examples: Sequence[Example]) -> Floats:
    """The logits of stackings that had not seen the example."""
    inputs, words = _regression_inputs(outputs, readings), word_counts(examples)
    out = np.zeros_like(readings[0])
    block = len(examples) // (4 * PARTS) + 1  # neighboring examples stay together, and every part has some of each file
    for part in range(PARTS):
        inside = np.arange(len(examples)) // block % PARTS == part
        fit = _fitted(outputs, inputs[~inside], [examples[int(at)] for at in np.flatnonzero(~inside)])
        out[inside] = fit.logits(outputs, [logits[inside] for logits in readings], words[inside])
    return out


def _regression_inputs(outputs: Sequence[str], readings: Sequence[Floats]) -> Floats:
    bounds = input_bounds(outputs)
    return stacked_logits(outputs, [np.clip(logits, -bounds, bounds) for logits in readings])


def _fitted(outputs: Sequence[str], inputs: Floats, examples: Sequence[Example]) -> _Fit:
    count = len(outputs)
    readers = inputs.shape[1] // count
    weights, bias = np.zeros((inputs.shape[1], count), np.float32), np.zeros(count, np.float32)
    little = np.zeros(count, np.float32)
    short = -shortness(word_counts(examples))[:, None]
    for at, name in enumerate(outputs):
        if name in LABELS and name not in TOLD_APART:
            columns = (
                _columns(outputs, (name, *SHARED_INPUTS), readers) if name != "hold" else list(range(inputs.shape[1]))
            )
            known = [row for row, example in enumerate(examples) if name in example.known]
            truth = np.array([name in examples[row].labels for row in known])
            cost = np.array([_example_weight(examples[row], name) for row in known])
            fitted = inputs[known][:, columns]
            model = _regression(np.hstack([fitted, short[known]]) if name in EVIDENCE else fitted, truth, cost)
            if name in EVIDENCE and model.coef_[0, -1] < 0:  # short texts would gain: they must not
                model = _regression(fitted, truth, cost)
            weights[columns, at], bias[at] = model.coef_[0, : len(columns)], model.intercept_[0]
            little[at] = model.coef_[0, len(columns)] if model.coef_.shape[1] > len(columns) else 0.0
    _tell_apart(outputs, inputs, examples, weights, bias)
    for name in (
        f"purpose:{example}" for example in PURPOSES
    ):  # the plain mean: a regression would learn one author's habits
        weights[_columns(outputs, (name,), readers), outputs.index(name)] = 1 / readers
    return _Fit(weights, bias, little)


def _tell_apart(
    outputs: Sequence[str], inputs: Floats, examples: Sequence[Example], weights: Floats, bias: Floats
) -> None:
    """Set the weights of help and distress: their logits against neither.

    Where distress is unknown, a first fit says whether a call for help is in danger or distress, and whether another
    message is in distress or neither. These rows count little.
    """
    students = np.array([one.sender == "student" for one in examples])
    known = students & np.array([one.known >= frozenset(TOLD_APART) for one in examples])
    truth = np.array([1 if one.help else 2 if "distress" in one.labels else 0 for one in examples])
    if len(set(truth[known].tolist())) < 3:
        for name in TOLD_APART:  # nothing to tell apart by: their own logits
            weights[outputs.index(name), outputs.index(name)] = 1.0
        return
    readers = inputs.shape[1] // len(outputs)
    highest = range(readers * len(outputs), readers * (len(outputs) + 1))
    columns = [*_columns(outputs, (*TOLD_APART, "hold"), readers), *highest]
    cost = np.array([one.cost for one in examples])
    model = _regression(inputs[known][:, columns], truth[known], cost[known], NEED_PENALTY)
    unknown = students & ~known
    if unknown.any():
        chances, labeled = model.predict_proba(inputs[unknown][:, columns]), truth[unknown]
        truth[unknown] = np.where(chances[:, 2] > chances[np.arange(len(labeled)), labeled], 2, labeled)
        cost[unknown] *= UNKNOWN_WEIGHT
        model = _regression(inputs[students][:, columns], truth[students], cost[students], NEED_PENALTY)
    for number, name in enumerate(TOLD_APART, 1):
        at = outputs.index(name)
        weights[columns, at] = model.coef_[number] - model.coef_[0]
        bias[at] = model.intercept_[number] - model.intercept_[0]


def _regression(inputs: Floats, truth: Numbers, cost: Floats, penalty: float = PENALTY) -> LogisticRegression:
    return LogisticRegression(C=penalty, max_iter=1000).fit(inputs, truth, sample_weight=cost)


def _example_weight(example: Example, name: str) -> float:
    return example.cost * (HARD_CLEAN_WEIGHT if name == "hold" and example.hard and not example.labels else 1.0)


def _columns(outputs: Sequence[str], names: Sequence[str], readers: int) -> list[int]:
    """The columns of every model's logits for these outputs."""
    return [reader * len(outputs) + outputs.index(name) for reader in range(readers) for name in dict.fromkeys(names)]


def encoder_gates(
    outputs: Sequence[str], logits: Floats, examples: Sequence[Example], share: float, found: _Bools
) -> Floats:
    """For each output the logit above which an encoder runs: as low as the share of easy clean messages allows.

    Help and distress have one gate. It lets through those students in need who are `found` with the encoder, by the
    higher of both logits: an encoder that finds nobody in them is of no use to the others.
    """
    gate = np.full(len(outputs), np.inf, np.float32)
    holding = [outputs.index(name) for name in HELD]
    gate[holding] = float(np.quantile(logits[_easy_of_staff(examples)][:, holding].max(axis=1), 1 - share))
    needs = [outputs.index(name) for name in TOLD_APART]
    labeled = np.array([[name in example.labels for name in TOLD_APART] for example in examples])
    in_need = (labeled & found[:, needs]).any(axis=1)
    if in_need.any():
        gate[needs] = float(np.quantile(logits[in_need][:, needs].max(axis=1), MISSED_NEED))
    return gate


def fit_spanish_gate(
    outputs: Sequence[str], logits: Floats, examples: Sequence[Example], share: float, gate: Floats
) -> Floats | None:
    """The gate for messages in Spanish, None if there are too few to fit it. It is never above the other gate."""
    chosen = _easy_of_staff(examples) & np.array([one.language == "es" for one in examples])
    if chosen.sum() < MIN_SPANISH:
        return None
    holding = [outputs.index(name) for name in HELD]
    own = gate.copy()
    own[holding] = np.minimum(gate[holding], np.quantile(logits[chosen][:, holding].max(axis=1), 1 - share))
    return own


def _easy_of_staff(examples: Sequence[Example]) -> _Bools:
    return np.array([one.sender == "staff" and one.weight == 1.0 and not (one.labels or one.hard) for one in examples])


def move_hold_point(outputs: Sequence[str], stacking: Stacking, by: float) -> Stacking:
    """A stacking whose logits of every clause that is held are higher: more is found, and more is held for nothing."""
    shift = stacking.shift.copy()
    shift[[outputs.index(name) for name in HELD]] += by
    return replace(stacking, shift=shift)
