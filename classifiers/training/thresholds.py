"""Where to hold: the shift that puts the holding point of every clause at a score of 0.5.

Chosen on scores of texts that neither reader nor head had seen: as much as possible is held while at most FALSE_HOLDS
of the easy clean messages are. Counterparts, written word by word beside a bad message, are rarer in a district than in
the corpus and are left out; the evaluation shows what is held of them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from classifiers.components.head import HOLDING
from classifiers.evidence import Floats
from classifiers.training.examples import Example

FALSE_HOLDS = 0.01
HELP_RECALL = 0.975
COUNTERPARTS = "contrast"
"""How the names of the corpora begin that are made of bad messages and their counterparts."""
FLAGGING = ("1", "4", "6")


def shifts(outputs: Sequence[str], logits: Floats, examples: Sequence[Example]) -> Floats:
    """The shift of each output's logit, by logits on unseen examples."""
    out = np.zeros(len(outputs), np.float32)
    column = {name: number for number, name in enumerate(outputs)}
    easy = np.array([not (each.labels or each.hard or each.source.startswith(COUNTERPARTS)) for each in examples])
    highest = logits[:, [column[name] for name in HOLDING]].max(axis=1)
    holding = float(np.quantile(highest[easy], 1 - FALSE_HOLDS))
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
