"""Texts that are nothing but a word that calls for help: help, sos, 911, 988.

Such a text is too short for the models, so a rule finds it. Case, spaces, punctuation, invisible characters, and
repeated letters do not matter.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from classifiers.extract.quoting import PassageKind
from classifiers.features.annotations import TextAnnotations
from classifiers.pipeline.help_detection import HELP_KINDS
from classifiers.pipeline.texts import PipelineText
from gateway.core.messages.parties import Direction
from gateway.core.messages.verdict import HELP, Finding

CUE = "help-word"
"""The cue of a finding by this rule."""

SCORE = 0.99
_MAX_LENGTH = 120
_WORDS = re.compile(r"(?:help|h3lp|sos|s0s|os|911|988|9l1|me|us|p?l[sz]|p?lease|now|cal|text|i|ned|a)+")
"""After repeated letters became one, also where two words meet."""

_CALL = re.compile(r"help|h3lp|sos|s0s|911|988|9l1")
_REPEATED = re.compile(r"([a-z])\1+")


def help_word_findings(
    annotated: Sequence[tuple[PipelineText, TextAnnotations]], direction: str
) -> tuple[Finding, ...]:
    """One finding for each text that is only a call for help. None if no student can have written the message."""
    if direction == Direction.STAFF_TO_STUDENT:
        return ()
    return tuple(
        Finding(HELP, SCORE, "lexicon", tuple(text.spans(0, len(text.text))), CUE)
        for text, _ in annotated
        if text.kind in HELP_KINDS and _is_call(text)
    )


def is_help_word(text: str) -> bool:
    """Whether a text is nothing but words that call for help."""
    if len(text) > _MAX_LENGTH:
        return False
    folded = unicodedata.normalize("NFKD", text).casefold()
    letters = "".join(_ascii(character) for character in folded if character.isalnum())
    letters = _REPEATED.sub(r"\1", letters)
    return _CALL.search(letters) is not None and _WORDS.fullmatch(letters) is not None


def _is_call(text: PipelineText) -> bool:
    """Whether a text is only a call for help, as received or as normalized.

    Of other readings one is enough. A subject alone is not: students write "Help" above a question.
    """
    received = [passage.text for _, passage, _ in text.pieces]
    alone = received if text.kind is PassageKind.OTHER else []
    return any(map(is_help_word, [text.text, " ".join(received), *alone]))


def _ascii(character: str) -> str:
    digit = unicodedata.digit(character, None)
    return character if digit is None else str(digit)
