"""Requests for help that are easily missed: deep in a long letter, below or inside a quote, in a file.

The window with the highest help logit is classified once more by itself, and so are the sentences of a short text that
have words of plain calls: ordinary sentences around them lower its score. Alone, school talk resembles a request for
help more often than within its letter, so a higher score is needed. Sentences that the conversation has said before
are left out: they were classified then. A short text that is held is not reread: it was read as a whole, and an excerpt
of a threat or a deal alone may sound like somebody in need.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from classifiers.components.encoder_windows import is_long
from classifiers.extract.first_text import has_call_words
from classifiers.extract.quote_check import ConversationHistory
from classifiers.extract.quoting import PassageKind
from classifiers.features.annotations import TextAnnotations
from classifiers.pipeline.texts import PipelineText
from gateway.core.messages.parties import Direction
from gateway.core.policy.clauses import HELD

HELP_KINDS = (PassageKind.NEW, PassageKind.HIDDEN, PassageKind.OTHER)
"""Texts whose help score is the message's."""
_REREAD_KINDS = (PassageKind.UNVERIFIED, PassageKind.QUOTED, PassageKind.SIGNATURE, PassageKind.ATTACHED)
_MIN_REREAD_SCORE = 0.75
"""The score from which an excerpt asks for help."""
_MAY_ASK = 0.1
"""The score of the linear model from which a first look reads a text with encoders."""
_CERTAIN = 0.95
"""The score of the linear model that counts although encoders disagree."""
_DECIDED = 0.5
"""The score from which a text asks for help or is held. Such a text needs no second reading."""


def texts_to_reread(
    texts: Sequence[tuple[PipelineText, TextAnnotations]],
    column: int,
    direction: str,
    history: ConversationHistory,
) -> list[PipelineText]:
    """The excerpts of a message to classify by themselves. `column` is help among the heads of the linear model.

    Empty if no student can have written the message, or if it asks for help already.
    """
    if direction == Direction.STAFF_TO_STUDENT or any(
        annotations.help >= _DECIDED for text, annotations in texts if text.kind in HELP_KINDS
    ):
        return []
    excerpts = (
        _strongest_window(text, annotations, column, history)
        for text, annotations in texts
        if (text.kind in HELP_KINDS and _may_hide_help(annotations)) or text.kind in _REREAD_KINDS
    )
    calling = (_calling_sentences(text, annotations, history) for text, annotations in texts if text.kind in HELP_KINDS)
    return [excerpt for excerpt in (*excerpts, *calling) if excerpt is not None]


def strongest_windows(texts: Sequence[tuple[PipelineText, TextAnnotations]], column: int) -> list[PipelineText]:
    """The window with the highest help logit of each text that has several."""
    found = [
        _strongest_window(text, annotations, column, ConversationHistory(()))
        for text, annotations in texts
        if len(annotations.windows) > 1
    ]
    return [text for text in found if text is not None]


def texts_of_look(
    texts: Sequence[tuple[PipelineText, TextAnnotations]], windows: Sequence[tuple[PipelineText, TextAnnotations]]
) -> list[tuple[PipelineText, TextAnnotations]]:
    """What a first look reads with encoders: short texts and strongest windows that may ask for help."""
    short = [(text, annotations) for text, annotations in texts if len(annotations.windows) <= 1]
    return [item for item in (*short, *windows) if item[1].help >= _MAY_ASK]


def confirmed_help(annotations: TextAnnotations) -> float:
    """The help score of an excerpt; 0 if it is too low to count."""
    return annotations.help if annotations.help >= _MIN_REREAD_SCORE else 0.0


def certain_help(texts: Iterable[TextAnnotations]) -> float:
    """The help score of the linear model for the surest text; 0 if it is not sure enough to count alone."""
    return max((annotations.help for annotations in texts if annotations.help >= _CERTAIN), default=0.0)


def _may_hide_help(annotations: TextAnnotations) -> bool:
    """Whether a text may hide a request for help among other things."""
    holds = max(annotations.scores.get(clause, 0.0) for clause in HELD) >= _DECIDED
    return len(annotations.windows) > 1 and (is_long(annotations) or not holds)


def _calling_sentences(
    text: PipelineText, annotations: TextAnnotations, history: ConversationHistory
) -> PipelineText | None:
    """The sentences of a short text that have words of plain calls for help, if others stand beside them."""
    if is_long(annotations) or max(annotations.scores.get(clause, 0.0) for clause in HELD) >= _DECIDED:
        return None
    sentences = [(start, end) for start, end in annotations.sentences if annotations.text[start:end].strip()]
    said = [annotations.text[start:end] for start, end in sentences]
    calling = [
        bounds
        for bounds, words in zip(sentences, said, strict=True)
        if has_call_words(words) and not (history and history.contains(words))
    ]
    if not 0 < len(calling) < len(sentences):
        return None
    return _excerpt(text, "".join(annotations.text[start:end] for start, end in calling), calling)


def _strongest_window(
    text: PipelineText, annotations: TextAnnotations, column: int, history: ConversationHistory
) -> PipelineText | None:
    """The window with the highest help logit, without sentences that the conversation has said before."""
    for window in sorted(annotations.windows, key=lambda candidate: -float(candidate.logits[column])):
        bounds = annotations.sentences[window.first : window.last + 1]
        unknown = [
            (start, end) for start, end in bounds if not (history and history.contains(annotations.text[start:end]))
        ]
        excerpt = "".join(annotations.text[start:end] for start, end in unknown)
        if excerpt.strip():
            return _excerpt(text, excerpt, unknown)
    return None


def _excerpt(text: PipelineText, excerpt: str, bounds: Sequence[tuple[int, int]]) -> PipelineText:
    """An excerpt as a text of its own. Its received offsets are known only if no sentence inside was left out."""
    is_contiguous = all(one[1] == other[0] for one, other in pairwise(bounds))
    begins = bounds[0][0] + len(excerpt) - len(excerpt.lstrip())
    pieces = tuple((at - begins, passage, normal) for at, passage, normal in text.pieces) if is_contiguous else ()
    return PipelineText(text.kind, excerpt.strip(), pieces, text.disguises, _MIN_REREAD_SCORE)
