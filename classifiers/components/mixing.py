"""Head and encoders weighed together: one small regression per output over the logits of all that have read a text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from classifiers.features.annotations import Floats
from gateway.core.messages.parties import Direction

HOLDING = ("7a", "7b", "7c", "7d", "7e", "8", "9")
"""Clauses for which messages are held: each is judged together with whether the message should be held at all."""


@dataclass(frozen=True, slots=True)
class Mixing:
    """How readers are weighed together, and when the last of them is asked.

    `weights` turn what `beside` gives into logits of the same outputs; `shift` moves their points to hold to 0.5. The
    last reader is asked where a logit of those before it, of the head its own, is above its `gate`; the head always is.
    Where the readers' mean logit of a clause is above its `own` point, it is held whatever else is said: hatred is
    written in many more tones than a district's (infinite: there is none).
    """

    weights: Floats  # (the outputs of all readers, and what `beside` adds) x outputs
    bias: Floats
    shift: Floats
    gate: Floats
    own: Floats

    def logits(self, outputs: Sequence[str], readers: Sequence[Floats]) -> Floats:
        """The logits of texts, a row each, by what the head and the encoders said of them."""
        point = point_of(outputs, self.shift)
        out = settled(outputs, beside(outputs, readers) @ self.weights + self.bias, point)
        beyond = np.mean(readers, axis=0) - self.own
        alone: Floats = np.where(beyond > 0, np.maximum(out, beyond + point), out)
        return alone


def beside(outputs: Sequence[str], readers: Sequence[Floats]) -> Floats:
    """The readers' logits side by side, a row a text, and the highest of what texts are held for: of each, of all."""
    holding = [outputs.index(name) for name in HOLDING]
    total: Floats = np.sum(readers, axis=0)
    most = [each[:, holding].max(axis=1, keepdims=True) for each in (*readers, total)]
    return np.concatenate([*readers, *most], axis=1)


def settled(outputs: Sequence[str], logits: Floats, point: float = 0.0) -> Floats:
    """Whether to hold is one question, for which clause another: the likeliest clause gets the logit of holding.

    The others keep their own, moved so that what is as likely as not stands at the `point` to hold, and below the
    likeliest.
    """
    holding = [outputs.index(name) for name in HOLDING]
    out = logits.copy()
    clauses, hold = logits[:, holding], logits[:, outputs.index("hold")]
    others = np.minimum(clauses + point, hold[:, None])
    others[np.arange(len(logits)), clauses.argmax(axis=1)] = hold
    out[:, holding] = others
    return out


def point_of(outputs: Sequence[str], shift: Floats) -> float:
    """The logit from which is held, by the shift that moves it to a score of 0.5."""
    return -float(shift[outputs.index(HOLDING[0])])


def pooled(encoded: Floats, purposes: int) -> Floats:
    """What an encoder says of a whole text: the highest logit of each label, the mean one of each purpose."""
    out: Floats = encoded.max(axis=0)
    out[-purposes:] = encoded[:, -purposes:].mean(axis=0)
    return out


def unsure(outputs: Sequence[str], logits: Floats, gate: Floats, direction: str) -> bool:
    """Whether an output stands above its gate; that of help counts where a student may have written."""
    above = logits > gate
    if direction == Direction.STAFF_TO_STUDENT:
        above[outputs.index("help")] = False
    return bool(above.any())
