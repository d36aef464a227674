"""Where to hold: the shift that puts the holding point of every clause at a score of 0.5.

Chosen on scores of the development set, which neither reader nor head had seen: as much as possible is held while at
most FALSE_HOLDS of its easy clean messages are, and HARD_HOLDS of its hard ones. What is flagged or alerted is chosen
with what else was kept back, since there is little of each.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from classifiers.components.head import HOLDING
from classifiers.evidence import Floats
from classifiers.training.examples import Example

FALSE_HOLDS, HARD_HOLDS = 0.01, 0.03
HELP_RECALL = 0.975
APART = "development"
"""The source of the development set."""
FLAGGING = ("1", "4", "6")


def shifts(outputs: Sequence[str], logits: Floats, examples: Sequence[Example]) -> Floats:
    """The shift of each output's logit, by logits on unseen examples."""
    out = np.zeros(len(outputs), np.float32)
    column = {name: number for number, name in enumerate(outputs)}
    apart = np.array([each.source == APART for each in examples])
    apart |= not apart.any()
    clean, hard = (np.array(each) for each in zip(*((not each.labels, each.hard) for each in examples), strict=True))
    highest = logits[:, [column[name] for name in HOLDING]].max(axis=1)
    holding = max(
        float(np.quantile(highest[apart & clean & of], 1 - share))
        for of, share in ((~hard, FALSE_HOLDS), (hard, HARD_HOLDS))
        if (apart & clean & of).any()
    )
    for name in HOLDING:
        out[column[name]] = -holding
    evasive = np.array([bool(each.labels & {"1", "4"}) for each in examples])
    held = np.array([each.hold for each in examples])
    out[column["hold"]] = -_best(logits[evasive, column["hold"]], held[evasive])
    for name in FLAGGING:
        out[column[name]] = -_best(logits[:, column[name]], np.array([name in each.labels for each in examples]))
    calls = np.array([each.help for each in examples])
    out[column["help"]] = -float(np.quantile(logits[calls, column["help"]], 1 - HELP_RECALL))
    return out


def _best(logits: Floats, positive: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> float:
    """The logit from which F1 is highest."""
    order = np.argsort(-logits)
    hits = np.cumsum(positive[order])
    f1 = 2 * hits / (np.arange(1, len(order) + 1) + positive.sum())
    return float(logits[order[int(np.argmax(f1))]])
