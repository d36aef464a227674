"""Words of school life that sound like danger: a ball that is hit, a fever, help with homework.

Where a student's text would be alerted and has such words, the rest of it is read once more without them. If the rest
is no call for help, neither is the text. Nothing is lowered for the words alone: "he hit the ball, then he hit me"
still says the second half.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from classifiers.components.lexicon import HARMLESS
from classifiers.extract.quoting import PassageKind
from classifiers.features.annotations import TextAnnotations
from classifiers.pipeline.texts import PipelineText
from gateway.core.messages.parties import Direction

SPARED = 0.3
"""The highest help score of a text that is no call for help without its harmless words. It is never held for it."""
_ALERTED = 0.5
_MIN_SHARE = 0.2
"""The share of a text's words that are harmless ones, at least. In a longer text they explain little."""
_KINDS = (
    PassageKind.NEW,
    PassageKind.HIDDEN,
    PassageKind.OTHER,
    PassageKind.REPLY_WITH_CONTEXT,
    PassageKind.UNVERIFIED,
    PassageKind.QUOTED,
    PassageKind.SIGNATURE,
    PassageKind.ATTACHED,
)
"""All texts whose help score may become the message's. Earlier messages alone are what a reply is compared with."""


@dataclass(frozen=True, slots=True)
class Rest:
    """What a text says beside its harmless words, and the annotations of the whole text."""

    of: TextAnnotations
    text: PipelineText

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left to read."""
        return not any(character.isalnum() for character in self.text.text)

    def spare(self, help_score: float) -> None:
        """Lower the help score of the whole text if the rest, with this score, is no call for help."""
        if help_score < _ALERTED:
            self.of.help = max(help_score, min(self.of.help, SPARED))


def rests_without_harmless_words(texts: Sequence[tuple[PipelineText, TextAnnotations]], direction: str) -> list[Rest]:
    """The texts to read once more without their harmless words: those of students that would be alerted."""
    if direction == Direction.STAFF_TO_STUDENT:
        return []
    return [
        Rest(annotations, PipelineText(text.kind, rest, (), text.disguises, text.help_from))
        for text, annotations in texts
        if text.kind in _KINDS and annotations.help >= _ALERTED
        for rest in [_without_harmless_words(annotations)]
        if rest is not None
    ]


def _without_harmless_words(annotations: TextAnnotations) -> str | None:
    """A text without its harmless words, None if it has too few of them."""
    bounds = [(hit.start, hit.end) for hit in annotations.hits if hit.clause == HARMLESS]
    words = annotations.words
    harmless = sum(any(start <= begin < end for start, end in bounds) for _, begin, _ in words)
    if not harmless or harmless < _MIN_SHARE * len(words):
        return None
    out = list(annotations.text)
    for start, end in bounds:
        out[start:end] = " " * (end - start)
    return re.sub(r"\s+", " ", "".join(out)).strip()
