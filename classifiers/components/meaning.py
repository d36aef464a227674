"""Whether plain words are meant, or only told of: quoted, taught, forbidden or reported where they stand.

A lesson in one sentence excuses nothing in the next one, and a school word that merely stands in the same sentence does
not either: "give me the answers to the test or I will kill you" is a threat.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from classifiers.features.annotations import Evidence, Hit

CONTEXT = "context"
"""What the lexicon calls the cues of teaching, rules and reporting."""

_REPORTED = (
    r"(?:sa(?:id|ys?|ying)|wr(?:o|i)tes?|writing|written|text(?:ed|s|ing)?|told|tells|telling|post(?:ed|s)?|commented"
    r"|yell(?:ed|s|ing)|shout(?:ed|s)|whisper(?:ed|s)|reads|sent|messaged|called|repl(?:ied|ies)|ask(?:ed|s)|threatened"
    r"|dijo|dice|dicen|dijeron|escribi[óo]|escribe|grit[óo]|grita|mand[óo]|public[óo]|contest[óo]|respondi[óo])"
)
_TOLD = re.compile(rf"\b(?!(?:i|we|you|u|yo)\b)\w+ {_REPORTED}(?: (?:me|us|her|him|them|that))?\b", re.IGNORECASE)
"""That somebody else said something."""
_QUOTED = re.compile(rf"\b(?!(?:i|we)\b)\w+ {_REPORTED}\b|\b{_REPORTED} (?:me|us|her|him|them|that)\b", re.IGNORECASE)
"""The same where what was said stands between marks of quotation."""
_IF = re.compile(r"\b(?:if|unless|or|else|si|o)\b", re.IGNORECASE)
_TURN = re.compile(
    r"[,;:()\u2014-](?=\s)|\b(?:or|so|and|but|because|cause|cuz|if|unless|when|then|until|before"
    r"|o|y|e|pero|porque|si|cuando|entonces|así que)\b",
    re.IGNORECASE,
)
"""Where one thing that is said ends and another begins."""
_NOT = re.compile(r"(?<!why )\b(?:don't|dont|do not|never|not to|must not|cannot|no) (?:ever )?\Z", re.IGNORECASE)
_CALLED = re.compile(
    r"\s(?:is|isn't|are|aren't|was|were|counts|can|will|must|may|gets|goes|breaks|violates|es|está|son|puede)\b",
    re.IGNORECASE,
)
_FURTHEST = 120
"""Characters between an excuse and what it excuses."""
_LONGEST_QUOTATION = 600
_SINGLE = re.compile(r"(?<![\w'])'(?=[^\s'])(.{1,600}?)(?<=[^\s'])'(?![\w'])")
_DOUBLE = re.compile(r'"([^"\n]{1,600})"')


def is_told_of(noted: Evidence, hit: Hit) -> bool:
    """Whether a text only tells of what a hit found."""
    first, last = _around(noted.sentences, hit.start, hit.end)
    for start, end in _quotations(noted.text, hit.start, hit.end):
        first, last = _around(noted.sentences, start, end)
        if first and noted.text[slice(*noted.sentences[first - 1])].rstrip().endswith(":"):
            first -= 1
        before = noted.text[noted.sentences[first][0] : start]
        after = noted.text[end : noted.sentences[last][1]]
        if _QUOTED.search(before) or _QUOTED.search(after):
            return True
        bounds = noted.sentences[first][0], noted.sentences[last][1]
        return any(not (start <= each.start < end) for each in _contexts(noted, *bounds))
    begin, behind = noted.sentences[first][0], noted.sentences[last][1]
    before = noted.text[max(begin, hit.start - _FURTHEST) : hit.start]
    told = [found.end() for found in _TOLD.finditer(before)]
    if told and _TURN.search(before, told[-1]) is None:
        return True
    if _NOT.search(before):
        return True
    if _IF.search(before):
        return False
    return any(_governs(noted.text, each, hit) for each in _contexts(noted, begin, behind))


def _governs(text: str, context: Hit, hit: Hit) -> bool:
    """Whether a word of context speaks of what was found, in one breath with it."""
    if context.end <= hit.start:
        between = text[context.end : hit.start]
        return len(between) <= _FURTHEST and _TURN.search(between) is None
    between = text[hit.end : context.start]
    return (
        context.start >= hit.end
        and len(between) <= _FURTHEST
        and _TURN.search(between) is None
        and _CALLED.match(text, hit.end) is not None
    )


def _contexts(noted: Evidence, begin: int, behind: int) -> Iterator[Hit]:
    return (each for each in noted.hits if each.clause == CONTEXT and begin <= each.start < behind)


def _around(sentences: Sequence[tuple[int, int]], start: int, end: int) -> tuple[int, int]:
    """The first and the last sentence that a stretch touches."""
    first = max((at for at, (begin, _) in enumerate(sentences) if begin <= start), default=0)
    last = max((at for at, (begin, _) in enumerate(sentences) if begin < end), default=first)
    return first, max(first, last)


def _quotations(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The quotations in which a stretch stands, with their marks."""
    begin = max(0, start - _LONGEST_QUOTATION)
    begin = max(begin, text.rfind("\n", begin, start) + 1)
    for marks in (_DOUBLE, _SINGLE):
        for found in marks.finditer(text, begin, end + _LONGEST_QUOTATION):
            if found.start() >= end:
                break
            if found.start() < start and end < found.end():
                yield found.span()
