"""A short answer read with what it answers: "yes", "my place then", "he did it again" mean what was said before them.

The last messages of the conversation are read alone, and once more with the answer behind them: what counts is what the
answer adds, so that an "ok" after a bad message is not called bad itself. An answer that says little by itself is
listed, and held only where it is suspect alone as well. A call for help is heard wherever the answer makes it one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import log

from classifiers.components.mixing import HOLDING
from classifiers.extract.quoting import Kind
from classifiers.features.annotations import Evidence
from classifiers.normalize.normalization import Normaliser
from classifiers.pipeline.texts import ReadText
from gateway.core.messages.message import EarlierMessage
from gateway.core.messages.verdict import Finding

SHORT = 12
"""Words of an answer from which on it is read for itself alone."""
RECENT = 12 * 3600
"""Seconds after which nobody answers any more."""
LAST = 3
"""Messages that are read before the answer."""
_LONGEST = 400
"""Characters that are read of each."""

BY, CUE = "conversation", "answer"
_ADDED = 1.0
"""What the answer has to add to the logit of what was said before it."""
_SUSPECT = 0.3
"""The score of the answer alone from which what it adds may hold it."""
_LOOK = 0.49


def with_earlier(
    found: Sequence[ReadText], context: Sequence[EarlierMessage], at: float, normalise: Normaliser, language: str
) -> tuple[ReadText, ...]:
    """What was said before a short answer, and both together; nothing where there is no such answer.

    `at` is when the answer came, 0 where nobody knows. Spans of both together are those of the answer.
    """
    fresh = next((each for each in found if each.kind is Kind.FRESH), None)
    recent = [said for said in context if said.text.strip() and (not at or at - said.at <= RECENT)][-LAST:]
    if fresh is None or not recent or len(fresh.text.split()) > SHORT:
        return ()
    earlier = "\n".join(normalise(said.text[:_LONGEST], language).text for said in recent)
    moved = tuple((offset + len(earlier) + 1, passage, normal) for offset, passage, normal in fresh.pieces)
    return (
        ReadText(Kind.EARLIER, earlier, (), 0),
        ReadText(Kind.ANSWERED, f"{earlier}\n{fresh.text}", moved, fresh.tricks),
    )


class Together:
    """The evidence on an answer alone, on what came before it, and on both."""

    def __init__(self, noted: Sequence[tuple[ReadText, Evidence]]) -> None:
        of = {text.kind: (text, found) for text, found in noted}
        self._parts = tuple(of.get(kind) for kind in (Kind.FRESH, Kind.EARLIER, Kind.ANSWERED))

    def findings(self) -> Iterator[Finding]:
        """What the answer adds to the conversation."""
        alone, earlier, answered = self._parts
        if alone is None or earlier is None or answered is None:
            return
        text, found = answered
        start = next((offset for offset, _, _ in text.pieces), 0)
        for clause in (*HOLDING, "1", "4"):
            score = found.scores.get(clause, 0.0)
            if score >= 0.5 and _gain(score, earlier[1].scores.get(clause, 0.0)) >= _ADDED:
                suspect = alone[1].scores.get(clause, 0.0) >= _SUSPECT
                spans = tuple(text.spans(start, len(text.text)))
                yield Finding(clause, round(score if suspect else min(score, _LOOK), 4), BY, spans, CUE)

    def help(self) -> float:
        """The score of help where the answer is what makes the conversation a call for it, else 0."""
        _, earlier, answered = self._parts
        if earlier is None or answered is None:
            return 0.0
        score = answered[1].help
        return score if _gain(score, earlier[1].help) >= _ADDED else 0.0


def _gain(score: float, before: float) -> float:
    return _logit(score) - _logit(before)


def _logit(score: float) -> float:
    bounded = min(max(score, 1e-4), 1 - 1e-4)
    return log(bounded / (1 - bounded))
