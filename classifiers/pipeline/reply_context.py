"""A short reply is classified together with what it replies to: "yes", "my place then", "he did it again".

The last messages of the conversation are classified alone, and again with the reply after them. Only the difference
counts, so an "ok" after a bad message is not called bad itself. A reply that says little by itself is flagged; it is
held only if it is suspicious alone as well. A request for help counts wherever the reply turns the conversation into
one, even by little: the question of an adult often says what the answer confirms.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import takewhile
from math import log

from classifiers.extract.quoting import PassageKind
from classifiers.features.annotations import TextAnnotations
from classifiers.normalize.normalization import Normalizer
from classifiers.pipeline.help_words import is_help_word
from classifiers.pipeline.texts import PipelineText
from gateway.core.messages.message import EarlierMessage
from gateway.core.messages.verdict import Finding
from gateway.core.policy.clauses import EVADED, HELD

MAX_REPLY_WORDS = 12
"""Words of a reply, at most. A longer message is classified alone."""
MAX_CONTEXT_AGE = 12 * 3600
"""Seconds: an earlier message that is older than this is not what the reply answers."""
CONTEXT_MESSAGES = 3
"""Earlier messages that are classified with a reply."""
_MAX_PIECE = 12
"""Characters of a message that may be a piece of a word or of a few words."""
_NUMBER = re.compile(r"^\(?\d{1,2}(?:[.):]| ?/ ?\d{1,2}\)?) {0,2}(?=\S)")
"""How pieces are numbered."""
_MAX_MESSAGE_CHARACTERS = 400
"""Characters of each earlier message, at most."""

BY, CUE = "conversation", "answer"
_MIN_GAIN = 1.0
"""How much the reply must add to the logit of a clause in the earlier messages."""
_MIN_GAIN_OF_HELP = 0.3
"""The same for help. An adult's question ("where do you sleep tonight?") sounds like a call before it is answered."""
_SUSPICIOUS_SCORE = 0.3
"""The score of the reply alone from which the message may be held."""
_BELOW_HOLD = 0.49


def context_texts(
    texts: Sequence[PipelineText],
    context: Sequence[EarlierMessage],
    at: float,
    normalizer: Normalizer,
    language: str,
) -> tuple[PipelineText, ...]:
    """The earlier messages of a short reply, and both together; nothing if there is no such reply.

    `at` is when the reply came, 0 if unknown. The spans of the combined text cover the reply only.
    """
    reply, recent = _reply_and_recent(texts, context, at)
    if reply is None:
        return ()
    earlier = "\n".join(normalizer(message.text[:_MAX_MESSAGE_CHARACTERS], language).text for message in recent)
    moved = tuple((offset + len(earlier) + 1, passage, normal) for offset, passage, normal in reply.pieces)
    return (
        PipelineText(PassageKind.CONTEXT, earlier, (), 0),
        PipelineText(PassageKind.REPLY_WITH_CONTEXT, f"{earlier}\n{reply.text}", moved, reply.disguises),
        *calls_in_pieces(texts, context, at),
    )


def calls_in_pieces(
    texts: Sequence[PipelineText], context: Sequence[EarlierMessage], at: float
) -> tuple[PipelineText, ...]:
    """The call for help that a short reply completes, whose letters or words were sent one after the other."""
    reply, recent = _reply_and_recent(texts, context, at)
    call = _call_in_pieces([message.text.strip() for message in recent], reply) if reply is not None else ""
    return (PipelineText(PassageKind.OTHER, call, (), 0),) if call else ()


def _reply_and_recent(
    texts: Sequence[PipelineText], context: Sequence[EarlierMessage], at: float
) -> tuple[PipelineText | None, Sequence[EarlierMessage]]:
    """A short reply and what it may answer; None if there is none."""
    reply = next((text for text in texts if text.kind is PassageKind.NEW), None)
    recent = [
        message for message in context if message.text.strip() and (not at or at - message.at <= MAX_CONTEXT_AGE)
    ][-CONTEXT_MESSAGES:]
    if reply is None or not recent or len(reply.text.split()) > MAX_REPLY_WORDS:
        return None, ()
    return reply, recent


def _call_in_pieces(earlier: Sequence[str], reply: PipelineText) -> str:
    """The call that pieces make; "" if none.

    A reply to messages that are a call without it completes none, and neither does one that is a call itself.
    """
    last = _NUMBER.sub("", " ".join(passage.text.strip() for _, passage, _ in reply.pieces))
    earlier = [_NUMBER.sub("", text) for text in earlier]
    if len(last) > _MAX_PIECE or is_help_word(last):
        return ""
    row = list(reversed(list(takewhile(lambda text: 0 < len(text) <= _MAX_PIECE, reversed(earlier)))))
    for start in range(len(row)):
        whole = "".join((*row[start:], last))
        if is_help_word(whole) and not is_help_word("".join(row[start:])):
            return whole
    return ""


class ReplyInContext:
    """The annotations of a reply alone, of the messages before it, and of both."""

    def __init__(self, texts: Sequence[tuple[PipelineText, TextAnnotations]]) -> None:
        by_kind = {text.kind: (text, annotations) for text, annotations in texts}
        self._parts = tuple(
            by_kind.get(kind) for kind in (PassageKind.NEW, PassageKind.CONTEXT, PassageKind.REPLY_WITH_CONTEXT)
        )

    def findings(self) -> Iterator[Finding]:
        """The findings that the reply adds to the conversation."""
        alone, earlier, combined = self._parts
        if alone is None or earlier is None or combined is None:
            return
        text, annotations = combined
        start = next((offset for offset, _, _ in text.pieces), 0)
        for clause in (*HELD, *EVADED):
            score = annotations.scores.get(clause, 0.0)
            if score >= 0.5 and _gain(score, earlier[1].scores.get(clause, 0.0)) >= _MIN_GAIN:
                is_suspicious = alone[1].scores.get(clause, 0.0) >= _SUSPICIOUS_SCORE
                spans = tuple(text.spans(start, len(text.text)))
                yield Finding(clause, round(score if is_suspicious else min(score, _BELOW_HOLD), 4), BY, spans, CUE)

    def help(self) -> float:
        """The help score if the reply turns the conversation into a request for help, else 0."""
        _, earlier, combined = self._parts
        if earlier is None or combined is None:
            return 0.0
        score = combined[1].help
        return score if _gain(score, earlier[1].help) >= _MIN_GAIN_OF_HELP else 0.0


def _gain(score: float, before: float) -> float:
    return _logit(score) - _logit(before)


def _logit(score: float) -> float:
    bounded = min(max(score, 1e-4), 1 - 1e-4)
    return log(bounded / (1 - bounded))
