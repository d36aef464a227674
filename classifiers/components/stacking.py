"""Head and encoders combined: one small regression per output over the logits of all models that read a text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

import numpy as np

from classifiers.features.annotations import Floats
from gateway.core.messages.parties import Direction
from gateway.core.policy.clauses import HELD

ALERTED = 0.5
"""The help score of which a policy alerts; what is below it may still be shown."""
SHORT = 6.0
"""The number of words at which a text's shortness has fallen to 1/e."""


@dataclass(frozen=True, slots=True)
class Stacking:
    """How the logits of the head and the encoders are combined, and when the last encoder runs.

    `weights` turn the output of `stacked_logits` into logits of the same outputs; `shift` moves the points to hold to a
    score of 0.5. The last encoder runs where a logit of the models before it is above its `gate` (for the first
    encoder: a logit of the head itself). The head always runs.

    `little` is what the logit of an output loses in a text of no words, in proportion to `shortness` in longer ones:
    little evidence gives little certainty. It is never negative, so the same logits never score higher in fewer words.

    `bounds` limit how far the logits of an output, up or down, count for other outputs, infinity where they count in
    full. A plain schedule is very far from personal talk, which says little about whether to hold it. `spanish_gate` is
    the gate for texts in Spanish. Models of before have neither.

    If the mean logit of all models for a clause exceeds its entry in `clause_points`, the message is held, whatever the
    regression says. Infinity means that a clause has no such point. It exists for hate speech (7c), which has many more
    tones than one district's messages can teach.
    """

    weights: Floats  # (outputs of all models, and the maxima that `stacked_logits` adds) x outputs
    bias: Floats
    shift: Floats
    gate: Floats
    clause_points: Floats
    little: Floats
    bounds: Floats | None = None
    spanish_gate: Floats | None = None

    def gate_for(self, language: str) -> Floats:
        """The gate for texts in a language. The head knows less Spanish, so there it decides less alone."""
        return self.spanish_gate if language == "es" and self.spanish_gate is not None else self.gate

    def logits(self, outputs: Sequence[str], model_logits: Sequence[Floats], words: Floats) -> Floats:
        """The combined logits of texts, a row each, from the logits of the head and the encoders, and their words."""
        point = hold_point(outputs, self.shift)
        lost = shortness(words)[:, None] * self.little
        combined = combined_logits(outputs, model_logits, self.weights, self.bias, self.bounds) - lost
        out = resolve_hold(outputs, resolve_help(outputs, combined), point)
        excess = np.mean(model_logits, axis=0) - lost - self.clause_points
        with_clause_points: Floats = np.where(excess > 0, np.maximum(out, excess + point), out)
        return with_clause_points


def shortness(words: Floats) -> Floats:
    """How short texts of so many words are: 1 without words, near 0 from thirty on."""
    out: Floats = np.exp(-np.asarray(words, np.float32) / np.float32(SHORT))
    return out


def resolve_help(outputs: Sequence[str], logits: Floats) -> Floats:
    """Logits against neither of help and distress become those of help against both others.

    A student in danger is often in distress as well: distress keeps its logit against neither.
    """
    out = logits.copy()
    if "distress" not in outputs:  # a model of before the two were told apart
        return out
    help_column, distress = outputs.index("help"), logits[:, outputs.index("distress")]
    out[:, help_column] = logits[:, help_column] - np.logaddexp(0, distress)
    return out


def stacked_logits(outputs: Sequence[str], model_logits: Sequence[Floats]) -> Floats:
    """All models' logits side by side, a row per text, then the highest hold clause of each model and of their sum."""
    holding = [outputs.index(name) for name in HELD]
    total: Floats = np.sum(model_logits, axis=0)
    highest = [logits[:, holding].max(axis=1, keepdims=True) for logits in (*model_logits, total)]
    return np.concatenate([*model_logits, *highest], axis=1)


def combined_logits(
    outputs: Sequence[str], model_logits: Sequence[Floats], weights: Floats, bias: Floats, bounds: Floats | None
) -> Floats:
    """The weighted sums of all models' logits. An output with a bound keeps its own logits in full."""
    if bounds is None:
        out: Floats = stacked_logits(outputs, model_logits) @ weights + bias
        return out
    bounded = [np.clip(logits, -bounds, bounds) for logits in model_logits]
    out = stacked_logits(outputs, bounded) @ weights + bias
    own = np.flatnonzero(np.isfinite(bounds))
    out[:, own] = stacked_logits(outputs, model_logits) @ weights[:, own] + bias[own]
    return out


def resolve_hold(outputs: Sequence[str], logits: Floats, point: float = 0.0) -> Floats:
    """Give the likeliest clause the logit of "hold": whether to hold and for which clause are separate questions.

    The other clauses keep their own logits. They are moved so that a probability of one half lies at the `point` to
    hold, and capped at the logit of the likeliest clause.
    """
    holding = [outputs.index(name) for name in HELD]
    out = logits.copy()
    clauses, hold = logits[:, holding], logits[:, outputs.index("hold")]
    others = np.minimum(clauses + point, hold[:, None])
    others[np.arange(len(logits)), clauses.argmax(axis=1)] = hold
    out[:, holding] = others
    return out


def hold_point(outputs: Sequence[str], shift: Floats) -> float:
    """The logit at which messages are held, from the shift that moves it to a score of 0.5."""
    return -float(shift[outputs.index(HELD[0])])


def pool_windows(window_logits: Floats, purpose_count: int) -> Floats:
    """The logits of an encoder for a whole text: the highest of each label, the mean of each purpose."""
    out: Floats = window_logits.max(axis=0)
    out[-purpose_count:] = window_logits[:, -purpose_count:].mean(axis=0)
    return out


def needs_encoder(
    outputs: Sequence[str],
    logits: Floats,
    gate: Floats,
    direction: str,
    *,
    help_before: float = 0.0,
    help_from: float = 0.0,
) -> bool:
    """Whether a logit is above its gate, or a student's message would be alerted without the encoder.

    Help and distress count only where a student may have written. `help_before` is the help score of the models before
    the encoder. `help_from` is the score from which help counts in an excerpt, 0 for a whole text. Of an excerpt
    nothing else counts, and its gate is higher by the logit of that score.
    """
    if help_from:
        at = outputs.index("help")
        return help_before >= help_from or bool(logits[at] > gate[at] + log(help_from / (1 - help_from)))
    open_gates = logits > gate
    if direction == Direction.STAFF_TO_STUDENT:
        open_gates[[at for at, name in enumerate(outputs) if name in ("help", "distress")]] = False
        return bool(open_gates.any())
    return help_before >= ALERTED or bool(open_gates.any())
