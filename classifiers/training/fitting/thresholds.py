"""Chooses thresholds: the shift that moves the point to hold of each clause to a score of 0.5.

They are chosen on the development set, which no model has seen: hold as much as possible while at most FALSE_HOLDS of
the easy clean messages and HARD_HOLDS of the hard clean ones are held.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from classifiers.components.head import HELP_MARGIN
from classifiers.features.annotations import Floats
from classifiers.training.examples.labeled import Example
from gateway.core.policy.clauses import EVADED, FLAGGED, HELD, OBSCENE

FALSE_HOLDS, HARD_HOLDS = 0.01, 0.03
HELP_ALARMS = 0.15
"""The share of students' other messages that may count as requests for help. No request should be missed."""
SINGLE_CLAUSES, SINGLE_CLAUSE_FALSE_HOLDS = (OBSCENE,), 0.002
"""Clauses that are also held by themselves. Hate speech has more tones than one district's messages can teach."""


def hold_shifts(outputs: Sequence[str], logits: Floats, examples: Sequence[Example]) -> Floats:
    """The shift of each output's logit, from logits of unseen examples."""
    out = np.zeros(len(outputs), np.float32)
    column = {name: number for number, name in enumerate(outputs)}
    clean, hard = (
        np.array(example) for example in zip(*((not example.labels, example.hard) for example in examples), strict=True)
    )
    asks_for_help = np.array([example.help for example in examples])
    students = np.array([example.sender == "student" for example in examples])
    out[column["help"]] = -float(np.quantile(logits[students & ~asks_for_help, column["help"]], 1 - HELP_ALARMS))
    help_logits = logits[:, column["help"]] + out[column["help"]]
    highest = logits[:, [column[name] for name in HELD]].max(axis=1)
    highest -= np.where(
        students & (help_logits > 0), help_logits + HELP_MARGIN, 0
    )  # what counts as a request for help is hardly ever held
    holding = max(
        float(np.quantile(highest[clean & of], 1 - share))
        for of, share in ((~hard, FALSE_HOLDS), (hard, HARD_HOLDS))
        if (clean & of).any()
    )
    for name in HELD:
        out[column[name]] = -holding
    mentions_contact = np.array([bool(example.labels & set(EVADED)) for example in examples])
    should_hold = np.array([example.hold for example in examples])
    out[column["hold"]] = -_best(logits[mentions_contact, column["hold"]], should_hold[mentions_contact])
    for name in FLAGGED:
        known = [row for row, example in enumerate(examples) if name in example.known]
        out[column[name]] = -_best(
            logits[known, column[name]], np.array([name in examples[row].labels for row in known])
        )
    return out


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
