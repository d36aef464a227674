"""Whether words are meant, or only reported: quoted, taught, forbidden or told about.

Teaching in one sentence does not excuse the next one. A school word in the same sentence does not excuse it either:
"give me the answers to the test or I will kill you" is a threat.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from classifiers.features.annotations import Hit, TextAnnotations

CONTEXT_CLAUSE = "context"
"""Stands in the lexicon for a clause: cues of teaching, rules and reporting."""
HARMLESS = "harmless"
"""Stands in the lexicon for a clause: cues of school life that sound like danger."""

_SPEECH_VERBS = (
    r"(?:sa(?:id|ys?|ying)|wr(?:o|i)tes?|writing|written|text(?:ed|s|ing)?|told|tells|telling|post(?:ed|s)?|commented"
    r"|yell(?:ed|s|ing)|shout(?:ed|s)|whisper(?:ed|s)|reads|sent|messaged|called|repl(?:ied|ies)|ask(?:ed|s)|threatened"
    r"|dijo|dice|dicen|dijeron|escribi[óo]|escribe|grit[óo]|grita|mand[óo]|public[óo]|contest[óo]|respondi[óo])"
)
_SOMEBODY_SAID = re.compile(
    rf"\b(?!(?:i|we|you|u|yo)\b)\w+ {_SPEECH_VERBS}(?: (?:me|us|her|him|them|that))?\b", re.IGNORECASE
)
"""Somebody else said something."""
_ATTRIBUTED_QUOTE = re.compile(
    rf"\b(?!(?:i|we)\b)\w+ {_SPEECH_VERBS}\b|\b{_SPEECH_VERBS} (?:me|us|her|him|them|that)\b", re.IGNORECASE
)
"""The same, for words between quotation marks."""
_CONDITION = re.compile(r"\b(?:if|unless|or|else|si|o)\b", re.IGNORECASE)
_CLAUSE_BREAK = re.compile(
    r"[,;:()\u2014-](?=\s)|\b(?:or|so|and|but|because|cause|cuz|if|unless|when|then|until|before"
    r"|o|y|e|pero|porque|si|cuando|entonces|así que)\b",
    re.IGNORECASE,
)
"""Where one statement ends and another begins."""
_NEGATION = re.compile(r"(?<!why )\b(?:don't|dont|do not|never|not to|must not|cannot|no) (?:ever )?\Z", re.IGNORECASE)
_PREDICATE = re.compile(
    r"\s(?:is|isn't|are|aren't|was|were|counts|can|will|must|may|gets|goes|breaks|violates|es|está|son|puede)\b",
    re.IGNORECASE,
)
_MAX_DISTANCE = 120
"""Characters between a context word and the words it excuses, at most."""
_MAX_QUOTATION = 600
_MIN_WORDS_BESIDE = 3
"""Words beside a quotation, at least, that speak of it."""
_SINGLE_QUOTES = re.compile(r"(?<![\w'])'(?=[^\s'])(.{1,600}?)(?<=[^\s'])'(?![\w'])")
_DOUBLE_QUOTES = re.compile(r'"([^"\n]{1,600})"')


def is_reported(annotations: TextAnnotations, hit: Hit) -> bool:
    """Whether a text only reports the words of a hit."""
    first, last = _sentences_of(annotations.sentences, hit.start, hit.end)
    for start, end in _quotations(annotations.text, hit.start, hit.end):
        first, last = _sentences_of(annotations.sentences, start, end)
        if first and annotations.text[slice(*annotations.sentences[first - 1])].rstrip().endswith(":"):
            first -= 1
        before = annotations.text[annotations.sentences[first][0] : start]
        after = annotations.text[end : annotations.sentences[last][1]]
        if _ATTRIBUTED_QUOTE.search(before) or _ATTRIBUTED_QUOTE.search(after):
            return True
        bounds = annotations.sentences[first][0], annotations.sentences[last][1]
        return any(not (start <= context.start < end) for context in _context_hits(annotations, *bounds))
    begin, stop = annotations.sentences[first][0], annotations.sentences[last][1]
    before = annotations.text[max(begin, hit.start - _MAX_DISTANCE) : hit.start]
    speech_ends = [found.end() for found in _SOMEBODY_SAID.finditer(before)]
    if speech_ends and _CLAUSE_BREAK.search(before, speech_ends[-1]) is None:
        return True
    if _NEGATION.search(before):
        return True
    if _CONDITION.search(before):
        return False
    return any(_governs(annotations.text, context, hit) for context in _context_hits(annotations, begin, stop))


def is_mentioned(annotations: TextAnnotations, hit: Hit) -> bool:
    """Whether the words of a hit stand in quotation marks within a sentence that says more: it speaks of them."""
    for start, end in _quotations(annotations.text, hit.start, hit.end):
        first, last = _sentences_of(annotations.sentences, start, end)
        begin, stop = annotations.sentences[first][0], annotations.sentences[last][1]
        beside = annotations.text[begin:start] + " " + annotations.text[end:stop]
        return len(beside.split()) >= _MIN_WORDS_BESIDE
    return False


def is_harmless(annotations: TextAnnotations, hit: Hit) -> bool:
    """Whether a phrase of harmless words shares words with a hit."""
    return any(
        other.clause == HARMLESS and other.start < hit.end and hit.start < other.end for other in annotations.hits
    )


def _governs(text: str, context: Hit, hit: Hit) -> bool:
    """Whether a context word refers to a hit: close to it, in the same statement."""
    if context.end <= hit.start:
        between = text[context.end : hit.start]
        return len(between) <= _MAX_DISTANCE and _CLAUSE_BREAK.search(between) is None
    between = text[hit.end : context.start]
    return (
        context.start >= hit.end
        and len(between) <= _MAX_DISTANCE
        and _CLAUSE_BREAK.search(between) is None
        and _PREDICATE.match(text, hit.end) is not None
    )


def _context_hits(annotations: TextAnnotations, begin: int, end: int) -> Iterator[Hit]:
    return (
        context for context in annotations.hits if context.clause == CONTEXT_CLAUSE and begin <= context.start < end
    )


def _sentences_of(sentences: Sequence[tuple[int, int]], start: int, end: int) -> tuple[int, int]:
    """The first and the last sentence that a range touches."""
    first = max((at for at, (begin, _) in enumerate(sentences) if begin <= start), default=0)
    last = max((at for at, (begin, _) in enumerate(sentences) if begin < end), default=first)
    return first, max(first, last)


def _quotations(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The quotations around a range, with their quotation marks."""
    begin = max(0, start - _MAX_QUOTATION)
    begin = max(begin, text.rfind("\n", begin, start) + 1)
    for marks in (_DOUBLE_QUOTES, _SINGLE_QUOTES):
        for found in marks.finditer(text, begin, end + _MAX_QUOTATION):
            if found.start() >= end:
                break
            if found.start() < start and end < found.end():
                yield found.span()
