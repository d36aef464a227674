"""Words of school life that sound like danger: a ball that is hit, a fever, help with homework, an ordinary sorrow.

Where a student's text would be alerted and has such words, the rest of it is read once more without them. If the rest
is no call for help, neither is the text. Nothing is lowered for the words alone: "he hit the ball, then he hit me"
still says the second half.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from classifiers.components.lexicon import cues
from classifiers.components.reported_speech import CONTEXT_CLAUSE, HARMLESS
from classifiers.extract.quoting import PassageKind
from classifiers.features.annotations import Hit, TextAnnotations
from classifiers.pipeline.texts import PipelineText
from gateway.core.messages.parties import Direction
from gateway.core.messages.verdict import DISTRESS, HELP
from gateway.core.policy.clauses import PURPOSE

SPARED = 0.3
"""The highest help score of a text that is no call for help without its harmless words. It is never held for it."""
_ALERTED = 0.5
_MIN_SHARE = 0.2
"""The share of a text's words that are harmless ones, at least. In a longer text they explain little."""
_SURE = 0.9
"""The help score from which even a plain question is a call for help."""
_MIN_QUESTION_WORDS, _MAX_QUESTION_WORDS = 3, 16
_NO_EVIDENCE = (HARMLESS, CONTEXT_CLAUSE, PURPOSE)
_ASKING = frozenset(
    """
    can could may might is are r was do does did when what whats what's where wheres where's which who whos
    who's how will would am should has have puedo podemos podría hay es son cuándo cuando dónde donde qué que
    quién quien cómo como cuál cuántos cuántas
""".split()
)
"""Words that begin a question."""
_GRAVE = frozenset(
    """
    home house sleep stay live living safe hide run away escape leave alone talk tell speak secret promise help
    police cops foster shelter adult hurt hurts hit hits touch touched blood bleed bleeding die dies died dead
    death kill kills killed pills drunk drugs gun knife weapon bomb pregnant period food eat starve scared
    afraid cry crying sad normal wrong anymore forever he she him his her they them someone somebody anyone
    friend mom dad stepdad uncle boyfriend casa dormir quedar quedarme vivir segura seguro esconder huir escapar
    irme sola solo hablar decir contar secreto ayuda policía miedo lastima lastimar pega toca sangre morir
    muerto muerta matar pastillas borracho drogas pistola navaja arma embarazada comida comer llorar triste
    normal alguien nadie amigo amiga mamá papá padrastro tío novio él ella ellos
""".split()
)
"""Words that may stand in a question by which somebody asks for help."""
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
    keeps_distress: bool = False
    """Whether the text keeps its distress: words of sorrow are among those left out, or it is a plain question."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left to read."""
        return not any(character.isalnum() for character in self.text.text)

    def spare(self, help_score: float, distress: float | None = 0.0) -> None:
        """Lower the help score of the whole text if the rest, with this score, is no call for help.

        Its distress falls to that of the rest, unless the text keeps it.
        """
        if help_score >= _ALERTED:
            return
        self.of.help = min(self.of.help, max(help_score, SPARED))
        if self.of.distress is not None and distress is not None and not self.keeps_distress:
            self.of.distress = min(self.of.distress, distress)


def rests_without_harmless_words(texts: Sequence[tuple[PipelineText, TextAnnotations]], direction: str) -> list[Rest]:
    """The texts to read once more without their harmless words: those of students that would be alerted or flagged."""
    if direction == Direction.STAFF_TO_STUDENT:
        return []
    return [
        Rest(annotations, PipelineText(text.kind, rest, (), text.disguises, text.help_from), keeps_distress)
        for text, annotations in texts
        if text.kind in _KINDS and max(annotations.help, annotations.distress or 0.0) >= _ALERTED
        for rest, keeps_distress in _without_harmless_words(text.kind, annotations)
    ]


@cache
def _cues_with_floors() -> tuple[frozenset[str], frozenset[str]]:
    """The names of the cues with a floor of distress, which are sorrows, and of those with a floor of help."""
    of_distress, of_help = (
        frozenset(cue.name for cue in cues() if cue.clause == clause and cue.floor) for clause in (DISTRESS, HELP)
    )
    return of_distress, of_help


def _without_harmless_words(kind: PassageKind, annotations: TextAnnotations) -> Iterator[tuple[str, bool]]:
    """A text without its harmless words and whether it keeps its distress; nothing if it has too few of them.

    All of a plain question is harmless, but not where it is read with what it answers.

    Words that run into those of plain danger are not harmless: "my last day on" is part of "my last day on earth". But
    a phrase that says more than those of danger is: "I want to die laughing".
    """
    sorrows, dangers = _cues_with_floors()
    in_danger = [hit for hit in annotations.hits if hit.clause == HELP and hit.cue in dangers]
    is_doubtful = kind is not PassageKind.REPLY_WITH_CONTEXT and _ALERTED <= annotations.help < _SURE
    if is_doubtful and is_plain_question(annotations):
        yield "", True
        return
    harmless_hits = [
        hit
        for hit in annotations.hits
        if (hit.clause == HARMLESS or (hit.clause == DISTRESS and hit.cue in sorrows))
        and not any(_runs_into(hit, danger) for danger in in_danger)
    ]
    bounds = [(hit.start, hit.end) for hit in harmless_hits]
    words = annotations.words
    harmless = sum(any(start <= begin < end for start, end in bounds) for _, begin, _ in words)
    if not harmless or harmless < _MIN_SHARE * len(words):
        return
    out = list(annotations.text)
    for start, end in bounds:
        out[start:end] = " " * (end - start)
    yield re.sub(r"\s+", " ", "".join(out)).strip(), any(hit.clause == DISTRESS for hit in harmless_hits)


def is_plain_question(annotations: TextAnnotations) -> bool:
    """Whether a text is a few words that only ask, and none of them is evidence for anything: "is there homework"."""
    if len(annotations.words) > _MAX_QUESTION_WORDS or any(hit.clause not in _NO_EVIDENCE for hit in annotations.hits):
        return False
    asked = False
    for start, end in annotations.sentences:
        words = [word for word, begin, _ in annotations.words if start <= begin < end]
        if not _GRAVE.isdisjoint(words):
            return False
        if len(words) < _MIN_QUESTION_WORDS:
            continue  # a greeting, a subject
        if words[0] not in _ASKING and not annotations.text[start:end].rstrip().endswith("?"):
            return False
        asked = True
    return asked


def _runs_into(hit: Hit, danger: Hit) -> bool:
    overlaps = hit.start < danger.end and danger.start < hit.end
    return overlaps and not (hit.start <= danger.start and danger.end <= hit.end)
