"""Where to hold: the shift that puts the holding point of every clause at a score of 0.5.

Chosen on cross-fitted scores: as much as possible is held while at most FALSE_HOLDS of the easy clean messages are.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from classifiers.components.head import HeadWeights
from classifiers.evidence import Floats
from classifiers.training.fit import truth
from classifiers.training.prepare import Prepared

FALSE_HOLDS = 0.008
HELP_RECALL = 0.975
HOLDING = ("7a", "7b", "7c", "7d", "7e", "8", "9")
FLAGGING = ("1", "4", "6")


def shifts(head: HeadWeights, features: Floats, prepared: Sequence[Prepared]) -> Floats:
    """The shift of each output's logit."""
    logits = np.clip((features - head.center) / head.scale, -6, 6) @ head.weights + head.bias
    out = np.zeros(len(head.outputs), np.float32)
    column = {name: number for number, name in enumerate(head.outputs)}
    easy = np.array([not (each.example.labels or each.example.hard) for each in prepared])
    highest = logits[:, [column[name] for name in HOLDING]].max(axis=1)
    holding = float(np.quantile(highest[easy], 1 - FALSE_HOLDS))
    for name in (*HOLDING, "hold"):
        out[column[name]] = -holding
    for name in FLAGGING:
        labels = np.array([truth(each, name) for each in prepared])
        out[column[name]] = -_best(logits[:, column[name]], labels == 1)
    calls = np.array([each.example.help for each in prepared])
    out[column["help"]] = -float(np.quantile(logits[calls, column["help"]], 1 - HELP_RECALL))
    return out


def _best(logits: Floats, positive: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> float:
    """The logit from which F1 is highest."""
    order = np.argsort(-logits)
    hits = np.cumsum(positive[order])
    f1 = 2 * hits / (np.arange(1, len(order) + 1) + positive.sum())
    return float(logits[order[int(np.argmax(f1))]])
