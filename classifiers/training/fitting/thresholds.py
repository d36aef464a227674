"""Chooses thresholds: the shift that moves the point to hold of each clause to a score of 0.5.

They are chosen on messages that no model has seen: hold as much as possible while at most FALSE_HOLDS of the easy clean
messages, HARD_HOLDS of the hard clean ones, and ORDINARY_HOLDS of ordinary talk are held.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from classifiers.features.annotations import Floats
from classifiers.training.examples.labeled import Example
from gateway.core.policy.clauses import EVADED, FLAGGED, HELD, OBSCENE

FALSE_HOLDS, HARD_HOLDS, ORDINARY_HOLDS = 0.01, 0.037, 0.006
ORDINARY_FLAGS = 0.01
"""The share of ordinary talk that a clause of FLAGGED may flag."""
HELP_RECALL = 0.94
"""The share of students in danger who should be recognized, among messages that are plain or clear.

The messages for calibration are far more veiled than those of a district."""
HELP_ALARMS, ORDINARY_ALARMS = 0.15, 0.003
"""The shares of students' other messages, and of their ordinary talk, that may count as calls for help.

No threshold is above the one that HELP_RECALL asks for: recall matters more.
"""
DISTRESS_RECALL = 0.9
SINGLE_CLAUSES, SINGLE_CLAUSE_FALSE_HOLDS = (OBSCENE,), 0.0035
"""Clauses that are also held by themselves. Hate speech has more tones than one district's messages can teach."""

_Bools = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]


def word_counts(examples: Sequence[Example]) -> Floats:
    """The number of words of each example."""
    return np.array([len(f"{one.subject} {one.text}".split()) for one in examples], np.float32)


def ordinary_talk(examples: Sequence[Example]) -> _Bools:
    """Which examples are ordinary talk: plainly clean, or of a public set."""
    return np.array(
        [not (one.labels or one.hard) and (one.weight < 1.0 or one.degree == "plain") for one in examples], bool
    )


def hold_shifts(outputs: Sequence[str], logits: Floats, examples: Sequence[Example]) -> Floats:
    """The shift of each output's logit, from logits of unseen examples."""
    out = np.zeros(len(outputs), np.float32)
    column = {name: number for number, name in enumerate(outputs)}
    clean, hard = (
        np.array(example) for example in zip(*((not example.labels, example.hard) for example in examples), strict=True)
    )
    ordinary, district = ordinary_talk(examples), np.array([example.weight == 1.0 for example in examples])
    students = np.array([example.sender == "student" for example in examples])
    out[column["help"]], out[column["distress"]] = _help_shifts(outputs, logits, examples, ordinary)
    help_logits = logits[:, column["help"]] + out[column["help"]]
    highest = logits[:, [column[name] for name in HELD]].max(axis=1)
    highest = np.where(students & (help_logits > 0), -np.inf, highest)  # a call for help is not held
    holding = max(
        _quantile(highest[clean & of], 1 - share)
        for of, share in (
            (~hard & district, FALSE_HOLDS), (hard & district, HARD_HOLDS), (ordinary, ORDINARY_HOLDS)
        )
        if (clean & of).any()
    )  # fmt: skip
    for name in HELD:
        out[column[name]] = -holding
    mentions_contact = np.array([bool(example.labels & set(EVADED)) for example in examples])
    should_hold = np.array([example.hold for example in examples])
    out[column["hold"]] = -_best(logits[mentions_contact, column["hold"]], should_hold[mentions_contact])
    for name in FLAGGED:
        known = np.array([name in example.known for example in examples])
        point = _best(logits[known, column[name]], np.array([name in one.labels for one in examples])[known])
        talk = ordinary & known & ~students
        if talk.any():
            point = max(point, _quantile(logits[talk, column[name]], 1 - ORDINARY_FLAGS))
        out[column[name]] = -point
    return out


def _help_shifts(
    outputs: Sequence[str], logits: Floats, examples: Sequence[Example], ordinary: _Bools
) -> tuple[float, float]:
    """The shifts of help and distress: recall first, then the rates of false alarms."""
    students = np.array([example.sender == "student" for example in examples])
    calls, distress = (
        np.array([name in one.labels and name in one.known for one in examples]) for name in ("help", "distress")
    )
    asks = np.array([example.help for example in examples])
    of_help, of_distress = (logits[:, outputs.index(name)] for name in ("help", "distress"))
    point = max(
        (
            _quantile(of_help[students & rows], 1 - share)
            for rows, share in ((~asks, HELP_ALARMS), (ordinary, ORDINARY_ALARMS))
            if (students & rows).any()
        ),
        default=0.0,
    )
    calls &= np.array([one.degree != "borderline" for one in examples])
    if calls.any():
        point = min(point, _quantile(of_help[calls], 1 - HELP_RECALL))
    noticed = 0.0
    if distress.any():
        noticed = _quantile(of_distress[distress], 1 - DISTRESS_RECALL)
        talk = students & ordinary
        noticed = max(noticed, _quantile(of_distress[talk], 1 - ORDINARY_FLAGS)) if talk.any() else noticed
    return -point, -noticed


def _quantile(values: Floats, share: float) -> float:
    return float(np.quantile(values, share, method="higher"))


def clause_points(outputs: Sequence[str], mean: Floats, examples: Sequence[Example]) -> Floats:
    """The mean logit that SINGLE_CLAUSE_FALSE_HOLDS of clean messages exceed, for clauses with such a point."""
    points = np.full(len(outputs), np.inf, np.float32)
    clean = np.array([not example.labels for example in examples])
    for name in SINGLE_CLAUSES:
        points[outputs.index(name)] = np.quantile(mean[clean, outputs.index(name)], 1 - SINGLE_CLAUSE_FALSE_HOLDS)
    return points


def _best(logits: Floats, positive: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> float:
    """The logit with the highest F1."""
    order = np.argsort(-logits)
    hits = np.cumsum(positive[order])
    f1 = 2 * hits / (np.arange(1, len(order) + 1) + positive.sum())
    return float(logits[order[int(np.argmax(f1))]])
