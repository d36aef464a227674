"""Requests for help that are easily missed: deep in a long letter, below or inside a quote, in a file.

The window with the highest help logit is classified once more by itself, because ordinary sentences around it lower its
score. So are the sentences that resemble a call most, each as if it were the whole message. The linear model finds
them: a call among ordinary sentences does not lead its window, and is not always in the window that leads the text.

Alone, school talk resembles a request for help more often than within its letter, so a higher score is needed. For a
sentence it is the lower the surer the linear model is of it, and lower in the first person than about others, as in
announcements. Sentences that the conversation has said before are left out: they were classified then. A short text
that is held is not reread: it was read as a whole, and an excerpt of a threat or a deal alone may sound like somebody
in need.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from math import exp

import numpy as np

from classifiers.components.encoder_windows import is_long
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
_SENTENCES = 3
"""Sentences of a text that are read by themselves, at most."""
_MIN_SENTENCE_WORDS = 3
_MIN_SENTENCE_LOGIT = -3.0
"""The logit of the linear model from which a sentence is read by itself: one message of nine has such a sentence."""
_SENTENCE_WEIGHT = 0.5
"""What the logit of the linear model for a sentence counts beside that of all models."""
_NEEDED, _NEEDED_OF_OTHERS = 0.6, 1.4
"""What both together must reach in a sentence in the first person, and in another one."""
_WRAPPED_FROM, _MAX_WRAPPED = 40, 2
"""Characters of a line from which the next one may go on with its sentence, and lines that are joined on each side."""
_FIRST_PERSON = re.compile(
    r"\b(?:i|i'?(?:m|ve|ll|d)|me|my|mine|myself|us|our|yo|mis?|m[ií]|conmigo|nos|nuestr[oa]s?"
    r"|estoy|tengo|quiero|puedo|sé|voy|soy|estamos|tenemos|podemos|hemos|vamos|somos)\b",
    re.IGNORECASE,
)
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
    alone = (
        sentence
        for text, annotations in texts
        if text.kind in (*HELP_KINDS, *_REREAD_KINDS)
        for sentence in _likely_sentences(text, annotations, history)
    )
    found: dict[tuple[PassageKind, str], PipelineText] = {}
    for excerpt in (*excerpts, *alone):
        if excerpt is not None:
            known = found.get((excerpt.kind, excerpt.text), excerpt)
            found[excerpt.kind, excerpt.text] = min(known, excerpt, key=lambda text: text.help_from)
    return list(found.values())


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
    return annotations.help if annotations.help >= annotations.help_from else 0.0


def certain_help(texts: Iterable[TextAnnotations]) -> float:
    """The help score of the linear model for the surest text; 0 if it is not sure enough to count alone."""
    return max((annotations.help for annotations in texts if annotations.help >= _CERTAIN), default=0.0)


def _may_hide_help(annotations: TextAnnotations) -> bool:
    """Whether a text may hide a request for help among other things."""
    return len(annotations.windows) > 1 and (is_long(annotations) or not _is_held(annotations))


def _is_held(annotations: TextAnnotations) -> bool:
    return max(annotations.scores.get(clause, 0.0) for clause in HELD) >= _DECIDED


def _likely_sentences(
    text: PipelineText, annotations: TextAnnotations, history: ConversationHistory
) -> Iterator[PipelineText]:
    """The sentences with the highest help logits of the linear model, each by itself, with the score it needs."""
    logits = annotations.sentence_help
    likely = np.flatnonzero(logits >= _MIN_SENTENCE_LOGIT)
    if not len(likely) or (_is_held(annotations) and not is_long(annotations)):
        return
    left = _SENTENCES
    for at in likely[np.argsort(-logits[likely], kind="stable")]:
        bounds = _lines_of_sentence(annotations, int(at))
        sentence = annotations.text[bounds[0][0] : bounds[-1][1]]
        is_all = len(bounds) == len(annotations.sentences)
        if is_all or len(sentence.split()) < _MIN_SENTENCE_WORDS or (history and history.contains(sentence)):
            continue
        needed = _NEEDED if _FIRST_PERSON.search(sentence) else _NEEDED_OF_OTHERS
        score = 1 / (1 + exp(_SENTENCE_WEIGHT * float(logits[at]) - needed))
        yield _excerpt(text, sentence, bounds, max(score, _DECIDED))
        left -= 1
        if not left:
            return


def _lines_of_sentence(annotations: TextAnnotations, at: int) -> list[tuple[int, int]]:
    """A sentence with the lines before and after it that belong to it: mail programs wrap lines."""
    first = last = at
    while first and at - first < _MAX_WRAPPED and _is_wrapped(annotations, first - 1):
        first -= 1
    while last + 1 < len(annotations.sentences) and last - at < _MAX_WRAPPED and _is_wrapped(annotations, last):
        last += 1
    return annotations.sentences[first : last + 1]


def _is_wrapped(annotations: TextAnnotations, at: int) -> bool:
    """Whether a sentence ends only because its line does."""
    start, end = annotations.sentences[at]
    text = annotations.text
    stop = start + len(text[start:end].rstrip())
    is_full = stop >= _WRAPPED_FROM and "\n" not in text[stop - _WRAPPED_FROM : stop]
    return is_full and text.count("\n", stop, end) == 1 and text[stop - 1] not in ".!?\u2026:;"


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


def _excerpt(
    text: PipelineText, excerpt: str, bounds: Sequence[tuple[int, int]], help_from: float = _MIN_REREAD_SCORE
) -> PipelineText:
    """An excerpt as a text of its own. Its received offsets are known only if no sentence inside was left out."""
    is_contiguous = all(one[1] == other[0] for one, other in pairwise(bounds))
    begins = bounds[0][0] + len(excerpt) - len(excerpt.lstrip())
    pieces = tuple((at - begins, passage, normal) for at, passage, normal in text.pieces) if is_contiguous else ()
    return PipelineText(text.kind, excerpt.strip(), pieces, text.disguises, help_from)
