"""Calls for help where they are easily missed: deep in a long letter, under a quote or within it, in a file.

The stretch that speaks most for one is read once more by itself. Alone, school talk sounds like a call more often than
within its letter, so it takes more to be one; what the conversation has said before was heard then. A short text to be
held was read whole, and hides none: a stretch of a threat or a deal alone may well sound like somebody in need.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from classifiers.components.encoder_windows import is_long
from classifiers.components.mixing import HOLDING
from classifiers.extract.quote_check import QuoteCheck
from classifiers.extract.quoting import Kind
from classifiers.features.annotations import Evidence
from classifiers.pipeline.texts import ReadText
from gateway.core.messages.parties import Direction

HEARD = (Kind.FRESH, Kind.HIDDEN)
"""What is heard as it stands."""
_ASIDE = (Kind.CLAIMED, Kind.QUOTED, Kind.SIGNATURE, Kind.ATTACHED)
_SURE = 0.8
"""The score from which such a stretch is a call."""
_MEANT = 0.5
"""The score from which a text is a call, or is to be held: then nothing more need be looked for in it."""


def stretches(
    noted: Sequence[tuple[ReadText, Evidence]], column: int, direction: str, record: QuoteCheck
) -> list[ReadText]:
    """The stretches of a message that are to be read by themselves; `column` is help among the linear reader's heads.

    None where no student may have written, or where a call was heard already.
    """
    if direction == Direction.STAFF_TO_STUDENT or any(
        found.help >= _MEANT for text, found in noted if text.kind in HEARD
    ):
        return []
    asked = (
        _most(text, found, column, record)
        for text, found in noted
        if (text.kind in HEARD and _may_hide(found)) or text.kind in _ASIDE
    )
    return [each for each in asked if each is not None]


def heard(found: Evidence) -> float:
    """The score of help of such a stretch, 0 where that is not enough to be a call."""
    return found.help if found.help >= _SURE else 0.0


def _may_hide(found: Evidence) -> bool:
    """Whether a call may stand unheard among other things."""
    holds = max(found.scores.get(clause, 0.0) for clause in HOLDING) >= _MEANT
    return len(found.windows) > 1 and (is_long(found) or not holds)


def _most(text: ReadText, found: Evidence, column: int, record: QuoteCheck) -> ReadText | None:
    """The window that speaks most for help, without the sentences of it that the conversation has said before."""
    for window in sorted(found.windows, key=lambda each: -float(each.logits[column])):
        bounds = found.sentences[window.first : window.last + 1]
        fresh = [(start, end) for start, end in bounds if not (record and record.knows(found.text[start:end]))]
        stretch = "".join(found.text[start:end] for start, end in fresh)
        if stretch.strip():
            return _cut(text, stretch, fresh)
    return None


def _cut(text: ReadText, stretch: str, bounds: Sequence[tuple[int, int]]) -> ReadText:
    """A stretch as a text of its own; the way back to what was received is known where nothing was left out."""
    whole = all(one[1] == other[0] for one, other in pairwise(bounds))
    begins = bounds[0][0] + len(stretch) - len(stretch.lstrip())
    pieces = tuple((at - begins, passage, normal) for at, passage, normal in text.pieces) if whole else ()
    return ReadText(text.kind, stretch.strip(), pieces, text.tricks)
