"""Where to hold: the shift that puts the holding point of every clause at a score of 0.5.

Chosen on scores of the development set, which neither reader nor head had seen: as much as possible is held while at
most FALSE_HOLDS of its easy clean messages are, and HARD_HOLDS of its hard ones.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from classifiers.components.head import DOUBT
from classifiers.components.mixing import HOLDING
from classifiers.features.annotations import Floats
from classifiers.training.examples import Example

FALSE_HOLDS, HARD_HOLDS = 0.01, 0.03
HELP_ALARMS = 0.15
"""The share of students' other messages that may be taken for calls for help: none is to be missed."""
FLAGGING = ("1", "4", "6")
OWN, OWN_FALSE_HOLDS = ("7c",), 0.002
"""Clauses that are also held for by themselves: hatred comes in more tones than one district's messages teach."""


def shifts(outputs: Sequence[str], logits: Floats, examples: Sequence[Example]) -> Floats:
    """The shift of each output's logit, by logits on unseen examples."""
    out = np.zeros(len(outputs), np.float32)
    column = {name: number for number, name in enumerate(outputs)}
    clean, hard = (np.array(each) for each in zip(*((not each.labels, each.hard) for each in examples), strict=True))
    calls = np.array([each.help for each in examples])
    students = np.array([each.sender == "student" for each in examples])
    out[column["help"]] = -float(np.quantile(logits[students & ~calls, column["help"]], 1 - HELP_ALARMS))
    called = logits[:, column["help"]] + out[column["help"]]
    highest = logits[:, [column[name] for name in HOLDING]].max(axis=1)
    highest -= np.where(students & (called > 0), called + DOUBT, 0)  # what is taken for a call is hardly ever held
    holding = max(
        float(np.quantile(highest[clean & of], 1 - share))
        for of, share in ((~hard, FALSE_HOLDS), (hard, HARD_HOLDS))
        if (clean & of).any()
    )
    for name in HOLDING:
        out[column[name]] = -holding
    evasive = np.array([bool(each.labels & {"1", "4"}) for each in examples])
    held = np.array([each.hold for each in examples])
    out[column["hold"]] = -_best(logits[evasive, column["hold"]], held[evasive])
    for name in FLAGGING:
        known = [row for row, each in enumerate(examples) if name in each.known]
        out[column[name]] = -_best(
            logits[known, column[name]], np.array([name in examples[row].labels for row in known])
        )
    return out


def own_points(outputs: Sequence[str], mean: Floats, examples: Sequence[Example]) -> Floats:
    """For clauses with a point of their own the mean logit of readers that OWN_FALSE_HOLDS of clean ones are above."""
    own = np.full(len(outputs), np.inf, np.float32)
    clean = np.array([not each.labels for each in examples])
    for name in OWN:
        own[outputs.index(name)] = np.quantile(mean[clean, outputs.index(name)], 1 - OWN_FALSE_HOLDS)
    return own


def _best(logits: Floats, positive: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> float:
    """The logit from which F1 is highest."""
    order = np.argsort(-logits)
    hits = np.cumsum(positive[order])
    f1 = 2 * hits / (np.arange(1, len(order) + 1) + positive.sum())
    return float(logits[order[int(np.argmax(f1))]])
